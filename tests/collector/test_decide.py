"""Deciding: the outcome depends on what the sources said, not on when they said it, and saying it again changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from collector import identity
from collector.decide import authority, content_hash, decide, sighting_hash
from staycurrent.store import engine as database
from staycurrent.store import items as item_store
from staycurrent.store.engine import Engine, reading, writing
from staycurrent.store.models import Item, ItemKey, Reading, Sighting
from staycurrent.types import Change, Kind, ParsedItem, Repository, StoredItem, Version
from tests import build, databases
from tests.conftest import NOW

DOI = "10.5555/loops"


def stored(parsed: ParsedItem, row: int = 1, **facts: Any) -> StoredItem:
    """What the store holds after `parsed` alone."""
    item = StoredItem(
        id=row,
        arxiv_id=parsed.arxiv_id,
        content_source=parsed.source,
        content_hash=content_hash(parsed),
        listed_on=parsed.listed_on,
        version=max((v.number for v in parsed.versions), default=1),
        withdrawn=False,
        keys=frozenset(identity.keys(parsed)),
        sighting_hash=sighting_hash(parsed),
        announce_type=parsed.announce_type,
    )
    return replace(item, **facts)


def versions(count: int) -> tuple[Version, ...]:
    return tuple(Version(n, build.moment(f"2026-05-{10 + n}")) for n in range(1, count + 1))


def test_what_nobody_knows_is_new() -> None:
    paper = build.arxiv("2605.00001")
    decision = decide(paper, [])
    assert (decision.change, decision.item_id, decision.take_content) == (Change.NEW, None, True)
    assert decision.keys == ("arxiv:2605.00001",)


def test_what_was_said_before_is_the_same() -> None:
    paper = build.arxiv("2605.00001")
    assert decide(paper, [stored(paper)]).change is Change.SAME


def test_arxiv_speaks_before_hugging_face_before_papers_with_code_before_a_lab() -> None:
    ranks = [authority(s) for s in ("arxiv", "huggingface", "paperswithcode", "lab:openai")]
    assert ranks == sorted(ranks, reverse=True)
    assert len(set(ranks)) == 4


@pytest.mark.parametrize(
    ("speaker", "holder", "takes"),
    [
        ("arxiv", "huggingface", True),
        ("huggingface", "arxiv", False),
        ("huggingface", "paperswithcode", True),
        ("paperswithcode", "lab:qwen", True),
        ("lab:qwen", "paperswithcode", False),
        ("lab:openai", "lab:qwen", True),
        ("lab:qwen", "lab:openai", False),
    ],
)
def test_the_words_come_from_the_source_with_the_most_authority(speaker: str, holder: str, *, takes: bool) -> None:
    paper = build.huggingface("2605.00001", source=speaker)
    home = stored(paper, content_source=holder, content_hash="other", sighting_hash=None)
    decision = decide(paper, [home])
    assert decision.take_content is takes
    assert decision.change is Change.CHANGED, "it is a sighting in any case"


def test_a_newer_version_replaces_an_older_one_and_not_the_other_way_round() -> None:
    first, second = build.arxiv("2605.00001"), build.arxiv("2605.00001", "Better", versions=versions(2))
    assert decide(second, [stored(first)]).take_content
    older = decide(first, [stored(second)])
    assert not older.take_content
    assert older.change is Change.SAME


def test_new_votes_are_a_change_and_keep_the_words() -> None:
    before, after = build.huggingface("2605.00001", votes=1), build.huggingface("2605.00001", votes=2)
    decision = decide(after, [stored(before)])
    assert (decision.change, decision.take_content) == (Change.CHANGED, False)


def test_an_announcement_is_a_change_and_its_absence_is_none() -> None:
    plain = build.arxiv("2605.00001")
    announced = replace(plain, announce_type="new")
    assert decide(announced, [stored(plain)]).change is Change.CHANGED
    assert decide(plain, [stored(announced)]).change is Change.SAME


def test_a_shared_doi_makes_one_paper_and_brings_its_key() -> None:
    post, paper = build.post("loops", doi=DOI), build.arxiv("2605.00001", doi=DOI)
    decision = decide(paper, [stored(post, sighting_hash=None)])
    assert (decision.item_id, decision.keys, decision.take_content) == (1, ("arxiv:2605.00001",), True)


def test_two_arxiv_ids_stay_two_papers_under_one_doi() -> None:
    first, second = build.arxiv("2605.00001", doi=DOI), build.arxiv("2605.00002", doi=DOI)
    decision = decide(second, [stored(first)])
    assert decision.change is Change.NEW
    assert decision.keys == ("arxiv:2605.00002",), "the DOI stays with the first"


def test_the_proof_that_two_items_are_one_merges_them_into_the_one_with_the_arxiv_id() -> None:
    post, paper = build.post("loops", doi=DOI), build.arxiv("2605.00001")
    decision = decide(replace(paper, doi=DOI), [stored(paper, 7), stored(post, 3)])
    assert (decision.item_id, decision.merge_ids, decision.keys) == (7, (3,), ())


def test_without_an_arxiv_id_the_older_row_stays() -> None:
    matches = [stored(build.post("a", doi=DOI), 9), stored(build.post("b"), 4)]
    decision = decide(build.post("b", doi=DOI), matches)
    assert (decision.item_id, decision.merge_ids) == (4, (9,))


VOICES = st.sampled_from(
    [
        build.arxiv("2605.00001", doi=DOI),
        build.arxiv("2605.00002", "Another study", abstract="Code: https://github.com/ada/knots"),
        build.arxiv("hep-th/9901001", "An old study", versions=versions(3), day="2026-05-14"),
        build.huggingface("2605.00001", votes=7, repositories=(Repository("https://github.com/ada/loops", 3),)),
        build.huggingface("2605.00002", votes=None, organization="Qwen"),
        build.huggingface("2605.00001", source="paperswithcode", votes=None, stars=5, listed_on=None),
        build.huggingface("hep-th/9901001", source="paperswithcode", votes=None, stars=9, listed_on=None),
        build.post("loops", "We study loops", doi=DOI),
        build.post("knots", "We study knots", url="https://arxiv.org/abs/2605.00002v1"),
        build.post("other", "Not a paper"),
        build.post("knots", "Qwen studies knots", source="lab:qwen", lab="qwen", url="https://arxiv.org/pdf/2605.00002"),
    ]
)


@pytest.fixture(scope="module", params=databases.kinds())
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One database for all examples; each empties it first."""
    with databases.fresh_url(request.param, tmp_path_factory.mktemp("decide")) as url:
        engine = database.open_engine(url)
        yield engine
        engine.dispose()


def emptied(engine: Engine) -> Engine:
    with writing(engine) as session:
        for table in (Reading, Item):
            session.execute(delete(table))
    return engine


def picture(engine: Engine) -> list[Any]:
    """All that a reader can see of the items, without row numbers and old addresses."""
    with reading(engine) as session:
        found = []
        for view, seen, history in item_store.every(session):
            keys = session.scalars(select(ItemKey.key).join(Item, Item.id == ItemKey.item_id).where(Item.uid == view.id))
            lasting = sorted(k for k in keys if not k.startswith("uid:"))
            sightings = sorted((s.source, s.key, s.url, s.listed_on, s.votes, s.stars) for s in seen)
            code = tuple(sorted(view.repositories, key=lambda r: r.url))
            found.append((replace(view, row=0, repositories=code), sightings, history, lasting))
        return sorted(found, key=lambda f: f[0].id)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(VOICES, min_size=1, max_size=8, unique_by=lambda p: (p.source, p.key)), st.data())
def test_the_order_of_the_sources_does_not_matter(shared: Engine, said: list[ParsedItem], data: st.DataObject) -> None:
    pictures = []
    for order in (said, data.draw(st.permutations(said))):
        emptied(shared)
        for parsed in order:
            build.store(shared, [parsed], NOW)
        pictures.append(picture(shared))
    assert pictures[0] == pictures[1]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(VOICES, min_size=1, max_size=8, unique_by=lambda p: (p.source, p.key)))
def test_said_twice_is_said_once(shared: Engine, said: list[ParsedItem]) -> None:
    emptied(shared)
    build.store(shared, said, NOW)
    before = picture(shared)
    assert build.store(shared, said, NOW) == {"new": 0, "changed": 0, "same": len(said)}
    assert picture(shared) == before


def only(engine: Engine) -> Any:
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(Item)) == 1
        return item_store.detail(session, ["2605.00001"])


def test_silence_overwrites_nothing(engine: Engine, now: Any) -> None:
    told = build.arxiv("2605.00001", comment="12 pages", journal_ref="J. Loops 1", license="CC", versions=versions(2))
    silent = replace(told, title="A second look", comment=None, journal_ref=None, published=None, updated=None)
    build.store(engine, [told], now)
    build.store(engine, [silent], now)
    item = only(engine).item
    assert (item.title, item.comment, item.version) == ("A second look", "12 pages", 2)
    assert item.published == told.published
    build.store(engine, [build.huggingface("2605.00001", votes=5, organization="Qwen")], now)
    build.store(engine, [build.huggingface("2605.00001", votes=None)], now)
    assert only(engine).item.title == "A second look"


def test_silence_about_versions_does_not_take_a_withdrawal_back(engine: Engine, now: Any) -> None:
    gone = build.arxiv("2605.00001", versions=(Version(1, build.moment("2026-05-11"), withdrawn=True),))
    build.store(engine, [gone, replace(gone, title="Other words", versions=())], now)
    assert only(engine).item.withdrawn


def test_a_post_whose_doi_becomes_known_is_a_paper(engine: Engine, now: Any) -> None:
    build.store(engine, [build.post("loops"), build.post("loops", doi=DOI)], now)
    with reading(engine) as session:
        assert session.scalar(select(Item.kind)) == Kind.PAPER.value


def test_an_entry_of_the_batch_that_speaks_of_a_merged_item_finds_its_new_home(engine: Engine, now: Any) -> None:
    build.store(engine, [build.post("loops", doi=DOI)], now)
    build.store(engine, [build.arxiv("2605.00001")], now)
    proof = build.post("proof", url="https://arxiv.org/abs/2605.00001", doi=DOI)
    again = build.post("elsewhere", "We study loops", url="https://openai.com/index/loops")
    assert build.store(engine, [proof, again], now)["changed"] == 2
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(Item)) == 1
        assert session.scalar(select(func.count()).select_from(Sighting)) == 4


def test_the_day_of_news_is_the_newest_that_any_source_gave(engine: Engine, now: Any) -> None:
    build.store(engine, [build.huggingface("2605.00001", day="2026-05-15"), build.arxiv("2605.00001", day="2026-05-12")], now)
    assert only(engine).item.listed_on == date(2026, 5, 15)

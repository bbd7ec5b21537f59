"""One paper is one item, whatever the number of sources that saw it and whichever came first."""

from __future__ import annotations

import itertools
from datetime import datetime

import pytest
from sqlalchemy import event, func, select

from staycurrent.store import items as item_store
from staycurrent.store.engine import Engine, reading
from staycurrent.store.models import Item, ItemKey, Metric, Sighting
from staycurrent.types import ItemDetail, ParsedItem, Repository, Version
from tests import build

TRIO = (
    build.arxiv("2605.00001"),
    build.huggingface("2605.00001"),
    build.huggingface("2605.00001", source="paperswithcode", votes=None, stars=7, listed_on=None),
)


def only(engine: Engine, name: str = "2605.00001") -> ItemDetail:
    with reading(engine) as session:
        return item_store.detail(session, [name])


def count(engine: Engine, table: type) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.parametrize("order", list(itertools.permutations(TRIO)), ids=lambda o: "-".join(p.source[:2] for p in o))
def test_three_sources_make_one_item_in_any_order(engine: Engine, now: datetime, order: tuple[ParsedItem, ...]) -> None:
    for parsed in order:
        assert build.store(engine, [parsed], now)["same"] == 0
    detail = only(engine)
    assert count(engine, Item) == 1
    assert detail.item.sources == ("arxiv", "huggingface", "paperswithcode")
    assert detail.item.title == "A study of loops"
    assert detail.item.authors == ("Ada Example", "Béla Beispiel")
    assert detail.item.votes == 42
    assert detail.item.stars == 7
    assert detail.item.listed_on.isoformat() == "2026-05-13"


def test_what_is_known_already_is_the_same_and_writes_nothing(engine: Engine, now: datetime) -> None:
    build.store(engine, TRIO, now)
    written = []
    event.listen(engine, "before_cursor_execute", lambda *a: written.append(a[2]))
    assert build.store(engine, TRIO, now) == {"new": 0, "changed": 0, "same": 3}
    writes = [s for s in written if s.lstrip().startswith(("INSERT INTO item", "UPDATE item", "INSERT INTO sight", "DELETE"))]
    assert writes == []


def test_a_revision_keeps_the_history_and_asks_for_classification(engine: Engine, now: datetime) -> None:
    first = build.arxiv("2605.00001")
    build.store(engine, [first], now)
    build.classify(engine, [build.answer(only(engine).item.row)], now)
    versions = (*first.versions, Version(2, build.moment("2026-05-19")))
    revised = build.arxiv("2605.00001", "A study of nested loops", versions=versions, updated=versions[-1].submitted)
    assert build.store(engine, [revised], now)["changed"] == 1
    detail = only(engine)
    assert [v.number for v in detail.versions] == [1, 2]
    assert detail.item.version == 2
    assert detail.item.title == "A study of nested loops"
    assert detail.model is None
    assert detail.item.listed_on.isoformat() == "2026-05-12", "a revision is no news"


def test_an_older_version_never_overwrites_a_newer_one(engine: Engine, now: datetime) -> None:
    first = build.arxiv("2605.00001")
    newer = build.arxiv("2605.00001", "Better title", versions=(*first.versions, Version(2, build.moment("2026-05-19"))))
    build.store(engine, [newer], now)
    build.store(engine, [first], now)
    assert only(engine).item.title == "Better title"


def test_a_withdrawal_is_kept_as_a_version(engine: Engine, now: datetime) -> None:
    first = build.arxiv("2605.00001")
    gone = build.arxiv("2605.00001", versions=(*first.versions, Version(2, build.moment("2026-05-19"), withdrawn=True)))
    build.store(engine, [first], now)
    build.store(engine, [gone], now)
    assert only(engine).item.withdrawn
    assert [v.withdrawn for v in only(engine).versions] == [False, True]


def test_votes_leave_a_history_by_day(engine: Engine, now: datetime) -> None:
    build.store(engine, [build.huggingface("2605.00001", votes=10)], build.moment("2026-05-13"))
    build.store(engine, [build.huggingface("2605.00001", votes=25)], build.moment("2026-05-14"))
    assert [(d.isoformat(), v) for _, name, d, v in only(engine).metrics if name == "votes"] == [
        ("2026-05-13", 10),
        ("2026-05-14", 25),
    ]
    assert only(engine).item.votes == 25


def test_a_post_that_turns_out_to_be_a_paper_flows_into_it(engine: Engine, now: datetime) -> None:
    build.store(engine, [build.post("loops", doi="10.5555/loops"), build.arxiv("2605.00001")], now)
    assert count(engine, Item) == 2
    with reading(engine) as session:
        old_id = session.scalar(select(Item.uid).where(Item.arxiv_id.is_(None)))
    build.store(engine, [build.arxiv("2605.00001", doi="10.5555/loops")], now)
    assert count(engine, Item) == 1
    detail = only(engine)
    assert {s.source for s in detail.sightings} == {"arxiv", "lab:openai"}
    assert only(engine, str(old_id)).item.id == "2605.00001", "the old address leads on"


def test_an_item_without_arxiv_id_gains_one(engine: Engine, now: datetime) -> None:
    build.store(engine, [build.post("loops", doi="10.5555/loops")], now)
    build.store(engine, [build.arxiv("2605.00001", doi="10.5555/loops")], now)
    assert count(engine, Item) == 1
    assert only(engine).item.kind == "paper"
    assert only(engine).item.title == "A study of loops"


def test_two_arxiv_ids_are_two_papers_even_with_one_doi(engine: Engine, now: datetime) -> None:
    twins = [build.arxiv("2605.00001", doi="10.5555/loops"), build.arxiv("2605.00002", doi="10.5555/loops")]
    build.store(engine, twins, now)
    build.store(engine, twins, now)
    assert count(engine, Item) == 2


def test_old_ids_of_two_archives_are_two_papers(engine: Engine, now: datetime) -> None:
    build.store(engine, [build.arxiv("hep-th/9901001"), build.arxiv("math/9901001")], now)
    assert count(engine, Item) == 2


def test_code_named_in_the_abstract_is_found(engine: Engine, now: datetime) -> None:
    told = build.arxiv("2605.00001", abstract="Code: https://github.com/ada/loops.git.")
    starred = build.huggingface("2605.00001", repositories=(Repository("https://github.com/ada/loops/", 12),))
    build.store(engine, [told, starred], now)
    assert [(r.url, r.stars) for r in only(engine).item.repositories] == [("https://github.com/ada/loops", 12)]
    assert only(engine).item.stars == 12


def test_a_day_of_two_listings_counts_once_per_sighting(engine: Engine, now: datetime) -> None:
    build.store(engine, [build.huggingface("2605.00001"), build.huggingface("2605.00001", day="2026-05-14")], now)
    assert count(engine, Sighting) == 1
    assert count(engine, ItemKey) == 1
    assert count(engine, Metric) == 1

"""Export and import: what comes back is what went out, on either database, once or twice, into an empty one or not."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.decide import authority
from staycurrent.errors import UsageError
from staycurrent.exchange import jsonl
from staycurrent.exchange import restore as restoring
from staycurrent.exchange.restore import Tally, apart, numbered_lines
from staycurrent.store import engine as database
from staycurrent.store.engine import Engine
from staycurrent.store.models import Base
from staycurrent.store.records import ClassificationRecord, Record
from staycurrent.types import Kind
from tests import build as papers
from tests import databases
from tests.conftest import NOW
from tests.exchange import build
from tests.exchange.build import unhurried

CONTRACT = (
    "id arxiv_id kind title authors url published updated version withdrawn level confidence unsure topics labs sources "
    "sightings repositories"
)


@pytest.fixture
def other(engine: Engine, tmp_path: Path) -> Iterator[Engine]:
    """A fresh database of the other kind."""
    kind = next(k for k in databases.kinds() if k != engine.dialect.name)
    with ExitStack() as stack:
        opened = database.open_engine(stack.enter_context(databases.fresh_url(kind, tmp_path)))
        stack.callback(opened.dispose)
        yield opened


def exported(engine: Engine) -> list[str]:
    return [jsonl.line(r) for r in build.records(engine)]


def bring_in(engine: Engine, lines: Iterable[str]) -> tuple[int, int, int]:
    tally = Tally()
    restoring.restore(engine, enumerate((line.encode() for line in lines), start=1), tally, authority=authority)
    return tally.new, tally.merged, tally.same


def test_what_comes_back_is_what_went_out(engine: Engine, other: Engine) -> None:
    build.library(engine)
    lines = exported(engine)
    assert bring_in(other, lines) == (len(lines), 0, 0)
    assert sorted(exported(other)) == sorted(lines)


def test_twice_is_once(engine: Engine) -> None:
    build.library(engine)
    lines = exported(engine)
    assert bring_in(engine, lines) == (0, 0, len(lines))
    assert exported(engine) == lines


def test_a_line_keeps_the_contract(engine: Engine) -> None:
    build.library(engine)
    line = json.loads(exported(engine)[0])
    assert set(CONTRACT.split()) <= set(line)
    assert line["format"] == 1
    assert line["topics"] == ["open-llms"]
    assert line["labs"] == ["a-new-lab"]
    assert line["sources"] == ["arxiv", "huggingface"]
    assert [c["model"] for c in line["classifications"]] == ["test-1", "test-2"]
    assert line["sightings"][0]["url"] == "https://arxiv.org/abs/2605.00001"


def test_a_restored_store_goes_on_collecting(engine: Engine, other: Engine) -> None:
    build.library(engine)
    bring_in(other, exported(engine))
    counts = papers.store(other, [papers.huggingface("2605.00001", votes=90, organization="qwen")], NOW)
    assert counts == {"new": 0, "changed": 0, "same": 1}


def test_two_stores_become_one(engine: Engine, other: Engine) -> None:
    papers.store(engine, [papers.arxiv("2605.00001", "Loops"), papers.arxiv("2605.00007", "Only here")], NOW)
    papers.store(other, [papers.huggingface("2605.00001", votes=3), papers.post("only-there")], NOW)
    assert bring_in(engine, exported(other)) == (1, 1, 0)
    merged = {r.id: r for r in build.records(engine)}
    assert len(merged) == 3
    assert merged["2605.00001"].sources == ("arxiv", "huggingface")
    assert merged["2605.00001"].title == "Loops", "arXiv's words stay"
    assert merged["2605.00001"].votes == 3
    assert bring_in(engine, exported(other)) == (0, 0, 2), "twice is once here too"
    assert bring_in(other, exported(engine)) == (1, 1, 1)
    assert sorted(exported(other)) == sorted(exported(engine)), "either way round"


def test_stored_items_that_prove_to_be_one_are_joined(engine: Engine) -> None:
    papers.store(engine, [papers.arxiv("2605.00001", "Loops"), papers.post("p", doi="10.1000/x")], NOW)
    said = build.record(keys=("arxiv:2605.00001", "doi:10.1000/x"), doi="10.1000/x")
    assert bring_in(engine, [jsonl.line(said)]) == (0, 1, 0)
    (one,) = build.records(engine)
    assert {"arxiv:2605.00001", "doi:10.1000/x"} <= set(one.keys)
    assert one.sources == ("arxiv", "lab:openai")
    assert bring_in(engine, [jsonl.line(said)]) == (0, 0, 1)


def test_two_arxiv_ids_are_two_papers_even_with_one_doi(engine: Engine) -> None:
    papers.store(engine, [papers.arxiv("2605.00009", doi="10.1000/x")], NOW)
    said = build.record(keys=("arxiv:2605.00001", "doi:10.1000/x"))
    assert bring_in(engine, [jsonl.line(said)]) == (1, 0, 0)
    assert bring_in(engine, [jsonl.line(said)]) == (0, 0, 1)
    assert {r.id for r in build.records(engine)} == {"2605.00001", "2605.00009"}


def test_two_lines_of_one_stored_item_are_both_merged(engine: Engine) -> None:
    whole = build.record(keys=("arxiv:2605.00001", "url:a", "url:b"))
    bring_in(engine, [jsonl.line(whole)])
    a = replace(whole, id="pa", arxiv_id=None, keys=("url:a",), sightings=(), votes=1)
    b = replace(whole, id="pb", arxiv_id=None, keys=("url:b",), sightings=(), stars=2)
    assert bring_in(engine, map(jsonl.line, (a, b))) == (0, 2, 0)
    (one,) = build.records(engine)
    assert (one.votes, one.stars) == (1, 2)
    assert {"uid:pa", "uid:pb"} <= set(one.keys)


def test_records_that_could_be_one_item_are_written_one_after_the_other() -> None:
    first, second = build.record(), build.record(title="The same")
    third = build.record(id="x", arxiv_id=None, keys=("url:x",), sightings=())
    assert [len(part) for part in apart([first, third, second])] == [2, 1]


def changed(record: Record, **facts: Any) -> str:
    return json.dumps(json.loads(jsonl.line(record)) | facts)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("not json", "line 2"),
        ('{"id": "x"}', "no format number"),
        ("[1]", "no format number"),
        (changed(build.record(), format=2), "format 2"),
        (changed(build.record(), title=7), "title"),
        (changed(build.record(), title=None), "title"),
        (changed(build.record(), title="a\u0000b"), "NUL"),
        (changed(build.record(), level=9), "level"),
        (changed(build.record(), votes=2**40), "votes"),
        (changed(build.record(), published="yesterday"), "published"),
        (changed(build.record(), published="2026-05-01T00:00:00"), "published"),
        (changed(build.record(), published="0001-01-01T00:00:00+14:00"), "published"),
        (changed(build.record(), authors=["a\nb"]), "authors.0"),
        (changed(build.record(), id="x" * 65), "id"),
        (changed(build.record(), keys=["url:" + "x" * 3000]), "keys.0"),
        (changed(build.record(), sightings=[{}]), "sightings.0"),
        ('{"format": 1, "title": "\\ud800"}', "line 2"),
        ("[" * 5000, "line 2"),
    ],
)
def test_a_bad_line_is_named_and_what_stands_before_it_is_stored(tmp_path: Path, line: str, said: str) -> None:
    with databases.fresh_url("sqlite", tmp_path) as url:
        engine = database.open_engine(url)
        good = jsonl.line(build.record(id="p1", arxiv_id=None, keys=("url:1",), sightings=()))
        with pytest.raises(UsageError) as caught:
            bring_in(engine, [good, line, jsonl.line(build.record())])
        assert "line 2" in str(caught.value)
        assert said in str(caught.value)
        assert "import the file again" in str(caught.value)
        assert "\n" not in str(caught.value)
        assert [r.id for r in build.records(engine)] == ["p1"]
        assert bring_in(engine, [good, jsonl.line(build.record())]) == (1, 0, 1), "and on it goes"
        engine.dispose()


@unhurried
@given(build.texts, st.lists(build.texts, max_size=3), st.dictionaries(build.texts, build.texts, max_size=3))
def test_whatever_a_text_holds_a_line_is_one_line_and_reads_back(title: str, authors: list[str], extra: dict[str, str]) -> None:
    seen = replace(build.record().sightings[0], extra={fit(k): fit(v) for k, v in extra.items()})
    people = tuple(name for a in authors if (name := fit(a).replace("\n", " ")))
    whole = build.record(title=fit(title), authors=people, sightings=(seen,))
    line = jsonl.line(whole)
    assert line.splitlines() == [line]
    assert jsonl.read(line.encode()) == whole


def fit(text: str) -> str:
    """What a database takes: no NUL, no half of a pair."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def test_lines_are_read_only_as_they_are_written(tmp_path: Path) -> None:
    tally, ahead = Tally(), []

    def lines() -> Iterator[tuple[int, bytes]]:
        for n in range(3 * restoring.BATCH):
            ahead.append(n - tally.read)
            yield n + 1, jsonl.line(build.record(id=f"p{n}", arxiv_id=None, keys=(f"url:{n}",), sightings=())).encode()

    with databases.fresh_url("sqlite", tmp_path) as url:
        engine = database.open_engine(url)
        restoring.restore(engine, lines(), tally, authority=authority)
        engine.dispose()
    assert max(ahead) < restoring.BATCH
    assert tally.new == 3 * restoring.BATCH


def test_keys_that_this_version_does_not_know_are_left_out() -> None:
    assert jsonl.read(changed(build.record(), surprise=[1, 2]).encode()) == build.record()


def test_unknown_sources_topics_and_labs_do_not_stop_an_import(engine: Engine) -> None:
    seen = replace(build.record().sightings[0], source="lab:nowhere", lab="nowhere", official=True)
    line = changed(
        build.record(sightings=(seen,), level=3),
        topic_scores=[{"slug": "a-topic-of-tomorrow", "score": 0.5}],
        lab_evidence=[{"lab": "nowhere", "method": "official-feed", "evidence": "its feed", "confidence": 1.0}],
    )
    assert bring_in(engine, [line]) == (1, 0, 0)
    (one,) = build.records(engine)
    assert (one.topics, one.labs, one.sources) == (("a-topic-of-tomorrow",), ("nowhere",), ("lab:nowhere",))


def test_facts_beside_a_sighting_come_back_whole(engine: Engine, other: Engine) -> None:
    extra = {"b": 1e300, "a": {"z": -0.0, "y": [True, None, "é", 0.1, 12345678901234567890]}, "large": 1e16}
    seen = replace(build.record().sightings[0], extra=extra)
    bring_in(engine, [jsonl.line(build.record(sightings=(seen,)))])
    bring_in(other, exported(engine))
    assert exported(other) == exported(engine)
    assert bring_in(other, exported(engine)) == (0, 0, 1)


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_may_be_packed_and_begin_with_a_mark(tmp_path: Path, packed: bool) -> None:
    text = "\ufeff\n" + jsonl.line(build.record()) + "\n\n"
    file = tmp_path / "export"
    file.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    with numbered_lines(file) as lines:
        assert [n for n, _ in lines] == [2]


def test_a_packed_file_that_was_cut_off_is_named(engine: Engine, tmp_path: Path) -> None:
    lines = [jsonl.line(build.record(id=f"p{n}", arxiv_id=None, keys=(f"url:{n}",), sightings=())) for n in range(40)]
    file = tmp_path / "export.jsonl.gz"
    file.write_bytes(gzip.compress("\n".join(lines).encode())[:-200])
    with pytest.raises(UsageError, match="damaged"), numbered_lines(file) as found:
        restoring.restore(engine, found, Tally(), authority=authority)


def test_a_later_answer_of_the_classifier_wins_and_an_older_one_is_kept(engine: Engine) -> None:
    old = ClassificationRecord("m1", 4, 0.8, False, (1.0,), (), build.SEEN)
    new = ClassificationRecord("m2", 6, 0.9, False, (1.0,), (), build.SEEN + timedelta(days=1))
    bring_in(engine, [jsonl.line(build.record(level=4, confidence=0.8, unsure=False, model="m1", classifications=(old,)))])
    bring_in(engine, [jsonl.line(build.record(level=6, confidence=0.9, unsure=False, model="m2", classifications=(new,)))])
    bring_in(engine, [jsonl.line(build.record(level=4, confidence=0.8, unsure=False, model="m1", classifications=(old,)))])
    (one,) = build.records(engine)
    assert (one.level, one.model) == (6, "m2")
    assert [c.model for c in one.classifications] == ["m1", "m2"]


def test_items_of_days_to_come_are_exported_too(engine: Engine) -> None:
    bring_in(engine, [jsonl.line(build.record(listed=date(2027, 1, 1), kind=Kind.PAPER))])
    assert len(exported(engine)) == 1


def test_no_column_of_an_item_is_forgotten() -> None:
    """A column that is added to one of these tables belongs into the record too, or into this list with its reason."""
    derived = {
        ("items", "source_count"),
        ("items", "has_code"),
        ("items", "origin"),  # follows from corrections and second opinions, which stay where they were made
        ("item_labs", "listed_on"),  # triggers keep these two
        ("item_topics", "listed_on"),
    }
    known = {
        "items": "id uid kind arxiv_id doi url content_source content_hash published updated listed_on version withdrawn "
        "first_seen_at changed_at level confidence unsure model votes stars",
        "item_texts": "item_id title authors abstract categories comment journal_ref license",
        "item_keys": "key item_id",
        "item_versions": "item_id number submitted withdrawn",
        "sightings": "id item_id source key hash seen_at changed_at listed_on url announce_type organization lab official "
        "votes stars comments extra",
        "metrics": "item_id source name day value",
        "repositories": "id url stars",
        "item_repositories": "item_id repository_id source official",
        "item_labs": "item_id lab method evidence confidence",
        "item_topics": "item_id topic rank score",
        "classifications": "item_id model level confidence unsure probabilities explanation classified_at",
    }
    for name, columns in known.items():
        there = {c.name for c in Base.metadata.tables[name].columns if (name, c.name) not in derived}
        assert there == set(columns.split()), name

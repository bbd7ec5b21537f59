"""Frozen readings: one for each period and query, whoever freezes first, and for good."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from staycurrent.query import Query
from staycurrent.store import engine as database
from staycurrent.store import items as item_store
from staycurrent.store import readings
from staycurrent.store.engine import Engine, reading, writing
from staycurrent.store.models import Reading, ReadingEntry
from staycurrent.types import DayNumbers, Entry, LabEvidence, Part, Role, Version
from tests import build

MAY = "2026-05"
TODAY = date(2026, 6, 10)


@pytest.fixture
def rows(engine: Engine, now: datetime) -> list[int]:
    """Three classified papers."""
    build.store(engine, [build.arxiv(f"2605.{n:05}") for n in range(1, 4)], now)
    with reading(engine) as session:
        found = [view.row for view, _, _ in item_store.every(session)]
    build.classify(engine, [build.answer(row) for row in found], now)
    return found


def entries(rows: list[int]) -> list[Entry]:
    return [Entry(n, row, 1 / n, (Part("votes", 1.0, 0.45, f"{n} votes"),)) for n, row in enumerate(rows, start=1)]


def freeze(engine: Engine, rows: list[int], now: datetime, query: str = "limit=30") -> None:
    with writing(engine) as session:
        readings.freeze(session, MAY, query, entries(rows), weights={"votes": 0.45}, now=now)


def kept(engine: Engine, query: str = "limit=30") -> list[int] | None:
    with reading(engine) as session:
        found = readings.frozen(session, MAY, query)
        return [e.item_id for e in found.entries] if found is not None else None


def test_what_was_never_frozen_is_none(engine: Engine) -> None:
    assert kept(engine) is None


def test_a_frozen_reading_comes_back_with_places_scores_and_reasons(engine: Engine, now: datetime, rows: list[int]) -> None:
    freeze(engine, rows, now)
    with reading(engine) as session:
        found = readings.frozen(session, MAY, "limit=30")
        row = session.scalars(select(Reading)).one()
    assert found
    assert [(e.rank, e.item_id, e.why) for e in found.entries] == [
        (n + 1, r, {"votes": f"{n + 1} votes"}) for n, r in enumerate(rows)
    ]
    assert (row.frozen_at, row.model, row.weights) == (now, "test-1", {"votes": 0.45})
    assert (found.model, found.weights, found.landmark, found.withdrawn) == ("test-1", {"votes": 0.45}, None, ())


def test_what_stands_beside_a_frozen_list_keeps_its_role_and_the_list_its_landmark(
    engine: Engine, now: datetime, rows: list[int]
) -> None:
    above = Entry(2, rows[1], 0.3, (), Role.ONE_LEVEL_UP)
    with writing(engine) as session:
        readings.freeze(session, MAY, "q", [*entries(rows[:1]), above], weights={}, now=now, landmark="https://example.org")
    with reading(engine) as session:
        found = readings.frozen(session, MAY, "q")
    assert found
    assert [e.role for e in found.entries] == [Role.READING, Role.ONE_LEVEL_UP]
    assert found.landmark == "https://example.org"


def test_freezing_again_changes_nothing(engine: Engine, now: datetime, rows: list[int]) -> None:
    freeze(engine, rows, now)
    freeze(engine, rows[::-1], now)
    assert kept(engine) == rows


def test_each_query_has_its_own_reading(engine: Engine, now: datetime, rows: list[int]) -> None:
    freeze(engine, rows, now)
    freeze(engine, rows[:1], now, "level=5&limit=30")
    assert kept(engine) == rows
    assert kept(engine, "level=5&limit=30") == rows[:1]


def test_two_processes_that_freeze_at_once_end_with_the_first_ones_reading(
    url: str, engine: Engine, now: datetime, rows: list[int]
) -> None:
    other = database.open_engine(url)
    with ThreadPoolExecutor(1) as pool:
        with writing(engine) as session:
            readings.freeze(session, MAY, "limit=30", entries(rows), weights={}, now=now)
            second = pool.submit(freeze, other, rows[::-1], now)
            assert not second.done()
            with pytest.raises(TimeoutError):
                second.result(timeout=0.2)  # it waits for the first one's end
        second.result(timeout=30)
    assert kept(engine) == rows
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(ReadingEntry)) == 3
    other.dispose()


def test_an_item_that_was_withdrawn_leaves_its_place(engine: Engine, now: datetime, rows: list[int]) -> None:
    freeze(engine, rows, now)
    gone = (Version(1, now), Version(2, now, withdrawn=True))
    build.store(engine, [build.arxiv("2605.00002", versions=gone)], now)
    with reading(engine) as session:
        found = readings.frozen(session, MAY, "limit=30")
    assert found
    assert [(e.rank, e.item_id) for e in found.entries] == [(1, rows[0]), (3, rows[2])]
    assert found.withdrawn == ("A study of loops",)


def test_two_items_that_became_one_stand_at_the_better_place(engine: Engine, now: datetime) -> None:
    build.store(engine, [build.post("loops", doi="10.5555/loops"), build.arxiv("2605.00001")], now)
    with reading(engine) as session:
        rows = [view.row for view, _, _ in item_store.every(session)]
    freeze(engine, rows, now)
    build.store(engine, [build.arxiv("2605.00001", doi="10.5555/loops")], now)
    with reading(engine) as session:
        found = readings.frozen(session, MAY, "limit=30")
    assert found
    assert [e.rank for e in found.entries] == [1]


def test_only_classified_and_lasting_items_compete(engine: Engine, now: datetime, rows: list[int]) -> None:
    gone = (Version(1, now), Version(2, now, withdrawn=True))
    build.store(engine, [build.arxiv("2605.00002", versions=gone), build.arxiv("2605.00009")], now)
    with reading(engine) as session:
        found, total = readings.candidates(session, Query(), TODAY)
    assert sorted(c.id for c in found) == [rows[0], rows[2]]
    assert total == 2


def test_a_candidate_carries_its_signals(engine: Engine, now: datetime, rows: list[int]) -> None:
    build.store(engine, [build.huggingface("2605.00001", votes=9, stars=4)], now)
    build.classify(engine, [build.answer(rows[0], 5, topics=("rag", "open-llms"), labs=("qwen",))], now)
    with reading(engine) as session:
        first = readings.candidates(session, Query(), TODAY)[0][0]
    assert (first.id, first.votes, first.stars, first.sources) == (rows[0], 9, 4, ("arxiv", "huggingface"))
    assert (first.topics, first.labs, first.level, first.unsure) == (("rag", "open-llms"), ("qwen",), 5, False)


def test_the_query_and_its_text_narrow_the_candidates(engine: Engine, now: datetime, rows: list[int]) -> None:
    build.store(engine, [build.arxiv("2605.00001", "Sparse attention", abstract="Words.")], now)
    build.classify(engine, [build.answer(rows[0], 6)], now)
    with reading(engine) as session:
        for query in (Query(levels=(6,)), Query(text="attention"), Query(exclude=("loops",))):
            assert [c.id for c in readings.candidates(session, query, TODAY)[0]] == [rows[0]]


def test_what_is_surely_off_the_roadmap_competes_only_where_it_is_asked_for(
    engine: Engine, now: datetime, rows: list[int]
) -> None:
    build.classify(engine, [build.answer(rows[0], 0), build.answer(rows[1], 0, unsure=True)], now)
    with reading(engine) as session:
        assert {c.id for c in readings.candidates(session, Query(), TODAY)[0]} == {rows[1], rows[2]}
        assert {c.id for c in readings.candidates(session, Query(levels=(0,)), TODAY)[0]} == {rows[0], rows[1]}


def test_a_lab_is_inferred_unless_a_tag_or_its_own_feed_says_so(engine: Engine, now: datetime, rows: list[int]) -> None:
    signed = LabEvidence("openai", "author-team", "signed by OpenAI", 0.95)
    twice = (signed, LabEvidence("openai", "organization", "tagged openai", 0.98))
    answers = [replace(build.answer(rows[0]), labs=(signed,)), replace(build.answer(rows[1]), labs=twice)]
    build.classify(engine, answers, now)
    with reading(engine) as session:
        found = {c.id: c for c in readings.candidates(session, Query(), TODAY)[0]}
    assert (found[rows[0]].labs, found[rows[0]].inferred_labs) == (("openai",), ("openai",))
    assert (found[rows[1]].labs, found[rows[1]].inferred_labs) == (("openai",), ())


def test_a_candidate_tells_how_its_votes_grew_and_what_was_said_of_it(engine: Engine, now: datetime, rows: list[int]) -> None:
    for day, votes in enumerate((5, 30, 20)):
        build.store(engine, [build.huggingface("2605.00001", votes=votes, comments=3)], now + timedelta(days=day))
    with reading(engine) as session:
        found = {c.id: c for c in readings.candidates(session, Query(), TODAY)[0]}
    assert (found[rows[0]].votes_gained, found[rows[0]].comments) == (25, 3)
    assert (found[rows[1]].votes_gained, found[rows[1]].comments) == (0, None)
    assert found[rows[0]].abstract


def test_the_crowd_is_every_item_of_the_days_that_has_numbers(engine: Engine, now: datetime, rows: list[int]) -> None:
    listed = [build.huggingface(f"2605.{n:05}", votes=n, stars=10 * n, day="2026-05-12") for n in (1, 2)]
    build.store(engine, [*listed, build.huggingface("2605.00003", day="2026-05-30", votes=7)], now)
    query = Query(levels=(8,), since=date(2026, 5, 1), until=date(2026, 5, 31))
    with reading(engine) as session:
        found = {n.day: n for n in readings.crowd(session, query, date(2026, 5, 20))}
    assert {day: (sorted(n.votes), sorted(n.stars)) for day, n in found.items()} == {date(2026, 5, 12): ([1, 2], [10, 20])}
    assert isinstance(next(iter(found.values())), DayNumbers)


def test_withdrawn_items_are_named_where_several_sources_had_shown_them(engine: Engine, now: datetime, rows: list[int]) -> None:
    gone = (Version(1, now), Version(2, now, withdrawn=True))
    build.store(engine, [build.huggingface("2605.00001")], now)
    build.store(engine, [build.arxiv(f"2605.{n:05}", f"Gone {n}", versions=gone) for n in (1, 2)], now)
    with reading(engine) as session:
        assert readings.withdrawn(session, Query(), TODAY) == ["Gone 1"]

"""Frozen readings: one for each period and query, whoever freezes first, and for good."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime

import pytest
from sqlalchemy import func, select

from staycurrent.query import Query
from staycurrent.store import engine as database
from staycurrent.store import items as item_store
from staycurrent.store import readings
from staycurrent.store.engine import Engine, reading, writing
from staycurrent.store.models import Reading, ReadingEntry
from staycurrent.types import Entry, Part, Version
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
        return [e.item_id for e in found] if found is not None else None


def test_what_was_never_frozen_is_none(engine: Engine) -> None:
    assert kept(engine) is None


def test_a_frozen_reading_comes_back_with_places_scores_and_reasons(engine: Engine, now: datetime, rows: list[int]) -> None:
    freeze(engine, rows, now)
    with reading(engine) as session:
        found = readings.frozen(session, MAY, "limit=30")
        row = session.scalars(select(Reading)).one()
    assert found
    assert [(e.rank, e.item_id, e.why) for e in found] == [(n + 1, r, {"votes": f"{n + 1} votes"}) for n, r in enumerate(rows)]
    assert (row.frozen_at, row.model, row.weights) == (now, "test-1", {"votes": 0.45})


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
    assert [(e.rank, e.item_id) for e in found] == [(1, rows[0]), (3, rows[2])]


def test_two_items_that_became_one_stand_at_the_better_place(engine: Engine, now: datetime) -> None:
    build.store(engine, [build.post("loops", doi="10.5555/loops"), build.arxiv("2605.00001")], now)
    with reading(engine) as session:
        rows = [view.row for view, _, _ in item_store.every(session)]
    freeze(engine, rows, now)
    build.store(engine, [build.arxiv("2605.00001", doi="10.5555/loops")], now)
    with reading(engine) as session:
        found = readings.frozen(session, MAY, "limit=30")
    assert found
    assert [e.rank for e in found] == [1]


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

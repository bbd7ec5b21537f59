"""The month's reading: live while the month runs, frozen for good when it is over."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select

from staycurrent import period
from staycurrent.errors import UsageError
from staycurrent.query import Query
from staycurrent.reading import monthly
from staycurrent.reading.monthly import ReadingList
from staycurrent.store import engine as database
from staycurrent.store import items as item_store
from staycurrent.store.engine import Engine
from staycurrent.store.models import Reading, ReadingEntry
from staycurrent.types import ParsedItem, Role, Version
from tests import build
from tests.conftest import NOW

MAY = period.parse("2026-05")
WEEK = period.parse("2026-W21")
IN_MAY, IN_JUNE = date(2026, 5, 20), date(2026, 6, 10)
ALL = Query()


def bring(engine: Engine, *papers: ParsedItem, level: int = 5) -> None:
    """Papers collected and classified at a level."""
    build.store(engine, papers, NOW)
    wanted = {p.title for p in papers}
    with database.reading(engine) as session:
        rows = [view.row for view, _, _ in item_store.every(session) if view.title in wanted]
    build.classify(engine, [build.answer(row, level) for row in rows], NOW)


def paper(number: int, day: str = "2026-05-12", title: str = "") -> ParsedItem:
    return build.arxiv(f"2605.{number:05}", title or f"Paper {number}", day=day)


def read(engine: Engine, today: date = IN_MAY, query: Query = ALL, of: period.Period = MAY, **bounds: int) -> ReadingList:
    return monthly.reading(engine, of, query, today=today, **bounds)


def freeze(engine: Engine, today: date = IN_JUNE, query: Query = ALL, **bounds: int) -> ReadingList:
    return monthly.freeze(engine, MAY, query, today=today, clock=lambda: NOW, **bounds)


def titles(found: ReadingList) -> list[str]:
    return [p.item.title for p in found.placed]


def vote(engine: Engine, number: int, votes: int) -> None:
    build.store(engine, [build.huggingface(f"2605.{number:05}", votes=votes, day="2026-05-12")], NOW)


def test_a_running_month_is_live(engine: Engine) -> None:
    bring(engine, paper(1), paper(2))
    vote(engine, 2, 10)
    found = read(engine)
    assert titles(found) == ["Paper 2", "Paper 1"]
    assert (found.frozen, found.considered) == (False, 2)
    assert [p.rank for p in found.placed] == [1, 2]
    assert found.placed[0].why["votes"] == "10 votes on Hugging Face's list"
    assert found.placed[0].score > found.placed[1].score
    vote(engine, 1, 99)
    assert titles(read(engine)) == ["Paper 1", "Paper 2"]


def test_reading_writes_nothing(engine: Engine) -> None:
    bring(engine, paper(1))
    read(engine, IN_JUNE)
    with database.reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(Reading)) == 0


def test_the_first_and_the_last_day_belong_to_the_month(engine: Engine) -> None:
    days = ("2026-04-30", "2026-05-01", "2026-05-31", "2026-06-01")
    bring(engine, *(paper(n, day) for n, day in enumerate(days, start=1)))
    assert titles(read(engine, IN_JUNE)) == ["Paper 3", "Paper 2"]


def test_a_week_is_a_period_too(engine: Engine) -> None:
    days = ("2026-05-17", "2026-05-18", "2026-05-24", "2026-05-25")
    bring(engine, *(paper(n, day) for n, day in enumerate(days, start=1)))
    assert titles(read(engine, IN_JUNE, of=WEEK)) == ["Paper 3", "Paper 2"]


def test_what_bears_a_date_after_today_waits(engine: Engine) -> None:
    bring(engine, paper(1), paper(2, "2026-05-21"))
    assert titles(read(engine, IN_MAY)) == ["Paper 1"]
    assert titles(read(engine, IN_MAY + timedelta(days=1))) == ["Paper 2", "Paper 1"]


def test_a_month_to_come_is_empty(engine: Engine) -> None:
    bring(engine, paper(1))
    assert titles(read(engine, date(2026, 4, 1))) == []
    assert titles(read(engine, of=period.parse("2027-01"))) == []


def test_the_level_filters(engine: Engine) -> None:
    bring(engine, paper(1), level=5)
    bring(engine, paper(2), level=6)
    assert titles(read(engine, query=Query(levels=(6,)))) == ["Paper 2"]
    empty = read(engine, query=Query(levels=(1,)))
    assert (empty.placed, empty.considered, empty.frozen) == ((), 0, False)


def test_what_is_not_classified_is_not_there(engine: Engine) -> None:
    build.store(engine, [paper(1)], NOW)
    assert titles(read(engine)) == []


def test_the_days_of_the_query_narrow_the_period_and_never_widen_it() -> None:
    wide = monthly.within(Query(since=date(2026, 1, 1), until=date(2026, 12, 31)), MAY)
    assert (wide.since, wide.until) == (MAY.first, MAY.last)
    narrow = monthly.within(Query(since=date(2026, 5, 3), until=date(2026, 5, 9)), MAY)
    assert (narrow.since, narrow.until) == (date(2026, 5, 3), date(2026, 5, 9))


def test_a_query_outside_the_period_is_an_empty_reading(engine: Engine) -> None:
    bring(engine, paper(1))
    assert titles(read(engine, query=Query(since=date(2026, 6, 1)))) == []


def test_a_finished_month_is_final_after_its_late_listings() -> None:
    assert not monthly.is_final(MAY, MAY.last)
    assert not monthly.is_final(MAY, MAY.last + timedelta(days=monthly.FREEZE_AFTER_DAYS))
    assert monthly.is_final(MAY, MAY.last + timedelta(days=monthly.FREEZE_AFTER_DAYS + 1))


def test_a_frozen_month_stays_as_it_was(engine: Engine) -> None:
    bring(engine, paper(1), paper(2))
    vote(engine, 2, 10)
    kept = freeze(engine)
    assert kept.frozen
    vote(engine, 1, 999)
    bring(engine, paper(3))
    later = read(engine, IN_JUNE + timedelta(days=100))
    assert later.frozen
    assert titles(later) == titles(kept) == ["Paper 2", "Paper 1"]
    assert [(p.rank, p.score, p.why) for p in later.placed] == [(p.rank, p.score, p.why) for p in kept.placed]


def test_freezing_again_gives_the_same(engine: Engine) -> None:
    bring(engine, paper(1), paper(2))
    first = freeze(engine)
    vote(engine, 2, 10)
    assert titles(freeze(engine)) == titles(first)
    with database.reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(Reading)) == 1


def test_a_running_month_cannot_be_frozen(engine: Engine) -> None:
    bring(engine, paper(1))
    assert not freeze(engine, MAY.last).frozen
    assert not freeze(engine, IN_MAY).frozen


def test_an_empty_month_is_not_frozen_since_its_items_may_come(engine: Engine) -> None:
    assert not freeze(engine).frozen
    bring(engine, paper(1))
    assert titles(freeze(engine)) == ["Paper 1"]


def test_each_bound_has_its_own_frozen_reading(engine: Engine) -> None:
    bring(engine, paper(1), paper(2))
    freeze(engine, limit=1)
    assert len(read(engine, IN_JUNE, limit=1).placed) == 1
    assert not read(engine, IN_JUNE, limit=2).frozen
    assert not read(engine, IN_JUNE, limit=1, minutes=60).frozen


def test_a_withdrawn_item_leaves_the_reading(engine: Engine) -> None:
    bring(engine, paper(1), paper(2))
    freeze(engine)
    gone = build.arxiv("2605.00001", "Paper 1", versions=(Version(1, NOW), Version(2, NOW, withdrawn=True)))
    bring(engine, gone)
    assert titles(read(engine, IN_JUNE)) == ["Paper 2"]
    assert read(engine, IN_JUNE).notes == ("Withdrawn, and no longer in the list: Paper 1",)
    assert titles(read(engine, query=Query(levels=(5,)))) == ["Paper 2"]


def test_two_processes_that_freeze_at_once_end_with_one_reading(url: str, engine: Engine) -> None:
    bring(engine, *(paper(n) for n in range(1, 9)))
    together = Barrier(2)

    def one(_number: int) -> list[str]:
        own = database.open_engine(url)
        together.wait(30)
        found = titles(freeze(own))
        own.dispose()
        return found

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(one, range(2))
    assert first == second
    with database.reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(Reading)) == 1
        assert session.scalar(select(func.count()).select_from(ReadingEntry)) == 8


def test_limit_and_minutes_bound_the_list(engine: Engine) -> None:
    bring(engine, *(paper(n) for n in range(1, 9)))
    assert len(read(engine, limit=3).placed) == 3
    assert len(read(engine, minutes=45).placed) == 2
    assert read(engine, limit=3).considered == 8


@pytest.mark.parametrize("bounds", [{"limit": 0}, {"limit": 201}, {"minutes": 0}, {"minutes": 100_001}, {"limit": -1}])
def test_bounds_that_make_no_sense_are_refused(engine: Engine, bounds: dict[str, Any]) -> None:
    name = next(iter(bounds))
    with pytest.raises(UsageError, match=f"{name}: must be from 1 to"):
        read(engine, **bounds)
    with pytest.raises(UsageError, match=f"{name}: must be from 1 to"):
        freeze(engine, **bounds)


def test_a_few_items_of_the_next_level_stand_beside_the_list(engine: Engine) -> None:
    bring(engine, paper(1), paper(2))
    bring(engine, *(paper(n) for n in range(3, 9)), level=6)
    found = read(engine, query=Query(levels=(5,)))
    assert {p.item.level for p in found.placed} == {5}
    assert [(p.rank, p.item.level, p.role) for p in found.one_level_up] == [(n, 6, Role.ONE_LEVEL_UP) for n in (3, 4)]
    assert read(engine).one_level_up == (), "who asks for every level has them in the list"
    assert read(engine, query=Query(levels=(8,))).one_level_up == ()


def test_what_stands_beside_the_list_is_frozen_with_it(engine: Engine) -> None:
    bring(engine, paper(1))
    bring(engine, paper(2), level=6)
    kept = freeze(engine, query=Query(levels=(5,)))
    bring(engine, paper(3), level=6)
    vote(engine, 3, 99)
    again = read(engine, IN_JUNE, query=Query(levels=(5,)))
    assert again.frozen
    assert [p.item.title for p in again.one_level_up] == ["Paper 2"]
    assert (again.placed, again.one_level_up, again.landmark) == (kept.placed, kept.one_level_up, kept.landmark)


def test_a_landmark_prepares_for_the_list(engine: Engine) -> None:
    bring(engine, paper(1))
    found = read(engine, query=Query(levels=(5,))).landmark
    assert found
    assert "open-llms" in found.topics
    assert found.level <= 5


def test_the_minutes_of_all_that_is_shown_stay_within_the_budget(engine: Engine) -> None:
    bring(engine, *(paper(n) for n in range(1, 9)))
    bring(engine, *(paper(n) for n in range(11, 19)), level=6)
    found = read(engine, query=Query(levels=(5,)), minutes=120)
    assert [p.minutes for p in (*found.placed, *found.one_level_up)] == [20] * 6
    assert len(found.one_level_up) == 1


def test_nothing_for_a_level_is_said_plainly(engine: Engine) -> None:
    bring(engine, paper(1), level=6)
    found = read(engine, query=Query(levels=(5,)))
    assert (found.placed, found.one_level_up, found.landmark) == ((), (), None)
    assert found.notes == ("Nothing for level 5 in 2026-05.",)
    assert read(engine, of=period.parse("2026-04")).notes == ("Nothing for this query in 2026-04.",)


def test_the_same_month_asked_twice_is_the_same_list(engine: Engine) -> None:
    bring(engine, *(paper(n) for n in range(1, 9)))
    assert read(engine) == read(engine)


def test_what_is_surely_off_the_roadmap_is_not_read_about(engine: Engine) -> None:
    bring(engine, paper(1))
    bring(engine, paper(2), level=0)
    assert titles(read(engine)) == ["Paper 1"]
    assert titles(read(engine, query=Query(levels=(0,)))) == ["Paper 2"]


def test_a_long_list_has_enough_to_choose_from() -> None:
    assert monthly.competitors(Query(levels=(5,)), 30) == monthly.LEVEL_CANDIDATES
    assert monthly.competitors(Query(), 30) == monthly.competitors(Query(levels=(1, 2, 3)), 30)
    assert monthly.competitors(Query(levels=(5,)), monthly.MAX_LIMIT) == 2 * monthly.MAX_LIMIT


def test_the_months_of_the_picks_are_found_by_the_list_that_showed_them(engine: Engine) -> None:
    bring(engine, paper(1), paper(2), paper(3, "2026-04-12"))
    build.store(engine, [build.huggingface("2605.00003", day="2026-04-13")], NOW)
    vote(engine, 1, 3)
    picks = frozenset({"2605.00001", "2605.00002"})
    (may,) = monthly.months_with_picks(engine, picks, None, today=IN_JUNE)
    assert (may.name, may.listed, len(may.picks), len(may.candidates)) == ("2026-05", 1, 1, 2)
    named = monthly.months_with_picks(engine, picks, [period.parse("2026-04")], today=IN_JUNE)
    assert [(m.listed, len(m.picks)) for m in named] == [(1, 0)]

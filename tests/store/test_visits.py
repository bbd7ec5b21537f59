"""Visits: what is new since the last one, however often a page is drawn; and the day on which a plan begins."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from staycurrent.query import Query
from staycurrent.store import listing, visits
from staycurrent.store.engine import Engine, reading, writing
from staycurrent.store.marks import LOCAL
from tests import build
from tests.conftest import NOW

PAGE, MAY, JUNE = "month", "2026-05", "2026-06"


def look(engine: Engine, now: datetime, period: str = MAY, who: str = LOCAL) -> None:
    with writing(engine) as session:
        visits.look(session, who, PAGE, period, now)


def since(engine: Engine, now: datetime, period: str = MAY, who: str = LOCAL) -> datetime | None:
    with reading(engine) as session:
        return visits.since(session, who, PAGE, period, now)


def test_a_first_visit_has_none_before_it(engine: Engine) -> None:
    assert since(engine, NOW) is None
    look(engine, NOW)
    assert since(engine, NOW + timedelta(minutes=1)) is None


def test_a_reload_belongs_to_the_same_visit_and_a_pause_ends_it(engine: Engine) -> None:
    look(engine, NOW)
    back = NOW + timedelta(days=1)
    for minutes in (0, 20, 40):  # each within the pause of the one before
        assert since(engine, back + timedelta(minutes=minutes)) == NOW
        look(engine, back + timedelta(minutes=minutes))
    assert since(engine, back + timedelta(hours=2)) == back + timedelta(minutes=40)


def test_a_month_never_seen_counts_from_the_last_look_at_any(engine: Engine) -> None:
    look(engine, NOW)
    later = NOW + timedelta(days=10)
    assert since(engine, later, JUNE) == NOW
    look(engine, later, JUNE)
    assert since(engine, later + timedelta(minutes=5), JUNE) == NOW
    assert since(engine, later, MAY) == NOW


def test_readers_do_not_see_each_others_visits(engine: Engine) -> None:
    look(engine, NOW, who="ada")
    assert since(engine, NOW + timedelta(days=1)) is None


def test_a_look_is_written_down_once_a_minute(engine: Engine) -> None:
    look(engine, NOW)
    with reading(engine) as session:
        due = [visits.is_due(session, LOCAL, PAGE, MAY, NOW + timedelta(seconds=s)) for s in (5, 59, 61)]
    assert due == [False, False, True]


def test_a_clock_that_goes_back_is_no_fault(engine: Engine) -> None:
    look(engine, NOW)
    look(engine, NOW - timedelta(days=2))
    assert since(engine, NOW - timedelta(days=2)) is None


def test_what_was_first_seen_later_is_new(engine: Engine) -> None:
    build.store(engine, [build.arxiv("2605.00001", "Old")], NOW)
    build.store(engine, [build.arxiv("2605.00002", "New")], NOW + timedelta(hours=2))
    with reading(engine) as session:
        rows = {v.title: v.row for v in listing.page(session, Query(), NOW.date()).items}
        found = visits.first_seen_after(session, list(rows.values()), NOW + timedelta(hours=1))
    assert found == {rows["New"]}


def test_a_plan_begins_and_ends(engine: Engine) -> None:
    for start in (date(2026, 6, 1), date(2026, 7, 15), None):
        with writing(engine) as session:
            visits.begin_plan(session, LOCAL, start, NOW)
        with reading(engine) as session:
            assert visits.plan_start(session, LOCAL) == start
            assert visits.plan_start(session, "ada") is None

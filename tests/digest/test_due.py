"""When a digest is due, over changes of summer time, time zones and times without the product."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staycurrent.digest import due
from staycurrent.digest.plans import DEFAULTS
from staycurrent.store.subscribers import Plan

BERLIN = ZoneInfo("Europe/Berlin")
SUNDAY_NIGHT = replace(DEFAULTS, weekday=7, minute=150, timezone="Europe/Berlin")
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Australia/Lord_Howe",
]
plans = st.builds(
    lambda cadence, weekday, minute, zone: replace(DEFAULTS, cadence=cadence, weekday=weekday, minute=minute, timezone=zone),
    st.sampled_from(["weekly", "monthly"]),
    st.integers(1, 7),
    st.integers(0, 1439),
    st.sampled_from(ZONES),
)
moments = st.integers(1_700_000_000, 1_900_000_000).map(lambda n: datetime.fromtimestamp(n, UTC))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def all_moments(plan: Plan, start: str, end: str) -> list[datetime]:
    found, at = [], utc(start)
    while (at := due.next_moment(plan, at)) < utc(end):
        found.append(at)
    return found


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        # 02:30 does not exist on 29 March 2026, and exists twice on 25 October.
        ("2026-03-23", "2026-03-30", ["2026-03-29T01:30"]),
        ("2026-10-19", "2026-10-26", ["2026-10-25T00:30"]),
        ("2026-06-01", "2026-06-08", ["2026-06-07T00:30"]),
    ],
)
def test_half_past_two_in_berlin_is_once_on_both_days_of_change(start: str, end: str, expected: list[str]) -> None:
    assert all_moments(SUNDAY_NIGHT, start, end) == [utc(text) for text in expected]


@pytest.mark.parametrize("start", ["2026-03-20", "2026-10-16"])
def test_each_week_is_told_once_over_a_change_of_summer_time(start: str) -> None:
    for weekday in range(1, 8):
        for minute in (0, 30, 60, 90, 150, 1439):
            plan = replace(SUNDAY_NIGHT, weekday=weekday, minute=minute)
            end = (utc(start) + timedelta(days=35)).date().isoformat()
            found = [due.period(plan, m).first for m in all_moments(plan, start, end)]
            assert len(found) >= 4
            assert {b - a for a, b in pairwise(found)} == {timedelta(days=7)}


@given(plans, moments)
def test_a_period_is_told_at_the_moment_that_tells_of_it(plan: Plan, after: datetime) -> None:
    moment = due.next_moment(plan, after)
    assert due.moment_of(plan, due.period(plan, moment)) == moment


@given(plans, moments)
def test_the_next_moment_is_later_and_at_the_hour_that_was_chosen(plan: Plan, now: datetime) -> None:
    found = due.next_moment(plan, now)
    assert now < found <= now + timedelta(days=45)
    wall = found.astimezone(ZoneInfo(plan.timezone))
    gap = (wall.hour * 60 + wall.minute - plan.minute) % 1440
    assert gap in (0, 30, 60), "half an hour or an hour late where the clock leapt over it"
    if gap == 0:
        assert wall.isoweekday() == plan.weekday


@given(plans, moments)
def test_every_period_is_told_once_and_none_is_left_out(plan: Plan, now: datetime) -> None:
    first = due.next_moment(plan, now)
    second = due.next_moment(plan, first)
    one, other = due.period(plan, first), due.period(plan, second)
    assert other.first == one.last + timedelta(days=1)


@given(plans, moments, st.floats(0, 40))
def test_catching_up_is_at_most_one_and_no_older_than_two_days(plan: Plan, now: datetime, late: float) -> None:
    moment = due.next_moment(plan, now)
    found = due.last_moment(plan, moment, moment + timedelta(days=late))
    if found is None:
        assert late > 2
    else:
        assert moment <= found
        assert timedelta(0) <= moment + timedelta(days=late) - found <= due.CATCH_UP


def test_a_weekly_digest_tells_of_the_iso_week_before_also_over_new_year() -> None:
    assert due.period(DEFAULTS, utc("2026-05-18T07:00")).name == "2026-W20"
    assert due.period(DEFAULTS, utc("2026-01-01T07:00")).name == "2025-W52"
    assert due.period(DEFAULTS, utc("2027-01-04T07:00")).name == "2026-W53"


def test_a_monthly_digest_comes_once_its_month_has_settled() -> None:
    plan = replace(DEFAULTS, cadence="monthly", weekday=1)
    found = all_moments(plan, "2026-01-01", "2026-07-01")
    assert [m.date() for m in found] == [date(2026, m, d) for m, d in ((1, 5), (2, 9), (3, 9), (4, 6), (5, 4), (6, 8))]
    assert [due.period(plan, m).name for m in found][:2] == ["2025-12", "2026-01"]


def test_the_reader_s_calendar_decides_not_utc() -> None:
    """Monday, half past midnight in Berlin, is Sunday in UTC: it tells of the week that just ended there."""
    plan = replace(DEFAULTS, weekday=1, minute=30, timezone="Europe/Berlin")
    moment = due.next_moment(plan, utc("2026-05-15T00:00"))
    assert moment == utc("2026-05-17T22:30")
    assert due.period(plan, moment).name == "2026-W20"

"""When a digest is due, and which period it tells of. Pure: days and moments in, moments and periods out.

A moment is a time on the reader's wall clock. One that the change to summer time leaves out becomes the moment as long
after midnight as it would have been; of one that occurs twice in autumn the first counts. So each day has exactly one.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from staycurrent import period as periods
from staycurrent.digest.types import Cadence
from staycurrent.period import Period
from staycurrent.store.subscribers import Plan

CATCH_UP = timedelta(days=2)
"""A digest that could not be sent within this time of its moment is left out; the next one comes at its own."""
MONTH_SETTLES = 4
"""A month's reading is frozen on the fourth day after it; its digest comes on the first chosen weekday from then on."""
WEEK = timedelta(days=7)


def next_moment(plan: Plan, after: datetime) -> datetime:
    """The first moment of a plan after another one, UTC."""
    today = after.astimezone(ZoneInfo(plan.timezone)).date()
    day = _day(plan, today - timedelta(days=1))
    while (moment := _at(plan, day)) <= after:
        day = _day(plan, day + timedelta(days=1))
    return moment


def last_moment(plan: Plan, due: datetime, now: datetime) -> datetime | None:
    """The newest moment of a plan from `due` to `now` that can still be caught up with; None where it is too long ago."""
    moment = max(due, next_moment(plan, now - CATCH_UP - timedelta(seconds=1)))
    while (later := next_moment(plan, moment)) <= now:
        moment = later
    return moment if now - CATCH_UP <= moment <= now else None


def period(plan: Plan, moment: datetime) -> Period:
    """What a digest of this moment tells of: the ISO week before the reader's week, or the month before.

    By the reader's calendar, not by UTC: else summer time would move a digest at midnight from one week into another,
    and one week would be told twice and one not at all.
    """
    day = moment.astimezone(ZoneInfo(plan.timezone)).date()
    if plan.cadence == Cadence.MONTHLY:
        return periods.previous_month(periods.month(day))
    return week(day - WEEK)


def moment_of(plan: Plan, told: Period) -> datetime:
    """The moment at which a plan tells of a period: the first one after its end, UTC."""
    end = datetime.combine(told.last + timedelta(days=1), time(), ZoneInfo(plan.timezone))
    return next_moment(plan, end.astimezone(UTC) - timedelta(seconds=1))


def week(day: date) -> Period:
    """The ISO week that a day lies in."""
    year, number, _ = day.isocalendar()
    return periods.parse(f"{year:04}-W{number:02}")


def _day(plan: Plan, start: date) -> date:
    """The first day of a plan from a day on."""
    found = start + timedelta(days=(plan.weekday - start.isoweekday()) % 7)
    if plan.cadence == Cadence.WEEKLY or MONTH_SETTLES <= found.day < MONTH_SETTLES + 7:
        return found
    first = start.replace(day=MONTH_SETTLES)
    if start.day > MONTH_SETTLES:
        first = (start.replace(day=1) + timedelta(days=32)).replace(day=MONTH_SETTLES)
    return first + timedelta(days=(plan.weekday - first.isoweekday()) % 7)


def _at(plan: Plan, day: date) -> datetime:
    wall = datetime.combine(day, time(plan.minute // 60, plan.minute % 60), ZoneInfo(plan.timezone))
    return wall.astimezone(UTC)

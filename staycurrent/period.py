"""Periods of a reading: a month `2026-05` or an ISO week `2026-W21`, in UTC days."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

from staycurrent.errors import UsageError
from staycurrent.i18n import gettext as _

_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_WEEK = re.compile(r"([0-9]{4})-W([0-9]{2})")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Its name and its first and last day, both included."""

    first: date
    last: date
    name: str

    def contains(self, day: date) -> bool:
        return self.first <= day <= self.last

    def is_over(self, today: date) -> bool:
        return today > self.last


def parse(text: str) -> Period:
    """The period of `2026-05` or `2026-W21`; raises `UsageError` for anything else, a 13th month or a 54th week too."""
    try:
        if match := _MONTH.fullmatch(text):
            return month(date(int(match[1]), int(match[2]), 1))
        if match := _WEEK.fullmatch(text):
            first = date.fromisocalendar(int(match[1]), int(match[2]), 1)
            return Period(first, first + timedelta(days=6), text)
    except (ValueError, OverflowError):
        pass
    shown = text if text.isprintable() and len(text) <= 40 else _("that")  # noqa: PLR2004 - a line's worth
    raise UsageError(_("{text} is not a period; write a month as 2026-05 or a week as 2026-W21").format(text=shown))


def month(day: date) -> Period:
    """The month that a day lies in."""
    last = calendar.monthrange(day.year, day.month)[1]
    return Period(day.replace(day=1), day.replace(day=last), f"{day.year:04}-{day.month:02}")


def previous_month(period: Period) -> Period:
    """The month before a month."""
    return month(period.first - timedelta(days=1))

"""The one clock. `TODAY` (replay) moves the day and leaves the time of day running; all datetimes are aware and UTC."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]


def system_clock() -> datetime:
    """The present moment, UTC."""
    return datetime.now(UTC)


def replay_clock(today: date) -> Clock:
    """A clock that always shows `today` with the present time of day."""

    def now() -> datetime:
        return datetime.combine(today, datetime.now(UTC).timetz())

    return now


def clock(today: date | None) -> Clock:
    """The replay clock where a day is given, else the system's."""
    return replay_clock(today) if today else system_clock

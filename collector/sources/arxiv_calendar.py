"""When arXiv announces: the schedule of info.arxiv.org/help/availability, in UTC days.

Announcements are made from Sunday to Thursday at 20:00 Eastern, which is 00:00 or 01:00 UTC of the next day: for us a
Monday to Friday. Submissions close at 14:00 Eastern; Thursday 14:00 to Friday 14:00 comes out on Sunday, Friday 14:00
to Monday 14:00 on Monday evening.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
DEADLINE_HOUR = 14
OAI_READY_HOUR = 4
"""UTC hour by which the day's announcement stands in OAI-PMH ("typically around 10:30pm ET", 02:30 or 03:30 UTC)."""
_ONE_DAY = timedelta(days=1)
_FRIDAY, _SATURDAY = 4, 5

# Eastern days without an announcement, as arXiv lists them for 2026; a year that is not here has none that we know of,
# which at worst costs a false alarm on a holiday.
HOLIDAYS = frozenset(
    {
        date(2026, 1, 1),
        date(2026, 1, 19),
        date(2026, 6, 19),
        date(2026, 7, 3),
        date(2026, 9, 7),
        date(2026, 11, 26),
        date(2026, 12, 25),
        date(2026, 12, 29),
        date(2026, 12, 31),
    }
)


def announcement_day(submitted: datetime) -> date:
    """The UTC day on which a paper submitted at that moment is announced, if moderation does not hold it longer."""
    eastern = submitted.astimezone(EASTERN)
    closing = eastern.date() + (_ONE_DAY if eastern.hour >= DEADLINE_HOUR else timedelta())
    while closing.weekday() >= _SATURDAY:
        closing += _ONE_DAY
    evening = closing
    while not _is_announcement_evening(evening):
        evening += _ONE_DAY
    return evening + _ONE_DAY


def must_announce(day: date, now: datetime) -> bool:
    """Whether there must be papers with that UTC day by now.

    arXiv's list does not say whether a holiday means its evening or its morning, so both are allowed to be silent.
    """
    evening = day - _ONE_DAY
    ready = datetime(day.year, day.month, day.day, OAI_READY_HOUR, tzinfo=UTC)
    return now >= ready and _is_announcement_evening(evening) and day not in HOLIDAYS


def _is_announcement_evening(eastern_day: date) -> bool:
    return eastern_day.weekday() not in (_FRIDAY, _SATURDAY) and eastern_day not in HOLIDAYS

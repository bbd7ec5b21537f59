"""What a subscriber wants, checked on its way in, and as a wish on its way out."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo, available_timezones

from staycurrent.digest.types import Cadence, WhenEmpty, Wish
from staycurrent.errors import UsageError
from staycurrent.i18n import DEFAULT, LANGUAGES
from staycurrent.query import Query
from staycurrent.store.subscribers import Plan

MINUTES = (5, 2000)
"""The smallest and the largest budget."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FRESH = timedelta(hours=12)
"""So long an edition may be shared; who is due later gets one that knows what happened since."""
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3])(?::([0-5][0-9]))?")


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, as people write it; None keeps what is there, or the default."""

    query: Query | None = None
    cadence: str | None = None
    minutes: int | None = None
    unbounded: bool = False
    """Take the budget away."""
    language: str | None = None
    when_empty: str | None = None
    weekday: str | None = None
    hour: str | None = None
    timezone: str | None = None


DEFAULTS = Plan("", Cadence.WEEKLY.value, None, DEFAULT, WhenEmpty.NOTE.value, weekday=1, minute=7 * 60, timezone="UTC")


def plan(choice: Choice, before: Plan = DEFAULTS) -> Plan:
    """The plan that a choice makes of the one before. Raises `UsageError` that names what is wrong."""
    budget = before.minutes if choice.minutes is None else _minutes(choice.minutes)
    return Plan(
        query=before.query if choice.query is None else _kept(choice.query),
        cadence=_one_of("cadence", choice.cadence or before.cadence, [c.value for c in Cadence]),
        minutes=None if choice.unbounded else budget,
        language=_one_of("language", choice.language or before.language, list(LANGUAGES)),
        when_empty=_one_of("when-empty", choice.when_empty or before.when_empty, [w.value for w in WhenEmpty]),
        weekday=before.weekday if choice.weekday is None else _weekday(choice.weekday),
        minute=before.minute if choice.hour is None else _minute(choice.hour),
        timezone=before.timezone if choice.timezone is None else _zone(choice.timezone),
    )


def wish(plan: Plan) -> Wish:
    """What shapes the content. Raises `QueryError` where the roadmap lost one of its topics since."""
    query = Query.from_params(parse_qs(plan.query))
    return Wish(query, Cadence(plan.cadence), plan.minutes, plan.language, WhenEmpty(plan.when_empty))


def wish_key(plan: Plan) -> str:
    """Equal for equal wishes: those who share it, and their history, share an edition."""
    shaping = [plan.query, plan.cadence, plan.minutes, plan.language, plan.when_empty]
    return hashlib.sha256(json.dumps(shaping).encode()).hexdigest()


def edition_keys(plan: Plan, now: datetime) -> tuple[str, str]:
    """Under which editions of this wish are kept: those chosen in these twelve hours, and in the twelve before.

    The hours stand in the key and not in a column of their own, so that two processes still meet at one edition.
    """
    turn = int(now.timestamp() // FRESH.total_seconds())
    this, before = (hashlib.sha256(f"{wish_key(plan)} {n}".encode()).hexdigest() for n in (turn, turn - 1))
    return this, before


def is_same_digest(one: Plan, other: Plan) -> bool:
    """Whether two plans are one digest: the same query as often. Asking for it twice makes no second one."""
    return (one.query, one.cadence) == (other.query, other.cadence)


def clock(minute: int) -> str:
    """A minute of the day as `07:30`."""
    return f"{minute // 60:02}:{minute % 60:02}"


def _kept(query: Query) -> str:
    if query.since or query.until:
        raise UsageError("since, until: a digest has its own period")
    return query.url_query()


def _one_of(name: str, value: str, known: list[str]) -> str:
    if value not in known:
        raise UsageError(f"{name}: must be one of {', '.join(known)}")
    return value


def _minutes(value: int) -> int:
    lowest, highest = MINUTES
    if not lowest <= value <= highest:
        raise UsageError(f"budget: must be from {lowest} to {highest} minutes")
    return value


def _weekday(text: str) -> int:
    word = text.strip().casefold()
    found = [n for n, name in enumerate(WEEKDAYS, start=1) if len(word) > 1 and name.startswith(word)]
    if len(found) == 1:
        return found[0]
    if re.fullmatch("[1-7]", word):
        return int(word)
    raise UsageError("weekday: must be monday to sunday, or 1 to 7")


def _minute(text: str) -> int:
    match = _CLOCK.fullmatch(text.strip())
    if not match:
        raise UsageError("hour: must be an hour as 7, or a time as 07:30")
    return int(match[1]) * 60 + int(match[2] or 0)


def _zone(text: str) -> str:
    if text not in available_timezones():
        raise UsageError("timezone: must be a name as Europe/Berlin or UTC")
    return ZoneInfo(text).key

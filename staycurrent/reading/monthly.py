"""The reading of a period and a query: live while the period runs, frozen once it is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from staycurrent.clock import Clock, system_clock
from staycurrent.errors import UsageError
from staycurrent.period import Period
from staycurrent.query import Query
from staycurrent.reading import rank, select
from staycurrent.store import listing, readings
from staycurrent.store.engine import Engine, writing
from staycurrent.store.engine import reading as read_session
from staycurrent.types import Entry, ItemView

MAX_LIMIT = 200
FREEZE_AFTER_DAYS = 3
"""How long after its last day a period stays live: late listings and votes still count."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An item at its place, with the reasons in words, strongest first."""

    rank: int
    item: ItemView
    score: float
    why: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ReadingList:
    """The reading; `considered` counts the items that fit the period and the query (0 for a frozen one)."""

    period: Period
    frozen: bool
    query: Query
    placed: tuple[Placed, ...]
    considered: int


def reading(
    engine: Engine,
    period: Period,
    query: Query,
    *,
    today: date,
    limit: int = 30,
    minutes: int | None = None,
) -> ReadingList:
    """The reading of `period` for `query`, read-only. Raises `UsageError` for bounds that make no sense."""
    _check_bounds(limit, minutes)
    wanted = within(query, period)
    with read_session(engine) as session:
        kept = readings.frozen(session, period.name, name_of(wanted, limit, minutes))
        if kept is not None:
            items = {v.row: v for v in listing.views(session, [e.item_id for e in kept])}
            placed = tuple(Placed(e.rank, items[e.item_id], e.score, e.why) for e in kept if e.item_id in items)
            return ReadingList(period, True, wanted, placed, 0)
        found, total = readings.candidates(session, wanted, today)
        entries = select.select(rank.rank(found), limit=limit, minutes=minutes)
        items = {v.row: v for v in listing.views(session, [e.item_id for e in entries])}
    return ReadingList(period, False, wanted, tuple(_placed(e, items) for e in entries), total)


def freeze(
    engine: Engine,
    period: Period,
    query: Query,
    *,
    today: date,
    limit: int = 30,
    minutes: int | None = None,
    clock: Clock = system_clock,
) -> ReadingList:
    """The reading, kept for good if its period is over; the same answer ever after."""
    live = reading(engine, period, query, today=today, limit=limit, minutes=minutes)
    if live.frozen or not is_final(period, today) or not live.placed:
        return live
    with writing(engine) as session:
        found, _ = readings.candidates(session, live.query, today)
        entries = select.select(rank.rank(found), limit=limit, minutes=minutes)
        name = name_of(live.query, limit, minutes)
        readings.freeze(session, period.name, name, entries, weights=rank.weights(), now=clock())
    return reading(engine, period, query, today=today, limit=limit, minutes=minutes)


def is_final(period: Period, today: date) -> bool:
    """Whether the period is over and its late listings are in."""
    return (today - period.last).days > FREEZE_AFTER_DAYS


def within(query: Query, period: Period) -> Query:
    """The query narrowed to the period."""
    since = max(query.since or period.first, period.first)
    until = min(query.until or period.last, period.last)
    return replace(query, since=since, until=until)


def name_of(query: Query, limit: int, minutes: int | None) -> str:
    """The canonical name under which a reading of this query and these bounds is kept."""
    bounds = [("limit", str(limit))] + ([("minutes", str(minutes))] if minutes is not None else [])
    return urlencode([*query.params(), *bounds])


def _placed(entry: Entry, items: Mapping[int, ItemView]) -> Placed:
    return Placed(entry.rank, items[entry.item_id], entry.score, {p.name: p.words for p in entry.parts})


def _check_bounds(limit: int, minutes: int | None) -> None:
    if not 1 <= limit <= MAX_LIMIT:
        raise UsageError(f"limit: must be from 1 to {MAX_LIMIT}")
    if minutes is not None and not 1 <= minutes <= 100_000:  # noqa: PLR2004 - ten weeks
        raise UsageError("minutes: must be from 1 to 100000")

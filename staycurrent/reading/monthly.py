"""The reading of a period and a query: live while the period runs, frozen once it is over."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from staycurrent import roadmap
from staycurrent.clock import Clock, system_clock
from staycurrent.errors import UsageError
from staycurrent.period import Period
from staycurrent.period import month as month_of
from staycurrent.query import Query
from staycurrent.reading import minutes as reading_time
from staycurrent.reading import rank, reasons, select
from staycurrent.reading.measure import MonthData
from staycurrent.roadmap import Landmark
from staycurrent.store import listing, readings
from staycurrent.store.engine import Engine, Session, writing
from staycurrent.store.engine import reading as read_session
from staycurrent.store.for_reader import for_reader
from staycurrent.store.readings import FrozenReading
from staycurrent.types import Candidate, Entry, ItemView, Role

MAX_LIMIT = 200
FREEZE_AFTER_DAYS = 3
"""How long after its last day a period stays live: late listings and votes still count."""
LEVEL_CANDIDATES = 150
"""How many items compete for a reading of one level; for several levels they add up, to the store's own bound."""
UP_CANDIDATES = 40
"""How many items of the next level compete for the few places beside the list."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An item at its place, with the reasons in words, strongest first."""

    rank: int
    item: ItemView
    score: float
    why: Mapping[str, str]
    role: Role = Role.READING
    minutes: int = 0
    """Estimated time for a first pass."""


@dataclass(frozen=True, slots=True)
class ReadingList:
    """The reading; `considered` counts the items that fit the period and the query (0 for a frozen one)."""

    period: Period
    frozen: bool
    query: Query
    placed: tuple[Placed, ...]
    considered: int
    one_level_up: tuple[Placed, ...] = ()
    """A few items of the next level, where the query names levels below the last; numbered on from the list's end."""
    landmark: Landmark | None = None
    """The paper of the roadmap that prepares for the list."""
    notes: tuple[str, ...] = ()
    """What a reader should know of the list: that it is empty, and what was withdrawn."""
    late: int = 0
    """How many of the `considered` were listed before the period."""


@dataclass(frozen=True, slots=True)
class Late:
    """What competes beside a period's items: listed from this day on but before the period, and first seen after a moment."""

    first: date
    after: datetime


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A live reading before its items are read."""

    entries: tuple[Entry, ...]
    landmark: Landmark | None
    considered: int
    withdrawn: tuple[str, ...]
    late: int = 0


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
    with read_session(engine) as session:
        return of(session, period, query, today=today, limit=limit, minutes=minutes)


def of(
    session: Session, period: Period, query: Query, *, today: date, limit: int = 30, minutes: int | None = None
) -> ReadingList:
    """The same within a session: the frozen one where there is one."""
    wanted = within(query, period)
    kept = readings.frozen(session, period.name, name_of(replace(wanted, reader=None), limit, minutes))
    if kept is not None:
        return _kept(session, period, wanted, readings.for_reader_of(session, wanted, kept, today))
    return live(session, period, query, today=today, limit=limit, minutes=minutes)


def live(
    session: Session,
    period: Period,
    query: Query,
    *,
    today: date,
    limit: int,
    minutes: int | None = None,
    without: Collection[int] = (),
    late: Late | None = None,
) -> ReadingList:
    """The reading as it is now, though one be frozen. The row ids in `without` leave their places to what comes next."""
    _check_bounds(limit, minutes)
    wanted = within(query, period)
    chosen = _choose(session, period, wanted, today, limit, minutes, without, late)
    views = {v.row: v for v in listing.views(session, [e.item_id for e in chosen.entries])}
    placed = [_placed(e, views) for e in chosen.entries]
    listed = tuple(p for p in placed if p.role is Role.READING)
    return ReadingList(
        period=period,
        frozen=False,
        query=wanted,
        placed=listed,
        considered=chosen.considered,
        one_level_up=tuple(p for p in placed if p.role is Role.ONE_LEVEL_UP),
        landmark=chosen.landmark,
        notes=_notes(wanted, period, chosen.withdrawn, empty=not listed),
        late=chosen.late,
    )


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
    if query.reader:  # one reading is kept for all readers; what this one leaves out is left out when it is shown
        freeze(engine, period, replace(query, reader=None), today=today, limit=limit, minutes=minutes, clock=clock)
        return reading(engine, period, query, today=today, limit=limit, minutes=minutes)
    live = reading(engine, period, query, today=today, limit=limit, minutes=minutes)
    if live.frozen or not is_final(period, today) or not live.placed:
        return live
    with writing(engine) as session:
        chosen = _choose(session, period, live.query, today, limit, minutes)
        readings.freeze(
            session,
            period.name,
            name_of(live.query, limit, minutes),
            chosen.entries,
            weights=rank.weights(),
            now=clock(),
            landmark=chosen.landmark.url if chosen.landmark else None,
        )
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


def competitors(query: Query, limit: int) -> int:
    """How many items compete: enough that ranking still chooses, few enough that a reading is there at once."""
    return max(2 * limit, min(readings.CANDIDATES, LEVEL_CANDIDATES * (len(query.levels) or len(roadmap.LEVELS))))


def months_with_picks(
    engine: Engine, picks: frozenset[str], months: Sequence[Period] | None, *, today: date
) -> list[MonthData]:
    """What measuring needs of the months, by default of all in which Hugging Face's list shows one of the picks."""
    with read_session(engine) as session:
        listed = readings.listed(session, "huggingface")
        shown = sorted({day.replace(day=1) for _, arxiv_id, day in listed if arxiv_id in picks})
        return [_month_data(session, month, listed, picks, today) for month in months or map(month_of, shown)]


def _month_data(
    session: Session, month: Period, listed: Sequence[tuple[int, str | None, date]], picks: frozenset[str], today: date
) -> MonthData:
    wanted = within(Query(), month)
    there = [(row, arxiv_id) for row, arxiv_id, day in listed if month.contains(day)]
    return MonthData(
        name=month.name,
        candidates=tuple(readings.candidates(session, wanted, today)[0]),
        counted=tuple(readings.crowd(session, wanted, today)),
        listed=len(there),
        picks=frozenset(row for row, arxiv_id in there if arxiv_id in picks),
    )


def level_above(levels: Sequence[int]) -> int | None:
    """The level after the highest of a query, None where it names none or the last."""
    highest = max(levels, default=0)
    return highest + 1 if 0 < highest < max(roadmap.LEVELS) else None


def nothing_for(query: Query, period: Period) -> str:
    """The plain words for an empty reading."""
    levels = " or ".join(str(level) for level in query.levels)
    return f"Nothing for {f'level {levels}' if levels else 'this query'} in {period.name}."


def _choose(
    session: Session,
    period: Period,
    wanted: Query,
    today: date,
    limit: int,
    minutes: int | None,
    without: Collection[int] = (),
    late: Late | None = None,
) -> _Chosen:
    wanted = for_reader(session, wanted)
    found, total = readings.candidates(session, wanted, today, most=competitors(wanted, limit), without=without)
    before, of_before = _late(session, period, wanted, today, limit, without, late)
    days = replace(wanted, since=late.first) if late and before else wanted
    counted = readings.crowd(session, days, today) if found or before else []
    ranked = rank.rank([*found, *before], counted)
    above = level_above(wanted.levels)
    grow: list[rank.Scored] = []
    if above is not None and ranked:
        higher = replace(wanted, levels=(above,))
        next_level, _ = readings.candidates(session, higher, today, most=UP_CANDIDATES, without=without)
        grow = select.one_level_up(rank.rank(next_level, counted), wanted.levels, limit=limit, minutes=minutes)
    left = minutes - sum(select.minutes_of(s) for s in grow) if minutes is not None else None
    entries = select.select(ranked, limit=limit, minutes=left)
    topics = {s.candidate.id: s.candidate.topics for s in ranked}
    listed = [topic for e in entries for topic in topics[e.item_id]]
    return _Chosen(
        entries=(*entries, *select.beside(grow if entries else [], after=len(entries))),
        landmark=select.prepares(roadmap.landmarks(), listed, wanted.levels, period.name),
        considered=total + of_before,
        withdrawn=tuple(readings.withdrawn(session, wanted, today)),
        late=of_before,
    )


def _late(
    session: Session, period: Period, wanted: Query, today: date, limit: int, without: Collection[int], late: Late | None
) -> tuple[list[Candidate], int]:
    if late is None:
        return [], 0
    earlier = replace(wanted, since=late.first, until=period.first - timedelta(days=1))
    most = competitors(wanted, limit)
    return readings.candidates(session, earlier, today, most=most, without=without, seen_after=late.after)


def _kept(session: Session, period: Period, wanted: Query, kept: FrozenReading) -> ReadingList:
    views = {v.row: v for v in listing.views(session, [e.item_id for e in kept.entries])}
    placed = [
        Placed(e.rank, views[e.item_id], e.score, e.why, e.role, _minutes(views[e.item_id]))
        for e in kept.entries
        if e.item_id in views
    ]
    listed = tuple(p for p in placed if p.role is Role.READING)
    return ReadingList(
        period=period,
        frozen=True,
        query=wanted,
        placed=listed,
        considered=0,
        one_level_up=tuple(p for p in placed if p.role is Role.ONE_LEVEL_UP),
        landmark=next((mark for mark in roadmap.landmarks() if mark.url == kept.landmark), None),
        notes=_notes(wanted, period, kept.withdrawn, empty=not listed),
    )


def _notes(query: Query, period: Period, withdrawn: Sequence[str], *, empty: bool) -> tuple[str, ...]:
    nothing = [nothing_for(query, period)] if empty else []
    return (*nothing, *(reasons.WITHDRAWN.say(title=title) for title in withdrawn))


def _placed(entry: Entry, views: Mapping[int, ItemView]) -> Placed:
    item = views[entry.item_id]
    return Placed(entry.rank, item, entry.score, {p.name: p.words for p in entry.parts}, entry.role, _minutes(item))


def _minutes(item: ItemView) -> int:
    return reading_time.estimate(item.kind, item.comment)


def _check_bounds(limit: int, minutes: int | None) -> None:
    if not 1 <= limit <= MAX_LIMIT:
        raise UsageError(f"limit: must be from 1 to {MAX_LIMIT}")
    if minutes is not None and not 1 <= minutes <= 100_000:  # noqa: PLR2004 - ten weeks
        raise UsageError("minutes: must be from 1 to 100000")

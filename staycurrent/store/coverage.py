"""Which days of a period each source was read completely: what a digest says of itself in one line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from staycurrent.store.models import Run, Source, SourceDay
from staycurrent.types import Outcome

_ORDER = {"arxiv": 0, "huggingface": 1, "paperswithcode": 2}
_GOOD = (Outcome.OK.value, Outcome.OK_EMPTY.value)


@dataclass(frozen=True, slots=True)
class Coverage:
    """A source, and the days of the period that lack something, oldest first."""

    source: str
    partial: tuple[date, ...]
    """Days that were read, but not all that the source says there is."""
    unread: tuple[date, ...]
    """Days that were never read."""
    judged: int
    """How many days of the period are over, so that they are judged at all."""
    was_read: bool
    """Whether it was ever read."""
    since: date | None = None
    """The first day that was ever read, where that is after the period's first."""

    @property
    def lacking(self) -> tuple[date, ...]:
        return tuple(sorted((*self.partial, *self.unread)))


def coverage(session: Session, first: date, last: date, now: datetime) -> list[Coverage]:
    """Every active source, lab feeds last. The day of `now` is not judged, since all sources still grow.

    A day lacks something where the source says that there is more than was stored, where the source should have been
    read since and was not, and where it lies before everything that was ever read of the source.
    """
    until = min(last, now.date() - timedelta(days=1))
    counted = select(SourceDay.source, SourceDay.day).where(
        SourceDay.day.between(first, until), SourceDay.stored < SourceDay.expected
    )
    short: defaultdict[str, set[date]] = defaultdict(set)
    for source, day in session.execute(counted):
        short[source].add(day)
    begun = _begun(session)
    rows = sorted(session.scalars(select(Source).where(Source.active)), key=lambda r: (_ORDER.get(r.kind, len(_ORDER)), r.name))
    return [_covered(row, short[row.name], begun.get(row.name), first, until, now) for row in rows]


def _covered(source: Source, short: set[date], begun: date | None, first: date, until: date, now: datetime) -> Coverage:
    unread = set(_unread(source, begun, first, until, now))
    return Coverage(
        source=source.name,
        partial=tuple(sorted(short - unread)),
        unread=tuple(sorted(unread)),
        judged=max(0, (until - first).days + 1),
        was_read=source.last_success_at is not None,
        since=begun if begun and begun > first else None,
    )


def _begun(session: Session) -> dict[str, date]:
    """The first day that each source was read for: its good runs tell, and its counted days where old runs were deleted."""
    good = select(Run.source, func.min(Run.since)).where(Run.outcome.in_(_GOOD)).group_by(Run.source)
    counted = select(SourceDay.source, func.min(SourceDay.day)).group_by(SourceDay.source)
    found = {row[0]: row[1] for row in session.execute(good)}
    for source, day in session.execute(counted):
        if source in found:
            found[source] = min(found[source], day)
    return found


def _unread(source: Source, begun: date | None, first: date, until: date, now: datetime) -> Iterator[date]:
    """The days before the first that was read, and those since the last good run.

    The latter are none while the source's next turn is still to come and nothing went wrong.
    """
    read = source.last_success_at
    waits = read and not source.error and source.next_check_at and source.next_check_at > now
    resumed = until + timedelta(days=1) if waits else read.date() + timedelta(days=1) if read else first
    for n in range((until - first).days + 1):
        day = first + timedelta(days=n)
        if day >= resumed or (begun and day < begun):
            yield day

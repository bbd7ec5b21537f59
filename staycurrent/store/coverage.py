"""Which days of a period each source was read completely: what a digest says of itself in one line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from staycurrent.store.models import Source, SourceDay

_ORDER = {"arxiv": 0, "huggingface": 1, "paperswithcode": 2}


@dataclass(frozen=True, slots=True)
class Coverage:
    """A source, and the days of the period that lack something, oldest first."""

    source: str
    lacking: tuple[date, ...]


def coverage(session: Session, first: date, last: date, now: datetime) -> list[Coverage]:
    """Every active source, lab feeds last. The day of `now` is not judged, since all sources still grow.

    A day lacks something where the source says that there is more than was stored, and where the source should have been
    read since and was not.
    """
    until = min(last, now.date() - timedelta(days=1))
    counted = select(SourceDay.source, SourceDay.day).where(
        SourceDay.day.between(first, until), SourceDay.stored < SourceDay.expected
    )
    short: defaultdict[str, set[date]] = defaultdict(set)
    for source, day in session.execute(counted):
        short[source].add(day)
    rows = sorted(session.scalars(select(Source).where(Source.active)), key=lambda r: (_ORDER.get(r.kind, len(_ORDER)), r.name))
    return [Coverage(row.name, tuple(sorted(short[row.name].union(_unread(row, first, until, now))))) for row in rows]


def _unread(source: Source, first: date, until: date, now: datetime) -> Iterable[date]:
    """The days since the last good run, unless the source's next turn is still to come and nothing went wrong."""
    read = source.last_success_at
    if read and not source.error and source.next_check_at and source.next_check_at > now:
        return []
    start = max(first, read.date() + timedelta(days=1)) if read else first
    return [start + timedelta(days=n) for n in range((until - start).days + 1)]

"""What each source and day should hold, and what of it was stored. Days that lack something are read again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from staycurrent.store.models import SourceDay
from staycurrent.store.upserts import upsert
from staycurrent.types import DayCount


def record(session: Session, source: str, days: Sequence[DayCount], now: datetime) -> None:
    """Keep the counts of these days.

    A day that was complete stays as it was seen then: arXiv files a revised paper under a later day, so an old day
    shrinks. A day that was not complete takes the new count.
    """
    if not days:
        return
    wanted = [count.day for count in days]
    rows = session.scalars(select(SourceDay).where(SourceDay.source == source, SourceDay.day.in_(wanted)))
    known = {row.day: DayCount(row.day, row.expected, row.stored) for row in rows}
    fresh = [count for count in days if not _stays(known.get(count.day), count)]
    upsert(
        session,
        SourceDay,
        [{"source": source, "day": c.day, "expected": c.expected, "stored": c.stored, "checked_at": now} for c in fresh],
        index=["source", "day"],
        changing=["expected", "stored", "checked_at"],
    )


def _stays(known: DayCount | None, count: DayCount) -> bool:
    return known is not None and known.complete and count.complete and count.expected <= known.expected


def incomplete_since(session: Session, source: str) -> date | None:
    """The earliest day of a source that still lacks something."""
    lacking = select(func.min(SourceDay.day)).where(SourceDay.source == source, SourceDay.stored < SourceDay.expected)
    return session.scalar(lacking)


def incomplete(session: Session) -> dict[str, tuple[DayCount, ...]]:
    """The days that lack something, by source, oldest first."""
    found: defaultdict[str, tuple[DayCount, ...]] = defaultdict(tuple)
    rows = session.scalars(select(SourceDay).where(SourceDay.stored < SourceDay.expected).order_by(SourceDay.day))
    for row in rows:
        found[row.source] += (DayCount(row.day, row.expected, row.stored),)
    return dict(found)


def newest_days(session: Session) -> dict[str, DayCount]:
    """The newest counted day of each source."""
    newest = select(SourceDay.source, func.max(SourceDay.day).label("day")).group_by(SourceDay.source).subquery()
    same = (SourceDay.source == newest.c.source) & (SourceDay.day == newest.c.day)
    rows = session.scalars(select(SourceDay).join(newest, same))
    return {row.source: DayCount(row.day, row.expected, row.stored) for row in rows}

"""What the pages Trends and Labs ask, kept for some minutes: these numbers move once a day."""

from __future__ import annotations

from datetime import date, timedelta

from dashboard.data import Library, kept
from staycurrent.query import Query
from staycurrent.reading import trends as reading
from staycurrent.reading.trends import Asked, Trends
from staycurrent.store import engine as store
from staycurrent.store import trends as counting
from staycurrent.store.engine import Engine
from staycurrent.store.trends import Counts, LabLine, Step

MINUTES = 5
TIES_DAYS = 30
"""Days that the numbers beside a lab's name look back."""


def trends(library: Library, asked: Asked) -> Trends:
    """What moves."""
    return _trends(library.engine, asked.url_query(), library.today)


def lab_lines(library: Library) -> tuple[LabLine, ...]:
    """Every lab that is watched or has items."""
    return _lab_lines(library.engine, library.today)


def lab_counts(library: Library, slug: str) -> Counts:
    """A year of one lab, month by month."""
    return _lab_counts(library.engine, slug, library.today)


@kept(MINUTES * 60)
def _trends(engine: Engine, asked: str, today: date) -> Trends:
    with store.reading(engine) as session:
        return reading.trends(session, reading.from_url_query(asked), today)


@kept(MINUTES * 60)
def _lab_lines(engine: Engine, today: date) -> tuple[LabLine, ...]:
    with store.reading(engine) as session:
        return counting.lab_lines(session, today - timedelta(days=TIES_DAYS - 1), today)


@kept(MINUTES * 60)
def _lab_counts(engine: Engine, slug: str, today: date) -> Counts:
    with store.reading(engine) as session:
        return counting.counts(session, counting.periods(Step.MONTH, None, None, today), Query(labs=(slug,)), today)

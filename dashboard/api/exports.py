"""A period's reading to take along: for calendars, reference managers and spreadsheets, by the same parameters as its page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time

from dashboard.api import parameters
from dashboard.api.keeping import Body
from dashboard.api.reads import READING, Asked
from staycurrent.errors import NotFound
from staycurrent.period import Period
from staycurrent.query import QueryError
from staycurrent.reading import monthly
from staycurrent.reading.monthly import ReadingList
from staycurrent.store import engine as store
from staycurrent.store import whole
from staycurrent.store.records import Record

TAKES = (*READING, parameters.PERIOD)


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file."""

    media_type: str
    extension: str
    write: Callable[[Asked, ReadingList], str]


def of_reading(asked: Asked) -> Body:
    """The reading of `period` as a file. Raises `NotFound` for a kind that there is not."""
    kind = FORMATS.get(asked.path["kind"])
    if kind is None:
        raise NotFound(f"no such format; there are {', '.join(FORMATS)}")
    params = asked.params(TAKES)
    found = monthly.reading(
        asked.engine,
        _period(params),
        parameters.query(params),
        today=asked.today,
        limit=parameters.whole(params, parameters.READING_LIMIT) or 0,
        minutes=parameters.whole(params, parameters.MINUTES),
    )
    return Body(kind.write(asked, found).encode(), kind.media_type)


def _period(params: parameters.Params) -> Period:
    text = parameters.one(params, parameters.PERIOD.name)
    if text is None:
        raise QueryError(parameters.PERIOD.name, "name the reading's month or week: 2026-05, 2026-W21")
    return parameters.period(text)


def _records(asked: Asked, found: ReadingList) -> list[Record]:
    """The items of the reading as whole records, in its order."""
    rows = [placed.item.row for placed in found.placed]
    with store.reading(asked.engine) as session:
        by_id = {record.id: record for record in whole.records(session, rows)}
    return [by_id[placed.item.id] for placed in found.placed if placed.item.id in by_id]


def _bibtex(asked: Asked, found: ReadingList) -> str:
    from staycurrent.exchange import bibtex

    records = _records(asked, found)
    return "".join(bibtex.write(records, bibtex.keys(map(bibtex.cited, records))))


def _ris(asked: Asked, found: ReadingList) -> str:
    from staycurrent.exchange import bibtex, ris

    records = _records(asked, found)
    return "".join(ris.write(records, bibtex.keys(map(bibtex.cited, records))))


def _csv(asked: Asked, found: ReadingList) -> str:
    from staycurrent.exchange import spreadsheet

    return "".join(spreadsheet.write(_records(asked, found)))


def _ical(asked: Asked, found: ReadingList) -> str:
    """Spread evenly over the days of the period."""
    from staycurrent.exchange import plan

    period = found.period
    items = [
        plan.ToRead(p.item.id, p.item.title, p.item.url, p.minutes, "; ".join(p.why.values()), _topics(p)) for p in found.placed
    ]
    planned = plan.spread(items, period.first, (period.last - period.first).days + 1)
    # The day, not the moment: what did not change stays the same file, and a calendar that asks again is told so.
    return plan.calendar(planned, period.name, datetime.combine(asked.today, time(), UTC))


def _topics(placed: monthly.Placed) -> tuple[str, ...]:
    return tuple(topic.slug for topic in placed.item.topics)


FORMATS = {
    "ical": Format("text/calendar", "ics", _ical),
    "bibtex": Format("application/x-bibtex", "bib", _bibtex),
    "ris": Format("application/x-research-info-systems", "ris", _ris),
    "csv": Format("text/csv", "csv", _csv),
}

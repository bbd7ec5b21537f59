"""`export`: data out, in the formats of other programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Optional

import typer

from staycurrent import period as periods
from staycurrent.cli import output
from staycurrent.cli.context import App, lab_feeds, open_app
from staycurrent.errors import UsageError
from staycurrent.query import Query, QueryError, parse_day
from staycurrent.store import engine as database
from staycurrent.store import whole
from staycurrent.store.engine import Session

FORMATS = {
    "jsonl": "one item a line, complete, what `import jsonl` restores",
    "csv": "for spreadsheets",
    "bibtex": "for reference managers",
    "ris": "for reference managers",
    "opml": "the lab feeds, for feed readers",
    "ical": "a period's reading spread over days, for calendars",
}
_FORMATS_HELP = "; ".join(f"{name}: {words}" for name, words in FORMATS.items())
_ITEMS_OF_A_PLAN = 200


@dataclass(frozen=True, slots=True)
class _Order:
    """What was asked for beside the format and the filters."""

    bom: bool
    period: str | None
    start: str | None
    minutes_per_day: int | None


def export(
    query: Query,
    format: Annotated[str, typer.Option("--format", help=_FORMATS_HELP)] = "jsonl",  # noqa: A002
    output_file: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--output", "-o", help="Write this file, whole or not at all; packed if it ends in .gz"),
    ] = None,
    bom: Annotated[bool, typer.Option("--bom", help="csv: begin with a byte-order mark, which Excel needs for UTF-8")] = False,
    period: Annotated[Optional[str], typer.Option("--period", help="ical: a month, 2026-05, or a week, 2026-W21")] = None,  # noqa: UP045
    start: Annotated[Optional[str], typer.Option("--start", help="ical: first day of the plan; that of the period")] = None,  # noqa: UP045
    minutes_per_day: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option("--minutes-per-day", min=1, max=1440, help="ical: time to read on a day; evenly if left out"),
    ] = None,
) -> None:
    """Write items to stdout or to a file: all of them, or those that fit the filters."""
    from staycurrent.exchange import sink

    order = _Order(bom, period, start, minutes_per_day)
    _check(format, order, query)
    app = open_app()
    if format == "opml":
        sink.write([_opml(app)], output_file)
    elif format == "ical":
        sink.write([_ical(app, query, order)], output_file)
    else:
        with database.reading(app.engine) as session:
            sink.write(_items(session, format, query, app.clock().date(), order), output_file)


def _check(format: str, order: _Order, query: Query) -> None:  # noqa: A002
    if format not in FORMATS:
        raise UsageError(f"--format {format!r} is not one of {', '.join(FORMATS)}")
    if order.bom and format != "csv":
        raise UsageError("--bom is for --format csv only")
    if format == "ical" and order.period is None:
        raise UsageError("--format ical needs --period, a month as 2026-05 or a week as 2026-W21")
    if format != "ical" and (order.period or order.start or order.minutes_per_day):
        raise UsageError("--period, --start and --minutes-per-day are for --format ical; elsewhere: --since and --until")
    if format == "opml" and query != Query():
        raise UsageError("--format opml writes the feeds and takes no filters")


def _items(session: Session, format: str, query: Query, today: date, order: _Order) -> Iterable[str]:  # noqa: A002
    if format == "jsonl":
        from staycurrent.exchange import jsonl

        return jsonl.write(whole.every(session, query, today))
    if format == "csv":
        from staycurrent.exchange import spreadsheet

        return spreadsheet.write(whole.listed(session, query, today), bom=order.bom)
    return _references(session, format, query, today)


def _references(session: Session, format: str, query: Query, today: date) -> Iterator[str]:  # noqa: A002
    """Entries with citation keys, which take a look at all items before the first one is written."""
    from staycurrent.exchange import bibtex, ris

    keys = bibtex.keys(bibtex.cited(record) for record in whole.listed(session, query, today))
    write = bibtex.write if format == "bibtex" else ris.write
    return write(whole.listed(session, query, today), keys)


def _opml(app: App) -> str:
    from collector import opml

    return opml.write(lab_feeds(app), app.clock()).decode("utf-8")


def _ical(app: App, query: Query, order: _Order) -> str:
    """The reading as `staycurrent reading` gives it, or as much as the days have minutes for."""
    from staycurrent.exchange import plan
    from staycurrent.reading import monthly

    period = periods.parse(order.period or "")
    first = _day(order.start) if order.start else period.first
    days = (period.last - period.first).days + 1
    minutes = order.minutes_per_day * days if order.minutes_per_day else None
    limit = {"limit": _ITEMS_OF_A_PLAN} if minutes else {}
    today = app.clock().date()
    found = monthly.freeze(app.engine, period, query, today=today, minutes=minutes, clock=app.clock, **limit)
    items = [
        plan.ToRead(
            id=placed.item.id,
            title=placed.item.title,
            url=placed.item.url,
            minutes=placed.minutes,
            why="; ".join(placed.why.values()),
            topics=tuple(t.slug for t in placed.item.topics),
        )
        for placed in found.placed
    ]
    planned = plan.spread(items, first, days, order.minutes_per_day)
    if len(planned) < len(items):
        output.say(f"{len(items) - len(planned):,} items do not fit into the days")
    if not planned:
        output.say(f"Nothing to read in {period.name}; the calendar is empty.")
    return plan.calendar(planned, period.name, app.clock())


def _day(text: str) -> date:
    try:
        return parse_day(text)
    except ValueError as error:
        raise QueryError("start", str(error)) from None

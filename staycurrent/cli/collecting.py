"""`collect` and `sources`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Optional

import typer

from staycurrent import shapes
from staycurrent.cli import output
from staycurrent.cli.context import App, classify_new, open_app, open_collector
from staycurrent.errors import UsageError
from staycurrent.query import parse_day
from staycurrent.store import engine as database
from staycurrent.store import health as health_store
from staycurrent.types import Outcome, RunReport

SOME_FAILED = 3


def collect(
    names: Annotated[Optional[list[str]], typer.Argument(metavar="[SOURCE]...", help="Sources; all by default")] = None,  # noqa: UP045
    since: Annotated[Optional[str], typer.Option(help="What was announced, listed or revised on or after this day")] = None,  # noqa: UP045
    until: Annotated[Optional[str], typer.Option(help="… and on or before this day")] = None,  # noqa: UP045
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document")] = False,
) -> int:
    """Collect now, and classify what is new."""
    from collector.run import Order

    order = Order(_day("--since", since), _day("--until", until))
    if order.since and order.until and order.since > order.until:
        raise UsageError("--since is later than --until")
    app = open_app(migrate=True)
    _refuse_future(order.since, app.clock().date())
    reports = _collect(app, names or [], order)
    classify_new(app)
    if json:
        output.print_json({"runs": [report_json(r) for r in reports]})
    else:
        _print_reports(reports)
    return exit_status(reports)


def _collect(app: App, names: list[str], order: Any) -> list[RunReport]:
    from collector import sources as registry
    from collector.run import collect as run

    with open_collector(app) as (known, fetcher), output.progress() as bar:
        wanted = registry.select(known, names)
        shown = output.Advance(bar, wanted)
        return run(app.engine, wanted, fetcher, app.clock, order=order, progress=shown.items, history=shown.days)


def _day(option: str, text: str | None) -> date | None:
    try:
        return parse_day(text) if text is not None else None
    except ValueError as error:
        raise UsageError(f"{option} {text!r} is not a day; write it as YYYY-MM-DD") from error


def _refuse_future(since: date | None, today: date) -> None:
    if since and since > today:
        raise UsageError(f"--since {since} is in the future; today is {today} (UTC)")


def report_json(report: RunReport) -> dict[str, Any]:
    """A run as the contract shows it."""
    return asdict(report) | {"outcome": report.outcome.value}


def exit_status(reports: list[RunReport]) -> int:
    """0 when all sources were read, 3 when some were, 1 when none was."""
    broken = [r for r in reports if r.outcome in (Outcome.FAILED, Outcome.PARTIAL)]
    if not broken:
        return 0
    nothing = all(r.outcome is Outcome.FAILED for r in reports)
    return 1 if nothing else SOME_FAILED


def _print_reports(reports: list[RunReport]) -> None:
    table = output.table("source", "outcome", "fetched", "new", "changed", "same", "expected", "seconds", "error")
    for r in reports:
        counts = (r.fetched, r.new, r.changed, r.same, "" if r.expected is None else r.expected, f"{r.seconds:.1f}")
        table.add_row(r.source, r.outcome.value, *map(str, counts), r.error or "")
    output.out.print(table)


def sources(json: Annotated[bool, typer.Option("--json", help="Print one JSON document")] = False) -> None:
    """Health and completeness of each source."""
    app = open_app()
    with open_collector(app), database.reading(app.engine) as session:
        rows = health_store.health(session)
    if json:
        output.print_json({"sources": [shapes.health_json(h, app.clock().date()) for h in rows]})
        return
    today = app.clock().date()
    table = output.table("source", "last success", "stored", "state")
    for row in rows:
        last = output.moment(row.last_success) or "never"
        table.add_row(row.name, last, f"{row.stored:,}", health_store.words(row, today))
    output.out.print(table)

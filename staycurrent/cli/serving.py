"""`up`, `web` and `migrate`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Annotated, Optional

import typer

from staycurrent import period as periods
from staycurrent import roadmap
from staycurrent.cli import output
from staycurrent.cli.context import App, classify_new, migrate_all, open_app, open_collector
from staycurrent.query import Query
from staycurrent.reading import monthly
from staycurrent.settings import load
from staycurrent.store import engine as database
from staycurrent.store import sources as source_store

log = logging.getLogger("staycurrent")
_Port = Annotated[Optional[int], typer.Option(help="Port; 0 picks a free one")]  # noqa: UP045


def migrate() -> None:
    """Bring the schema up to date."""
    before, now = migrate_all(database.open_engine(load().resolved_database_url))
    output.say(f"schema {now}" + ("" if before == now else f", was {before or 'empty'}"))


def up(port: _Port = None) -> None:
    """Migrate, schedule, collect what is due, and serve: one process, the laptop mode."""
    app = open_app(migrate=True)
    _serve(app, port, lambda: _scheduled(app))


def web(port: _Port = None) -> None:
    """Serve the dashboard only."""
    _serve(open_app(), port, None)


def _serve(app: App, port: int | None, background: Callable[[], AbstractContextManager[None]] | None) -> None:
    from dashboard import web as dashboard

    dashboard.serve(
        app.settings.host,
        app.settings.port if port is None else port,
        background=background,
        on_ready=lambda address: output.say(f"staycurrent is at {address} (stop with Ctrl-C)"),
    )


@contextmanager
def _scheduled(app: App) -> Iterator[None]:
    from staycurrent.schedule import Job, running

    jobs = (
        Job("collect", timedelta(minutes=5), lambda: _collect_due(app)),
        Job("readings", timedelta(hours=1), lambda: _freeze_finished(app)),
    )
    with running(app.engine, jobs):
        yield


def _collect_due(app: App) -> None:
    from collector.run import collect

    with open_collector(app) as (known, fetcher):
        with database.reading(app.engine) as session:
            due = source_store.due(session, app.clock())
        wanted = {name: known[name] for name in due if name in known}
        if wanted:
            log.info("collecting %s", ", ".join(wanted))
            for report in collect(app.engine, wanted, fetcher, app.clock):
                counts = f"{report.new} new, {report.changed} changed, {report.same} the same"
                log.info("%s: %s, %s%s", report.source, report.outcome, counts, f" ({report.error})" if report.error else "")
    classified = classify_new(app)
    if classified:
        log.info("%s items classified", f"{classified:,}")


def _freeze_finished(app: App) -> None:
    """Keep last month's reading, over all, over those of the roadmap as the dashboard asks, and for each level."""
    today = app.clock().date()
    last = periods.previous_month(periods.month(today))
    for levels in ((), roadmap.ON_ROADMAP, *((n,) for n in roadmap.ON_ROADMAP)):
        monthly.freeze(app.engine, last, Query(levels=levels), today=today, clock=app.clock)

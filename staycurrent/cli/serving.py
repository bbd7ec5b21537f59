"""`up`, `web` and `migrate`."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Annotated, Optional

import typer

from staycurrent.cli import output
from staycurrent.cli.context import App, lab_feeds, load_settings, migrate_all, open_app
from staycurrent.errors import SettingsError
from staycurrent.store import engine as database

_Port = Annotated[Optional[int], typer.Option(help="Port; 0 picks a free one")]  # noqa: UP045


def migrate() -> None:
    """Bring the schema up to date."""
    before, now = migrate_all(database.open_engine(load_settings().resolved_database_url))
    output.say(f"schema {now}" + ("" if before == now else f", was {before or 'empty'}"))


def up(port: _Port = None) -> None:
    """Migrate, schedule, collect what is due, and serve: one process, the laptop mode."""
    from staycurrent.cli.working import everything

    app = open_app(migrate=True)
    lab_feeds(app)  # a file that is wrong ends it here, not every minute in a job
    _serve(app, port, lambda: everything(app))


def web(port: _Port = None) -> None:
    """Serve the dashboard only."""
    app = open_app()
    app.engine.dispose()  # it was for the look at the schema; what serves has its own connections
    _serve(app, port, None)


def _serve(app: App, port: int | None, background: Callable[[], AbstractContextManager[None]] | None) -> None:
    from dashboard import web as dashboard

    _refuse_unknown_host(app.settings.host)
    dashboard.serve(
        app.settings.host,
        app.settings.port if port is None else port,
        background=background,
        on_ready=lambda address: output.announce(f"staycurrent is at {address} (stop with Ctrl-C)", app.settings.log_format),
    )


def _refuse_unknown_host(host: str) -> None:
    """Raises `SettingsError` for a name or an address that this machine does not have."""
    try:
        for family, kind, *_, address in socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[:1]:
            with socket.socket(family, kind) as listener:
                listener.bind(address)
    except OSError as error:
        raise SettingsError(f"HOST: cannot listen on {host}: {error.strerror}") from error

"""Connections for the queue: the store's own for what is asked here, and an asynchronous pool for a worker."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, LiteralString, TypeVar

import psycopg
from procrastinate import PsycopgConnector
from procrastinate.connector import Notify
from procrastinate.exceptions import ConnectorException
from psycopg_pool import PoolClosed, PoolTimeout

from staycurrent.errors import StoreError
from staycurrent.store import engine as database
from staycurrent.store.engine import Engine

log = logging.getLogger(__name__)
T = TypeVar("T")
PATIENCE = 120.0
"""Seconds for which a worker waits for a database that went away before it begins anew."""
_PAUSE = 1.0


@contextmanager
def connection(engine: Engine) -> Iterator[psycopg.Connection[Any]]:
    """One transaction on a connection of the store's pool. Raises `StoreError`."""
    try:
        with database.writing(engine) as session:
            given = session.connection().connection.driver_connection
            assert isinstance(given, psycopg.Connection)
            yield given
    except (psycopg.Error, ConnectorException) as error:
        cause = error if isinstance(error, psycopg.Error) else (error.__cause__ or error)
        raise StoreError(f"database: {(str(cause).strip().splitlines() or [type(cause).__name__])[0]}") from error


def connector(engine: Engine, size: int) -> PatientConnector:
    """The pool of a worker, of at most `size` connections and one more for notifications."""
    address = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    return PatientConnector(conninfo=address, min_size=1, max_size=size, timeout=10.0, kwargs=dict(database.POSTGRESQL_OPTIONS))


class PatientConnector(PsycopgConnector):
    """Waits for a database that went away for a while, where Procrastinate would end its worker.

    A worker that ends lets go of its tasks though they still run in its threads, and others would begin them once more.
    """

    patience = PATIENCE
    """Set to 0 when the process ends."""

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        try:
            await self._patiently(lambda: super(PatientConnector, self).execute_query_async(query, **arguments))
        except ConnectorException as error:
            # Its functions raise where the end of a task is told that is not ours any more.
            if not isinstance(error.__cause__, psycopg.errors.RaiseException):
                raise
            log.info("job %s was given to others while this worker was silent", arguments.get("job_id", ""))

    async def execute_query_one_async(self, query: LiteralString, **arguments: Any) -> dict[str, Any]:
        return await self._patiently(lambda: super(PatientConnector, self).execute_query_one_async(query, **arguments))

    async def execute_query_all_async(self, query: LiteralString, **arguments: Any) -> list[dict[str, Any]]:
        return await self._patiently(lambda: super(PatientConnector, self).execute_query_all_async(query, **arguments))

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        channels = list(channels)
        while True:  # ends by being cancelled
            try:
                await super().listen_notify(on_notification, channels)
            except ConnectorException:
                await asyncio.sleep(_PAUSE)

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            try:
                return await ask()
            except (ConnectorException, PoolTimeout) as error:
                if not _is_away(error) or loop.time() - began > self.patience:
                    raise
            await asyncio.sleep(_PAUSE)


def _is_away(error: Exception) -> bool:
    """Whether the database could not be reached; anything else it said itself."""
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    return isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError) and not isinstance(cause, PoolClosed)

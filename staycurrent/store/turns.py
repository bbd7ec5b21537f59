"""Turns at a rate-limited service: one request at a time and a delay between two, over every process and machine.

The lock that a turn holds dies with its process (a file lock beside SQLite, an advisory lock on PostgreSQL), so a killed
collector never blocks the next one; the row in `turns` remembers when the last request ended, so it keeps its distance.
An advisory lock also dies with its connection, so the turn begins with a word over that very connection.
"""

from __future__ import annotations

import logging
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from filelock import FileLock
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from staycurrent.store.engine import lock_file, mapped_errors, mapped_lock_errors

log = logging.getLogger(__name__)
_NOW = {
    "sqlite": "(julianday('now') - 2440587.5) * 86400.0",
    "postgresql": "extract(epoch from clock_timestamp())",
}


class Turns:
    """Hands out turns at `service`, `delay` seconds apart from the end of one to the start of the next."""

    def __init__(self, engine: Engine, service: str, delay: float, sleep: Callable[[float], None] = time.sleep) -> None:
        self._engine, self._service, self._delay, self._sleep = engine, service, delay, sleep

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Waits for its turn; the delay to the next one counts from the end of the block."""
        with ExitStack() as held:
            while not self._begin(held.enter_context(self._alone())):
                log.warning(
                    "the turn at %s was lost with its connection while it waited; it is waited for again", self._service
                )
                held.close()
            try:
                yield
            finally:
                self._note_end()

    def _begin(self, lock: Connection | None) -> bool:
        """Wait, and note an end beforehand, so that a process that is killed while it asks keeps its distance too.

        That goes over the connection that holds the lock; False where it broke meanwhile, so that somebody else may be asking.
        """
        self._wait()
        if lock is None:
            self._note_end()
            return True
        with mapped_errors():
            try:
                self._write_end(lock)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                return False
        return True

    @contextmanager
    def _alone(self) -> Iterator[Connection | None]:
        """Gives the connection that holds the lock, where it is one that does."""
        if self._engine.dialect.name == "postgresql":
            with self._advisory_lock() as connection:
                yield connection
        else:
            lock = FileLock(lock_file(self._engine, self._service))
            with mapped_lock_errors():
                lock.acquire()
            try:
                yield None
            finally:
                lock.release()

    @contextmanager
    def _advisory_lock(self) -> Iterator[Connection]:
        number = zlib.crc32(f"staycurrent.turn.{self._service}".encode())
        with mapped_errors(), self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SELECT pg_advisory_lock(:n)"), {"n": number})
            try:
                yield connection
            finally:
                if not connection.invalidated:  # else the lock is gone already
                    connection.execute(text("SELECT pg_advisory_unlock(:n)"), {"n": number})

    def _wait(self) -> None:
        # A clock that jumped back must not hold the service for longer than one delay.
        patience = self._delay
        while (rest := min(self._seconds_left(), patience)) > 0:
            self._sleep(rest)
            patience -= rest

    def _seconds_left(self) -> float:
        statement = f"SELECT free_at - {_NOW[self._engine.dialect.name]} FROM turns WHERE service = :s"  # noqa: S608
        with mapped_errors(), self._engine.connect() as connection:
            left = connection.execute(text(statement), {"s": self._service}).scalar()
        return float(left) if left is not None else 0.0

    def _note_end(self) -> None:
        with mapped_errors():
            connection = self._engine.connect().execution_options(sqlite_begin="BEGIN IMMEDIATE")
            with connection, connection.begin():
                self._write_end(connection)

    def _write_end(self, connection: Connection) -> None:
        now = _NOW[self._engine.dialect.name]
        statement = (
            f"INSERT INTO turns (service, free_at) VALUES (:s, {now} + :d) "  # noqa: S608
            "ON CONFLICT (service) DO UPDATE SET free_at = excluded.free_at"
        )
        connection.execute(text(statement), {"s": self._service, "d": self._delay})

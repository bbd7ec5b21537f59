"""Turns at a rate-limited service: one request at a time and a delay between two, over every process and machine.

The lock that a turn holds dies with its process (a file lock beside SQLite, an advisory lock on PostgreSQL), so a killed
collector never blocks the next one; the row in `turns` remembers when the last request ended, so it keeps its distance.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from filelock import FileLock
from sqlalchemy import Engine, text

from staycurrent.store.engine import lock_file, mapped_errors, mapped_lock_errors

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
        with self._alone():
            self._wait()
            self._note_end()  # a process that is killed while it asks keeps its distance too
            try:
                yield
            finally:
                self._note_end()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._engine.dialect.name == "postgresql":
            with self._advisory_lock():
                yield
        else:
            lock = FileLock(lock_file(self._engine, self._service))
            with mapped_lock_errors():
                lock.acquire()
            try:
                yield
            finally:
                lock.release()

    @contextmanager
    def _advisory_lock(self) -> Iterator[None]:
        number = zlib.crc32(f"staycurrent.turn.{self._service}".encode())
        with mapped_errors(), self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SELECT pg_advisory_lock(:n)"), {"n": number})
            try:
                yield
            finally:
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
        now = _NOW[self._engine.dialect.name]
        statement = (
            f"INSERT INTO turns (service, free_at) VALUES (:s, {now} + :d) "  # noqa: S608
            "ON CONFLICT (service) DO UPDATE SET free_at = excluded.free_at"
        )
        with mapped_errors():
            connection = self._engine.connect().execution_options(sqlite_begin="BEGIN IMMEDIATE")
            with connection, connection.begin():
                connection.execute(text(statement), {"s": self._service, "d": self._delay})

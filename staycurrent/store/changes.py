"""Whether anything was written since: a mark that is cheap to read and that every commit changes, on either database."""

from __future__ import annotations

import threading

from sqlalchemy import Connection, text

from staycurrent.store.engine import Engine, mapped_errors

_MARKS = {"sqlite": "PRAGMA data_version", "postgresql": "SELECT CAST(pg_current_snapshot() AS text)"}
"""SQLite's number differs from connection to connection, so one connection has to ask all the time. PostgreSQL's
snapshot names the transactions that are visible: the same snapshot is the same data."""


class Changes:
    """Tells the mark of a database. Keeps one connection of the pool, as long as it works."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._opened = 0

    def mark(self) -> str:
        """Equal marks mean equal data; read it before the data. Raises `StoreError`."""
        with self._lock, mapped_errors():
            if self._connection is None:
                self._connection = self._engine.connect()
                self._opened += 1
            try:
                found = self._connection.execute(text(_MARKS[self._engine.dialect.name])).scalar()
                self._connection.rollback()
            except BaseException:
                self._forget()
                raise
        return f"{self._opened}:{found}"

    def close(self) -> None:
        """Give the connection back."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None

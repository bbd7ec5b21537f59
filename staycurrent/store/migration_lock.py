"""How a migration goes about a PostgreSQL that is in use: alone, and without making others wait behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_fixed

T = TypeVar("T")
NUMBER = 7_201_001
"""Advisory lock: two processes that start together migrate one after the other."""
TURN_SECONDS = 900
"""How long one that is second waits for the first."""
LOCK_SECONDS = 5.0
"""A change of a table waits at most so long for the table: whoever asks for it after us waits behind us."""
STATEMENT_SECONDS = 3600
"""An index over a million rows is made in minutes; what takes an hour hangs."""
TRIES, PAUSE_SECONDS = 8, 5.0


@contextmanager
def alone(engine: Engine) -> Iterator[None]:
    """No other process migrates during the block. SQLite needs nothing: there a migration is one exclusive transaction."""
    if engine.dialect.name != "postgresql":
        yield
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"SET lock_timeout = '{TURN_SECONDS}s'"))
        try:
            connection.execute(text("SELECT pg_advisory_lock(:n)"), {"n": NUMBER})
        finally:
            connection.execute(text("RESET lock_timeout"))
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:n)"), {"n": NUMBER})


def limits() -> str:
    """The statements that hold a transaction of PostgreSQL to the limits above."""
    return f"SET LOCAL lock_timeout = '{int(LOCK_SECONDS * 1000)}ms'; SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'"


def limit(connection: Connection) -> None:
    """The limits above, for this transaction."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(limits()))


def patiently(step: Callable[[], T]) -> T:
    """Once more where a table was in use; between two tries those who waited behind us go on."""
    tries = Retrying(
        retry=retry_if_exception(_was_in_use), stop=stop_after_attempt(TRIES), wait=wait_fixed(PAUSE_SECONDS), reraise=True
    )
    return tries(step)


def _was_in_use(error: BaseException) -> bool:
    cause = error.orig if isinstance(error, OperationalError) else error.__cause__  # the queue's errors are ours already
    return isinstance(cause, LockNotAvailable)

"""The full-text index beside the tables: put off while history comes in, and mended after a process that died over it.

Keeping the index in step costs more than the rows themselves (facts: 46,000 inserts a second without it, 5,300 with it),
so a long back-fill writes the rows first and indexes them once at the end. Search finds the new rows from then on.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text
from sqlalchemy.orm import Session

from staycurrent.store.engine import Engine, try_lock, writing

_LOCK = zlib.crc32(b"staycurrent.full-text")
_TRIGGERS = ("item_texts_fts_insert", "item_texts_fts_delete", "item_texts_fts_update")
_PARKED = "item_texts_fts_parked"
"""While the index is put off, the triggers' text waits in this table; its presence says that the index is behind."""
_GIN = {
    "item_texts_search_gin": "item_texts_search",
    "item_texts_search_authors": "(to_tsvector('simple', left(authors, 100000)))",
}
"""PostgreSQL's indexes, of all words and of names, with what they hold."""


@contextmanager
def put_off(engine: Engine) -> Iterator[None]:
    """Rows that are written in the block are indexed at its end, all at once, unless another process sees to that."""
    with try_lock(engine, "full-text", _LOCK) as owned:
        if not owned:
            yield
            return
        with writing(engine) as session:
            _suspend(session)
        try:
            yield
        finally:
            with writing(engine) as session:
                _resume(session)


def mend(engine: Engine) -> bool:
    """Bring the index up to date if a process died while it was put off; returns whether that was needed."""
    with try_lock(engine, "full-text", _LOCK) as owned:
        if not owned:
            return False
        with writing(engine) as session:
            behind = _is_behind(session)
            if behind:
                _resume(session)
        return behind


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _is_behind(session: Session) -> bool:
    if _is_sqlite(session):
        return bool(session.scalar(text("SELECT count(*) FROM sqlite_master WHERE name = :n"), {"n": _PARKED}))
    return any(session.scalar(text("SELECT to_regclass(:n)"), {"n": name}) is None for name in _GIN)


def _suspend(session: Session) -> None:
    if not _is_sqlite(session):
        session.execute(text(f"DROP INDEX IF EXISTS {', '.join(_GIN)}"))
        return
    if _is_behind(session):
        return
    session.execute(text(f"CREATE TABLE {_PARKED} (sql TEXT NOT NULL)"))
    for name in _TRIGGERS:
        parked = f"INSERT INTO {_PARKED} SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = :n"  # noqa: S608
        session.execute(text(parked), {"n": name})
        session.execute(text(f"DROP TRIGGER {name}"))


def _resume(session: Session) -> None:
    if not _is_sqlite(session):
        for name, held in _GIN.items():
            session.execute(text(f"CREATE INDEX IF NOT EXISTS {name} ON item_texts USING gin ({held})"))
        return
    session.execute(text("INSERT INTO item_texts_fts(item_texts_fts) VALUES ('rebuild')"))
    for sql in session.scalars(text(f"SELECT sql FROM {_PARKED}")).all():  # noqa: S608
        session.connection().exec_driver_sql(sql)
    session.execute(text(f"DROP TABLE {_PARKED}"))

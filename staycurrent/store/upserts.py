"""Writing many rows at once, on both databases: insert what is new, update what differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import func, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

T = TypeVar("T")
_CHUNK = 400
"""Parameters of one IN list; SQLite allows 999 variables in old builds."""


def chunks(values: Iterable[T], size: int = _CHUNK) -> Iterator[list[T]]:
    """The values in lists of at most `size`."""
    iterator = iter(values)
    while part := list(islice(iterator, size)):
        yield part


def insert_once(session: Session, table: Any, row: dict[str, Any], *, index: Sequence[str] = (), returning: Any) -> Any:
    """Insert a row and return its id, or None where another process was first: under `index`, or any that is unique."""
    statement = _dialect(session).insert(table).values(**row).on_conflict_do_nothing(index_elements=list(index) or None)
    return session.scalar(statement.returning(returning))


def insert_new(session: Session, table: Any, rows: Sequence[dict[str, Any]], *, returning: Any) -> int:
    """Insert those of many rows that break no unique index; returns how many they are. `returning` is a column of theirs."""
    if not rows:
        return 0
    statement = _dialect(session).insert(table).on_conflict_do_nothing().returning(returning)
    return len(session.scalars(statement, list(rows)).all())


def _dialect(session: Session) -> Any:
    return postgresql if session.get_bind().dialect.name == "postgresql" else sqlite


def upsert(
    session: Session,
    table: Any,
    rows: Sequence[dict[str, Any]],
    *,
    index: Sequence[str],
    changing: Sequence[str] = (),
    keeping: Sequence[str] = (),
    fixed: Sequence[str] = (),
) -> None:
    """Insert, or update where something differs; an unchanged row is not written.

    `changing` columns take the new value, `keeping` columns only where the new value is not NULL, `fixed` columns only
    where the old value is NULL.
    """
    if not rows:
        return
    statement = _dialect(session).insert(table.__table__)  # past the ORM, which goes over each row once more
    columns = table.__table__.c
    new = {name: statement.excluded[name] for name in changing}
    new |= {name: func.coalesce(statement.excluded[name], columns[name]) for name in keeping}
    new |= {name: func.coalesce(columns[name], statement.excluded[name]) for name in fixed}
    if new:
        differs = [columns[n].is_distinct_from(v) for n, v in new.items() if n not in ("changed_at", "extra")]
        statement = statement.on_conflict_do_update(index_elements=list(index), set_=new, where=or_(*differs))
    else:
        statement = statement.on_conflict_do_nothing(index_elements=list(index))
    session.execute(statement, list(rows))

"""Queries with a name: the address of a feed that stays the same."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from staycurrent.errors import NotFound, UsageError
from staycurrent.query import Query
from staycurrent.store.models import SavedQuery as Row
from staycurrent.store.upserts import insert_once

NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MAX_NAME = 60


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A query as it is kept; `text` is its canonical URL form."""

    name: str
    text: str
    created_at: datetime

    def query(self) -> Query:
        """Raises `QueryError` where the roadmap has lost one of its topics since."""
        return Query.from_params(parse_qs(self.text))


def every(session: Session) -> tuple[SavedQuery, ...]:
    """The saved queries in the order of their names."""
    return tuple(SavedQuery(r.name, r.query, r.created_at) for r in session.scalars(select(Row).order_by(Row.name)))


def find(session: Session, name: str) -> SavedQuery:
    """The saved query of that name. Raises `NotFound`."""
    row = session.get(Row, name) if is_name(name) else None
    if row is None:
        raise NotFound(f"no saved query {name}" if is_name(name) else "no saved query of that name")
    return SavedQuery(row.name, row.query, row.created_at)


def save(session: Session, name: str, query: Query, now: datetime) -> bool:
    """Keep a query; False where it is kept under this name already.

    Raises `UsageError` for a name that is none, or that another query bears: readers follow its feed.
    """
    if not is_name(name):
        raise UsageError(f"name: must be of lower-case letters, digits and single hyphens, at most {MAX_NAME}")
    row = {"name": name, "query": query.url_query(), "created_at": now}
    if insert_once(session, Row, row, index=["name"], returning=Row.name) is not None:
        return True
    if find(session, name).text != query.url_query():
        raise UsageError(f"{name} is another saved query; first: staycurrent saved remove {name}")
    return False


def remove(session: Session, name: str) -> bool:
    """Forget a query; False where there is none of that name."""
    return session.scalar(delete(Row).where(Row.name == name).returning(Row.name)) is not None


def is_name(text: str) -> bool:
    """Whether a text can be the name of a saved query."""
    return len(text) <= MAX_NAME and NAME.fullmatch(text) is not None

"""A reader's own lists: what they saved, starred, read, hid and tagged, the newest first, page by page, narrowed by a query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from staycurrent.query import Query
from staycurrent.store import listing, search
from staycurrent.store.marks import Kind
from staycurrent.store.models import Item
from staycurrent.store.reader_models import Mark, Tag
from staycurrent.types import ItemView


@dataclass(frozen=True, slots=True)
class Counts:
    """How many items of a reader fit: by mark, and by tag, the most used first."""

    marks: Mapping[Kind, int]
    tags: Mapping[str, int]


def counts(session: Session, profile: str, query: Query, today: date) -> Counts:
    """How many items there are behind each mark and tag. The order of the query, and its reader, are no part of it."""
    marked = _fitting(session, select(Mark.kind, func.count()), Mark, profile, query, today).group_by(Mark.kind)
    n = func.count().label("n")
    tagged = _fitting(session, select(Tag.tag, n), Tag, profile, query, today).group_by(Tag.tag)
    by_kind = {Kind(kind): int(found) for kind, found in session.execute(marked)}
    by_tag = {name: int(found) for name, found in session.execute(tagged.order_by(n.desc(), Tag.tag))}
    return Counts({kind: by_kind.get(kind, 0) for kind in Kind}, by_tag)


def marked(
    session: Session, profile: str, kind: Kind, query: Query, today: date, *, size: int, start: int = 0
) -> tuple[ItemView, ...]:
    """The items with a mark, the newest mark first, from a place of that list on."""
    found = _fitting(session, select(Mark.item_id), Mark, profile, query, today).where(Mark.kind == kind.value)
    return _views(session, found.order_by(Mark.at.desc(), Mark.item_id.desc()), size, start)


def tagged(
    session: Session, profile: str, name: str, query: Query, today: date, *, size: int, start: int = 0
) -> tuple[ItemView, ...]:
    """The items with a tag, the newest first, from a place of that list on."""
    found = _fitting(session, select(Tag.item_id), Tag, profile, query, today).where(Tag.tag == name)
    return _views(session, found.order_by(Tag.at.desc(), Tag.item_id.desc()), size, start)


def _views(session: Session, statement: Any, size: int, start: int) -> tuple[ItemView, ...]:
    return listing.views(session, list(session.scalars(statement.limit(size).offset(start))))


def _fitting(session: Session, statement: Any, table: Any, profile: str, query: Query, today: date) -> Any:
    """The rows of a reader whose items fit the query. Nothing hidden is left out: these lists are where it is found."""
    joined = statement.select_from(table).join(Item, Item.id == table.item_id)
    return joined.where(table.profile == profile, *_conditions(query, session.get_bind().dialect.name, today))


def _conditions(query: Query, dialect: str, today: date) -> list[ColumnElement[bool]]:
    found = listing.conditions(query, dialect, today)
    return [*found, Item.id.in_(search.matching(query.text, dialect))] if query.text else found

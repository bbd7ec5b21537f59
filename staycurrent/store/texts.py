"""Words of items for finding others like them: which items hold a word, which compete, and what stands in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from staycurrent.query import Query
from staycurrent.store import listing, marks, search
from staycurrent.store.models import Item, ItemText
from staycurrent.store.upserts import chunks


@dataclass(frozen=True, slots=True)
class Edition:
    """An item with a fingerprint of its words: what was computed out of them holds as long as both are the same."""

    row: int
    content_hash: str


def editions(session: Session, ids: Iterable[int]) -> tuple[Edition, ...]:
    """The editions of these items, in this order."""
    found: dict[int, str] = {}
    wanted = list(ids)
    for part in chunks(wanted):
        found.update((i, h) for i, h in session.execute(select(Item.id, Item.content_hash).where(Item.id.in_(part))))
    return tuple(Edition(i, found[i]) for i in wanted if i in found)


def words(session: Session, ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Title and abstract by row id."""
    found: dict[int, tuple[str, str]] = {}
    for part in chunks(ids):
        statement = select(ItemText.item_id, ItemText.title, ItemText.abstract).where(ItemText.item_id.in_(part))
        found.update((i, (title, abstract)) for i, title, abstract in session.execute(statement))
    return found


def newest(session: Session, limit: int) -> tuple[Edition, ...]:
    """The items that came in last."""
    rows = session.execute(select(Item.id, Item.content_hash).order_by(Item.id.desc()).limit(limit))
    return tuple(Edition(i, h) for i, h in rows)


def highest_row(session: Session) -> int:
    """The highest row id: at least the number of items, and free to ask for, unlike their count."""
    return session.scalar(select(func.max(Item.id))) or 0


def holding(session: Session, word: str, limit: int) -> list[int]:
    """Row ids of items in whose words a word occurs, in no order; stemmed as full text stems it."""
    return list(session.scalars(search.containing_any((word,), session.get_bind().dialect.name).limit(limit)))


def recent(session: Session, query: Query, today: date, *, profile: str | None, limit: int) -> tuple[Edition, ...]:
    """The items with the most evidence that fit the query, as `readings.candidates` orders them; without withdrawn ones."""
    wanted = _conditions(session, query, today, profile)
    order = (Item.source_count.desc(), func.coalesce(Item.votes, 0).desc(), Item.listed_on.desc(), Item.id.desc())
    rows = session.execute(select(Item.id, Item.content_hash).where(*wanted).order_by(*order).limit(limit))
    return tuple(Edition(i, h) for i, h in rows)


def fitting(session: Session, ids: Sequence[int], query: Query, today: date, *, profile: str | None) -> tuple[Edition, ...]:
    """Of these items, in this order, those that fit the query, are not withdrawn, and were not hidden by the reader."""
    wanted = _conditions(session, query, today, profile)
    found: dict[int, str] = {}
    for part in chunks(ids):
        rows = session.execute(select(Item.id, Item.content_hash).where(Item.id.in_(part), *wanted))
        found.update((i, h) for i, h in rows)
    return tuple(Edition(i, found[i]) for i in ids if i in found)


def _conditions(session: Session, query: Query, today: date, profile: str | None) -> list[Any]:
    dialect = session.get_bind().dialect.name
    found = [*listing.conditions(query, dialect, today), Item.withdrawn.is_(False)]
    if query.text:
        found.append(Item.id.in_(search.matching(query.text, dialect)))
    return found if profile is None else [*found, marks.not_hidden(profile)]

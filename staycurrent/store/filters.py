"""A query as SQL: conditions on `Item`, and the indexes that hold one filter's items in the order of their days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, literal_column, or_, select
from sqlalchemy.orm import Session

from staycurrent.query import Query
from staycurrent.store import marks, search
from staycurrent.store.models import Item, ItemLab, ItemTopic, Sighting, Source
from staycurrent.types import Kind


def conditions(query: Query, dialect: str, today: date, *, by_id: bool = False) -> list[ColumnElement[bool]]:
    """The query, without its text, as conditions on `Item`. What bears a date after `today` waits for its day.

    Those `by_id` are for a statement that names the row ids, and keep SQLite from another index than theirs.
    """
    plain = by_id and dialect == "sqlite"
    found: list[ColumnElement[bool]] = _period(_plain(Item.listed_on) if plain else Item.listed_on, query, today)
    if query.levels:
        found.append((_plain(Item.level) if plain else Item.level).in_(query.levels))
    if query.topics:
        found.append(exists().correlate(Item).where(ItemTopic.item_id == Item.id, ItemTopic.topic.in_(query.topics)))
    if query.labs:
        found.append(exists().correlate(Item).where(ItemLab.item_id == Item.id, ItemLab.lab.in_(query.labs)))
    if query.sources:
        found.append(exists().correlate(Item).where(Sighting.item_id == Item.id, _any_source(query.sources)))
    if query.kind:
        found.append((_plain(Item.kind) if plain else Item.kind) == query.kind.value)
    if query.has_code is not None:
        found.append(Item.has_code.is_(query.has_code))
    if query.min_confidence is not None:
        found.append((_plain(Item.confidence) if plain else Item.confidence) >= query.min_confidence)
    if query.reader:
        found.append(marks.not_hidden(query.reader))
    return found + _without(query, dialect)


def _plain(attribute: Any) -> Any:
    """The column behind a plus, which no index of SQLite serves."""
    return literal_column(f"+items.{attribute.key}", attribute.type)


def _period(day: Any, query: Query, today: date) -> list[ColumnElement[bool]]:
    last = day <= min(query.until or today, today)
    return [last, day >= query.since] if query.since else [last]


def _without(query: Query, dialect: str) -> list[ColumnElement[bool]]:
    topic = exists().correlate(Item).where(ItemTopic.item_id == Item.id, ItemTopic.topic.in_(query.without_topics))
    lab = exists().correlate(Item).where(ItemLab.item_id == Item.id, ItemLab.lab.in_(query.without_labs))
    found = [~there for there, unwanted in ((topic, query.without_topics), (lab, query.without_labs)) if unwanted]
    return [*found, search.lacking(query.exclude, dialect)] if query.exclude else found


def _any_source(names: Sequence[str]) -> ColumnElement[bool]:
    exact = [n for n in names if not n.endswith("*")]
    families = [Sighting.source.startswith(n[:-1], autoescape=True) for n in names if n.endswith("*")]
    return or_(Sighting.source.in_(exact), *families)


def named(session: Session, query: Query) -> Query:
    """The query with each family of sources (`lab:*`) as the names of those there are: no index serves a name's start."""
    if not any(name.endswith("*") for name in query.sources):
        return query
    known = session.scalars(select(Source.name)).all()
    found = {k for name in query.sources for k in known if k == name or (name.endswith("*") and k.startswith(name[:-1]))}
    return replace(query, sources=tuple(sorted(found)) or query.sources)


@dataclass(frozen=True, slots=True)
class Posting:
    """An index that leads to the items of one filter: a column of row ids, and a condition for each of its values.

    `day` is the day of the item where the index is in its order, so that it can be read from the newest on.
    """

    item: Any
    values: tuple[Any, ...]
    bounds: tuple[Any, ...] = ()
    day: Any = None

    def ids(self) -> Select[Any]:
        """Every row id, in no order, perhaps twice."""
        return select(self.item.label("item_id")).where(or_(*self.values), *self.bounds)


def postings(query: Query, today: date) -> list[Posting]:
    """The indexes that serve this query, those with the fewest items an entry first, the one of all items last."""
    found = []
    if query.labs:
        found.append(_by_day(ItemLab.item_id, ItemLab.listed_on, [ItemLab.lab == lab for lab in query.labs], query, today))
    if query.sources:
        found.append(Posting(Sighting.item_id, (_any_source(query.sources),)))
    if query.topics:
        topics = [ItemTopic.topic == topic for topic in query.topics]
        found.append(_by_day(ItemTopic.item_id, ItemTopic.listed_on, topics, query, today))
    if query.kind is Kind.POST:  # spelled out, since SQLite takes a partial index for a constant only
        found.append(_by_day(Item.id, Item.listed_on, [literal_column("items.kind = 'post'")], query, today))
    if query.min_confidence is not None:
        found.append(Posting(Item.id, (Item.confidence >= query.min_confidence,), (Item.confidence.is_not(None),)))
    if query.levels:
        found.append(_by_day(Item.id, Item.listed_on, [Item.level == n for n in query.levels], query, today))
    return [*found, _by_day(Item.id, Item.listed_on, [Item.listed_on <= today], query, today)]


def _by_day(item: Any, day: Any, values: Sequence[Any], query: Query, today: date) -> Posting:
    return Posting(item, tuple(values), tuple(_period(day, query, today)), day)

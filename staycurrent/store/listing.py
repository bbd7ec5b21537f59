"""Lists of items for a query: filters, order, keyset paging, and the rows behind a card in a fixed number of selects."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from staycurrent.query import Query, QueryError, Sort
from staycurrent.store import search
from staycurrent.store.intake import chunks
from staycurrent.store.models import Item, ItemLab, ItemRepository, ItemText, ItemTopic, Repository, Sighting
from staycurrent.types import ItemView, Kind, LabEvidence, TopicScore
from staycurrent.types import Repository as RepositoryView

MAX_LIMIT = 500
RELEVANCE_CAP = 2000
"""How many of the most relevant matches a search by relevance can page through."""


@dataclass(frozen=True, slots=True)
class ItemPage:
    """A page of items; `cursor` leads to the next one, None on the last."""

    items: tuple[ItemView, ...]
    cursor: str | None


def conditions(query: Query, dialect: str, today: date) -> list[ColumnElement[bool]]:
    """The query as SQL conditions on `Item`. What bears a date after `today` waits for its day."""
    found: list[ColumnElement[bool]] = [Item.listed_on <= min(query.until or today, today)]
    if query.since:
        found.append(Item.listed_on >= query.since)
    if query.levels:
        found.append(Item.level.in_(query.levels))
    if query.topics:
        found.append(exists().where(ItemTopic.item_id == Item.id, ItemTopic.topic.in_(query.topics)))
    if query.labs:
        found.append(exists().where(ItemLab.item_id == Item.id, ItemLab.lab.in_(query.labs)))
    if query.sources:
        found.append(exists().where(Sighting.item_id == Item.id, _any_source(query.sources)))
    if query.kind:
        found.append(Item.kind == query.kind.value)
    if query.has_code is not None:
        found.append(Item.has_code.is_(query.has_code))
    if query.min_confidence is not None:
        found.append(Item.confidence >= query.min_confidence)
    if query.exclude:
        found.append(Item.id.not_in(search.containing_any(query.exclude, dialect)))
    return found


def _any_source(names: Sequence[str]) -> ColumnElement[bool]:
    exact = [n for n in names if not n.endswith("*")]
    families = [Sighting.source.startswith(n[:-1], autoescape=True) for n in names if n.endswith("*")]
    return or_(Sighting.source.in_(exact), *families)


def page(session: Session, query: Query, today: date, *, limit: int = 50, cursor: str | None = None) -> ItemPage:
    """A page of the items that fit the query, in its order.

    Raises `QueryError` for a limit that is out of bounds and for a cursor of another query.
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise QueryError("limit", f"must be from 1 to {MAX_LIMIT}")
    dialect = session.get_bind().dialect.name
    after = _decode(cursor, query) if cursor else None
    if query.text and query.sort is Sort.RELEVANCE:
        return _page_by_relevance(session, query, dialect, today, limit, after)
    statement = select(Item.id, *_sort_keys(query)).where(*conditions(query, dialect, today))
    if query.text:
        found = search.matching(query.text, dialect).subquery()
        statement = statement.where(Item.id.in_(select(found.c.item_id)))
    return _keyset(session, query, statement, limit, after)


def _sort_keys(query: Query) -> tuple[Any, ...]:
    """Columns that order the list, all descending; the row id makes the order total."""
    first = {
        Sort.VOTES: func.coalesce(Item.votes, -1),
        Sort.STARS: func.coalesce(Item.stars, -1),
        Sort.CONFIDENCE: func.coalesce(Item.confidence, -1.0),
    }.get(query.sort)
    return (Item.listed_on,) if first is None else (first, Item.listed_on)


def _keyset(session: Session, query: Query, statement: Select[Any], limit: int, after: list[Any] | None) -> ItemPage:
    keys = (*_sort_keys(query), Item.id)
    if after is not None:
        statement = statement.where(_beyond(keys, _values(after, len(keys))))
    rows = session.execute(statement.order_by(*(k.desc() for k in keys)).limit(limit + 1)).all()
    more = len(rows) > limit
    rows = rows[:limit]
    cursor = _encode(query, [*rows[-1][1:], rows[-1][0]]) if more else None
    return ItemPage(views(session, [row[0] for row in rows]), cursor)


def _beyond(keys: Sequence[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """(k1, k2, …) < (v1, v2, …), spelled out, since a row comparison cannot use the index on every database."""
    clauses = [
        and_(*(k == v for k, v in zip(keys[:i], values[:i], strict=True)), keys[i] < values[i]) for i in range(len(keys))
    ]
    return or_(*clauses)


def _values(after: list[Any], length: int) -> list[Any]:
    if len(after) != length:
        raise QueryError("cursor", "is not one of this list")
    try:
        return [*after[:-2], date.fromisoformat(after[-2]), int(after[-1])]
    except (TypeError, ValueError):
        raise QueryError("cursor", "is not one of this list") from None


def _page_by_relevance(
    session: Session, query: Query, dialect: str, today: date, limit: int, after: list[Any] | None
) -> ItemPage:
    start = after[0] if after and len(after) == 1 and isinstance(after[0], int) and after[0] >= 0 else 0
    found = search.matching(query.text, dialect).subquery()
    statement = (
        select(Item.id)
        .join(found, found.c.item_id == Item.id)
        .where(*conditions(query, dialect, today))
        .order_by(found.c.relevance.desc(), Item.listed_on.desc(), Item.id.desc())
    )
    stop = min(start + limit, RELEVANCE_CAP)
    ids = list(session.scalars(statement.offset(start).limit(stop - start + 1)))
    more = len(ids) > stop - start and stop < RELEVANCE_CAP
    return ItemPage(views(session, ids[: stop - start]), _encode(query, [stop]) if more else None)


def count(session: Session, query: Query, today: date) -> int:
    """How many items fit the query."""
    dialect = session.get_bind().dialect.name
    statement = select(func.count()).select_from(Item).where(*conditions(query, dialect, today))
    if query.text:
        found = search.matching(query.text, dialect).subquery()
        statement = statement.where(Item.id.in_(select(found.c.item_id)))
    return session.scalar(statement) or 0


def count_by_level(session: Session, query: Query, today: date) -> dict[int, int]:
    """How many items of each level fit the query, whatever levels it names; unclassified items are left out."""
    whole = Query(**{f: getattr(query, f) for f in Query.__slots__ if f != "levels"})
    statement = select(Item.level, func.count()).where(*conditions(whole, session.get_bind().dialect.name, today))
    rows = session.execute(statement.where(Item.level.is_not(None)).group_by(Item.level)).all()
    return {int(level): int(n) for level, n in rows if level is not None}


def views(session: Session, ids: Sequence[int]) -> tuple[ItemView, ...]:
    """The items with these row ids, in this order."""
    rows: dict[int, Any] = {}
    for part in chunks(ids):
        statement = select(Item, ItemText).join(ItemText, ItemText.item_id == Item.id).where(Item.id.in_(part))
        rows.update((item.id, (item, text)) for item, text in session.execute(statement))
    around = _Around(session, list(rows))
    return tuple(_view(rows[i][0], rows[i][1], around) for i in ids if i in rows)


class _Around:
    """What stands around items: topics, labs, sources, repositories; one select each per chunk."""

    def __init__(self, session: Session, ids: Sequence[int]) -> None:
        self.topics: defaultdict[int, list[TopicScore]] = defaultdict(list)
        self.labs: defaultdict[int, list[LabEvidence]] = defaultdict(list)
        self.sources: defaultdict[int, set[str]] = defaultdict(set)
        self.repositories: defaultdict[int, dict[str, RepositoryView]] = defaultdict(dict)
        for part in chunks(ids):
            self._read(session, part)

    def _read(self, session: Session, ids: Iterable[int]) -> None:
        topics = select(ItemTopic).where(ItemTopic.item_id.in_(ids)).order_by(ItemTopic.item_id, ItemTopic.rank)
        for topic in session.scalars(topics):
            self.topics[topic.item_id].append(TopicScore(topic.topic, topic.score))
        labs = select(ItemLab).where(ItemLab.item_id.in_(ids)).order_by(ItemLab.confidence.desc(), ItemLab.lab)
        for lab in session.scalars(labs):
            self.labs[lab.item_id].append(LabEvidence(lab.lab, lab.method, lab.evidence, lab.confidence))
        for item_id, source in session.execute(select(Sighting.item_id, Sighting.source).where(Sighting.item_id.in_(ids))):
            self.sources[item_id].add(source)
        columns = (ItemRepository.item_id, Repository.url, Repository.stars, ItemRepository.official)
        joined = select(*columns).join(Repository, Repository.id == ItemRepository.repository_id)
        for row in session.execute(joined.where(ItemRepository.item_id.in_(ids)).order_by(Repository.url)):
            before = self.repositories[row.item_id].get(row.url)
            official = row.official if row.official is not None else before.official if before else None
            self.repositories[row.item_id][row.url] = RepositoryView(row.url, row.stars, official)


def _view(item: Item, text: ItemText, around: _Around) -> ItemView:
    return ItemView(
        row=item.id,
        id=item.uid,
        kind=Kind(item.kind),
        arxiv_id=item.arxiv_id,
        doi=item.doi,
        title=text.title,
        authors=text.authors,
        abstract=text.abstract,
        url=item.url,
        categories=text.categories,
        comment=text.comment,
        published=item.published,
        updated=item.updated,
        listed_on=item.listed_on,
        version=item.version,
        withdrawn=item.withdrawn,
        level=item.level,
        confidence=item.confidence,
        unsure=bool(item.unsure) if item.unsure is not None else True,
        topics=tuple(around.topics[item.id]),
        labs=tuple(around.labs[item.id]),
        sources=tuple(sorted(around.sources[item.id])),
        votes=item.votes,
        stars=item.stars,
        repositories=tuple(around.repositories[item.id].values()),
    )


def _fingerprint(query: Query) -> str:
    return hashlib.blake2b(query.url_query().encode(), digest_size=6).hexdigest()


def _encode(query: Query, values: Sequence[Any]) -> str:
    plain = [v.isoformat() if isinstance(v, date) else v for v in values]
    text = json.dumps([_fingerprint(query), *plain], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str, query: Query) -> list[Any]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, UnicodeDecodeError, RecursionError):
        raise QueryError("cursor", "is not one of this list") from None
    if not isinstance(found, list) or not found or found[0] != _fingerprint(query):
        raise QueryError("cursor", "belongs to another query")
    return found[1:]

"""Candidates of a reading, and frozen readings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from staycurrent.query import Query
from staycurrent.store import listing, search
from staycurrent.store.intake import chunks, insert_once
from staycurrent.store.models import Item, ItemLab, ItemTopic, Reading, ReadingEntry, Sighting
from staycurrent.types import Candidate, Entry, Kind

CANDIDATES = 1500
"""How many items of a period compete for its reading: those with the most evidence, by signals that stand in `items`."""


@dataclass(frozen=True, slots=True)
class FrozenEntry:
    """A place in a frozen reading."""

    rank: int
    item_id: int
    score: float
    why: dict[str, Any]


def candidates(session: Session, query: Query, today: date) -> tuple[list[Candidate], int]:
    """The items that compete for a reading of `query`, and how many fit it in all. Withdrawn items do not compete."""
    dialect = session.get_bind().dialect.name
    wanted = [*listing.conditions(query, dialect, today), Item.level.is_not(None), Item.withdrawn.is_(False)]
    if query.text:
        wanted.append(Item.id.in_(select(search.matching(query.text, dialect).subquery().c.item_id)))
    total = session.scalar(select(func.count()).select_from(Item).where(*wanted)) or 0
    columns = (
        Item.id,
        Item.level,
        Item.confidence,
        Item.unsure,
        Item.kind,
        Item.listed_on,
        Item.votes,
        Item.stars,
        Item.has_code,
    )
    order = (Item.source_count.desc(), func.coalesce(Item.votes, 0).desc(), Item.confidence.desc(), Item.id)
    rows = session.execute(select(*columns).where(*wanted).order_by(*order).limit(CANDIDATES)).all()
    ids = [row.id for row in rows]
    topics = _grouped(session, ids, ItemTopic.item_id, ItemTopic.topic, ItemTopic.rank)
    labs = _grouped(session, ids, ItemLab.item_id, ItemLab.lab, ItemLab.lab)
    sources = _grouped(session, ids, Sighting.item_id, Sighting.source, Sighting.source)
    found = [
        Candidate(
            id=row.id,
            level=row.level,
            confidence=row.confidence,
            unsure=row.unsure,
            topics=topics[row.id],
            labs=labs[row.id],
            sources=sources[row.id],
            kind=Kind(row.kind),
            listed_on=row.listed_on,
            votes=row.votes,
            stars=row.stars,
            has_code=row.has_code,
        )
        for row in rows
    ]
    return found, total


def _grouped(session: Session, ids: Sequence[int], owner: Any, value: Any, order: Any) -> defaultdict[int, tuple[str, ...]]:
    found: defaultdict[int, tuple[str, ...]] = defaultdict(tuple)
    for part in chunks(ids):
        for item_id, text in session.execute(select(owner, value).where(owner.in_(part)).order_by(owner, order)):
            if text not in found[item_id]:
                found[item_id] += (text,)
    return found


def frozen(session: Session, period: str, query: str) -> list[FrozenEntry] | None:
    """The frozen reading of a period and a canonical query, or None. Items that were withdrawn since leave their place."""
    reading_id = session.scalar(select(Reading.id).where(Reading.period == period, Reading.query == query))
    if reading_id is None:
        return None
    statement = (
        select(ReadingEntry)
        .join(Item, Item.id == ReadingEntry.item_id)
        .where(ReadingEntry.reading_id == reading_id, Item.withdrawn.is_(False))
        .order_by(ReadingEntry.rank)
    )
    placed: dict[int, FrozenEntry] = {}
    for e in session.scalars(statement):  # two items that became one since stand at the better of their places
        placed.setdefault(e.item_id, FrozenEntry(e.rank, e.item_id, e.score, e.why))
    return list(placed.values())


def freeze(
    session: Session, period: str, query: str, entries: Sequence[Entry], *, weights: dict[str, float], now: datetime
) -> None:
    """Keep a finished period's reading for good; a reading that is frozen already stays as it is."""
    model = session.scalar(select(Item.model).where(Item.id.in_([e.item_id for e in entries]), Item.model.is_not(None)))
    row = {"period": period, "query": query, "frozen_at": now, "model": model, "weights": weights}
    reading_id = insert_once(session, Reading, row, index=["period", "query"], returning=Reading.id)
    if reading_id is None:
        return
    rows = [
        {
            "reading_id": reading_id,
            "rank": e.rank,
            "item_id": e.item_id,
            "score": e.score,
            "why": {p.name: p.words for p in e.parts},
        }
        for e in entries
    ]
    if rows:
        session.execute(insert(ReadingEntry), rows)

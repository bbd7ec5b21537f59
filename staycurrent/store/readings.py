"""Candidates of a reading, and frozen readings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, insert, or_, select, text
from sqlalchemy.orm import Session

from staycurrent.query import Query
from staycurrent.store import listing, search, texts
from staycurrent.store.for_reader import for_reader
from staycurrent.store.models import Item, ItemLab, ItemText, ItemTopic, Metric, Reading, ReadingEntry, Sighting
from staycurrent.store.upserts import chunks, insert_once
from staycurrent.types import Candidate, DayNumbers, Entry, Kind, Role

CANDIDATES = 400
"""How many items of a period compete for its reading: those with the most evidence, by signals that stand in `items`.

Twice the longest reading. What comes after that has one source, no votes and no code, and never reached a reading's end.
"""
STATED = frozenset({"organization", "official-feed"})
"""Evidence that says itself from which lab an item is; all other evidence infers it."""
WITHDRAWN_SHOWN = 5


@dataclass(frozen=True, slots=True)
class FrozenEntry:
    """A place in a frozen reading."""

    rank: int
    item_id: int
    score: float
    why: dict[str, Any]
    role: Role = Role.READING


@dataclass(frozen=True, slots=True)
class FrozenReading:
    """A frozen reading: its places, the titles that left theirs since they were withdrawn, and its landmark's address."""

    entries: tuple[FrozenEntry, ...]
    withdrawn: tuple[str, ...]
    landmark: str | None
    model: str | None
    weights: dict[str, Any]


def for_reader_of(session: Session, query: Query, kept: FrozenReading, today: date) -> FrozenReading:
    """The frozen reading without what the query's reader hid or wants less of; the list itself stays as it was frozen."""
    if not query.reader:
        return kept
    ids = [entry.item_id for entry in kept.entries]
    wanted = for_reader(session, Query(reader=query.reader))
    shown = {edition.row for edition in texts.fitting(session, ids, wanted, today, profile=None)}
    return replace(kept, entries=tuple(entry for entry in kept.entries if entry.item_id in shown))


def candidates(
    session: Session,
    query: Query,
    today: date,
    *,
    most: int = CANDIDATES,
    without: Collection[int] = (),
    seen_after: datetime | None = None,
) -> tuple[list[Candidate], int]:
    """The items that compete for a reading of `query`, and how many fit it in all.

    Withdrawn items do not compete, and what is surely off the roadmap only where the query asks for level 0. The row ids
    in `without` are left out and not counted; with `seen_after`, so is what was known before that moment.
    """
    wanted = [*_competing(session, query, today), Item.withdrawn.is_(False)]
    if seen_after:
        wanted.append(Item.first_seen_at > seen_after)
    total = session.scalar(select(func.count()).select_from(Item).where(*wanted)) or 0
    left_out = {i for part in chunks(without) for i in session.scalars(select(Item.id).where(Item.id.in_(part), *wanted))}
    order = (
        Item.source_count.desc(),
        func.coalesce(Item.votes, 0).desc(),
        Item.has_code.desc(),
        Item.unsure,
        Item.confidence.desc(),
        Item.id,
    )
    # The ids first, out of the index alone; the rows only of those that compete.
    ids = session.scalars(select(Item.id).where(*wanted).order_by(*order).limit(most + len(left_out)))
    return _read(session, [i for i in ids if i not in left_out][:most]), total - len(left_out)


def _competing(session: Session, query: Query, today: date) -> list[ColumnElement[bool]]:
    dialect = session.get_bind().dialect.name
    wanted = listing.conditions(query, dialect, today)
    if not query.levels:  # spelled out, so that the index that begins with the level serves a query without one too
        wanted += [Item.level.in_(range(9)), or_(Item.level > 0, Item.unsure.is_(True))]
    if query.text:
        wanted.append(Item.id.in_(select(search.matching(query.text, dialect).subquery().c.item_id)))
    return wanted


def _read(session: Session, ids: Sequence[int]) -> list[Candidate]:
    around = _Around(session, ids)
    columns = (
        *(Item.id, Item.level, Item.confidence, Item.unsure, Item.kind, Item.listed_on, Item.votes, Item.stars),
        *(Item.has_code, Item.origin, ItemText.title, ItemText.abstract, ItemText.comment),
    )
    found: dict[int, Candidate] = {}
    for part in chunks(ids):
        rows = session.execute(select(*columns).join(ItemText, ItemText.item_id == Item.id).where(Item.id.in_(part)))
        found.update((row.id, around.candidate(row)) for row in rows)
    return [found[i] for i in ids if i in found]


class _Around:
    """What stands around candidates; one select for each kind of it and chunk."""

    def __init__(self, session: Session, ids: Sequence[int]) -> None:
        self.topics: defaultdict[int, list[str]] = defaultdict(list)
        self.labs: defaultdict[int, dict[str, bool]] = defaultdict(dict)
        """Whether the evidence states the lab."""
        self.sources: defaultdict[int, set[str]] = defaultdict(set)
        self.comments: dict[int, int] = {}
        self.gained: dict[tuple[int, str], int] = {}
        for part in chunks(ids):
            self._read(session, part)

    def _read(self, session: Session, ids: Sequence[int]) -> None:
        topics = select(ItemTopic.item_id, ItemTopic.topic).where(ItemTopic.item_id.in_(ids))
        for item_id, topic in session.execute(topics.order_by(ItemTopic.item_id, ItemTopic.rank)):
            self.topics[item_id].append(topic)
        labs = select(ItemLab.item_id, ItemLab.lab, ItemLab.method).where(ItemLab.item_id.in_(ids))
        for item_id, lab, method in session.execute(labs.order_by(ItemLab.lab)):
            self.labs[item_id][lab] = self.labs[item_id].get(lab, False) or method in STATED
        seen = select(Sighting.item_id, Sighting.source, Sighting.comments).where(Sighting.item_id.in_(ids))
        for item_id, source, comments in session.execute(seen):
            self.sources[item_id].add(source)
            self.comments[item_id] = max(self.comments.get(item_id, 0), comments or 0)
        self._read_metrics(session, ids)

    def _read_metrics(self, session: Session, ids: Sequence[int]) -> None:
        """How far numbers rose between the first and the last day on which they were seen; each source by itself."""
        rose = (func.max(Metric.value) - func.min(Metric.value)).label("rose")
        statement = (
            select(Metric.item_id, Metric.name, rose)
            .where(Metric.item_id.in_(ids), Metric.name.in_(("votes", "stars")))
            .group_by(Metric.item_id, Metric.source, Metric.name)
        )
        for item_id, name, value in session.execute(statement):
            self.gained[item_id, name] = max(self.gained.get((item_id, name), 0), value)

    def candidate(self, row: Any) -> Candidate:
        labs = self.labs[row.id]
        return Candidate(
            id=row.id,
            level=row.level,
            confidence=row.confidence,
            unsure=row.unsure,
            topics=tuple(self.topics[row.id]),
            labs=tuple(labs),
            sources=tuple(sorted(self.sources[row.id])),
            kind=Kind(row.kind),
            listed_on=row.listed_on,
            votes=row.votes,
            stars=row.stars,
            has_code=row.has_code,
            inferred_labs=tuple(lab for lab, stated in labs.items() if not stated),
            comments=self.comments.get(row.id) or None,
            votes_gained=self.gained.get((row.id, "votes"), 0),
            stars_gained=self.gained.get((row.id, "stars"), 0),
            title=row.title,
            abstract=row.abstract,
            comment=row.comment,
            origin=row.origin,
        )


def crowd(session: Session, query: Query, today: date) -> list[DayNumbers]:
    """The numbers of all items of the query's days, whatever else the query asks for: votes compare with all votes.

    One row a day, since a month of a large installation has thousands of numbers and the driver is slow at rows.
    """
    days = [Item.listed_on <= min(query.until or today, today)]
    if query.since:
        days.append(Item.listed_on >= query.since)
    # The words of the partial index, so that the database sees that it fits.
    counted = text("(items.votes IS NOT NULL OR items.stars IS NOT NULL)")
    votes, stars = (func.aggregate_strings(cast(column, String), ",") for column in (Item.votes, Item.stars))
    rows = session.execute(select(Item.listed_on, votes, stars).where(*days, counted).group_by(Item.listed_on))
    return [DayNumbers(day, _numbers(of_votes), _numbers(of_stars)) for day, of_votes, of_stars in rows]


def _numbers(joined: str | None) -> tuple[int, ...]:
    return tuple(map(int, joined.split(","))) if joined else ()


def listed(session: Session, source: str) -> list[tuple[int, str | None, date]]:
    """(row, arXiv id, day) of every item that a source listed as news."""
    statement = (
        select(Item.id, Item.arxiv_id, Sighting.listed_on)
        .join(Sighting, Sighting.item_id == Item.id)
        .where(Sighting.source == source, Sighting.listed_on.is_not(None))
    )
    return [(row, arxiv_id, day) for row, arxiv_id, day in session.execute(statement) if day is not None]


def withdrawn(session: Session, query: Query, today: date) -> list[str]:
    """Titles of withdrawn items that more than one source had shown: a reader may have seen them in a live reading."""
    statement = (
        select(ItemText.title)
        .join(Item, Item.id == ItemText.item_id)
        .where(*_competing(session, query, today), Item.withdrawn.is_(True), Item.source_count > 1)
        .order_by(Item.source_count.desc(), func.coalesce(Item.votes, 0).desc(), Item.id)
    )
    return list(session.scalars(statement.limit(WITHDRAWN_SHOWN)))


def frozen(session: Session, period: str, query: str) -> FrozenReading | None:
    """The frozen reading of a period and a canonical query, or None. Items that were withdrawn since leave their place."""
    kept = session.scalars(select(Reading).where(Reading.period == period, Reading.query == query)).one_or_none()
    if kept is None:
        return None
    statement = (
        select(ReadingEntry, Item.withdrawn, ItemText.title)
        .join(Item, Item.id == ReadingEntry.item_id)
        .join(ItemText, ItemText.item_id == Item.id)
        .where(ReadingEntry.reading_id == kept.id)
        .order_by(ReadingEntry.rank)
    )
    placed: dict[int, FrozenEntry] = {}
    gone: list[str] = []
    for e, left, title in session.execute(statement):  # two items that became one since stand at the better of their places
        if left:
            gone.append(title)
        else:
            placed.setdefault(e.item_id, FrozenEntry(e.rank, e.item_id, e.score, e.why, Role(e.role)))
    return FrozenReading(tuple(placed.values()), tuple(gone), kept.landmark, kept.model, kept.weights)


def freeze(
    session: Session,
    period: str,
    query: str,
    entries: Sequence[Entry],
    *,
    weights: dict[str, float],
    now: datetime,
    landmark: str | None = None,
) -> None:
    """Keep a finished period's reading for good; a reading that is frozen already stays as it is."""
    model = session.scalar(select(Item.model).where(Item.id.in_([e.item_id for e in entries]), Item.model.is_not(None)))
    row = {"period": period, "query": query, "frozen_at": now, "model": model, "weights": weights, "landmark": landmark}
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
            "role": e.role.value,
        }
        for e in entries
    ]
    if rows:
        session.execute(insert(ReadingEntry), rows)

"""Lists of items for a query: filters, order, keyset paging, and the rows behind a card in a fixed number of selects."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from staycurrent import roadmap
from staycurrent.i18n import gettext as _
from staycurrent.period import Period, month, previous_month
from staycurrent.query import Query, QueryError, Sort
from staycurrent.store import finding, search
from staycurrent.store.filters import conditions as conditions
from staycurrent.store.for_reader import for_reader
from staycurrent.store.models import Item, ItemLab, ItemRepository, ItemText, ItemTopic, Repository, Sighting
from staycurrent.store.upserts import chunks
from staycurrent.types import ItemView, Kind, LabEvidence, TopicScore
from staycurrent.types import Repository as RepositoryView

MAX_LIMIT = 500
BIGGEST = 2**53
"""Numbers in a cursor stay below it, so that they are whole in JSON and fit both databases."""
RANKED = 2000
"""A search by relevance ranks the newest so many matches."""
COUNTED = 10_000
"""Items are counted no further than that."""


@dataclass(frozen=True, slots=True)
class ItemPage:
    """A page of items; `cursor` leads to the next one, None on the last.

    `capped` tells that the text is so common that not every match was looked at (docs/search.md).
    """

    items: tuple[ItemView, ...]
    cursor: str | None
    capped: bool = False


@dataclass(frozen=True, slots=True)
class Count:
    """How many items there are: `n`, or at least that where `capped`."""

    n: int
    capped: bool = False

    def __str__(self) -> str:
        return f"{self.n:,}{'+' if self.capped else ''}"


def page(session: Session, query: Query, today: date, *, limit: int = 50, cursor: str | None = None) -> ItemPage:
    """A page of the items that fit the query, in its order.

    Raises `QueryError` for a limit that is out of bounds and for a cursor of another query.
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise QueryError("limit", f"must be from 1 to {MAX_LIMIT}")
    after = _position(cursor, query) if cursor else None
    if query.text and query.sort is Sort.RELEVANCE:
        found = _by_relevance(session, query, today, after)
    else:
        found = finding.find(session, query, today, limit=limit + 1, after=after)
    rows = found.rows[:limit]
    further = _encode(query, rows[-1]) if len(found.rows) > limit else None
    return ItemPage(views(session, [row[-1] for row in rows]), further, found.capped)


def _by_relevance(session: Session, query: Query, today: date, after: finding.Row | None) -> finding.Found:
    """The matches after a position, by relevance, then by day. Of many matches the newest compete."""
    found = finding.find(session, replace(query, sort=Sort.NEWEST), today, limit=RANKED + 1)
    newest = found.rows[:RANKED]
    capped = found.capped or len(found.rows) > RANKED
    relevance = search.scores(session, query.text, [row[-1] for row in newest], common=found.capped)
    ranked = sorted(((relevance.get(row[-1], 0.0), *row[1:]) for row in newest), reverse=True)
    return finding.Found([row for row in ranked if after is None or row < after], capped)


def count(session: Session, query: Query, today: date) -> int:
    """How many items fit the query, as far as `bounded_count` counts."""
    return bounded_count(session, query, today).n


def bounded_count(session: Session, query: Query, today: date) -> Count:
    """How many items fit the query, counted no further than `COUNTED`."""
    found, capped = finding.count(session, query, today, most=COUNTED + 1)
    return Count(min(found, COUNTED), capped or found > COUNTED)


def months_with_items(session: Session, today: date, back: int) -> tuple[Period, ...]:
    """The present month, the last one, and of the `back` months up to now those in which anything was listed; newest first.

    Each month is one step in an index, so a library of a million answers like one of a thousand.
    """
    found: list[Period] = []
    period = month(today)
    for _back in range(back):
        listed = select(Item.id).where(Item.listed_on.between(period.first, min(period.last, today))).limit(1)
        if len(found) < 2 or session.scalar(listed) is not None:  # noqa: PLR2004 - this month and the last
            found.append(period)
        period = previous_month(period)
    return tuple(found)


def count_by_level(session: Session, query: Query, today: date) -> dict[int, int]:
    """How many items of each level fit the query, whatever levels it names; unclassified items are left out.

    Exact without a text; with one, each level is counted no further than `COUNTED`.
    """
    whole = for_reader(session, replace(query, levels=()))
    if query.text:
        counts = {n: count(session, replace(query, levels=(n,)), today) for n in roadmap.LEVELS}
        return {level: n for level, n in counts.items() if n}
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
        origin=item.origin,
    )


def _fingerprint(query: Query) -> str:
    return hashlib.blake2b(query.url_query().encode(), digest_size=6).hexdigest()


def _encode(query: Query, row: finding.Row) -> str:
    signal, day, row_id = row
    text = json.dumps([_fingerprint(query), signal, day.isoformat(), row_id], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _position(cursor: str, query: Query) -> finding.Row:
    """The last row of the page before."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, UnicodeDecodeError, RecursionError):
        raise QueryError("cursor", _("is not one of this list")) from None
    if not isinstance(found, list) or not found or found[0] != _fingerprint(query):
        raise QueryError("cursor", _("belongs to another query"))
    position = _row(found[1:], ranked=bool(query.text) and query.sort is Sort.RELEVANCE)
    if position is None or (position[0] is not None and query.sort is Sort.NEWEST):
        raise QueryError("cursor", _("is not one of this list"))
    return position


def _row(values: list[Any], *, ranked: bool) -> finding.Row | None:
    """The row that these values of a cursor are, None where they are none; `ranked` rows have a score."""
    match values:
        case [None | int() | float() as signal, str(day), int(row_id)] if 0 <= row_id < BIGGEST:
            if (ranked and signal is None) or (signal is not None and not abs(signal) < BIGGEST):
                return None
            try:
                return signal, date.fromisoformat(day), row_id
            except ValueError:
                return None
    return None

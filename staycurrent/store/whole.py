"""Items as whole records, streamed: in the order of their rows, or in that of a query. Memory stays flat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from staycurrent.query import Query, Sort
from staycurrent.store import listing, search
from staycurrent.store.models import (
    Classification,
    Item,
    ItemKey,
    ItemLab,
    ItemRepository,
    ItemText,
    ItemTopic,
    ItemVersion,
    Metric,
    Repository,
    Sighting,
)
from staycurrent.store.records import (
    ClassificationRecord,
    LabRecord,
    MetricRecord,
    Record,
    RepositoryRecord,
    RepositorySource,
    SightingRecord,
    TopicRecord,
    VersionRecord,
)
from staycurrent.store.upserts import chunks
from staycurrent.types import Kind, Reason

T = TypeVar("T")
PAGE = 400


def table_of(model: Any) -> Table:
    """The table of a model: rows of it are several times as fast as objects."""
    return cast("Table", model.__table__)


def every(session: Session, query: Query, today: date) -> Iterator[Record]:
    """The items that fit, in the order of their rows; the empty query means all, those of days to come too."""
    fitting = select(Item.id)
    if replace(query, sort=Sort.NEWEST) != Query():
        dialect = session.get_bind().dialect.name
        fitting = fitting.where(*listing.conditions(query, dialect, today))
        if query.text:
            fitting = fitting.where(Item.id.in_(select(search.matching(query.text, dialect).subquery().c.item_id)))
    last = 0
    while ids := list(session.scalars(fitting.where(Item.id > last).order_by(Item.id).limit(PAGE))):
        yield from records(session, ids)
        last = ids[-1]


def listed(session: Session, query: Query, today: date) -> Iterator[Record]:
    """The items that fit, in the order of the query, as `items` lists them."""
    cursor = None
    while True:
        page = listing.page(session, query, today, limit=PAGE, cursor=cursor)
        yield from records(session, [view.row for view in page.items])
        session.expunge_all()
        cursor = page.cursor
        if cursor is None:
            return


def records(session: Session, ids: Sequence[int]) -> Iterator[Record]:
    """The items with these row ids, in this order."""
    for part in chunks(ids, PAGE):
        items, texts = table_of(Item), table_of(ItemText)
        joined = select(items, *(c for c in texts.c if c.name != "item_id")).join(texts, texts.c.item_id == items.c.id)
        rows = {row.id: row for row in session.execute(joined.where(items.c.id.in_(part)))}
        around = _Around(session, part)
        yield from (_record(rows[i], around) for i in part if i in rows)


class _Around:
    """What hangs on some items, one select for each table; every list in an order that no database decides."""

    def __init__(self, session: Session, ids: Sequence[int]) -> None:
        self._session, self._ids = session, ids
        self.keys = self._grouped(ItemKey, lambda r: str(r.key), order=lambda k: k)
        self.sightings = self._grouped(Sighting, _sighting, order=lambda s: (s.seen, s.source, s.key))
        self.versions = self._grouped(ItemVersion, _version, order=lambda v: v.version)
        self.metrics = self._grouped(Metric, _metric, order=lambda m: (m.day, m.source, m.name))
        self.topics = self._grouped(ItemTopic, lambda r: (r.rank, TopicRecord(r.topic, r.score)), order=lambda t: t[0])
        self.labs = self._grouped(ItemLab, _lab, order=lambda e: (-e.confidence, e.lab, e.method))
        self.classifications = self._grouped(Classification, _classification, order=lambda c: (c.classified, c.model))
        self.repositories = self._repositories()

    def _grouped(self, model: Any, make: Callable[[Any], T], order: Callable[[T], Any]) -> defaultdict[int, tuple[T, ...]]:
        table = table_of(model)
        found: defaultdict[int, list[T]] = defaultdict(list)
        for row in self._session.execute(select(table).where(table.c.item_id.in_(self._ids))):
            found[row.item_id].append(make(row))
        return defaultdict(tuple, {i: tuple(sorted(values, key=order)) for i, values in found.items()})

    def _repositories(self) -> defaultdict[int, tuple[RepositoryRecord, ...]]:
        columns = (ItemRepository.item_id, Repository.url, Repository.stars, ItemRepository.source, ItemRepository.official)
        joined = select(*columns).join(Repository, Repository.id == ItemRepository.repository_id)
        said: defaultdict[int, dict[str, list[Any]]] = defaultdict(dict)
        for row in self._session.execute(joined.where(ItemRepository.item_id.in_(self._ids))):
            said[row.item_id].setdefault(row.url, []).append(row)
        return defaultdict(tuple, {i: tuple(_repository(u, by_url[u]) for u in sorted(by_url)) for i, by_url in said.items()})


def _record(row: Any, around: _Around) -> Record:
    return Record(
        id=row.uid,
        arxiv_id=row.arxiv_id,
        kind=Kind(row.kind),
        title=row.title,
        authors=row.authors,
        url=row.url,
        published=row.published,
        updated=row.updated,
        listed=row.listed_on,
        version=row.version,
        withdrawn=row.withdrawn,
        level=row.level,
        confidence=row.confidence,
        unsure=row.unsure is not False,
        votes=row.votes,
        stars=row.stars,
        abstract=row.abstract,
        doi=row.doi,
        categories=row.categories,
        comment=row.comment,
        journal_ref=row.journal_ref,
        license=row.license,
        content_source=row.content_source,
        content_hash=row.content_hash,
        first_seen=row.first_seen_at,
        changed=row.changed_at,
        model=row.model,
        keys=around.keys[row.id],
        sightings=around.sightings[row.id],
        versions=around.versions[row.id],
        repositories=around.repositories[row.id],
        metrics=around.metrics[row.id],
        topic_scores=tuple(topic for _, topic in around.topics[row.id]),
        lab_evidence=around.labs[row.id],
        classifications=around.classifications[row.id],
    )


def _sighting(row: Any) -> SightingRecord:
    return SightingRecord(
        source=row.source,
        key=row.key,
        url=row.url,
        seen=row.seen_at,
        listed=row.listed_on,
        announce_type=row.announce_type,
        organization=row.organization,
        votes=row.votes,
        stars=row.stars,
        comments=row.comments,
        lab=row.lab,
        official=row.official,
        changed=row.changed_at,
        hash=row.hash,
        extra=row.extra,
    )


def _version(row: Any) -> VersionRecord:
    return VersionRecord(row.number, row.submitted, row.withdrawn)


def _metric(row: Any) -> MetricRecord:
    return MetricRecord(row.source, row.name, row.day, row.value)


def _lab(row: Any) -> LabRecord:
    return LabRecord(row.lab, row.method, row.evidence, row.confidence)


def _repository(url: str, rows: Sequence[Any]) -> RepositoryRecord:
    sources = (RepositorySource(row.source, row.official) for row in rows)
    return RepositoryRecord(url, rows[0].stars, tuple(sorted(sources, key=lambda s: s.source)))


def _classification(row: Any) -> ClassificationRecord:
    return ClassificationRecord(
        model=row.model,
        level=row.level,
        confidence=row.confidence,
        unsure=row.unsure,
        probabilities=tuple(float(p) for p in row.probabilities),
        explanation=tuple(Reason(r["kind"], r["text"], float(r["weight"])) for r in row.explanation),
        classified=row.classified_at,
    )

"""Whole records back into the store: which stored items a record is of, and writing it. Call inside `engine.writing`.

What to do where an item is stored already is decided above, by values; nothing here chooses between two facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import delete, insert, select, tuple_, update
from sqlalchemy.orm import Session

from staycurrent.store import corrections
from staycurrent.store.models import (
    Classification,
    Item,
    ItemKey,
    ItemLab,
    ItemRepository,
    ItemText,
    ItemTopic,
    ItemVersion,
    Lab,
    Metric,
    Repository,
    Sighting,
    Source,
    Topic,
)
from staycurrent.store.records import Record, SightingRecord
from staycurrent.store.upserts import chunks, upsert
from staycurrent.store.whole import table_of

_HANGS_ON_ITEM = (ItemKey, ItemVersion, Sighting, Metric, ItemRepository, ItemTopic, ItemLab, Classification)
_PAIRS = 300
"""Pairs in one IN list; a pair takes two variables."""


@dataclass(frozen=True, slots=True)
class Match:
    """Rows of the stored items that a record is of, the one to keep first; the record without what others own."""

    rows: tuple[int, ...]
    record: Record


def identity_keys(record: Record) -> set[str]:
    """Every name under which a stored item would be the same one."""
    own = {f"uid:{record.id}"} | ({f"arxiv:{record.arxiv_id}"} if record.arxiv_id else set())
    return own.union(record.keys, (f"sighting {s.source} {s.key}" for s in record.sightings))


def match(session: Session, records: Sequence[Record]) -> list[Match]:
    """For each record what is stored of it. By its keys, and where none is known by its sightings, as intake does."""
    by_key = _by_key(session, {k for r in records for k in identity_keys(r)})
    by_uid = _by_uid(session, {k.removeprefix("uid:") for r in records for k in identity_keys(r) if k.startswith("uid:")})
    by_sighting = _by_sighting(session, {(s.source, s.key) for r in records for s in r.sightings})
    known = _arxiv_ids(session, {*by_key.values(), *by_uid.values(), *by_sighting.values()})
    return [_match(r, by_key, by_uid, by_sighting, known) for r in records]


def _match(
    record: Record,
    by_key: dict[str, int],
    by_uid: dict[str, int],
    by_sighting: dict[tuple[str, str], int],
    known: dict[int, str | None],
) -> Match:
    found = {by_key[k] for k in identity_keys(record) if k in by_key}
    found |= {by_uid[k[4:]] for k in identity_keys(record) if k.startswith("uid:") and k[4:] in by_uid}
    found = found or {by_sighting[s.source, s.key] for s in record.sightings if (s.source, s.key) in by_sighting}
    fitting = {i for i in found if record.arxiv_id is None or known[i] in (None, record.arxiv_id)}
    ordered = sorted(fitting, key=lambda i: (known[i] is None, i))
    rows = tuple(i for n, i in enumerate(ordered) if n == 0 or known[i] is None)  # two arXiv ids are two papers
    ours = {None, *rows}
    keys = tuple(k for k in record.keys if by_key.get(k) in ours)
    sightings = tuple(s for s in record.sightings if by_sighting.get((s.source, s.key)) in ours)
    return Match(rows, replace(record, keys=keys, sightings=sightings))


def _by_key(session: Session, keys: set[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in chunks(sorted(keys)):
        found.update((k, i) for k, i in session.execute(select(ItemKey.key, ItemKey.item_id).where(ItemKey.key.in_(part))))
    return found


def _by_uid(session: Session, names: set[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in chunks(sorted(names)):
        found.update((u, i) for u, i in session.execute(select(Item.uid, Item.id).where(Item.uid.in_(part))))
    return found


def _by_sighting(session: Session, pairs: set[tuple[str, str]]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    columns = (Sighting.source, Sighting.key, Sighting.item_id)
    for part in chunks(sorted(pairs), _PAIRS):
        rows = session.execute(select(*columns).where(tuple_(Sighting.source, Sighting.key).in_(part)))
        found.update(((source, key), item_id) for source, key, item_id in rows)
    return found


def _arxiv_ids(session: Session, ids: set[int]) -> dict[int, str | None]:
    found: dict[int, str | None] = {}
    for part in chunks(sorted(ids)):
        found.update((i, a) for i, a in session.execute(select(Item.id, Item.arxiv_id).where(Item.id.in_(part))))
    return found


def add(session: Session, records: Sequence[Record]) -> None:
    """New items, as they are."""
    if not records:
        return
    items, texts = table_of(Item), table_of(ItemText)
    made = insert(items).returning(items.c.id, sort_by_parameter_order=True)
    ids = list(session.scalars(made, [_item(r) for r in records]))
    homes = list(zip(ids, records, strict=True))
    session.execute(insert(texts), [{"item_id": i, **_words(r)} for i, r in homes])
    _hang(session, homes)


def put(session: Session, homes: Sequence[tuple[int, Record]]) -> None:
    """Stored items become these records; each record holds all that the item had and is to keep."""
    for part in chunks([i for i, _ in homes]):
        for model in _HANGS_ON_ITEM:
            table = table_of(model)
            session.execute(delete(table).where(table.c.item_id.in_(part)))
    for item_id, record in homes:
        session.execute(update(Item).where(Item.id == item_id).values(**_item(record)))
        session.execute(update(ItemText).where(ItemText.item_id == item_id).values(**_words(record)))
    _hang(session, homes)
    for item_id, _ in homes:
        corrections.apply(session, item_id, item_id)


def _item(record: Record) -> dict[str, Any]:
    return {
        "uid": record.id,
        "arxiv_id": record.arxiv_id,
        "kind": record.kind.value,
        "doi": record.doi,
        "url": record.url,
        "content_source": record.content_source,
        "content_hash": record.content_hash,
        "published": record.published,
        "updated": record.updated,
        "listed_on": record.listed,
        "version": record.version,
        "withdrawn": record.withdrawn,
        "first_seen_at": record.first_seen,
        "changed_at": record.changed,
        "level": record.level,
        "confidence": record.confidence,
        "unsure": None if record.level is None else record.unsure,
        "origin": None,  # corrections of this installation are put back by `put`, second opinions by the next pass
        "model": record.model,
        "votes": record.votes,
        "stars": record.stars,
        "source_count": len(record.sources),
        "has_code": bool(record.repositories),
    }


def _words(record: Record) -> dict[str, Any]:
    names = ("title", "authors", "abstract", "categories", "comment", "journal_ref", "license")
    return {name: getattr(record, name) for name in names}


def _hang(session: Session, homes: Sequence[tuple[int, Record]]) -> None:
    _make_referred(session, [r for _, r in homes])
    repositories = _put_repositories(session, [r for _, r in homes])
    rows: dict[Any, Iterable[dict[str, Any]]] = {
        ItemKey: ({"item_id": i, "key": k} for i, r in homes for k in r.keys),
        ItemVersion: (
            {"item_id": i, "number": v.version, "submitted": v.submitted, "withdrawn": v.withdrawn}
            for i, r in homes
            for v in r.versions
        ),
        Sighting: (_sighting(i, s) for i, r in homes for s in r.sightings),
        Metric: (
            {"item_id": i, "source": m.source, "name": m.name, "day": m.day, "value": m.value}
            for i, r in homes
            for m in r.metrics
        ),
        ItemRepository: (
            {"item_id": i, "repository_id": repositories[c.url], "source": s.source, "official": s.official}
            for i, r in homes
            for c in r.repositories
            for s in c.sources
        ),
        ItemTopic: (
            {"item_id": i, "topic": t.slug, "rank": n, "score": t.score, "listed_on": r.listed}
            for i, r in homes
            for n, t in enumerate(r.topic_scores, start=1)
        ),
        ItemLab: ({**asdict(e), "item_id": i, "listed_on": r.listed} for i, r in homes for e in r.lab_evidence),
        Classification: _classifications(homes),
    }
    for model, made in rows.items():
        if listed := list(made):
            session.execute(insert(table_of(model)), listed)


def _sighting(item_id: int, seen: SightingRecord) -> dict[str, Any]:
    same = ("source", "key", "hash", "url", "announce_type", "organization", "lab", "official", "votes", "stars", "comments")
    row = {name: getattr(seen, name) for name in same}
    times = {"seen_at": seen.seen, "changed_at": seen.changed, "listed_on": seen.listed}
    return {"item_id": item_id, **row, **times, "extra": seen.extra}


def _classifications(homes: Sequence[tuple[int, Record]]) -> Iterator[dict[str, Any]]:
    for item_id, record in homes:
        for said in record.classifications:
            yield {
                "item_id": item_id,
                "model": said.model,
                "level": said.level,
                "confidence": said.confidence,
                "unsure": said.unsure,
                "probabilities": list(said.probabilities),
                "explanation": [{"kind": r.kind, "text": r.text, "weight": r.weight} for r in said.explanation],
                "classified_at": said.classified,
            }


def _make_referred(session: Session, records: Sequence[Record]) -> None:
    """Rows of sources, topics and labs that this installation does not know yet; known ones stay as they are.

    A source is named by itself and inactive until the registry brings its facts.
    """
    names = {n for r in records for n in (*r.sources, *(m.source for m in r.metrics))}
    names |= {s.source for r in records for c in r.repositories for s in c.sources}
    facts = {"url": "", "official": True, "active": False, "error_count": 0}
    sources = [{"name": n, "kind": n.split(":")[0][:20], "title": n, **facts} for n in sorted(names)]
    upsert(session, Source, sources, index=["name"])
    topics = {t: r.level or 0 for r in records for t in r.topics}
    upsert(session, Topic, [{"slug": t, "level": n, "name": t} for t, n in sorted(topics.items())], index=["slug"])
    labs = {lab for r in records for lab in r.labs}
    upsert(session, Lab, [{"slug": s, "name": s, "watched": False} for s in sorted(labs)], index=["slug"])


def _put_repositories(session: Session, records: Sequence[Record]) -> dict[str, int]:
    """Rows of the repositories by address; stars never fall, since two items may share one."""
    stars: dict[str, int | None] = {}
    for repository in (c for r in records for c in r.repositories):
        known = [s for s in (stars.get(repository.url), repository.stars) if s is not None]
        stars[repository.url] = max(known, default=None)
    columns = (Repository.url, Repository.stars)
    for part in chunks(sorted(stars)):
        for url, there in session.execute(select(*columns).where(Repository.url.in_(part))):
            stars[url] = max((s for s in (there, stars[url]) if s is not None), default=None)
    upsert(session, Repository, [{"url": u, "stars": s} for u, s in stars.items()], index=["url"], changing=["stars"])
    ids: dict[str, int] = {}
    for part in chunks(sorted(stars)):
        ids.update((u, i) for u, i in session.execute(select(Repository.url, Repository.id).where(Repository.url.in_(part))))
    return ids

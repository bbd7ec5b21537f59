"""Intake: what the store holds under some keys, and writing decisions in one transaction.

Everything is done for a batch at once, and an item decided as "same" costs no write at all.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, delete, exists, insert, select, update
from sqlalchemy.orm import Session

from staycurrent.store.following import follow
from staycurrent.store.models import (
    Item,
    ItemKey,
    ItemLab,
    ItemRepository,
    ItemText,
    ItemTopic,
    ItemVersion,
    Metric,
    ReadingEntry,
    Sighting,
)
from staycurrent.store.signals import put_repositories, refresh_signals
from staycurrent.store.upserts import chunks, upsert
from staycurrent.types import Change, Decision, Kind, ParsedItem, StoredItem

_ITEMS, _TEXTS, _KEYS = (cast("Table", t.__table__) for t in (Item, ItemText, ItemKey))
_READ_BY_CLASSIFIER = (ItemText.title, ItemText.abstract, ItemText.categories, ItemText.comment)
Finder = Callable[[ParsedItem, Sequence[StoredItem]], Decision]


def find(session: Session, source: str, wanted: Sequence[tuple[str, tuple[str, ...]]]) -> list[list[StoredItem]]:
    """For each (sighting key, identity keys) the stored items that share one of the keys, strongest key first."""
    owners = _owners(session, {k for _, keys in wanted for k in keys})
    sightings = _sightings(session, source, [key for key, _ in wanted])
    ids = set(owners.values()) | {s.item_id for s in sightings.values()}
    items = _items(session, ids)
    found: list[list[StoredItem]] = []
    for key, keys in wanted:
        seen = sightings.get(key)
        matched = list(dict.fromkeys(owners[k] for k in keys if k in owners))
        if seen and seen.item_id not in matched and not matched:
            matched.append(seen.item_id)
        found.append([_stored(*items[i], seen if seen and seen.item_id == i else None) for i in matched])
    return found


def _owners(session: Session, keys: set[str]) -> dict[str, int]:
    owners: dict[str, int] = {}
    for part in chunks(sorted(keys)):
        rows = session.execute(select(ItemKey.key, ItemKey.item_id).where(ItemKey.key.in_(part)))
        owners.update((key, item_id) for key, item_id in rows)
    return owners


def _sightings(session: Session, source: str, keys: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    columns = (Sighting.key, Sighting.item_id, Sighting.hash, Sighting.announce_type)
    for part in chunks(keys):
        for row in session.execute(select(*columns).where(Sighting.source == source, Sighting.key.in_(part))):
            found[row.key] = row
    return found


def _items(session: Session, ids: set[int]) -> dict[int, tuple[Any, frozenset[str]]]:
    rows: dict[int, Any] = {}
    keys: defaultdict[int, set[str]] = defaultdict(set)
    columns = (
        Item.id,
        Item.arxiv_id,
        Item.content_source,
        Item.content_hash,
        Item.listed_on,
        Item.version,
        Item.withdrawn,
    )
    for part in chunks(sorted(ids)):
        rows.update((row.id, row) for row in session.execute(select(*columns).where(Item.id.in_(part))))
        for key, item_id in session.execute(select(ItemKey.key, ItemKey.item_id).where(ItemKey.item_id.in_(part))):
            keys[item_id].add(key)
    return {i: (row, frozenset(keys[i])) for i, row in rows.items()}


def _stored(row: Any, keys: frozenset[str], seen: Any) -> StoredItem:
    return StoredItem(
        id=row.id,
        arxiv_id=row.arxiv_id,
        content_source=row.content_source,
        content_hash=row.content_hash,
        listed_on=row.listed_on,
        version=row.version,
        withdrawn=row.withdrawn,
        keys=keys,
        sighting_hash=seen.hash if seen else None,
        announce_type=seen.announce_type if seen else None,
    )


def apply(session: Session, decisions: Sequence[Decision], now: datetime) -> None:
    """Write a batch of decisions that share no key with each other. Call inside `engine.writing`."""
    to_write = [d for d in decisions if d.change is not Change.SAME]
    if not to_write:
        return
    ids = _insert_items(session, [d for d in to_write if d.change is Change.NEW], now)
    homes = [(d.item_id if d.item_id is not None else ids[id(d)], d) for d in to_write]
    for home, decision in homes:
        for merged in decision.merge_ids:
            merge(session, home, merged)
    _rewrite_items(session, [(i, d) for i, d in homes if d.change is Change.CHANGED], now)
    _insert_keys(session, homes)
    _put_versions(session, homes)
    _put_sightings(session, homes, now)
    _put_metrics(session, homes, now)
    put_repositories(session, [(i, d.parsed.source, r) for i, d in homes for r in d.parsed.repositories])
    refresh_signals(session, [i for i, d in homes if d.change is Change.CHANGED])


def public_id(keys: Sequence[str]) -> str:
    """The public id of an item: its arXiv id, else 16 hex digits out of its strongest key."""
    strongest = keys[0]
    if strongest.startswith("arxiv:"):
        return strongest.removeprefix("arxiv:")
    return "p" + hashlib.sha256(strongest.encode()).hexdigest()[:16]


def _insert_items(session: Session, decisions: Sequence[Decision], now: datetime) -> dict[int, int]:
    if not decisions:
        return {}
    rows = [{**_identity(d), **_content(d), **_first_signals(d, now)} for d in decisions]
    # Asked for by uid afterwards: RETURNING makes one long statement of many rows, over which psycopg spends 40% of intake.
    session.execute(insert(_ITEMS), rows)
    numbers: dict[str, int] = {}
    for part in chunks([row["uid"] for row in rows]):
        numbers.update((u, i) for u, i in session.execute(select(Item.uid, Item.id).where(Item.uid.in_(part))))
    ids = [numbers[row["uid"]] for row in rows]
    session.execute(insert(_TEXTS), [{"item_id": i, **_words(d.parsed)} for i, d in zip(ids, decisions, strict=True)])
    return {id(d): i for i, d in zip(ids, decisions, strict=True)}


def _identity(decision: Decision) -> dict[str, Any]:
    keys = decision.keys or (f"sighting:{decision.parsed.source}:{decision.parsed.key}",)
    return {"uid": public_id(keys), "arxiv_id": _arxiv_id(keys), "doi": _value(keys, "doi:")}


def _arxiv_id(keys: Iterable[str]) -> str | None:
    return _value(keys, "arxiv:")


def _value(keys: Iterable[str], prefix: str) -> str | None:
    return next((k.removeprefix(prefix) for k in keys if k.startswith(prefix)), None)


def _content(decision: Decision) -> dict[str, Any]:
    parsed = decision.parsed
    newest = max(parsed.versions, key=lambda v: v.number, default=None)
    return {
        "kind": _kind(decision),
        "url": parsed.url,
        "content_source": parsed.source,
        "content_hash": decision.content_hash,
        "published": parsed.published,
        "updated": parsed.updated,
        "version": newest.number if newest else 1,
        "withdrawn": newest.withdrawn if newest else False,
    }


def _kind(decision: Decision) -> str:
    identified = any(k.startswith(("arxiv:", "doi:")) for k in decision.keys)
    return Kind.PAPER.value if identified else decision.parsed.kind.value


def _first_signals(decision: Decision, now: datetime) -> dict[str, Any]:
    parsed = decision.parsed
    return {
        "listed_on": parsed.listed_on or (parsed.published or now).date(),
        "first_seen_at": now,
        "changed_at": now,
        "votes": parsed.votes,
        "stars": _stars(parsed),
        "source_count": 1,
        "has_code": bool(parsed.repositories),
    }


def _stars(parsed: ParsedItem) -> int | None:
    known = [s for s in (parsed.stars, *(r.stars for r in parsed.repositories)) if s is not None]
    return max(known, default=None)


def _words(parsed: ParsedItem) -> dict[str, Any]:
    return {
        "title": parsed.title,
        "authors": parsed.authors,
        "abstract": parsed.abstract,
        "categories": parsed.categories,
        "comment": parsed.comment,
        "journal_ref": parsed.journal_ref,
        "license": parsed.license,
    }


def merge(session: Session, home: int, merged: int) -> None:
    """Everything that hangs on `merged` moves to `home`; nothing of it is lost, its keys and public id lead on."""
    uid, number = session.execute(select(Item.uid, Item.doi).where(Item.id == merged)).one()
    upsert(session, ItemKey, [{"key": f"uid:{uid}", "item_id": home}], index=["key"], changing=["item_id"])
    session.execute(update(Item).where(Item.id == home, Item.doi.is_(None)).values(doi=number))
    for one_to_many in (ItemKey, Sighting, ReadingEntry):
        session.execute(update(one_to_many).where(one_to_many.item_id == merged).values(item_id=home))
    for keyed in (ItemVersion, Metric, ItemRepository, ItemLab, ItemTopic):
        _move_unless_there(session, keyed, home, merged)
    follow(session, home, merged)
    session.execute(delete(Item).where(Item.id == merged))


def _move_unless_there(session: Session, table: Any, home: int, merged: int) -> None:
    others = [c for c in table.__table__.primary_key.columns if c.name != "item_id"]
    mine = table.__table__.alias("mine")
    twin = exists().where(mine.c.item_id == home, *(mine.c[c.name] == c for c in others))
    session.execute(update(table).where(table.item_id == merged, ~twin).values(item_id=home))


def _rewrite_items(session: Session, homes: Sequence[tuple[int, Decision]], now: datetime) -> None:
    """Words and identity of changed items; a change of words asks for classification anew."""
    for item_id, decision in homes:
        values: dict[str, Any] = {"changed_at": now}
        gained = _arxiv_id(decision.keys)
        if gained:
            values |= {"arxiv_id": gained, "uid": gained, "kind": Kind.PAPER.value}
            _keep_old_uid(session, item_id)
        if number := _value(decision.keys, "doi:"):
            values |= {"doi": number, "kind": Kind.PAPER.value}
        if decision.parsed.organization or decision.parsed.lab:
            values["model"] = None  # new evidence of a lab is the classifier's to weigh
        if decision.take_content:
            content, words = _taken(session, item_id, decision)
            values |= content
            if _changes_words(session, item_id, words):
                values["model"] = None
            session.execute(update(ItemText).where(ItemText.item_id == item_id).values(**words))
        session.execute(update(Item).where(Item.id == item_id).values(**values))


def _keep_old_uid(session: Session, item_id: int) -> None:
    uid = session.scalar(select(Item.uid).where(Item.id == item_id))
    upsert(session, ItemKey, [{"key": f"uid:{uid}", "item_id": item_id}], index=["key"], changing=["item_id"])


def _taken(session: Session, item_id: int, decision: Decision) -> tuple[dict[str, Any], dict[str, Any]]:
    """What an item and its words take over. A source that takes another's place brings all its own; one that speaks
    again is silent about what it leaves out, and silence overwrites nothing.
    """
    content, words = _content(decision), _words(decision.parsed)
    content.pop("kind")
    if session.scalar(select(Item.content_source).where(Item.id == item_id)) == decision.parsed.source:
        content = {name: value for name, value in content.items() if value is not None}
        words = {name: value for name, value in words.items() if value is not None}
        if not decision.parsed.versions:
            del content["version"], content["withdrawn"]
    return content, words


def _changes_words(session: Session, item_id: int, words: dict[str, Any]) -> bool:
    row = session.execute(select(*_READ_BY_CLASSIFIER).where(ItemText.item_id == item_id)).one()
    return any(c.key in words and words[c.key] != old for c, old in zip(_READ_BY_CLASSIFIER, row, strict=True))


def _insert_keys(session: Session, homes: Sequence[tuple[int, Decision]]) -> None:
    rows = [{"key": key, "item_id": i} for i, d in homes for key in d.keys]
    if rows:
        session.execute(insert(_KEYS), rows)


def _put_versions(session: Session, homes: Sequence[tuple[int, Decision]]) -> None:
    rows = [
        {"item_id": i, "number": v.number, "submitted": v.submitted, "withdrawn": v.withdrawn}
        for i, d in homes
        if d.take_content
        for v in d.parsed.versions
    ]
    upsert(session, ItemVersion, rows, index=["item_id", "number"], changing=["submitted", "withdrawn"])


def _put_sightings(session: Session, homes: Sequence[tuple[int, Decision]], now: datetime) -> None:
    rows = [_sighting(i, d, now) for i, d in homes]
    facts = ["url", "organization", "lab", "official", "votes", "stars", "comments", "extra"]
    changing = ["item_id", "hash", "changed_at", *facts]
    index = ["source", "key"]
    upsert(session, Sighting, rows, index=index, changing=changing, keeping=["announce_type"], fixed=["listed_on"])


def _sighting(item_id: int, decision: Decision, now: datetime) -> dict[str, Any]:
    parsed = decision.parsed
    return {
        "item_id": item_id,
        "source": parsed.source,
        "key": parsed.key,
        "hash": decision.sighting_hash,
        "seen_at": now,
        "changed_at": now,
        "listed_on": parsed.listed_on,
        "url": parsed.url,
        "announce_type": parsed.announce_type,
        "organization": parsed.organization,
        "lab": parsed.lab,
        "official": parsed.lab_official if parsed.lab else None,
        "votes": parsed.votes,
        "stars": parsed.stars,
        "comments": parsed.comments,
        "extra": dict(parsed.extra) or None,
    }


def _put_metrics(session: Session, homes: Sequence[tuple[int, Decision]], now: datetime) -> None:
    rows = [
        {"item_id": i, "source": d.parsed.source, "name": name, "day": now.date(), "value": value}
        for i, d in homes
        for name, value in (("votes", d.parsed.votes), ("stars", _stars(d.parsed)), ("comments", d.parsed.comments))
        if value is not None
    ]
    upsert(session, Metric, rows, index=["item_id", "source", "name", "day"], changing=["value"])

"""What a reader left: marks, notes, tags, and what they want less of. Without an account the reader is `local`.

Everything is idempotent: marking twice is marking once, and taking back what is not there is no fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, select
from sqlalchemy.orm import Session

from staycurrent.errors import UsageError
from staycurrent.i18n import gettext as _
from staycurrent.i18n import number
from staycurrent.store.models import Item
from staycurrent.store.reader_models import Dislike as DislikeRow
from staycurrent.store.reader_models import LandmarkMark, Note, Profile, Tag
from staycurrent.store.reader_models import Mark as MarkRow
from staycurrent.store.upserts import chunks, upsert

LOCAL = "local"
"""The reader of an installation without logins."""
MAX_NOTE = 20_000
MAX_TAG = 60
MAX_DISLIKES = 50
"""Of one kind; they travel in addresses of feeds."""
_PROFILE = re.compile(r"\w[\w.@+:|-]{0,79}")


class Kind(StrEnum):
    """What a reader can say of an item. `hidden` takes it out of every list."""

    READ = "read"
    SAVED = "saved"
    HIDDEN = "hidden"
    STAR = "star"


class Less(StrEnum):
    """Of what a reader can want less."""

    TOPIC = "topic"
    LAB = "lab"
    WORD = "word"


@dataclass(frozen=True, slots=True)
class Dislike:
    """A topic, a lab or a word of which a reader wants less."""

    kind: Less
    value: str


@dataclass(frozen=True, slots=True)
class Left:
    """What a reader left on one item."""

    kinds: frozenset[Kind] = frozenset()
    tags: tuple[str, ...] = ()
    note: str = ""
    at: datetime | None = None
    """When they last left something."""


@dataclass(frozen=True, slots=True)
class Read:
    """An item that was read, by the names under which a landmark may know it."""

    names: tuple[str, ...]
    level: int | None
    at: datetime


def profile_name(text: str) -> str:
    """The name of a profile in its one form; raises `UsageError` where it cannot be one."""
    name = text.strip().casefold()
    if not _PROFILE.fullmatch(name):
        raise UsageError("profile: a name has letters, digits and . @ + : | - _, at most 80 of them")
    return name


def put(session: Session, profile: str, kind: Kind, ids: Iterable[int], now: datetime) -> None:
    """Mark items; the time of a mark that is there already stays."""
    _know(session, profile, now)
    rows = [{"profile": profile, "item_id": i, "kind": kind.value, "at": now} for i in dict.fromkeys(ids)]
    upsert(session, MarkRow, rows, index=["profile", "item_id", "kind"])


def take_back(session: Session, profile: str, kind: Kind, ids: Iterable[int]) -> None:
    """Unmark items."""
    for part in chunks(ids):
        mine = (MarkRow.profile == profile, MarkRow.kind == kind.value, MarkRow.item_id.in_(part))
        session.execute(delete(MarkRow).where(*mine))


def put_landmark(session: Session, profile: str, kind: Kind, landmarks: Iterable[str], now: datetime) -> None:
    """Mark landmark papers by arXiv id or address. They are never hidden: the roadmap shows them all."""
    if kind is Kind.HIDDEN:
        raise UsageError(_("hidden: a landmark of the roadmap cannot be hidden"))
    _know(session, profile, now)
    rows = [{"profile": profile, "landmark": name, "kind": kind.value, "at": now} for name in dict.fromkeys(landmarks)]
    upsert(session, LandmarkMark, rows, index=["profile", "landmark", "kind"])


def take_back_landmark(session: Session, profile: str, kind: Kind, landmarks: Iterable[str]) -> None:
    """Unmark landmark papers."""
    mine = (LandmarkMark.profile == profile, LandmarkMark.kind == kind.value, LandmarkMark.landmark.in_(list(landmarks)))
    session.execute(delete(LandmarkMark).where(*mine))


def landmarks(session: Session, profile: str) -> dict[str, dict[Kind, datetime]]:
    """What was marked of the landmark papers, by arXiv id or address."""
    found: dict[str, dict[Kind, datetime]] = {}
    for row in session.scalars(select(LandmarkMark).where(LandmarkMark.profile == profile)):
        found.setdefault(row.landmark, {})[Kind(row.kind)] = row.at
    return found


def note(session: Session, profile: str, item: int, text: str, now: datetime) -> None:
    """Write the note on an item in place of the one before; an empty text takes it away. Raises `UsageError`."""
    clean = "".join(c for c in text if c.isprintable() or c in "\n\t").strip()
    if len(clean) > MAX_NOTE:
        raise UsageError(_("note: at most {n} characters").format(n=number(MAX_NOTE)))
    if not clean:
        session.execute(delete(Note).where(Note.profile == profile, Note.item_id == item))
        return
    _know(session, profile, now)
    row = {"profile": profile, "item_id": item, "text": clean, "at": now}
    upsert(session, Note, [row], index=["profile", "item_id"], changing=["text", "at"])


def tag_name(text: str) -> str:
    """A tag in its one form: lower case, single spaces. Raises `UsageError` where it cannot be one."""
    name = " ".join("".join(c if c.isprintable() else " " for c in text).casefold().split())
    if not name or len(name) > MAX_TAG or "," in name:
        raise UsageError(_("tag: a tag has 1 to {n} characters and no comma").format(n=MAX_TAG))
    return name


def tag(session: Session, profile: str, item: int, names: Iterable[str], now: datetime) -> None:
    """Give an item tags. Raises `UsageError`."""
    _know(session, profile, now)
    wanted = dict.fromkeys(tag_name(name) for name in names)
    rows = [{"profile": profile, "item_id": item, "tag": name, "at": now} for name in wanted]
    upsert(session, Tag, rows, index=["profile", "item_id", "tag"])


def untag(session: Session, profile: str, item: int, names: Iterable[str]) -> None:
    """Take tags from an item."""
    wanted = [tag_name(name) for name in names]
    session.execute(delete(Tag).where(Tag.profile == profile, Tag.item_id == item, Tag.tag.in_(wanted)))


def tags(session: Session, profile: str) -> dict[str, int]:
    """A reader's tags and how many items bear each, the most used first."""
    counted = func.count().label("n")
    statement = select(Tag.tag, counted).where(Tag.profile == profile).group_by(Tag.tag).order_by(counted.desc(), Tag.tag)
    return {name: int(n) for name, n in session.execute(statement)}


def less(session: Session, profile: str, dislike: Dislike, now: datetime) -> None:
    """Want less of something. Raises `UsageError` for more than can be kept."""
    _know(session, profile, now)
    same_kind = [d.value for d in dislikes(session, profile) if d.kind is dislike.kind]
    if dislike.value not in same_kind and len(same_kind) >= MAX_DISLIKES:
        raise UsageError(f"less: at most {MAX_DISLIKES} of a kind; take one back first")
    row = {"profile": profile, "kind": dislike.kind.value, "value": dislike.value, "at": now}
    upsert(session, DislikeRow, [row], index=["profile", "kind", "value"])


def no_longer_less(session: Session, profile: str, dislike: Dislike) -> None:
    """Take back a dislike."""
    mine = (DislikeRow.profile == profile, DislikeRow.kind == dislike.kind.value, DislikeRow.value == dislike.value)
    session.execute(delete(DislikeRow).where(*mine))


def dislikes(session: Session, profile: str) -> tuple[Dislike, ...]:
    """Of what a reader wants less, in a stable order."""
    columns = (DislikeRow.kind, DislikeRow.value)
    rows = session.execute(select(*columns).where(DislikeRow.profile == profile).order_by(*columns))
    return tuple(Dislike(Less(kind), value) for kind, value in rows)


def hidden_ids(session: Session, profile: str) -> frozenset[int]:
    """Row ids of the items that a reader hid."""
    return frozenset(marked(session, profile, Kind.HIDDEN))


def not_hidden(profile: str) -> ColumnElement[bool]:
    """The condition on `Item` that a reader did not hide it; for statements with `listing.conditions`."""
    mine = (MarkRow.profile == profile, MarkRow.kind == Kind.HIDDEN.value)
    return ~exists().correlate(Item).where(MarkRow.item_id == Item.id, *mine)


def marked(session: Session, profile: str, kind: Kind) -> tuple[int, ...]:
    """Row ids of the items with a mark, the newest mark first."""
    mine = select(MarkRow.item_id).where(MarkRow.profile == profile, MarkRow.kind == kind.value)
    return tuple(session.scalars(mine.order_by(MarkRow.at.desc(), MarkRow.item_id.desc())))


def tagged(session: Session, profile: str, name: str | None = None) -> tuple[int, ...]:
    """Row ids of the items with a tag, or with any, the newest first."""
    newest = func.max(Tag.at)
    mine = select(Tag.item_id).where(Tag.profile == profile).group_by(Tag.item_id)
    if name is not None:
        mine = mine.where(Tag.tag == name)
    return tuple(session.scalars(mine.order_by(newest.desc(), Tag.item_id.desc())))


def of_items(session: Session, profile: str, ids: Sequence[int] | None = None) -> dict[int, Left]:
    """What a reader left on these items, or on any, by row id; the newest first. Items without anything are left out."""
    found: dict[int, Left] = {}
    for row in _rows(session, MarkRow, profile, ids):
        found[row.item_id] = _more(found, row, kinds=found.get(row.item_id, Left()).kinds | {Kind(row.kind)})
    for row in _rows(session, Tag, profile, ids):
        found[row.item_id] = _more(found, row, tags=tuple(sorted({*found.get(row.item_id, Left()).tags, row.tag})))
    for row in _rows(session, Note, profile, ids):
        found[row.item_id] = _more(found, row, note=row.text)
    return dict(sorted(found.items(), key=lambda pair: (pair[1].at, pair[0]), reverse=True))


def _rows(session: Session, table: Any, profile: str, ids: Sequence[int] | None) -> Iterable[Any]:
    mine = select(table).where(table.profile == profile)
    if ids is None:
        yield from session.scalars(mine)
        return
    for part in chunks(ids):
        yield from session.scalars(mine.where(table.item_id.in_(part)))


def _more(found: dict[int, Left], row: Any, **changed: Any) -> Left:
    before = found.get(row.item_id, Left())
    kept = {"kinds": before.kinds, "tags": before.tags, "note": before.note}
    return Left(**(kept | changed), at=max(before.at or row.at, row.at))


def reads(session: Session, profile: str) -> tuple[Read, ...]:
    """The items that a reader read, the oldest first."""
    statement = (
        select(Item.arxiv_id, Item.doi, Item.url, Item.level, MarkRow.at)
        .join(Item, Item.id == MarkRow.item_id)
        .where(MarkRow.profile == profile, MarkRow.kind == Kind.READ.value)
        .order_by(MarkRow.at, Item.id)
    )
    return tuple(
        Read(tuple(n for n in (row.arxiv_id, row.doi and f"https://doi.org/{row.doi}", row.url) if n), row.level, row.at)
        for row in session.execute(statement)
    )


def _know(session: Session, profile: str, now: datetime) -> None:
    upsert(session, Profile, [{"name": profile, "created_at": now}], index=["name"])

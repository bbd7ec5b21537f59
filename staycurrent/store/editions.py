"""What was in the digests. An edition belongs to all whose wish and history are equal, and leads to the one before it:
so what somebody was sent is known exactly, without a row for each person and item.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from staycurrent.store.mail_models import Edition as Row
from staycurrent.store.mail_models import EditionItem
from staycurrent.store.models import Item
from staycurrent.store.upserts import chunks, insert_once, upsert


@dataclass(frozen=True, slots=True)
class Shown:
    """An item in the state in which an edition showed it."""

    item_id: int
    at: datetime
    version: int
    withdrawn: bool
    has_code: bool
    period: str = ""
    """Of the edition that showed it first."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored edition; `words` are subject, text and HTML, None once they were put away."""

    id: int
    is_empty: bool
    words: tuple[str, str, str] | None


def find(session: Session, wish: str, period: str, history: int, since: datetime | None = None) -> Kept | None:
    """The edition that was chosen for this wish, period and history, if it was not before a moment."""
    row = session.scalar(select(Row).where(Row.wish == wish, Row.period == period, Row.history == history))
    if row is None or (since and row.chosen_at < since):
        return None
    words = None if row.text is None else (row.subject or "", row.text, row.html or "")
    return Kept(row.id, row.is_empty, words)


def keep(
    session: Session,
    wish: str,
    period: str,
    history: int,
    *,
    words: tuple[str, str, str],
    shown: Sequence[Shown],
    is_empty: bool,
    now: datetime,
    landmark: str | None = None,
) -> Kept:
    """Store an edition with its items; where another process was first, the edition is that one's."""
    subject, text, html = words
    row = {"wish": wish, "period": period, "history": history, "chosen_at": now, "is_empty": is_empty, "landmark": landmark}
    row |= {"subject": subject, "text": text, "html": html}
    made = insert_once(session, Row, row, index=["wish", "period", "history"], returning=Row.id)
    if made is not None:
        _put_items(session, made, shown)
        return Kept(made, is_empty, words)
    found = find(session, wish, period, history)
    assert found, "the insert met it"
    return found


def rewrite(session: Session, edition: int, words: tuple[str, str, str], shown: Sequence[Shown]) -> None:
    """Give an edition words again, once they were put away; what they show counts as shown."""
    subject, text, html = words
    session.execute(update(Row).where(Row.id == edition).values(subject=subject, text=text, html=html))
    _put_items(session, edition, shown)


def _put_items(session: Session, edition: int, shown: Sequence[Shown]) -> None:
    items = [
        {"edition_id": edition, "item_id": s.item_id, "version": s.version, "withdrawn": s.withdrawn, "has_code": s.has_code}
        for s in {s.item_id: s for s in shown}.values()
    ]
    upsert(session, EditionItem, items, index=["edition_id", "item_id"])


def items(session: Session, edition: int | None) -> tuple[str, ...]:
    """The public ids of all that this edition and those before it showed."""
    shown = [s.item_id for s in history(session, edition)]
    found: list[str] = []
    for part in chunks(shown):
        found += session.scalars(select(Item.uid).where(Item.id.in_(part)).order_by(Item.id))
    return tuple(found)


def history(session: Session, edition: int | None) -> tuple[Shown, ...]:
    """Every item that this edition and those before it showed, each in its newest state, by item."""
    if not edition:
        return ()
    statement = (
        select(EditionItem, Row.chosen_at, Row.period)
        .join(Row, Row.id == EditionItem.edition_id)
        .where(EditionItem.edition_id.in_(_chain(edition)))
        .order_by(EditionItem.edition_id)  # a later edition has the higher number
    )
    found: dict[int, Shown] = {}
    for item, at, period in session.execute(statement):
        first = found[item.item_id].period if item.item_id in found else period
        found[item.item_id] = Shown(item.item_id, at, item.version, item.withdrawn, item.has_code, first)
    return tuple(found[n] for n in sorted(found))


def _chain(edition: int) -> Select[tuple[int]]:
    """The numbers of an edition and of all before it."""
    newest = select(Row.id, Row.history).where(Row.id == edition).cte("chain", recursive=True)
    return select(newest.union_all(select(Row.id, Row.history).join(newest, Row.id == newest.c.history)).c.id)


def landmarks(session: Session, edition: int | None) -> frozenset[str]:
    """The addresses of the landmark papers that this edition and those before it suggested."""
    if not edition:
        return frozenset()
    suggested = select(Row.landmark).where(Row.id.in_(_chain(edition)), Row.landmark.is_not(None))
    return frozenset(url for url in session.scalars(suggested) if url)


def chosen_at(session: Session, edition: int | None) -> datetime | None:
    """When an edition was chosen; None where there is none."""
    return session.scalar(select(Row.chosen_at).where(Row.id == edition)) if edition else None


def put_away(session: Session, before: datetime) -> int:
    """Forget the words of editions that were chosen before a moment, not what was in them; returns how many."""
    old = update(Row).where(Row.chosen_at < before, Row.text.is_not(None)).values(subject=None, text=None, html=None)
    return len(session.scalars(old.returning(Row.id), execution_options={"synchronize_session": False}).all())

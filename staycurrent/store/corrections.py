"""What level readers say an item has. It stands apart from what models say, counts before it, and no model overwrites it.

Each reader has one correction an item; where readers differ the newest counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, false, insert, select, update
from sqlalchemy.orm import Session

from staycurrent import roadmap
from staycurrent.errors import UsageError
from staycurrent.i18n import gettext as _
from staycurrent.i18n import number
from staycurrent.store.engine import serialise_intake
from staycurrent.store.models import Classification, Item, ItemText
from staycurrent.store.models import Correction as Row
from staycurrent.types import READER, Correction, Document, Kind

MAX_WHY = 1000
_NEWEST_FIRST = (Row.at.desc(), Row.who)


@dataclass(frozen=True, slots=True)
class Corrected:
    """A correction in a list. `said` is the level of the model that classified the item last, where one did."""

    id: str
    title: str
    correction: Correction
    said: int | None


def correct(session: Session, item: int, level: int, *, who: str, why: str, now: datetime) -> None:
    """Say that an item has this level; what the same reader said before is replaced. Raises `UsageError`."""
    if level not in roadmap.LEVELS:
        raise UsageError(_("level: {level} is not a level; levels are 1 to 8, and 0 for off the roadmap").format(level=level))
    reason = " ".join("".join(c if c.isprintable() else " " for c in why).split())
    if len(reason) > MAX_WHY:
        raise UsageError(_("why: at most {n} characters").format(n=number(MAX_WHY)))
    serialise_intake(session)
    session.execute(delete(Row).where(Row.item_id == item, Row.who == who))
    session.execute(insert(Row).values(item_id=item, who=who, level=level, why=reason, at=now))
    apply(session, item, item)


def take_back(session: Session, item: int, who: str) -> bool:
    """Forget what a reader said; False where they said nothing. What the others say counts again, then the model."""
    serialise_intake(session)
    gone = session.scalar(delete(Row).where(Row.item_id == item, Row.who == who).returning(Row.item_id))
    if gone is None:
        return False
    if of_item(session, item) is None:
        _give_back(session, item)
    apply(session, item, item)
    return True


def apply(session: Session, first: int, last: int) -> None:
    """Let the corrections of the items from row `first` to row `last` be their levels."""
    newest = select(Row.level).where(Row.item_id == Item.id).order_by(*_NEWEST_FIRST).limit(1).scalar_subquery()
    corrected = select(Row.item_id).where(Row.item_id.between(first, last))
    # A person has read it: nothing is left of the model's doubt.
    values = {"level": newest, "confidence": 1.0, "unsure": false(), "origin": READER}
    session.execute(
        update(Item).where(Item.id.in_(corrected)).values(**values), execution_options={"synchronize_session": False}
    )


def _give_back(session: Session, item: int) -> None:
    """The level is the model's again: that of its present answer, or of the last one where it is to answer anew."""
    answers = select(Classification).where(Classification.item_id == item)
    present = answers.join(Item, Item.id == Classification.item_id).where(Item.model == Classification.model)
    found = session.scalar(present) or session.scalar(answers.order_by(Classification.classified_at.desc()).limit(1))
    level, confidence, unsure = (found.level, found.confidence, found.unsure) if found else (None, None, None)
    values = {"level": level, "confidence": confidence, "unsure": unsure, "origin": None}
    session.execute(update(Item).where(Item.id == item).values(**values))


def follow(session: Session, home: int, merged: int) -> None:
    """Corrections of `merged` move to `home`; of a reader's two the newer one stays."""
    there = {row.who: row.at for row in session.execute(select(Row.who, Row.at).where(Row.item_id == home))}
    for who, at in session.execute(select(Row.who, Row.at).where(Row.item_id == merged)).all():
        mine, theirs = ((Row.item_id == i, Row.who == who) for i in (home, merged))
        if who in there and there[who] >= at:
            session.execute(delete(Row).where(*theirs))
            continue
        session.execute(delete(Row).where(*mine))
        session.execute(update(Row).where(*theirs).values(item_id=home))
    apply(session, home, home)


def of_item(session: Session, item: int) -> Correction | None:
    """The correction that counts."""
    row = session.scalar(select(Row).where(Row.item_id == item).order_by(*_NEWEST_FIRST).limit(1))
    return _value(row) if row else None


def _value(row: Row) -> Correction:
    return Correction(row.who, row.level, row.why, row.at)


def every(session: Session, limit: int | None = None) -> tuple[Corrected, ...]:
    """All corrections or so many of them, the newest first."""
    statement = (
        select(Row, Item.uid, ItemText.title, Classification.level)
        .join(Item, Item.id == Row.item_id)
        .join(ItemText, ItemText.item_id == Item.id)
        .outerjoin(Classification, (Classification.item_id == Item.id) & (Classification.model == Item.model))
        .order_by(*_NEWEST_FIRST, Item.id)
        .limit(limit)
    )
    return tuple(Corrected(uid, title, _value(row), said) for row, uid, title, said in session.execute(statement))


def papers(session: Session) -> Sequence[tuple[Document, int]]:
    """The corrected papers with an abstract and the level that counts, to learn from. Posts are not: models read abstracts."""
    statement = (
        select(Row.level, Item.uid, ItemText)
        .join(Item, Item.id == Row.item_id)
        .join(ItemText, ItemText.item_id == Item.id)
        .where(Item.kind == Kind.PAPER.value, ItemText.abstract != "")
        .order_by(*_NEWEST_FIRST)
    )
    found: dict[str, tuple[Document, int]] = {}
    for level, uid, text in session.execute(statement):
        words = Document(uid, text.title, text.abstract, text.categories, text.authors, text.comment)
        found.setdefault(uid, (words, level))
    return [found[uid] for uid in sorted(found)]

"""What is still to be classified, and the classifier's answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, func, insert, not_, or_, select, update
from sqlalchemy.orm import Session

from staycurrent.store import corrections, labelling
from staycurrent.store.engine import serialise_intake
from staycurrent.store.models import Classification as ClassificationRow
from staycurrent.store.models import Item, ItemLab, ItemText, ItemTopic, Lab, Sighting
from staycurrent.store.upserts import chunks, upsert
from staycurrent.types import Classification, Document, Kind

_ITEMS, _TOPICS, _LABS = (cast("Table", t.__table__) for t in (Item, ItemTopic, ItemLab))


def count_outdated(session: Session, model: str) -> int:
    """How many items no model or an older model than `model` has classified."""
    return session.scalar(select(func.count()).select_from(Item).where(_outdated(session, model))) or 0


STRETCH = 1000
"""Row ids that one job classifies. Stretches lie fixed, so two looks at what is due name the same jobs."""


def outdated_stretches(session: Session, model: str, limit: int) -> list[int]:
    """The stretches (0 for the first) in which `model` has something to classify, the newest first."""
    number = (Item.id.op("/")(STRETCH)).label("number")  # of integers: both databases cut off
    statement = select(number).where(_outdated(session, model)).group_by(number).order_by(number.desc()).limit(limit)
    return list(session.scalars(statement))


def forget_all(session: Session) -> None:
    """Mark every item as not classified; its level stays until the new answer is there."""
    serialise_intake(session)
    session.execute(update(Item).values(model=None))


def outdated(session: Session, model: str, *, after: int = 0, until: int | None = None, limit: int = 2000) -> list[Document]:
    """The next documents, by id, that neither `model` nor a newer one has classified, up to that id.

    `Document.id` is the item's row id.
    """
    columns = (Item.id, Item.kind, ItemText.title, ItemText.abstract, ItemText.categories, ItemText.authors, ItemText.comment)
    statement = select(*columns).join(ItemText, ItemText.item_id == Item.id)
    if until is not None:
        statement = statement.where(Item.id <= until)
    rows = session.execute(statement.where(_outdated(session, model), Item.id > after).order_by(Item.id).limit(limit)).all()
    evidence = _evidence(session, [row.id for row in rows])
    return [
        Document(
            id=str(row.id),
            title=row.title,
            abstract=row.abstract,
            categories=row.categories,
            authors=row.authors,
            comment=row.comment,
            kind=Kind(row.kind),
            organizations=tuple(sorted(evidence[row.id]["organization"])),
            official_feeds=tuple(sorted(evidence[row.id]["official"])),
            community_feeds=tuple(sorted(evidence[row.id]["community"])),
        )
        for row in rows
    ]


def never_answered(session: Session, documents: Sequence[Document]) -> set[str]:
    """The ids of those documents that no model has ever given a level."""
    return {
        str(row)
        for part in chunks(int(document.id) for document in documents)
        for row in session.scalars(select(Item.id).where(Item.id.in_(part), Item.level.is_(None)))
    }


def count_never_answered(session: Session, most: int) -> int:
    """How many items have no level yet, up to `most`."""
    some = select(Item.id).where(Item.model.is_(None), Item.level.is_(None)).limit(most).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def answered_by(model: str) -> Any:
    """Items of this model, or of it joined with an encoder: `MODEL+encoder-…`."""
    return or_(Item.model == model, Item.model.startswith(f"{model}+", autoescape=True))


def _outdated(session: Session, model: str) -> Any:
    if labelling.is_older(session, model):
        return Item.model.is_(None)
    return or_(Item.model.is_(None), not_(answered_by(model)))


def _evidence(session: Session, ids: Sequence[int]) -> defaultdict[int, defaultdict[str, set[str]]]:
    found: defaultdict[int, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    columns = (Sighting.item_id, Sighting.organization, Sighting.lab, Sighting.official)
    for part in chunks(ids):
        said = or_(Sighting.organization.is_not(None), Sighting.lab.is_not(None))
        for row in session.execute(select(*columns).where(Sighting.item_id.in_(part), said)):
            if row.organization:
                found[row.item_id]["organization"].add(row.organization)
            if row.lab:
                found[row.item_id]["official" if row.official else "community"].add(row.lab)
    return found


def save(session: Session, answers: Sequence[Classification], now: datetime) -> None:
    """Store answers whose `id` is the item's row id. Topics and labs of an item are replaced as a whole.

    An answer for an item that flowed into another one in the meantime is dropped. A level that a reader corrected stays.
    """
    serialise_intake(session)  # it merges items away, and updates rows in another order
    days = _days(session, [int(a.id) for a in answers])
    answers = [a for a in answers if int(a.id) in days]
    if not answers:
        return
    ids = [int(a.id) for a in answers]
    upsert(
        session,
        ClassificationRow,
        [_row(a, now) for a in answers],
        index=["item_id", "model"],
        changing=["level", "confidence", "unsure", "probabilities", "explanation", "classified_at"],
    )
    for part in chunks(ids):
        session.execute(delete(ItemTopic).where(ItemTopic.item_id.in_(part)))
        session.execute(delete(ItemLab).where(ItemLab.item_id.in_(part)))
    _put_topics_and_labs(session, answers, days)
    session.connection().execute(
        update(_ITEMS)
        .where(_ITEMS.c.id == bindparam("item"))
        .values(level=bindparam("l"), confidence=bindparam("c"), unsure=bindparam("u"), model=bindparam("m"), origin=None),
        [{"item": int(a.id), "l": a.level, "c": a.confidence, "u": a.unsure, "m": a.model} for a in answers],
    )
    corrections.apply(session, min(ids), max(ids))


def _days(session: Session, ids: Sequence[int]) -> dict[int, date]:
    """Of those items that are there, the day on which they were listed."""
    found: dict[int, date] = {}
    for part in chunks(ids):
        found.update((i, day) for i, day in session.execute(select(Item.id, Item.listed_on).where(Item.id.in_(part))))
    return found


def _row(answer: Classification, now: datetime) -> dict[str, Any]:
    return {
        "item_id": int(answer.id),
        "model": answer.model,
        "level": answer.level,
        "confidence": answer.confidence,
        "unsure": answer.unsure,
        "probabilities": [round(p, 4) for p in answer.probabilities],
        "explanation": [{"kind": r.kind, "text": r.text, "weight": round(r.weight, 4)} for r in answer.explanation],
        "classified_at": now,
    }


def _put_topics_and_labs(session: Session, answers: Sequence[Classification], days: Mapping[int, date]) -> None:
    topics = [
        {"item_id": i, "listed_on": days[i], "topic": t.slug, "rank": rank, "score": round(t.score, 4)}
        for i, a in ((int(a.id), a) for a in answers)
        for rank, t in enumerate(a.topics, start=1)
    ]
    labs = [
        {
            "item_id": i,
            "listed_on": days[i],
            "lab": e.lab,
            "method": e.method,
            "evidence": e.evidence,
            "confidence": e.confidence,
        }
        for i, a in ((int(a.id), a) for a in answers)
        for e in a.labs
    ]
    if topics:
        session.execute(insert(_TOPICS), topics)
    if labs:
        upsert(session, Lab, [{"slug": s, "name": s, "watched": False} for s in {e["lab"] for e in labs}], index=["slug"])
        session.execute(insert(_LABS), labs)

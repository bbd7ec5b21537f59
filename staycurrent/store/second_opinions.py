"""What language models said of unsure items, what they were asked on a day, and whose turn it is.

An answer belongs to a text, not to an item: an item that is classified anew gets it back without being asked about.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from staycurrent.store.classifications import answered_by
from staycurrent.store.engine import serialise_intake
from staycurrent.store.models import Classification, Item, ItemText, OpinionDay
from staycurrent.store.models import SecondOpinion as Row
from staycurrent.store.upserts import chunks, upsert
from staycurrent.types import LLM, Document, Kind, Opinion
from staycurrent.types import Classification as Answer

_NAME = 56


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a text: an opinion, or how often and when there was none that could be used."""

    opinion: Opinion | None
    tries: int
    asked_at: datetime


def origin(name: str) -> str:
    """`llm:<name>`, as it stands with every level that comes from there."""
    return LLM + "".join(c for c in name if c.isprintable())[:_NAME]


def content(document: Document) -> str:
    """The fingerprint of the words that are sent."""
    words = [document.title, document.abstract, document.categories, document.comment]
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()[:40]


def waiting(session: Session, model: str, *, limit: int) -> list[Document]:
    """The newest items of which `model` is unsure and nobody else has said more; `Document.id` is the item's row id."""
    open_ones = (Item.unsure.is_(True), answered_by(model), Item.origin.is_(None), Item.withdrawn.is_(False))
    statement = select(Item.id, Item.kind, ItemText).join(ItemText, ItemText.item_id == Item.id).where(*open_ones)
    rows = session.execute(statement.order_by(Item.listed_on.desc(), Item.id.desc()).limit(limit))
    return [_document(row, kind, text) for row, kind, text in rows]


def _document(row: int, kind: str, text: ItemText) -> Document:
    return Document(str(row), text.title, text.abstract, text.categories, text.authors, text.comment, kind=Kind(kind))


def known(session: Session, llm: str, contents: Iterable[str]) -> dict[str, Kept]:
    """What is kept of these texts."""
    found: dict[str, Kept] = {}
    for part in chunks(contents):
        for row in session.scalars(select(Row).where(Row.llm == llm, Row.content.in_(part))):
            found[row.content] = Kept(_opinion(row), row.tries, row.asked_at)
    return found


def _opinion(row: Row) -> Opinion | None:
    return None if row.level is None else Opinion(row.llm, row.level, row.topics, row.reason)


def of_item(session: Session, document: Document, llm: str) -> Opinion | None:
    """The opinion on an item's present words."""
    row = session.get(Row, (content(document), llm))
    found = _opinion(row) if row else None
    return replace(found, at=row.asked_at) if row and found else None


def holders(session: Session, answers: Sequence[Answer]) -> list[tuple[int, Opinion]]:
    """Of items about to be answered anew as unsure, those whose level is a second opinion on the words that they have.

    `apply` gives it to them again afterwards: nobody is asked twice about the same words.
    """
    unsure = [int(answer.id) for answer in answers if answer.unsure]
    found: list[tuple[int, Opinion]] = []
    for part in chunks(unsure):
        held = (Item.id.in_(part), Item.origin.startswith(LLM, autoescape=True))
        for row, kind, llm, text in session.execute(
            select(Item.id, Item.kind, Item.origin, ItemText).join(ItemText, ItemText.item_id == Item.id).where(*held)
        ):
            kept = session.get(Row, (content(_document(row, kind, text)), llm))
            if kept and (opinion := _opinion(kept)):
                found.append((row, opinion))
    return found


def reserve(session: Session, day: date, characters: int, *, most_requests: int, most_characters: int) -> bool:
    """Count a request before it is sent; False where the day has none left, for all processes together."""
    upsert(session, OpinionDay, [{"day": day, "requests": 0, "characters": 0}], index=["day"])
    left = (OpinionDay.requests < most_requests, OpinionDay.characters <= most_characters - characters)
    more = {"requests": OpinionDay.requests + 1, "characters": OpinionDay.characters + characters}
    counted = update(OpinionDay).where(OpinionDay.day == day, *left).values(**more).returning(OpinionDay.requests)
    return session.scalar(counted, execution_options={"synchronize_session": False}) is not None


def keep(session: Session, key: str, llm: str, opinion: Opinion | None, *, tries: int, now: datetime) -> None:
    """Keep an answer, or that there was none that could be used."""
    row = {
        "content": key,
        "llm": llm,
        "level": opinion.level if opinion else None,
        "topics": opinion.topics if opinion else (),
        "reason": opinion.reason if opinion else "",
        "tries": tries,
        "asked_at": now,
    }
    upsert(session, Row, [row], index=["content", "llm"], changing=["level", "topics", "reason", "tries", "asked_at"])


def apply(session: Session, model: str, opinions: Sequence[tuple[int, Opinion]]) -> None:
    """Let opinions be the levels of items of which `model` is still unsure, and of nobody else's.

    They stay unsure, and their confidence is what the model gives that level: how often a language model is right was
    measured by nobody, and a text can talk it into anything.
    """
    serialise_intake(session)
    for item, opinion in opinions:
        own = (Item.id == item, Classification.item_id == item, Classification.model == Item.model, answered_by(model))
        said = session.scalar(select(Classification).where(*own))
        share = said.probabilities[opinion.level] if said and len(said.probabilities) > opinion.level else 0.0
        still = (Item.id == item, Item.unsure.is_(True), answered_by(model), Item.origin.is_(None))
        values = {"level": opinion.level, "confidence": share, "origin": opinion.llm}
        session.execute(update(Item).where(*still).values(**values))

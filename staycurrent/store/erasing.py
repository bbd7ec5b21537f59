"""Everything that a reader left here, and how to be rid of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from staycurrent.store import corrections
from staycurrent.store.models import Correction
from staycurrent.store.reader_models import Dislike, LandmarkMark, Mark, Note, Profile, Tag, Visit


@dataclass(frozen=True, slots=True)
class Kept:
    """How much is kept of a reader. `marks` are those of items and of landmark papers together."""

    marks: int = 0
    notes: int = 0
    tags: int = 0
    dislikes: int = 0
    corrections: int = 0
    visits: int = 0
    has_plan: bool = False


NOTHING = Kept()


def kept(session: Session, profile: str) -> Kept:
    """What is kept of a reader."""

    def count(table: Any) -> int:
        return int(session.scalar(select(func.count()).select_from(table).where(table.profile == profile)) or 0)

    corrected = select(func.count()).select_from(Correction).where(Correction.who == profile)
    return Kept(
        marks=count(Mark) + count(LandmarkMark),
        notes=count(Note),
        tags=count(Tag),
        dislikes=count(Dislike),
        corrections=int(session.scalar(corrected) or 0),
        visits=count(Visit),
        has_plan=session.scalar(select(Profile.plan_start).where(Profile.name == profile)) is not None,
    )


def erase(session: Session, profile: str) -> None:
    """Forget a reader: their profile with all that hangs on it, and the levels that they corrected. Twice is no fault."""
    for item in session.scalars(select(Correction.item_id).where(Correction.who == profile)).all():
        corrections.take_back(session, item, profile)
    session.execute(delete(Profile).where(Profile.name == profile))  # the tables of readers go with it (ON DELETE CASCADE)

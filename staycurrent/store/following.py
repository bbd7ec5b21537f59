"""What readers left on an item, and that they were sent it, follows it when it proves to be the same paper as another one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from staycurrent.store import corrections
from staycurrent.store.mail_models import EditionItem
from staycurrent.store.models import Item
from staycurrent.store.reader_models import Mark, Note, Tag


def follow(session: Session, home: int, merged: int) -> None:
    """Marks, tags and notes on `merged` move to `home`. A mark on both keeps the older time, two notes become one,
    and of two corrections by one reader the newer stays."""
    # Waits for a reader who marks it at this moment; else that mark would go with the row.
    session.execute(select(Item.id).where(Item.id == merged).with_for_update())
    for table, name in ((Mark, "kind"), (Tag, "tag")):
        _keep_older(session, table, name, home, merged)
    _join_notes(session, home, merged)
    corrections.follow(session, home, merged)
    for left in (Mark, Tag, Note, EditionItem):
        twin = _twin(left, home)
        session.execute(update(left).where(left.item_id == merged, ~twin).values(item_id=home))
        session.execute(delete(left).where(left.item_id == merged))


def _twin(table: Any, home: int) -> Any:
    mine = table.__table__.alias("mine")
    others = [c for c in table.__table__.primary_key.columns if c.name != "item_id"]
    return exists().where(mine.c.item_id == home, *(mine.c[c.name] == c for c in others))


def _keep_older(session: Session, table: Any, name: str, home: int, merged: int) -> None:
    columns = (table.profile, getattr(table, name), table.at)
    there = {(profile, value): at for profile, value, at in session.execute(select(*columns).where(table.item_id == home))}
    for profile, value, at in session.execute(select(*columns).where(table.item_id == merged)).all():
        if (profile, value) in there and at < there[profile, value]:
            same = (table.item_id == home, table.profile == profile, getattr(table, name) == value)
            session.execute(update(table).where(*same).values(at=at))


def _join_notes(session: Session, home: int, merged: int) -> None:
    columns = (Note.profile, Note.text, Note.at)
    there = {profile: (text, at) for profile, text, at in session.execute(select(*columns).where(Note.item_id == home))}
    for profile, text, at in session.execute(select(*columns).where(Note.item_id == merged)).all():
        if profile not in there or there[profile][0] == text:
            continue
        (_, older), (then, newer) = sorted([(there[profile][1], there[profile][0]), (at, text)])
        joined = {"text": f"{older}\n\n{newer}", "at": then}
        session.execute(update(Note).where(Note.item_id == home, Note.profile == profile).values(**joined))

"""What the database that a backup replaces knows of the mail, put aside in a small file: who left, and what was sent.

No address is in it. Of the papers that were sent, those that the backup may lack are kept whole.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import TypeAdapter
from sqlalchemy import Boolean, Column, Integer, MetaData, String, Table, Text, inspect, null, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from staycurrent.errors import StoreError
from staycurrent.store import engine as database
from staycurrent.store import whole
from staycurrent.store.engine import Engine
from staycurrent.store.mail_models import Delivery, Edition, EditionItem, Subscription, Suppression
from staycurrent.store.models import Item, UTCDateTime
from staycurrent.store.records import Record
from staycurrent.store.upserts import chunks

HELD = "restored"
"""Why a subscription is paused while a backup is being put back: what a process that is killed there leaves behind."""
RECORD: TypeAdapter[Record] = TypeAdapter(Record)
_PAGE = 1000
_FILE = MetaData()
suppressions = Table("suppressions", _FILE, Column("hash", String), Column("reason", String), Column("at", UTCDateTime))
subscriptions = Table(
    "subscriptions",
    _FILE,
    Column("uid", String, primary_key=True),
    Column("state", String),
    Column("reason", String),
    Column("changed_at", UTCDateTime),
    Column("told_until", UTCDateTime),
    Column("last_edition_id", Integer),
)
deliveries = Table(
    "deliveries",
    _FILE,
    Column("key", String, primary_key=True),
    Column("uid", String),
    *(Column(name, String) for name in ("kind", "period", "batch", "state", "error", "bounce")),
    Column("tries", Integer),
    *(Column(name, UTCDateTime) for name in ("due_at", "next_try_at", "closed_at")),
)
editions = Table(
    "editions",
    _FILE,
    Column("id", Integer, primary_key=True),
    Column("history", Integer),
    Column("wish", String),
    Column("chosen_at", UTCDateTime),
)
edition_items = Table(
    "edition_items",
    _FILE,
    Column("edition_id", Integer, primary_key=True),
    Column("item_id", Integer, primary_key=True),
    Column("version", Integer),
    Column("withdrawn", Boolean),
    Column("has_code", Boolean),
)
items = Table("items", _FILE, Column("id", Integer, primary_key=True), Column("uid", String), Column("record", Text))


def keep(engine: Engine, file: Path, since: datetime) -> bool:
    """Put aside what happened from `since` on, and who was sent what; False where the database cannot be read."""
    kept = open_file(file)
    try:
        with database.reading(engine) as session, kept.begin() as into:
            for table, rows in _found(session, since):
                for part in chunks(rows, _PAGE):
                    into.execute(table.insert(), part)
    except (StoreError, SQLAlchemyError, sqlite3.Error, ValueError, LookupError):
        return False
    finally:
        kept.dispose()
    return True


def open_file(file: Path) -> Engine:
    """The file, with its tables."""
    opened = database.open_engine(f"sqlite:///{quote(str(file.absolute()))}")
    _FILE.create_all(opened)
    return opened


def _found(session: Session, since: datetime) -> Iterator[tuple[Table, Iterable[dict[str, Any]]]]:
    told_until = Subscription.told_until if _has_told_until(session) else null().label("told_until")
    names = ("uid", "state", "reason", "changed_at", "last_edition_id")
    settled = or_(Subscription.state != "paused", Subscription.reason.is_distinct_from(HELD))
    plans = select(told_until, *(getattr(Subscription, n) for n in names)).where(settled)
    yield suppressions, _rows(session, select(Suppression.hash, Suppression.reason, Suppression.at))
    yield subscriptions, _rows(session, plans)
    columns = [getattr(Delivery, c.name) for c in deliveries.c if c.name != "uid"]
    closed = select(Subscription.uid, *columns).join(Subscription, Subscription.id == Delivery.subscription_id)
    yield deliveries, _rows(session, closed.where(Delivery.closed_at >= since))
    yield editions, _rows(session, select(Edition.id, Edition.history, Edition.wish, Edition.chosen_at))
    yield edition_items, _rows(session, select(*(getattr(EditionItem, c.name) for c in edition_items.c)))
    shown = select(EditionItem.item_id).distinct()
    known = select(Item.id, Item.uid).where(Item.id.in_(shown))
    fresh = or_(Item.first_seen_at >= since, Item.changed_at >= since)
    yield items, _rows(session, known.where(~fresh))
    yield items, _whole(session, session.scalars(select(Item.id).where(Item.id.in_(shown), fresh)).all())


def _has_told_until(session: Session) -> bool:
    """An older program's database has not."""
    return any(c["name"] == "told_until" for c in inspect(session.connection()).get_columns("subscriptions"))


def _rows(session: Session, statement: Any) -> Iterator[dict[str, Any]]:
    for row in session.execute(statement, execution_options={"yield_per": _PAGE}):
        yield row._asdict()


def _whole(session: Session, ids: Sequence[int]) -> Iterator[dict[str, Any]]:
    for part in chunks(ids):
        for number, record in zip(part, whole.records(session, part), strict=True):
            yield {"id": number, "uid": record.id, "record": RECORD.dump_json(record).decode()}

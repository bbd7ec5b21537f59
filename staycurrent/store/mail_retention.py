"""What of the mail may go after a while. What decides "never the same paper twice" stays: the chain of editions of everybody
who may get another digest. Deletes in small transactions; may be cut off at any moment and run again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from staycurrent.store.engine import Engine, reading, writing
from staycurrent.store.mail_models import Delivery, Edition, Subscriber, Subscription
from staycurrent.store.subscribers import LEFT, State
from staycurrent.store.upserts import chunks

BATCH = 2000
_EDITIONS = 100
"""Editions that one transaction deletes: for each the database looks whether a subscription leads to it."""
EARLY = timedelta(days=42)
"""A period can be sent by hand before its moment, at most a month and the days until a monthly digest comes."""
_UNSYNCED: dict[str, Any] = {"execution_options": {"synchronize_session": False}}


def deliveries(engine: Engine, before: datetime) -> int:
    """Delete what was closed before a moment. The periods of which it told count as sent from then on."""
    total, after = 0, 0
    while True:
        with writing(engine) as session:
            stretch = select(Delivery.id, Delivery.subscription_id, Delivery.closed_at, Delivery.due_at)
            rows = session.execute(stretch.where(Delivery.id > after).order_by(Delivery.id).limit(BATCH)).all()
            old = [row for row in rows if row.closed_at and row.closed_at < before]
            _note_told(session, sorted({row.subscription_id for row in old}), before + EARLY)
            for part in chunks([row.id for row in old]):
                session.execute(delete(Delivery).where(Delivery.id.in_(part)), **_UNSYNCED)
        total += len(old)
        # Rows have rising numbers, and none is closed before it is due: behind a young stretch all are young.
        if len(rows) < BATCH or all(row.due_at >= before for row in rows):
            return total
        after = rows[-1].id


def _note_told(session: Session, subscriptions: Sequence[int], until: datetime) -> None:
    for part in chunks(subscriptions):
        less = or_(Subscription.told_until.is_(None), Subscription.told_until < until)
        told = update(Subscription).where(Subscription.id.in_(part), less).values(told_until=until)
        session.execute(told, **_UNSYNCED)


def editions(engine: Engine, before: datetime) -> int:
    """Delete what was chosen before a moment and leads to nobody: what did not arrive, and what erased people were sent."""
    with writing(engine) as session:
        gone = (Subscription.state == State.ERASED.value, Subscription.last_edition_id.is_not(None))
        session.execute(update(Subscription).where(*gone).values(last_edition_id=None), **_UNSYNCED)
    total = 0
    while True:  # a round for each link of a chain that nobody needs
        with reading(engine) as session:
            needed = (Edition.history, Subscription.last_edition_id, Delivery.edition_id)
            old = select(Edition.id).where(Edition.chosen_at < before)
            found = list(session.scalars(old.except_(*(select(column).where(column.is_not(None)) for column in needed))))
        for part in chunks(found, _EDITIONS):
            with writing(engine) as session:
                session.execute(delete(Edition).where(Edition.id.in_(part)), **_UNSYNCED)
        total += len(found)
        if not found:
            return total


def pending(engine: Engine, before: datetime) -> int:
    """Forget who was asked before a moment and never said yes: the address too, where nothing else of it is left.

    Who once had the digest and left counts as gone again: what they were sent must not be sent anew, and no list brings
    them back.
    """
    had = (or_(Subscription.last_edition_id.is_not(None), Subscription.reason == LEFT),)
    back = {"state": State.UNSUBSCRIBED.value, "reason": None}
    left = _until_done(engine, before, had, lambda ids: update(Subscription).where(Subscription.id.in_(ids)).values(**back))
    never = (Subscription.last_edition_id.is_(None), Subscription.reason.is_distinct_from(LEFT))
    return left + _until_done(engine, before, never, lambda ids: delete(Subscription).where(Subscription.id.in_(ids)))


def _until_done(
    engine: Engine, before: datetime, more: Sequence[ColumnElement[bool]], change: Callable[[Sequence[int]], Any]
) -> int:
    total = 0
    while True:
        with writing(engine) as session:
            stale = (Subscription.state == State.PENDING.value, Subscription.asked_at < before, *more)
            chosen = select(Subscription.id, Subscription.subscriber_id).where(*stale).limit(BATCH)
            rows = session.execute(chosen.with_for_update(skip_locked=True)).all()  # who asks at this moment stays
            for part in chunks(rows):
                session.execute(change([row.id for row in part]), **_UNSYNCED)
                _forget(session, [row.subscriber_id for row in part])
        total += len(rows)
        if len(rows) < BATCH:
            return total


def _forget(session: Session, subscribers: Sequence[int]) -> None:
    """Those who have no digest left."""
    rest = select(func.count()).where(Subscription.subscriber_id == Subscriber.id).scalar_subquery()
    session.execute(delete(Subscriber).where(Subscriber.id.in_(subscribers), rest == 0), **_UNSYNCED)

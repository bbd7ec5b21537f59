"""Deliveries: one row for a subscription and a period, claimed before it is sent and closed after.

A claim is a lease: whoever is killed loses what it had claimed after a while, or at once where its death can be seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from staycurrent.store.mail_models import Delivery, Subscriber, Subscription
from staycurrent.store.subscribers import Kind, Plan, asked_plan_of, plan_of
from staycurrent.store.upserts import insert_new

_UNSYNCED: dict[str, Any] = {"execution_options": {"synchronize_session": False}}


class What(StrEnum):
    """Of a delivery."""

    DIGEST = "digest"
    CONFIRMATION = "confirmation"
    LINK = "link"
    """The way to the preferences. Kept as a confirmation whose period begins with the word, which needs no other schema."""

    @classmethod
    def of(cls, kind: str, period: str) -> What:
        """As a row says it."""
        return cls.LINK if period.startswith(f"{cls.LINK.value} ") else cls(kind)

    @property
    def kind(self) -> str:
        """As a row keeps it."""
        return (What.CONFIRMATION if self is What.LINK else self).value


class Fate(StrEnum):
    """State of a delivery."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    SENT = "sent"
    SKIPPED = "skipped"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Order:
    """A delivery to be made."""

    key: str
    subscription: int
    what: What
    period: str
    batch: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """A claimed delivery with what its message is made of."""

    id: int
    key: str
    subscription: int
    uid: str
    what: What
    period: str
    tries: int
    due_at: datetime
    asked_at: datetime
    kind: Kind
    address: str | None
    plan: Plan
    last_edition: int | None


@dataclass(frozen=True, slots=True)
class Dead:
    """A delivery that was given up."""

    id: int
    address: str | None
    what: What
    period: str
    tries: int
    due_at: datetime
    closed_at: datetime | None
    error: str


def put(session: Session, orders: Iterable[Order], now: datetime) -> int:
    """Note deliveries to be made; returns how many are new: what is there for its period stays."""
    rows = [
        {
            "key": order.key,
            "subscription_id": order.subscription,
            "kind": order.what.kind,
            "period": order.period,
            "batch": order.batch,
            "state": Fate.WAITING.value,
            "tries": 0,
            "due_at": order.due_at,
            "next_try_at": now,
        }
        for order in orders
    ]
    return insert_new(session, Delivery, rows, returning=Delivery.id)


def batch_at(part: float) -> str:
    """The first batch behind that part, from 0 to 1, of all batches: digests begin with hexadecimal digits of a hash."""
    return f"{int(min(max(part, 0.0), 0.999) * 16**4):04x}" if part else ""


def claim(session: Session, owner: str, now: datetime, until: datetime, limit: int, start: str = "") -> tuple[Claim, ...]:
    """Take deliveries whose turn it is, what is alike together, and those whose owner let its lease run out.

    Confirmations come first, since people wait for them; then the batches from `start` on, then those before it.
    """
    waiting = and_(Delivery.state == Fate.WAITING.value, Delivery.next_try_at <= now)
    lost = and_(Delivery.state == Fate.CLAIMED.value, Delivery.lease_until < now, Delivery.owner != owner)
    in_turn = (and_(waiting, Delivery.batch == ""), and_(waiting, Delivery.batch >= start), waiting) if start else (waiting,)
    for state in (lost, *in_turn):
        chosen = select(Delivery.id).where(state).order_by(Delivery.batch, Delivery.id).limit(limit)
        ids = session.scalars(chosen.with_for_update(skip_locked=True)).all()
        if ids:
            values = {"state": Fate.CLAIMED.value, "owner": owner, "lease_until": until}
            session.execute(update(Delivery).where(Delivery.id.in_(ids)).values(**values), **_UNSYNCED)
            return _claims(session, ids)
    return ()


def _claims(session: Session, ids: Sequence[int]) -> tuple[Claim, ...]:
    statement = (
        select(Delivery, Subscription, Subscriber.kind, Subscriber.address)
        .join(Subscription, Subscription.id == Delivery.subscription_id)
        .join(Subscriber, Subscriber.id == Subscription.subscriber_id)
        .where(Delivery.id.in_(ids))
        .order_by(Delivery.batch, Delivery.id)
    )
    return tuple(
        Claim(
            id=d.id,
            key=d.key,
            subscription=s.id,
            uid=s.uid,
            what=What.of(d.kind, d.period),
            period=d.period,
            tries=d.tries,
            due_at=d.due_at,
            asked_at=s.asked_at,
            kind=Kind(kind),
            address=address,
            plan=(asked_plan_of(s) if d.kind == What.CONFIRMATION.value else None) or plan_of(s),
            last_edition=s.last_edition_id,
        )
        for d, s, kind, address in session.execute(statement)
    )


def release(session: Session, owner: str) -> int:
    """Give back what somebody claimed and did not close."""
    mine = (Delivery.state == Fate.CLAIMED.value, Delivery.owner == owner)
    values = {"state": Fate.WAITING.value, "owner": None, "lease_until": None}
    return len(session.scalars(update(Delivery).where(*mine).values(**values).returning(Delivery.id), **_UNSYNCED).all())


def owners(session: Session) -> tuple[str, ...]:
    """Who has claimed anything."""
    statement = select(Delivery.owner).where(Delivery.state == Fate.CLAIMED.value, Delivery.owner.is_not(None)).distinct()
    return tuple(o for o in session.scalars(statement) if o)


def open_ones(session: Session, now: datetime) -> tuple[int, int]:
    """How many deliveries could be made now, and how many are open in all."""
    waiting = and_(Delivery.state == Fate.WAITING.value, Delivery.next_try_at <= now)
    ready = or_(waiting, and_(Delivery.state == Fate.CLAIMED.value, Delivery.lease_until < now))
    anyhow = Delivery.state.in_([Fate.WAITING.value, Fate.CLAIMED.value])
    count = select(func.count()).select_from(Delivery)
    return session.scalar(count.where(ready)) or 0, session.scalar(count.where(anyhow)) or 0


def counts(session: Session, period: str) -> dict[str, int]:
    """How many deliveries of a period are in which state."""
    statement = select(Delivery.state, func.count()).where(Delivery.period == period).group_by(Delivery.state)
    return {str(state): int(n) for state, n in session.execute(statement)}


def present(session: Session, period: str, subscriptions: Sequence[int]) -> set[int]:
    """Which of these subscriptions have a delivery for a period."""
    statement = select(Delivery.subscription_id)
    return set(session.scalars(statement.where(Delivery.period == period, Delivery.subscription_id.in_(subscriptions))))


def dead(session: Session, limit: int) -> tuple[Dead, ...]:
    """What was given up, the newest first."""
    statement = (
        select(Delivery, Subscriber.address)
        .join(Subscription, Subscription.id == Delivery.subscription_id)
        .join(Subscriber, Subscriber.id == Subscription.subscriber_id)
        .where(Delivery.state == Fate.DEAD.value)
        .order_by(Delivery.closed_at.desc(), Delivery.id.desc())
        .limit(limit)
    )
    return tuple(
        Dead(d.id, address, What.of(d.kind, d.period), d.period, d.tries, d.due_at, d.closed_at, d.error or "")
        for d, address in session.execute(statement)
    )


def requeue(session: Session, ids: Sequence[int] | None, now: datetime) -> int:
    """Try given-up deliveries again, these or all; returns how many. Age counts from now."""
    wanted = [Delivery.state == Fate.DEAD.value, *([Delivery.id.in_(ids)] if ids is not None else [])]
    values = {"state": Fate.WAITING.value, "tries": 0, "next_try_at": now, "due_at": now, "closed_at": None}
    values |= {"error": None, "bounce": None}
    return len(session.scalars(update(Delivery).where(*wanted).values(**values).returning(Delivery.id), **_UNSYNCED).all())


def of_subscription(session: Session, number: int) -> tuple[tuple[str, str, datetime | None], ...]:
    """Period, state and moment of every digest of a subscription, the oldest first."""
    mine = (Delivery.subscription_id == number, Delivery.kind == What.DIGEST.value)
    statement = select(Delivery.period, Delivery.state, Delivery.closed_at).where(*mine).order_by(Delivery.id)
    return tuple((period, state, at) for period, state, at in session.execute(statement))


def cancel(session: Session, subscriptions: Sequence[int], now: datetime, reason: str) -> None:
    """Close what is open for these subscriptions; what is in the server's hands already cannot be called back."""
    mine = (Delivery.subscription_id.in_(subscriptions), Delivery.state == Fate.WAITING.value)
    values = {"state": Fate.SKIPPED.value, "closed_at": now, "error": reason}
    session.execute(update(Delivery).where(*mine).values(**values), **_UNSYNCED)


def by_key(session: Session, key: str) -> tuple[int, int, int] | None:
    """Rows of a delivery, its subscription and its subscriber, by what stands in its Message-ID."""
    statement = select(Delivery.id, Subscription.id, Subscription.subscriber_id)
    joined = statement.join(Subscription, Subscription.id == Delivery.subscription_id).where(Delivery.key == key)
    found = session.execute(joined).first()
    return (found[0], found[1], found[2]) if found else None

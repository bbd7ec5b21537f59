"""Who gets which digest, and in what state that is. Values in, values out; what an address or a query is, others know."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from staycurrent.store.mail_models import MailRequest, Subscriber, Suppression
from staycurrent.store.mail_models import Subscription as Row
from staycurrent.store.upserts import insert_once, upsert

_SOON = timedelta(days=2)
KEPT_REQUESTS = {"client": _SOON, "address": _SOON, "link": _SOON, "question": timedelta(days=31)}
"""By scope: longer than it is counted over."""
_UNSYNCED: dict[str, Any] = {"execution_options": {"synchronize_session": False}}


class State(StrEnum):
    """Of a subscription; only an active one gets digests."""

    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    UNSUBSCRIBED = "unsubscribed"
    SUPPRESSED = "suppressed"
    ERASED = "erased"


LEFT = "left"
"""The reason of a digest that waits for a yes and was stopped by its owner before: a list does not start it."""


class Kind(StrEnum):
    """Of a subscriber."""

    MAIL = "mail"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is sent and when, as it is kept: `query` is canonical URL form, `minute` of the day in `timezone`."""

    query: str
    cadence: str
    minutes: int | None
    language: str
    when_empty: str
    weekday: int
    minute: int
    timezone: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """A digest of a subscriber. `address` is None once it is erased."""

    id: int
    uid: str
    subscriber: int
    kind: Kind
    address: str | None
    plan: Plan
    state: State
    reason: str | None
    origin: str
    created_at: datetime
    asked_at: datetime
    asked_plan: Plan | None
    """What waits for a yes while `plan` goes on."""
    confirmed_at: datetime | None
    next_due_at: datetime | None
    last_edition: int | None
    failures: int
    told_until: datetime | None


def subscriber(session: Session, kind: Kind, address: str, folded: str, now: datetime) -> int:
    """The row of an address, made where there is none."""
    row = {"kind": kind.value, "address": address, "folded": folded, "created_at": now}
    made = insert_once(session, Subscriber, row, index=["folded"], returning=Subscriber.id)
    return int(made if made is not None else _row_of(session, folded) or 0)


def _row_of(session: Session, folded: str) -> int | None:
    return session.scalar(select(Subscriber.id).where(Subscriber.folded == folded))


def add(session: Session, owner: int, uid: str, plan: Plan, state: State, origin: str, now: datetime) -> Subscription:
    """A new subscription; an active one still lacks the moment when it is due."""
    confirmed = now if state is State.ACTIVE else None
    stamps = {"created_at": now, "asked_at": now, "changed_at": now, "confirmed_at": confirmed}
    session.add(Row(uid=uid, subscriber_id=owner, state=state.value, origin=origin, failures=0, **asdict(plan), **stamps))
    session.flush()
    found = by_uid(session, uid)
    assert found, "it was just written"
    return found


def by_uid(session: Session, uid: str) -> Subscription | None:
    """The subscription that a token names."""
    return next(_read(session, _all().where(Row.uid == uid)), None)


def by_id(session: Session, number: int) -> Subscription | None:
    """The subscription in a row."""
    return next(_read(session, _all().where(Row.id == number)), None)


def of_address(session: Session, folded: str) -> tuple[Subscription, ...]:
    """Every digest of an address, the oldest first."""
    return tuple(_read(session, _all().where(Subscriber.folded == folded).order_by(Row.id)))


def of_subscriber(session: Session, owner: int) -> tuple[Subscription, ...]:
    """Every digest of a subscriber, the oldest first."""
    return tuple(_read(session, _all().where(Row.subscriber_id == owner).order_by(Row.id)))


def page(session: Session, after: int = 0, limit: int = 500) -> tuple[Subscription, ...]:
    """Subscriptions in the order of their rows, from behind `after`."""
    return tuple(_read(session, _all().where(Row.id > after).order_by(Row.id).limit(limit)))


def due(session: Session, now: datetime, limit: int) -> tuple[Subscription, ...]:
    """Active subscriptions whose moment has come; the ones read are locked where the database can."""
    waiting = (Row.state == State.ACTIVE.value, Row.next_due_at <= now)
    statement = _all().where(*waiting).order_by(Row.next_due_at, Row.id).limit(limit)
    return tuple(_read(session, statement.with_for_update(skip_locked=True, of=Row)))


def count_due(session: Session, now: datetime) -> int:
    """How many are due."""
    statement = select(func.count()).where(Row.state == State.ACTIVE.value, Row.next_due_at <= now)
    return session.scalar(statement) or 0


def active(session: Session, cadence: str, after: int, limit: int) -> tuple[Subscription, ...]:
    """Active subscriptions of a cadence, in the order of their rows."""
    wanted = (Row.state == State.ACTIVE.value, Row.cadence == cadence, Row.id > after)
    return tuple(_read(session, _all().where(*wanted).order_by(Row.id).limit(limit)))


def reschedule(session: Session, moments: Iterable[tuple[int, datetime]]) -> None:
    """When these active subscriptions are due next."""
    rows = [{"id": number, "next_due_at": moment} for number, moment in moments]
    if rows:
        session.execute(update(Row), rows)


def turn(
    session: Session,
    number: int,
    to: State,
    now: datetime,
    *,
    since: Collection[State],
    reason: str | None = None,
    next_due_at: datetime | None = None,
) -> bool:
    """Bring a subscription from one of the states `since` to another; False where it is in none of them."""
    values: dict[str, Any] = {"state": to.value, "reason": reason, "changed_at": now, "next_due_at": next_due_at}
    if to is State.ACTIVE:
        values |= {"failures": 0, "confirmed_at": func.coalesce(Row.confirmed_at, now)}
    if to is State.PENDING:
        values |= {"asked_at": now, "confirmed_at": None, "asked_plan": None}
    asked = update(Row).where(Row.id == number, Row.state.in_([s.value for s in since])).values(**values)
    return session.scalar(asked.returning(Row.id), **_UNSYNCED) is not None


def ask_again(session: Session, number: int, plan: Plan | None, now: datetime) -> None:
    """Note that somebody asked once more for a digest that runs, and in another way: with a yes, `plan` takes over."""
    asked = json.dumps(asdict(plan)) if plan else None
    session.execute(update(Row).where(Row.id == number).values(asked_at=now, asked_plan=asked), **_UNSYNCED)


def forget_asked(session: Session, number: int) -> None:
    """What was asked for was answered."""
    session.execute(update(Row).where(Row.id == number).values(asked_plan=None), **_UNSYNCED)


def change(session: Session, number: int, plan: Plan, next_due_at: datetime | None, now: datetime) -> None:
    """Another plan."""
    values = asdict(plan) | {"next_due_at": next_due_at, "changed_at": now}
    session.execute(update(Row).where(Row.id == number).values(**values), **_UNSYNCED)


def close_all(session: Session, owner: int, to: State, reason: str, now: datetime) -> int:
    """Stop every digest of a subscriber that is not stopped yet; returns how many."""
    running = [s.value for s in (State.PENDING, State.ACTIVE, State.PAUSED)]
    values = {"state": to.value, "reason": reason, "next_due_at": None, "changed_at": now}
    stopped = update(Row).where(Row.subscriber_id == owner, Row.state.in_(running)).values(**values).returning(Row.id)
    return len(session.scalars(stopped, **_UNSYNCED).all())


def erase(session: Session, owner: int, now: datetime) -> None:
    """Take away an address and every wish; rows without a person in them stay, so that counts still add up."""
    blank = {
        "query": "",
        "asked_plan": None,
        "timezone": "UTC",
        "state": State.ERASED.value,
        "reason": None,
        "next_due_at": None,
        "changed_at": now,
    }
    session.execute(update(Row).where(Row.subscriber_id == owner).values(**blank), **_UNSYNCED)
    session.execute(update(Subscriber).where(Subscriber.id == owner).values(address=None, folded=None), **_UNSYNCED)


def suppress(session: Session, key: str, reason: str, now: datetime) -> None:
    """Never write to the address with this hash; the first reason stays, save that a complaint weighs more than all."""
    row = {"hash": key, "reason": reason, "at": now}
    changing = ["reason", "at"] if reason == "complaint" else []
    upsert(session, Suppression, [row], index=["hash"], changing=changing)


def suppressed(session: Session, keys: Sequence[str]) -> str | None:
    """Why an address must not be written to, by its hash under any of the keys; None where it may."""
    return session.scalar(select(Suppression.reason).where(Suppression.hash.in_(keys)).limit(1))


def allow(session: Session, keys: Sequence[str]) -> bool:
    """Lift a suppression; False where there is none."""
    return session.scalar(delete(Suppression).where(Suppression.hash.in_(keys)).returning(Suppression.hash)) is not None


def request(session: Session, scope: str, key: str, now: datetime, *, most: int) -> bool:
    """Count a request within this hour; False where `most` were counted, for all processes together."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    old = (MailRequest.scope == scope, MailRequest.hour < hour - KEPT_REQUESTS[scope])
    session.execute(delete(MailRequest).where(*old), **_UNSYNCED)
    upsert(session, MailRequest, [{"scope": scope, "key": key, "hour": hour, "count": 0}], index=["scope", "key", "hour"])
    mine = (MailRequest.scope == scope, MailRequest.key == key, MailRequest.hour == hour, MailRequest.count < most)
    counted = update(MailRequest).where(*mine).values(count=MailRequest.count + 1).returning(MailRequest.count)
    return session.scalar(counted, **_UNSYNCED) is not None


def counted(session: Session, scope: str, keys: Sequence[str], since: datetime) -> int:
    """How many requests were counted since a moment, to the hour, under any of these keys."""
    mine = (MailRequest.scope == scope, MailRequest.key.in_(keys), MailRequest.hour > since)
    return session.scalar(select(func.coalesce(func.sum(MailRequest.count), 0)).where(*mine)) or 0


def forget_requests(session: Session, scope: str, keys: Sequence[str]) -> None:
    """Count from nothing again."""
    session.execute(delete(MailRequest).where(MailRequest.scope == scope, MailRequest.key.in_(keys)), **_UNSYNCED)


def counts(session: Session) -> dict[str, int]:
    """How many subscriptions are in which state."""
    return {str(s): int(n) for s, n in session.execute(select(Row.state, func.count()).group_by(Row.state))}


def _all() -> Select[Any]:
    columns: tuple[Any, ...] = (Row, Subscriber.kind, Subscriber.address)
    return select(*columns).join(Subscriber, Subscriber.id == Row.subscriber_id)


def _read(session: Session, statement: Select[Any]) -> Iterator[Subscription]:
    for row, kind, address in session.execute(statement, execution_options={"populate_existing": True}):
        yield Subscription(
            id=row.id,
            uid=row.uid,
            subscriber=row.subscriber_id,
            kind=Kind(kind),
            address=address,
            plan=plan_of(row),
            state=State(row.state),
            reason=row.reason,
            origin=row.origin,
            created_at=row.created_at,
            asked_at=row.asked_at,
            asked_plan=asked_plan_of(row),
            confirmed_at=row.confirmed_at,
            next_due_at=row.next_due_at,
            last_edition=row.last_edition_id,
            failures=row.failures,
            told_until=row.told_until,
        )


def plan_of(row: Any) -> Plan:
    """The plan in a row of subscriptions."""
    return Plan(**{name: getattr(row, name) for name in Plan.__slots__})


def asked_plan_of(row: Any) -> Plan | None:
    """The plan that waits for a yes in a row of subscriptions; None also for one of a release that knew other plans."""
    told = json.loads(row.asked_plan) if row.asked_plan else {}
    return Plan(**told) if told.keys() == set(Plan.__slots__) else None

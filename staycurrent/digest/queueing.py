"""From what is due to deliveries that wait. May be cut off anywhere and run again: a period has one delivery."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from staycurrent.digest import due, words
from staycurrent.digest.office import delivery_key
from staycurrent.digest.plans import wish_key
from staycurrent.digest.types import Cadence
from staycurrent.period import Period
from staycurrent.store import deliveries, subscribers
from staycurrent.store import engine as database
from staycurrent.store.deliveries import Order, What
from staycurrent.store.engine import Engine
from staycurrent.store.subscribers import Subscription

CHUNK = 500
"""Subscriptions in one transaction: memory stays flat, and nobody else waits long for the database."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run would do: messages by period, the editions they share, and deliveries left over from before."""

    periods: dict[str, int]
    editions: int
    left_over: int


def queue_due(engine: Engine, now: datetime) -> int:
    """Note every digest that is due, and when its subscription is due next; returns how many were noted."""
    made = 0
    while True:
        with database.writing(engine) as session:
            ready = subscribers.due(session, now, CHUNK)
            made += deliveries.put(session, _orders(ready, now), now)
            subscribers.reschedule(session, [(s.id, due.next_moment(s.plan, now)) for s in ready])
        if len(ready) < CHUNK:
            return made


def queue_period(engine: Engine, period: Period, now: datetime) -> int:
    """Note the digests of a period for all who get one as often; returns how many are new."""
    made, after = 0, 0
    while True:
        with database.writing(engine) as session:
            page = subscribers.active(session, cadence_of(period), after, CHUNK)
            made += deliveries.put(session, [order(s, period, now) for s in page if not _is_told(s, period)], now)
        if len(page) < CHUNK:
            return made
        after = page[-1].id


def is_any(engine: Engine, now: datetime) -> bool:
    """Whether anything is due or waits for its turn."""
    with database.reading(engine) as session:
        return subscribers.count_due(session, now) > 0 or deliveries.open_ones(session, now)[0] > 0


def forecast(engine: Engine, period: Period | None, now: datetime) -> Forecast:
    """What `queue_due`, or `queue_period`, and sending would do; writes nothing."""
    periods: dict[str, int] = {}
    editions: set[str] = set()
    for subscription, name in _expected(engine, period, now):
        periods[name] = periods.get(name, 0) + 1
        editions.add(f"{name} {_batch(subscription)}")
    with database.reading(engine) as session:
        _, left_over = deliveries.open_ones(session, now)
    return Forecast(dict(sorted(periods.items())), len(editions), left_over)


def _expected(engine: Engine, period: Period | None, now: datetime) -> Iterator[tuple[Subscription, str]]:
    for cadence in [cadence_of(period)] if period else [c.value for c in Cadence]:
        after: int | None = 0
        while after is not None:
            with database.reading(engine) as session:
                page = subscribers.active(session, cadence, after, CHUNK)
                named = [(s, name) for s in page if (name := _asked(s, period) if period else _due_period(s, now))]
                there = {n: deliveries.present(session, n, [s.id for s in page]) for n in {n for _, n in named}}
            yield from ((s, n) for s, n in named if s.id not in there[n])
            after = page[-1].id if len(page) == CHUNK else None


def _asked(subscription: Subscription, period: Period) -> str | None:
    return None if _is_told(subscription, period) else period.name


def _is_told(subscription: Subscription, period: Period) -> bool:
    """Whether the period counts as sent, though there may be no delivery of it (any more)."""
    until = subscription.told_until
    return until is not None and due.moment_of(subscription.plan, period) <= until


def _due_period(subscription: Subscription, now: datetime) -> str | None:
    moment = _moment(subscription, now)
    return due.period(subscription.plan, moment).name if moment else None


def _moment(subscription: Subscription, now: datetime) -> datetime | None:
    since, until = subscription.next_due_at, subscription.told_until
    moment = due.last_moment(subscription.plan, since, now) if since and since <= now else None
    return moment if moment and (until is None or moment > until) else None


def _orders(ready: tuple[Subscription, ...], now: datetime) -> Iterator[Order]:
    for subscription in ready:
        moment = _moment(subscription, now)
        if moment:
            yield order(subscription, due.period(subscription.plan, moment), now)


def order(subscription: Subscription, period: Period, now: datetime) -> Order:
    """The delivery of a period to a subscription."""
    key = delivery_key(subscription.uid, period.name)
    return Order(key, subscription.id, What.DIGEST, period.name, _batch(subscription), now)


def confirmation(subscription: Subscription, now: datetime) -> Order:
    """The delivery of the mail that asks for a yes. No batch sorts before the empty one, since people wait for this."""
    period = f"asked {int(subscription.asked_at.timestamp())}"
    key = delivery_key(subscription.uid, period)
    return Order(key, subscription.id, What.CONFIRMATION, period, "", now)


def link(subscription: Subscription, now: datetime) -> Order:
    """The delivery of the mail that opens the preferences."""
    period = f"{What.LINK.value} {int(now.timestamp())}"
    return Order(delivery_key(subscription.uid, period), subscription.id, What.LINK, period, "", now)


def cadence_of(period: Period) -> str:
    """Who gets a digest of such a period."""
    return (Cadence.WEEKLY if words.is_week(period) else Cadence.MONTHLY).value


def _batch(subscription: Subscription) -> str:
    return f"{wish_key(subscription.plan)[:44]}:{subscription.last_edition or 0}"

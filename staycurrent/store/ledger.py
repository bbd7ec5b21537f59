"""The book of a sender at work: one short transaction between two messages.

It records what became of the last message and, with the same commit, looks whether the next may still go out. So at most
one message at a time is accepted by a server and not in the book, and nobody who has just unsubscribed gets one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from staycurrent.store.deliveries import Claim, Fate, What
from staycurrent.store.engine import Engine, mapped_errors
from staycurrent.store.mail_models import Delivery, Subscription

_DELIVERIES: Any = Delivery.__table__
_SUBSCRIPTIONS: Any = Subscription.__table__
_CLOSE = (
    update(_DELIVERIES)
    .where(_DELIVERIES.c.id == bindparam("row"))
    .values(
        state=bindparam("to"),
        edition_id=bindparam("edition"),
        closed_at=bindparam("closed"),
        next_try_at=bindparam("next"),
        tries=bindparam("count"),
        error=bindparam("words"),
        owner=None,
        lease_until=None,
    )
)
_ARRIVED = (
    update(_SUBSCRIPTIONS)
    .where(_SUBSCRIPTIONS.c.id == bindparam("row"))
    .values(last_edition_id=bindparam("edition"), failures=0)
)
_LOOK = (
    select(
        _SUBSCRIPTIONS.c.state,
        _SUBSCRIPTIONS.c.last_edition_id,
        _DELIVERIES.c.state.label("fate"),
        _DELIVERIES.c.owner,
        _DELIVERIES.c.lease_until,
    )
    .join(_SUBSCRIPTIONS, _SUBSCRIPTIONS.c.id == _DELIVERIES.c.subscription_id)
    .where(_DELIVERIES.c.id == bindparam("row"))
)
_EXTEND = update(_DELIVERIES).where(_DELIVERIES.c.id == bindparam("row")).values(lease_until=bindparam("until"))
_WANTED = {What.DIGEST: {"active"}, What.CONFIRMATION: {"pending", "active", "paused"}}
"""Who asks once more gets the links anew."""


class Look(StrEnum):
    """Whether a claimed message may go out."""

    GO = "go"
    UNWANTED = "unwanted"
    """Its subscriber does not want it any more."""
    MOVED = "moved"
    """Something else arrived since it was made, so its content has to be chosen anew."""
    LOST = "lost"
    """Somebody else has it, or it is gone."""


@dataclass(frozen=True, slots=True)
class Closing:
    """What became of a claimed delivery. `edition` is what the subscriber now has, None where nothing new arrived."""

    claim: Claim
    fate: Fate
    at: datetime
    edition: int | None = None
    next_try_at: datetime | None = None
    error: str | None = None
    result: str = ""
    """The channel's word for a failure."""
    tried: bool = True


class Ledger:
    """One connection, kept while the sender works; use inside `opened`."""

    def __init__(self, connection: Connection, owner: str, lease: timedelta) -> None:
        self._connection, self._owner, self._lease = connection, owner, lease

    def turn(self, closing: Closing | None, opening: Claim | None, now: datetime) -> Look:
        """Record one and look at the other, in one commit."""
        with mapped_errors(), self._connection.begin():
            if closing:
                self._close(closing)
            return self._look(opening, now) if opening else Look.LOST

    def _close(self, closing: Closing) -> None:
        claim, over = closing.claim, closing.fate is not Fate.WAITING
        values = {
            "row": claim.id,
            "to": closing.fate.value,
            "edition": closing.edition,
            "closed": closing.at if over else None,
            "next": closing.next_try_at or closing.at,
            "count": claim.tries + closing.tried,
            "words": closing.error,
        }
        self._connection.execute(_CLOSE, values)
        if closing.fate is Fate.SENT and claim.what is What.DIGEST:
            edition = closing.edition or claim.last_edition
            self._connection.execute(_ARRIVED, {"row": claim.subscription, "edition": edition})

    def _look(self, claim: Claim, now: datetime) -> Look:
        found = self._connection.execute(_LOOK, {"row": claim.id}).first()
        if found is None or found.owner != self._owner or found.fate != Fate.CLAIMED.value:
            return Look.LOST
        if found.state not in _WANTED[claim.what]:
            return Look.UNWANTED
        if found.last_edition_id != claim.last_edition:
            return Look.MOVED
        if found.lease_until - now < self._lease / 2:
            self._connection.execute(_EXTEND, {"row": claim.id, "until": now + self._lease})
        return Look.GO


@contextmanager
def opened(engine: Engine, owner: str, lease: timedelta) -> Iterator[Ledger]:
    """A ledger on a connection of its own."""
    with mapped_errors(), engine.connect().execution_options(sqlite_begin="BEGIN IMMEDIATE") as connection:
        yield Ledger(connection, owner, lease)

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

from sqlalchemy import Connection, Update, bindparam, select, update

from staycurrent.store.deliveries import Claim, Fate, What
from staycurrent.store.engine import Engine, mapped_errors
from staycurrent.store.mail_models import Delivery, Subscription

_DELIVERIES: Any = Delivery.__table__
_SUBSCRIPTIONS: Any = Subscription.__table__
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
_OPEN = {"pending", "active", "paused"}
_WANTED = {What.DIGEST: {"active"}, What.CONFIRMATION: _OPEN, What.LINK: {*_OPEN, "unsubscribed"}}
"""Who asks once more gets the links anew; who has left may look at what is kept."""


def _close(tag: str = "") -> Update:
    """Close a delivery. `tag` ends the names of the parameters, so that statements can be joined."""
    return (
        update(_DELIVERIES)
        .where(_DELIVERIES.c.id == bindparam(f"row{tag}"))
        .values(
            state=bindparam(f"to{tag}"),
            edition_id=bindparam(f"edition{tag}"),
            closed_at=bindparam(f"closed{tag}"),
            next_try_at=bindparam(f"next{tag}"),
            tries=bindparam(f"count{tag}"),
            error=bindparam(f"words{tag}"),
            owner=None,
            lease_until=None,
        )
    )


def _arrived(tag: str = "") -> Update:
    """A subscriber has an edition. Failures still count: whether it comes back is seen later."""
    return (
        update(_SUBSCRIPTIONS)
        .where(_SUBSCRIPTIONS.c.id == bindparam(f"row{tag}"))
        .values(last_edition_id=bindparam(f"edition{tag}"))
    )


_CLOSE, _ARRIVED = _close(), _arrived()
_CLOSED = _close("0").returning(_DELIVERIES.c.id).cte("closed")
_HAS_IT = _arrived("1").returning(_SUBSCRIPTIONS.c.id).cte("arrived")
_AT_ONCE = {1: _LOOK.add_cte(_CLOSED), 2: _LOOK.add_cte(_CLOSED, _HAS_IT)}
"""By the number of writing parts."""


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
            for statement, values in _record(closing) if closing else ():
                self._connection.execute(statement, values)
            return self._look(opening, now) if opening else Look.LOST

    def _look(self, claim: Claim, now: datetime) -> Look:
        return self._judged(claim, self._connection.execute(_LOOK, {"row": claim.id}).first(), now)

    def _judged(self, claim: Claim, found: Any, now: datetime) -> Look:
        if found is None or found.owner != self._owner or found.fate != Fate.CLAIMED.value:
            return Look.LOST
        if found.state not in _WANTED[claim.what]:
            return Look.UNWANTED
        if found.last_edition_id != claim.last_edition:
            return Look.MOVED
        if found.lease_until - now < self._lease / 2:
            self._connection.execute(_EXTEND, {"row": claim.id, "until": now + self._lease})
        return Look.GO


class OneStatement(Ledger):
    """The same where a statement can write and read at once (PostgreSQL): a way to the server for each letter, not five."""

    def turn(self, closing: Closing | None, opening: Claim | None, now: datetime) -> Look:
        with mapped_errors():
            if not closing:
                return self._look(opening, now) if opening else Look.LOST
            if opening and opening.subscription == closing.claim.subscription:
                # Such a statement reads what was there before it.
                self.turn(closing, None, now)
                return self._look(opening, now)
            written = _record(closing)
            row = {"row": opening.id if opening else None}
            values = {f"{k}{n}": v for n, (_, own) in enumerate(written) for k, v in own.items()}
            found = self._connection.execute(_AT_ONCE[len(written)], row | values).first()
            return self._judged(opening, found, now) if opening else Look.LOST


def _record(closing: Closing) -> list[tuple[Update, dict[str, Any]]]:
    """What has to be written, together."""
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
    written = [(_CLOSE, values)]
    if closing.fate is Fate.SENT and claim.what is What.DIGEST:
        written.append((_ARRIVED, {"row": claim.subscription, "edition": closing.edition or claim.last_edition}))
    return written


@contextmanager
def opened(engine: Engine, owner: str, lease: timedelta) -> Iterator[Ledger]:
    """A ledger on a connection of its own."""
    at_once = engine.dialect.name == "postgresql"
    options = {"isolation_level": "AUTOCOMMIT"} if at_once else {"sqlite_begin": "BEGIN IMMEDIATE"}
    with mapped_errors(), engine.connect().execution_options(**options) as connection:
        yield (OneStatement if at_once else Ledger)(connection, owner, lease)

"""What becomes of a delivery after its letter was sent, refused or held back; and what that means for its subscriber."""

from __future__ import annotations

from datetime import datetime, timedelta

from staycurrent.digest import addresses
from staycurrent.digest.channels import Outcome, Result
from staycurrent.digest.tokens import Keys
from staycurrent.digest.writing import GIVE_UP, Parcel
from staycurrent.store import deliveries, returns, subscribers
from staycurrent.store import engine as database
from staycurrent.store.deliveries import Fate, What
from staycurrent.store.engine import Engine, Session
from staycurrent.store.ledger import Closing, Look
from staycurrent.store.subscribers import State

BACK_OFF = tuple(timedelta(minutes=m) for m in (5, 15, 60, 180, 360))
"""Waits between the tries of a letter; the last is repeated. RFC 5321, section 4.5.4.1, asks for half an hour after the first
failure at most times, and for tries over days."""
BROKEN_OFF = timedelta(minutes=1)
"""The wait after a connection broke, which says nothing about the letter."""
MOVED = "moved"
"""What has to be chosen anew, since another digest of the subscription arrived in the meantime."""
MOST_FAILURES = 3
"""Failed deliveries in a row after which a subscription is paused."""


def of(parcel: Parcel, outcome: Outcome, now: datetime) -> Closing:
    """The fate of a letter that was tried."""
    claim = parcel.claim
    if outcome.result is Result.ACCEPTED:
        return Closing(claim, Fate.SENT, now, parcel.edition)
    if outcome.result is Result.LATER and now - claim.due_at < GIVE_UP:
        wait = BROKEN_OFF if outcome.broke and claim.tries == 0 else BACK_OFF[min(claim.tries, len(BACK_OFF) - 1)]
        return Closing(claim, Fate.WAITING, now, next_try_at=now + wait, error=outcome.reply)
    return Closing(claim, Fate.DEAD, now, error=outcome.reply, result=outcome.result.value)


def held(parcel: Parcel, look: Look, now: datetime) -> Closing | None:
    """The fate of a letter that was not handed over; None where it is somebody else's."""
    if look is Look.UNWANTED:
        return Closing(parcel.claim, Fate.SKIPPED, now, error="not wanted any more", tried=False)
    if look is Look.MOVED:
        return Closing(parcel.claim, Fate.WAITING, now, next_try_at=now, tried=False)
    return None


def unwritten(parcel: Parcel, now: datetime) -> Closing:
    """The fate of a delivery that has no letter."""
    fate = Fate.DEAD if parcel.wrong else Fate.SKIPPED
    return Closing(parcel.claim, fate, now, error=parcel.why_not, tried=False)


def word(closing: Closing) -> str:
    """The word under which a report counts it."""
    if closing.fate is Fate.WAITING:
        return "later" if closing.tried else MOVED
    return closing.fate.value


def blame(engine: Engine, keys: Keys, closing: Closing, now: datetime) -> bool:
    """Draw the consequences of a failure; whether the address is suppressed now."""
    claim = closing.claim
    if closing.result == Result.NO_ADDRESS and claim.address:
        suppress(engine, keys, claim.subscription, "bounce", now)
        return True
    if claim.what is What.DIGEST and closing.result in (Result.NO_ROOM, Result.LATER, Result.NO_ADDRESS):
        with database.writing(engine) as session:
            if returns.note(session, claim.id, "soft"):
                note_failure(session, claim.subscription, now)
    return False


def note_failure(session: Session, subscription: int, now: datetime) -> None:
    """Count a failed delivery, and pause a subscription of which too many failed in a row."""
    if returns.count_failure(session, subscription, now) >= MOST_FAILURES:
        subscribers.turn(session, subscription, State.PAUSED, now, since=[State.ACTIVE], reason="failures")
        deliveries.cancel(session, [subscription], now, "failures")


def suppress(engine: Engine, keys: Keys, subscription: int, reason: str, now: datetime) -> None:
    """Never write to the address of a subscription again: every digest of it stops, and none begins."""
    with database.writing(engine) as session:
        found = subscribers.by_id(session, subscription)
        if found and found.address:
            subscribers.suppress(session, addresses.hashes(keys, addresses.known(found.kind, found.address))[0], reason, now)
            subscribers.close_all(session, found.subscriber, State.SUPPRESSED, reason, now)

"""What the operator does with subscribers: enrol, invite, stop, erase. A person's own deeds are in `accounts`."""

from __future__ import annotations

from datetime import datetime

from staycurrent.digest import accounts, addresses, due, plans
from staycurrent.digest.addresses import Address
from staycurrent.digest.plans import Choice
from staycurrent.digest.tokens import Keys
from staycurrent.errors import UsageError
from staycurrent.store import deliveries, subscribers
from staycurrent.store import engine as database
from staycurrent.store.engine import Engine, Session
from staycurrent.store.subscribers import State


def invite(engine: Engine, keys: Keys, to: Address, choice: Choice, *, origin: str, now: datetime, again: bool = True) -> bool:
    """Ask for a yes, by the operator; with `again` off, only who was not asked for this digest yet, else False.

    Raises `UsageError` for an address that must not be written to.
    """
    plan = plans.plan(choice)
    with database.writing(engine) as session:
        _refuse_suppressed(session, keys, to)
        known = [d for d in subscribers.of_address(session, to.folded) if plans.is_same_digest(d.plan, plan)]
        if known and not again:
            return False
        accounts.note_request(session, to, plan, origin, now)
        return True


def enrol(engine: Engine, keys: Keys, to: Address, choice: Choice, *, origin: str, now: datetime) -> bool:
    """Subscribe somebody whose consent the operator has; False where the digest is there and active already.

    Raises `UsageError` for an address that must not be written to.
    """
    plan = plans.plan(choice)
    with database.writing(engine) as session:
        reason = subscribers.suppressed(session, addresses.hashes(keys, to))
        if reason:
            raise UsageError(
                f"{addresses.mask(to.text)} is suppressed ({reason}); first: staycurrent subscribers allow ADDRESS"
            )
        digests = subscribers.of_address(session, to.folded)
        same = next((d for d in digests if plans.is_same_digest(d.plan, plan)), None)
        if same is None:
            owner = subscribers.subscriber(session, to.kind, to.text, to.folded, now)
            same = subscribers.add(session, owner, accounts.new_uid(), plan, State.ACTIVE, origin, now)
        elif same.state is State.ACTIVE and same.plan == plan:
            return False
        subscribers.change(session, same.id, plan, None, now)
        next_due = due.next_moment(plan, now)
        return subscribers.turn(session, same.id, State.ACTIVE, now, since=list(State), next_due_at=next_due)


def _refuse_suppressed(session: Session, keys: Keys, to: Address) -> None:
    reason = subscribers.suppressed(session, addresses.hashes(keys, to))
    if reason:
        raise UsageError(f"{addresses.mask(to.text)} is suppressed ({reason}); first: staycurrent subscribers allow ADDRESS")


def allow(engine: Engine, keys: Keys, to: Address) -> bool:
    """Lift a suppression, by the operator; False where there is none."""
    with database.writing(engine) as session:
        return subscribers.allow(session, addresses.hashes(keys, to))


def unsubscribe_address(engine: Engine, to: Address, now: datetime) -> int:
    """Stop every digest of an address; returns how many were running."""
    with database.writing(engine) as session:
        digests = subscribers.of_address(session, to.folded)
        if not digests:
            return 0
        deliveries.cancel(session, [d.id for d in digests], now, "unsubscribed")
        return subscribers.close_all(session, digests[0].subscriber, State.UNSUBSCRIBED, "operator", now)


def erase_address(engine: Engine, keys: Keys, to: Address, now: datetime) -> bool:
    """Forget an address; False where it is not known."""
    with database.writing(engine) as session:
        digests = subscribers.of_address(session, to.folded)
        if digests:
            accounts.erase_subscriber(session, keys, digests[0], now)
        return bool(digests)

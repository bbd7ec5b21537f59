"""What the operator does with subscribers: enrol, invite, stop, erase. A person's own deeds are in `accounts`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from staycurrent.digest import accounts, addresses, due, plans
from staycurrent.digest.addresses import Address
from staycurrent.digest.plans import Choice
from staycurrent.digest.tokens import Keys
from staycurrent.errors import UsageError
from staycurrent.store import deliveries, subscribers
from staycurrent.store import engine as database
from staycurrent.store.engine import Engine, Session
from staycurrent.store.subscribers import State, Subscription


class LeftAlone(UsageError):
    """Its owner stopped or paused the digest: nobody else starts it again without meaning to."""


def invite(engine: Engine, keys: Keys, to: Address, choice: Choice, *, origin: str, now: datetime, again: bool = True) -> bool:
    """Ask for a yes, by the operator; with `again` off, as a list does, only who was not asked for this digest yet, else False.

    Raises `UsageError` for an address that must not be written to, `LeftAlone` where a list names who has left.
    """
    plan = plans.plan(choice)
    with database.writing(engine) as session:
        _refuse_suppressed(session, keys, to)
        if not again:
            digests = subscribers.of_address(session, to.folded)
            same = _same(digests, plan)
            _leave_alone(to, same, digests)
            if same:
                return False
        if not accounts.may_ask(session, addresses.hashes(keys, to), now):
            masked, days = addresses.mask(to.text), accounts.UNANSWERED.days
            raise UsageError(f"{masked} was asked {accounts.MOST_UNANSWERED} times in {days} days and did not answer")
        accounts.note_request(session, keys, to, plan, origin, now)
        return True


def enrol(
    engine: Engine,
    keys: Keys,
    to: Address,
    choice: Choice,
    *,
    origin: str,
    now: datetime,
    again: bool = True,
    revive: bool = False,
) -> bool:
    """Subscribe somebody whose consent the operator has; False where the digest is there and active already.

    With `again` off, as a list does, a digest that is active stays as its owner has it. Only `revive` starts what its owner
    stopped or paused. Raises `LeftAlone` without it, and `UsageError` for an address that must not be written to.
    """
    plan = plans.plan(choice)
    with database.writing(engine) as session:
        _refuse_suppressed(session, keys, to)
        digests = subscribers.of_address(session, to.folded)
        same = _same(digests, plan)
        if not revive:
            _leave_alone(to, same, () if again else digests)
        if same is None:
            owner = subscribers.subscriber(session, to.kind, to.text, to.folded, now)
            same = subscribers.add(session, owner, accounts.new_uid(), plan, State.ACTIVE, origin, now)
        elif same.state is State.ACTIVE and (same.plan == plan or not again):
            return False
        subscribers.change(session, same.id, plan, None, now)
        next_due = due.next_moment(plan, now)
        return subscribers.turn(session, same.id, State.ACTIVE, now, since=list(State), next_due_at=next_due)


def _same(digests: Sequence[Subscription], plan: subscribers.Plan) -> Subscription | None:
    return next((d for d in digests if plans.is_same_digest(d.plan, plan)), None)


def _leave_alone(to: Address, same: Subscription | None, digests: Sequence[Subscription]) -> None:
    """Raise `LeftAlone` where this digest was stopped or paused, or where of `digests` some were left and none runs."""
    has_gone = any(map(_was_left, digests)) and not any(d.state in (State.ACTIVE, State.PAUSED) for d in digests)
    if has_gone or (same and (same.state is State.PAUSED or _was_left(same))):
        what = "paused this digest" if same and same.state is State.PAUSED else "unsubscribed"
        raise LeftAlone(f"{addresses.mask(to.text)} {what}; if they asked you to have it again, add --revive")


def _was_left(digest: Subscription) -> bool:
    """A stranger's request for it takes nothing away from that."""
    return digest.state is State.UNSUBSCRIBED or (digest.state is State.PENDING and digest.reason == subscribers.LEFT)


def _refuse_suppressed(session: Session, keys: Keys, to: Address) -> None:
    reason = subscribers.suppressed(session, addresses.hashes(keys, to))
    if reason:
        raise UsageError(f"{addresses.mask(to.text)} is suppressed ({reason}); first: staycurrent subscribers allow ADDRESS")


def allow(engine: Engine, keys: Keys, to: Address) -> bool:
    """Lift a suppression, by the operator; False where there is none. Questions that had no answer are forgotten."""
    with database.writing(engine) as session:
        subscribers.forget_requests(session, "question", addresses.hashes(keys, to))
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

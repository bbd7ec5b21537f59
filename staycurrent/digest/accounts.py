"""What subscribers do: ask, confirm, change, pause, leave. Knows no HTTP; a page or a command calls it.

`request` answers the same whoever is subscribed, in about the same time: it only writes, the mail goes out later. A GET of a
confirmation or unsubscription page must change nothing, since scanners of mail servers open every link.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from staycurrent.digest import addresses, due, plans, queueing
from staycurrent.digest.addresses import Address
from staycurrent.digest.plans import Choice
from staycurrent.digest.tokens import Keys, Purpose, TokenError
from staycurrent.errors import UsageError
from staycurrent.store import deliveries, editions, subscribers
from staycurrent.store import engine as database
from staycurrent.store.engine import Engine, Session
from staycurrent.store.subscribers import Kind, Plan, State, Subscription

MOST_BY_ADDRESS = 3
MOST_BY_CLIENT = 20
"""Requests within an hour."""
MOST_UNANSWERED = 3
"""Questions to one address without a yes, within `UNANSWERED`; whoever asks for more is told the same and nothing is sent."""
UNANSWERED = timedelta(days=30)
MOST_LINKS = 3
"""Mails with the way to the preferences to one address in a day."""
DECLINED = "declined"
"""Why an address is not asked: its owner said so."""
MOST_DIGESTS = 10
"""Of one address, open ones."""
_CLOSED = (State.PENDING, State.UNSUBSCRIBED, State.SUPPRESSED)
"""Where a request begins anew."""
_OPEN = (State.PENDING, State.ACTIVE, State.PAUSED)


class TooManyRequests(UsageError):
    """This client asked too often; it says nothing about any address."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a preferences page shows: the masked address, and its digests, that of the token first."""

    masked: str
    digests: tuple[Subscription, ...]


# ---- asking


def request(engine: Engine, keys: Keys, address: str, choice: Choice, *, client: str, now: datetime) -> None:
    """Ask for a digest, by somebody unknown: a mail asks for a yes. Says nothing about who is subscribed.

    Raises `UsageError` for what is no address or no digest, `TooManyRequests` for a client that asks too often.
    """
    to, plan = addresses.mail(address), plans.plan(choice)
    _count_client(engine, keys, client, now)
    with database.writing(engine) as session:
        known = addresses.hashes(keys, to)
        if not subscribers.request(session, "address", known[0], now, most=MOST_BY_ADDRESS):
            return
        if subscribers.suppressed(session, known) in (None, "erased") and may_ask(session, known, now):
            note_request(session, keys, to, plan, "form", now)


def _count_client(engine: Engine, keys: Keys, client: str, now: datetime) -> None:
    with database.writing(engine) as session:
        allowed = subscribers.request(session, "client", keys.hashes(f"client:{client}")[0], now, most=MOST_BY_CLIENT)
    if not allowed:
        raise TooManyRequests("too many requests; come back in an hour")


def may_ask(session: Session, hashes: Sequence[str], now: datetime) -> bool:
    """Whether an address may get one more question, since not too many were left without an answer."""
    return subscribers.counted(session, "question", hashes, now - UNANSWERED) < MOST_UNANSWERED


def note_request(session: Session, keys: Keys, to: Address, plan: Plan, origin: str, now: datetime) -> None:
    """Let a mail ask the address for a yes, and make the digest wait for it; no more than some digests an address."""
    digests = subscribers.of_address(session, to.folded)
    same = next((d for d in digests if plans.is_same_digest(d.plan, plan)), None)
    if same is None:
        if sum(d.state in _OPEN for d in digests) >= MOST_DIGESTS:
            return
        owner = subscribers.subscriber(session, to.kind, to.text, to.folded, now)
        same = subscribers.add(session, owner, new_uid(), plan, State.PENDING, origin, now)
    elif same.state in _CLOSED:  # where it was suppressed, that was lifted, or we would not be here
        subscribers.change(session, same.id, plan, None, now)
        was_left = same.state is State.UNSUBSCRIBED or same.reason == subscribers.LEFT
        subscribers.turn(session, same.id, State.PENDING, now, since=_CLOSED, reason=subscribers.LEFT if was_left else None)
    else:  # a stranger who types an address must not change what comes there; with the owner's yes it counts
        subscribers.ask_again(session, same.id, plan if plan != same.plan else None, now)
    asked = subscribers.by_id(session, same.id)
    assert asked, "it was just written"
    subscribers.request(session, "question", addresses.hashes(keys, to)[0], now, most=MOST_UNANSWERED)
    deliveries.put(session, [queueing.confirmation(asked, now)], now)


# ---- by token


def confirm(engine: Engine, keys: Keys, token: str, now: datetime) -> Subscription:
    """Say yes; again is no error. Raises `TokenError` for a link that does not count (any more)."""
    with database.writing(engine) as session:
        found, is_newest = _asked(session, keys, token, now)
        if is_newest and _waits(found):
            plan = found.asked_plan or found.plan
            next_due = due.next_moment(plan, now)
            subscribers.change(session, found.id, plan, next_due, now)
            subscribers.forget_asked(session, found.id)
            subscribers.turn(session, found.id, State.ACTIVE, now, since=[found.state], next_due_at=next_due)
            _welcome_back(session, addresses.hashes(keys, addresses.known(found.kind, found.address or "")))
        elif found.state is not State.ACTIVE:
            raise TokenError("this link does not count any more; ask for the digest again", expired=True)
        return _found(session, found.uid)


def question(engine: Engine, keys: Keys, token: str, now: datetime) -> tuple[Subscription, bool]:
    """The digest as a yes would make it, and whether one is waited for; changes nothing. Raises `TokenError`."""
    with database.reading(engine) as session:
        found, is_newest = _asked(session, keys, token, now)
    if not (is_newest and _waits(found)):
        return found, False
    return replace(found, plan=found.asked_plan or found.plan), True


def _asked(session: Session, keys: Keys, token: str, now: datetime) -> tuple[Subscription, bool]:
    """The digest of a question, and whether that question is the newest one."""
    payload = keys.read(Purpose.CONFIRM, token, now)
    uid, asked = payload if isinstance(payload, list) and len(payload) == 2 else ("", 0)  # noqa: PLR2004 - as it was signed
    found = _found(session, uid)
    return found, int(found.asked_at.timestamp()) == asked


def _waits(found: Subscription) -> bool:
    return found.state in (State.PENDING, State.PAUSED) or (found.state is State.ACTIVE and found.asked_plan is not None)


def _welcome_back(session: Session, hashes: Sequence[str]) -> None:
    """Who had the address erased and now confirmed a new request wants mail again."""
    subscribers.forget_requests(session, "question", hashes)
    if subscribers.suppressed(session, hashes) == "erased":
        subscribers.allow(session, hashes)


def decline(engine: Engine, keys: Keys, token: str, now: datetime) -> None:
    """Never be asked again, whoever asks; the digests that wait for a yes end, those that run go on. Raises `TokenError`."""
    uid, key = _read_declining(keys, token, now)
    with database.writing(engine) as session:
        if subscribers.suppressed(session, [key]) == "erased":
            subscribers.allow(session, [key])
        subscribers.suppress(session, key, DECLINED, now)
        found = subscribers.by_uid(session, uid)
        for digest in subscribers.of_subscriber(session, found.subscriber) if found else ():
            if digest.state is State.PENDING:
                _stop(session, digest, now)


def undo_declining(engine: Engine, keys: Keys, token: str, now: datetime) -> None:
    """Let strangers ask again, by who said never. Raises `TokenError`."""
    _, key = _read_declining(keys, token, now)
    with database.writing(engine) as session:
        if subscribers.suppressed(session, [key]) == DECLINED:
            subscribers.allow(session, [key])
            subscribers.forget_requests(session, "question", [key])


def look_at_declining(engine: Engine, keys: Keys, token: str, now: datetime) -> tuple[Subscription | None, bool]:
    """The digest that was asked for, if it is still known, and whether nobody may ask any more. Raises `TokenError`."""
    uid, key = _read_declining(keys, token, now)
    with database.reading(engine) as session:
        return subscribers.by_uid(session, uid), subscribers.suppressed(session, [key]) not in (None, "erased")


def _read_declining(keys: Keys, token: str, now: datetime) -> tuple[str, str]:
    """Uid and hash: the hash alone counts, so that it holds after everything else of the address was erased."""
    payload = keys.read(Purpose.DECLINE, token, now)
    if not isinstance(payload, list) or not all(isinstance(part, str) for part in payload) or len(payload) != 2:  # noqa: PLR2004
        raise TokenError("this link is not one of ours")
    return payload[0], payload[1]


def unsubscribe(engine: Engine, keys: Keys, token: str, now: datetime) -> Subscription:
    """Stop one digest, for good and at once; again is no error. Raises `TokenError`."""
    uid = keys.read(Purpose.UNSUBSCRIBE, token, now)
    with database.writing(engine) as session:
        found = _found(session, uid)
        _stop(session, found, now)
        return _found(session, found.uid)


def send_link(engine: Engine, keys: Keys, token: str, *, client: str, now: datetime) -> None:
    """Mail the way to the preferences to the address of a link for leaving: who holds such a link need not be its owner.

    Raises `TokenError`, and `TooManyRequests` for a client that asks too often; tells nobody whether a mail goes out.
    """
    uid = keys.read(Purpose.UNSUBSCRIBE, token, now)
    _count_client(engine, keys, client, now)
    with database.writing(engine) as session:
        found = _found(session, uid)
        known = addresses.hashes(keys, addresses.known(found.kind, found.address or ""))
        is_open = found.state is not State.SUPPRESSED and subscribers.suppressed(session, known) is None
        if is_open and subscribers.counted(session, "link", known, now - timedelta(days=1)) < MOST_LINKS:
            subscribers.request(session, "link", known[0], now, most=MOST_LINKS)
            deliveries.put(session, [queueing.link(found, now)], now)


def look(engine: Engine, keys: Keys, purpose: Purpose, token: str, now: datetime) -> Subscription:
    """What a page shows before anybody presses its button; changes nothing. Raises `TokenError`."""
    payload = keys.read(purpose, token, now)
    with database.reading(engine) as session:
        return _found(session, payload[0] if isinstance(payload, list) and payload else payload)


def preferences(engine: Engine, keys: Keys, token: str, now: datetime) -> Preferences:
    """Everything that an address gets. Raises `TokenError`."""
    with database.reading(engine) as session:
        found = _bearer(session, keys, token, now)
        others = [d for d in subscribers.of_subscriber(session, found.subscriber) if d.id != found.id]
        return Preferences(addresses.mask(found.address), (found, *others))


def change(engine: Engine, keys: Keys, token: str, choice: Choice, now: datetime, *, uid: str | None = None) -> Subscription:
    """Another plan for the token's digest, or for another one of its address.

    Raises `TokenError`, and `UsageError` for a plan that makes no sense or that another digest of the address has.
    """
    with database.writing(engine) as session:
        found = _of_bearer(session, keys, token, now, uid)
        plan = plans.plan(choice, found.plan)
        others = (d for d in subscribers.of_subscriber(session, found.subscriber) if d.id != found.id and d.state in _OPEN)
        if any(plans.is_same_digest(d.plan, plan) for d in others):
            raise UsageError("there is a digest like this already")
        active = found.state is State.ACTIVE
        subscribers.change(session, found.id, plan, due.next_moment(plan, now) if active else None, now)
        return _found(session, found.uid)


def pause(engine: Engine, keys: Keys, token: str, now: datetime, *, uid: str | None = None) -> Subscription:
    """Nothing until it is resumed. Raises `TokenError`."""
    with database.writing(engine) as session:
        found = _of_bearer(session, keys, token, now, uid)
        if subscribers.turn(session, found.id, State.PAUSED, now, since=[State.ACTIVE]):
            deliveries.cancel(session, [found.id], now, "paused")
        return _found(session, found.uid)


def resume(engine: Engine, keys: Keys, token: str, now: datetime, *, uid: str | None = None) -> Subscription:
    """From the next moment on; nothing is sent late. Raises `TokenError`."""
    with database.writing(engine) as session:
        found = _of_bearer(session, keys, token, now, uid)
        next_due = due.next_moment(found.plan, now)
        subscribers.turn(session, found.id, State.ACTIVE, now, since=[State.PAUSED], next_due_at=next_due)
        return _found(session, found.uid)


def leave(engine: Engine, keys: Keys, token: str, now: datetime, *, uid: str | None = None) -> Subscription:
    """Stop a digest from the preferences page. Raises `TokenError`."""
    with database.writing(engine) as session:
        found = _of_bearer(session, keys, token, now, uid)
        _stop(session, found, now)
        return _found(session, found.uid)


def export(engine: Engine, keys: Keys, token: str, now: datetime) -> dict[str, Any]:
    """Everything that is kept of an address, for its owner. Raises `TokenError`."""
    with database.reading(engine) as session:
        found = _bearer(session, keys, token, now)
        digests = [_exported(session, d) for d in subscribers.of_subscriber(session, found.subscriber)]
        return {"address": found.address, "digests": digests}


def erase(engine: Engine, keys: Keys, token: str, now: datetime) -> None:
    """Forget an address and all its digests; a keyed hash stays, so that no import brings it back. Raises `TokenError`."""
    with database.writing(engine) as session:
        erase_subscriber(session, keys, _bearer(session, keys, token, now), now)


def erase_subscriber(session: Session, keys: Keys, found: Subscription, now: datetime) -> None:
    """Take an address out of the database."""
    digests = subscribers.of_subscriber(session, found.subscriber)
    deliveries.cancel(session, [d.id for d in digests], now, "erased")
    if found.address:
        key = addresses.hashes(keys, addresses.known(found.kind, found.address))[0]
        subscribers.suppress(session, key, "erased", now)
    subscribers.erase(session, found.subscriber, now)


# ---- parts


def new_uid() -> str:
    """What tokens name a digest by."""
    return secrets.token_hex(12)


def _found(session: Session, uid: object) -> Subscription:
    found = subscribers.by_uid(session, uid) if isinstance(uid, str) else None
    if found is None or found.state is State.ERASED:
        raise TokenError("this digest is not there any more", expired=True)
    if found.kind is not Kind.MAIL:  # earlier releases posted links where a whole channel reads them
        raise TokenError("the digests of a channel are the operator's")
    return found


def _bearer(session: Session, keys: Keys, token: str, now: datetime) -> Subscription:
    return _found(session, keys.read(Purpose.PREFERENCES, token, now))


def _of_bearer(session: Session, keys: Keys, token: str, now: datetime, uid: str | None) -> Subscription:
    """The digest with this uid, if it belongs to the address whose token it is."""
    found = _bearer(session, keys, token, now)
    if uid is None or uid == found.uid:
        return found
    other = _found(session, uid)
    if other.subscriber != found.subscriber:
        raise TokenError("this digest is not there any more", expired=True)
    return other


def _stop(session: Session, found: Subscription, now: datetime) -> None:
    if subscribers.turn(session, found.id, State.UNSUBSCRIBED, now, since=_OPEN):
        deliveries.cancel(session, [found.id], now, "unsubscribed")


def _exported(session: Session, digest: Subscription) -> dict[str, Any]:
    told = {name: getattr(digest.plan, name) for name in Plan.__slots__} | {"time": plans.clock(digest.plan.minute)}
    dates = {name: _stamp(getattr(digest, name)) for name in ("created_at", "asked_at", "confirmed_at", "next_due_at")}
    sent = [{"period": p, "state": s, "at": _stamp(at)} for p, s, at in deliveries.of_subscription(session, digest.id)]
    items = list(editions.items(session, digest.last_edition))
    return {
        "state": digest.state.value,
        "origin": digest.origin,
        **told,
        "asked": asdict(digest.asked_plan) if digest.asked_plan else None,
        **dates,
        "deliveries": sent,
        "items": items,
    }


def _stamp(at: datetime | None) -> str | None:
    return at.isoformat() if at else None

"""Messages that came back, and complaints: whose they are, what they mean, and what follows.

Delivery status notifications are RFC 3464, complaints RFC 5965. Whose one is, its return path says, which we signed. Where only
a Message-ID is left, which anybody may know who was forwarded a mail, the milder thing is done.
"""

from __future__ import annotations

import mailbox
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from enum import StrEnum
from pathlib import Path
from typing import Any

from staycurrent.digest import fates, replies
from staycurrent.digest.channels import Result
from staycurrent.digest.office import Office
from staycurrent.errors import UsageError
from staycurrent.store import deliveries, returns, subscribers
from staycurrent.store import engine as database
from staycurrent.store.engine import Engine
from staycurrent.store.subscribers import State

LARGEST = 4 << 20
"""Bytes of one message that are looked at; a bounce with the whole digest in it has some hundred kilobytes."""
MOST_PARTS = 200
_OURS = ("to", "delivered-to", "x-original-to", "envelope-to", "original-mail-from", "return-path", "x-failed-recipients")


class Kind(StrEnum):
    """Of what came back."""

    HARD = "hard"
    SOFT = "soft"
    COMPLAINT = "complaint"


@dataclass(frozen=True, slots=True)
class Bounce:
    """`signed` tells whether the return path proves whose it is."""

    kind: Kind
    delivery: str
    signed: bool


def read(office: Office, data: bytes) -> Bounce | None:
    """What a message says came back; None where it is no bounce, or none of ours."""
    parts = list(_parts(message_from_bytes(data[:LARGEST], policy=compat32)))
    kind = _kind(parts)
    if kind is None:
        return None
    signed = next(filter(None, (office.delivery_of(text) for text in _fields(parts, _OURS))), None)
    named = next(filter(None, (office.delivery_of_id(text) for text in _fields(parts, ("message-id",)))), None)
    delivery = signed or named
    return Bounce(kind, delivery, signed is not None) if delivery else None


def take(engine: Engine, office: Office, data: bytes, now: datetime) -> Bounce | None:
    """Read a message and do what follows from it; the same message again changes nothing."""
    bounce = read(office, data)
    if bounce is None:
        return None
    with database.writing(engine) as session:
        found = deliveries.by_key(session, bounce.delivery)
        if found is None:
            return None
        news = returns.note(session, found[0], bounce.kind.value, proven=bounce.signed)
    if news:
        _follow(engine, office, bounce, found[1], now)
    return bounce


def _follow(engine: Engine, office: Office, bounce: Bounce, subscription: int, now: datetime) -> None:
    if bounce.kind is Kind.SOFT or (bounce.kind is Kind.HARD and not bounce.signed):
        with database.writing(engine) as session:
            fates.note_failure(session, subscription, now)
    elif bounce.signed:
        fates.suppress(engine, office.keys, subscription, "complaint" if bounce.kind is Kind.COMPLAINT else "bounce", now)
    else:
        with database.writing(engine) as session:
            running = [State.PENDING, State.ACTIVE, State.PAUSED]
            subscribers.turn(session, subscription, State.UNSUBSCRIBED, now, since=running, reason="complaint")
            deliveries.cancel(session, [subscription], now, "complaint")


def messages(path: Path) -> Iterator[bytes]:
    """The messages of a file, an mbox or a Maildir. Raises `UsageError` where it cannot be read."""
    try:
        if path.is_dir():
            yield from (m.as_bytes() for m in mailbox.Maildir(path, create=False))
            return
        with path.open("rb") as file:
            if file.read(5) != b"From ":
                file.seek(0)
                yield file.read(LARGEST)
                return
        with closing(mailbox.mbox(path, create=False)) as box:
            yield from (m.as_bytes() for m in box)
    except (OSError, mailbox.Error) as error:
        raise UsageError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _parts(message: Message) -> Iterator[Message]:
    for count, part in enumerate(message.walk()):
        if count >= MOST_PARTS:
            return
        yield part
        if part.get_content_type() in ("text/rfc822-headers", "message/feedback-report"):
            text = part.get_payload(decode=True)
            if isinstance(text, bytes):
                yield message_from_bytes(text.lstrip(), policy=compat32)


def _fields(parts: list[Message], names: tuple[str, ...]) -> Iterator[str]:
    for part in parts:
        for name in names:
            yield from (str(value) for value in part.get_all(name, []))


def _kind(parts: list[Message]) -> Kind | None:
    if any(part.get_content_type() == "message/feedback-report" for part in parts):
        kinds = {text.strip().casefold() for text in _fields(parts, ("feedback-type",))}
        return Kind.COMPLAINT if kinds & {"abuse", "fraud"} else None
    if not any(part.get_content_type() == "message/delivery-status" for part in parts):
        return None
    return _worst(parts)


def _worst(parts: list[Message]) -> Kind | None:
    found: list[Any] = []
    for part in parts:
        if str(part.get("action", "")).strip().casefold() != "failed":
            continue  # delayed, relayed and the rest are no failure yet
        status = replies.ENHANCED.search(str(part.get("status", "")))
        said = f"{status[0] if status else ''} {part.get('diagnostic-code', '')}"
        code = 400 if status and status[1] == "4" else 550
        verdict = replies.judge(code, said, at_recipient=True)
        found.append(Kind.HARD if verdict is Result.NO_ADDRESS else Kind.SOFT)
    return Kind.HARD if Kind.HARD in found else Kind.SOFT if found else None

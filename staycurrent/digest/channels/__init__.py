"""Ways out: a mail server, a folder of files, webhooks. A channel sends one letter and says what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from staycurrent.errors import StaycurrentError


class Down(StaycurrentError):
    """The channel takes nothing from us now: no connection, no TLS, log-in refused. No letter is at fault."""


class Result(StrEnum):
    """What became of a letter."""

    ACCEPTED = "accepted"
    HELD = "held"
    """`ready` said no; nothing was handed over."""
    LATER = "later"
    """A temporary failure: the same letter may be tried again."""
    REFUSED = "refused"
    """For good, and not because of the address: content or policy."""
    NO_ADDRESS = "no-address"
    """For good, because of the address."""
    NO_ROOM = "no-room"
    """For now, because of the mailbox: full or switched off."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message and its way. `message_id` has its angle brackets; `data` is the whole message, `text` the plain part alone."""

    recipient: str
    return_path: str
    message_id: str
    data: bytes
    subject: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A result and why, as the other side put it; `broke` says that the connection went with it."""

    result: Result
    reply: str = ""
    broke: bool = False


class Channel(Protocol):
    """Sends letters, one after the other."""

    def send(self, letter: Letter, ready: Callable[[], bool]) -> Outcome:
        """Hand a letter over, after asking `ready` exactly once, at a moment when nothing is settled yet. Raises `Down`."""
        ...

    def close(self) -> None:
        """Part in good order; never raises."""
        ...

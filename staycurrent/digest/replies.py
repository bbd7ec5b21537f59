"""What a mail server's reply, or the status in a bounce, says of an address. Pure.

Codes: RFC 5321, section 4.2; enhanced status codes: RFC 3463 and the registry that RFC 5248 began.
"""

from __future__ import annotations

import re

from staycurrent.digest.channels import Result
from staycurrent.redact import Redactor

ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_LONGEST = 300
_redact = Redactor().text
_GONE = {(1, 0), (1, 1), (1, 2), (1, 3), (1, 6), (1, 10), (2, 0), (2, 1), (0, 0)}
"""Subject and detail of a status that means: no such mailbox or domain, moved, or switched off for good.

5.1.7 and 5.1.8 speak of the sender's address, 5.1.9 of a relay, so they are not among them."""
_FULL = {(2, 2), (3, 1)}
_ADDRESS_CODES = {550, 551, 553, 556}
"""Without an enhanced code these mean the mailbox (RFC 5321, section 4.2.3)."""


def judge(code: int, text: str, *, at_recipient: bool) -> Result:
    """What a reply means for the letter; `at_recipient` tells whether it answered RCPT."""
    if 200 <= code < 300:  # noqa: PLR2004 - the classes of RFC 5321
        return Result.ACCEPTED
    enhanced = ENHANCED.search(text)
    detail = (int(enhanced[2]), int(enhanced[3])) if enhanced else None
    if code < 500:  # noqa: PLR2004
        return Result.LATER
    if detail in _FULL or (code == 552 and detail is None and at_recipient):  # noqa: PLR2004
        return Result.NO_ROOM
    if detail is None:
        return Result.NO_ADDRESS if at_recipient and code in _ADDRESS_CODES else Result.REFUSED
    return Result.NO_ADDRESS if detail in _GONE and (at_recipient or detail != (0, 0)) else Result.REFUSED


def shown(code: int, text: str) -> str:
    """A reply as it may be kept: one line, without any address."""
    return f"{code} {clean(text)}".strip()


def clean(text: str) -> str:
    """One line of what the other side said, without any address."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return _redact(line)[:_LONGEST]

"""A message out of a rendering and an envelope: MIME with plain text first, the same bytes for the same arguments.

A rendering is encoded once for all who share it. Quoted-printable may break a line anywhere, so a recipient's own addresses
are put between the encoded pieces, each on lines of its own, and nothing has to be encoded anew.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from datetime import UTC
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address, BaseHeader, HeaderRegistry
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache
from hashlib import blake2b
from html import escape
from typing import Any

from staycurrent.digest.types import CONFIRM_MARK, DECLINE_MARK, PREFERENCES_MARK, UNSUBSCRIBE_MARK, Envelope, Rendered
from staycurrent.errors import UsageError

LONGEST_LINE = 998
"""RFC 5322, section 2.1.1, without the line's end."""
WIDTH = 76
"""Of a line in quoted-printable (RFC 2045, section 6.7)."""
_MARKS = (PREFERENCES_MARK, UNSUBSCRIBE_MARK, CONFIRM_MARK, DECLINE_MARK)
_AT_MARKS = re.compile("(" + "|".join(map(re.escape, _MARKS)) + ")")
_HALF_ESCAPE = re.compile(rb"=[0-9A-F]?\Z")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
"""What every server takes; quoted local parts and those beyond ASCII are refused (RFC 5321, section 4.1.2)."""
_NAME = re.compile(r"[!-9;-~]{1,76}")
_TOKEN = re.compile(r"[!-;=?-~]+")
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SOFT = b"=\r\n"
_registry = HeaderRegistry()


def compose(rendered: Rendered, envelope: Envelope) -> bytes:
    """The whole message with CRLF, ready for SMTP's DATA. Raises `UsageError` for a value that no header can take."""
    _one_line("return_path", envelope.return_path)
    boundary = _boundary(envelope.message_id)
    text, html = _encoded(rendered)
    lines = [*_headers(rendered, envelope), ("Content-Type", f'multipart/alternative; boundary="{boundary}"')]
    own = {
        PREFERENCES_MARK: _one_line("preferences_url", envelope.preferences_url),
        UNSUBSCRIBE_MARK: _one_line("unsubscribe_url", envelope.unsubscribe_url),
        CONFIRM_MARK: _one_line("confirm_url", envelope.confirm_url),
        DECLINE_MARK: _one_line("decline_url", envelope.decline_url),
    }
    return b"".join(
        [
            "".join(f"{name}: {value}\r\n" for name, value in lines).encode("ascii"),
            b"\r\n",
            *_part(boundary, "plain", text, {mark: _quoted(url) for mark, url in own.items()}),
            *_part(boundary, "html", html, {mark: _quoted(escape(url)) for mark, url in own.items()}),
            f"--{boundary}--\r\n".encode("ascii"),
        ]
    )


def encoded_size(text: str) -> int:
    """Bytes of a text as a part of a message, with its marks still in it."""
    return sum(len(piece) for piece in _pieces(text))


def _headers(rendered: Rendered, envelope: Envelope) -> Iterator[tuple[str, str]]:
    yield "From", _address("From", envelope.sender)
    yield "To", _recipient(envelope.recipient)
    yield "Subject", _words("Subject", rendered.subject)
    yield "Date", format_datetime(envelope.date.astimezone(UTC))
    yield "Message-ID", f"<{_literal('Message-ID', envelope.message_id.removeprefix('<').removesuffix('>'))}>"
    yield "List-Id", _words("List-Id", envelope.list_id)
    yield "List-Unsubscribe", f"<{_literal('List-Unsubscribe', envelope.unsubscribe_url)}>"
    yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"
    if not envelope.confirm_url:  # a confirmation answers what a person just did, so nothing may hold it back as bulk
        yield "Auto-Submitted", "auto-generated"
        yield "Precedence", "bulk"
    for name, value in envelope.headers:
        if not _NAME.fullmatch(name):
            raise UsageError(f"headers: {name[:40]!r} is not a header's name")
        yield name, _words(name, value)
    yield "MIME-Version", "1.0"


def _part(boundary: str, kind: str, pieces: tuple[bytes, ...], own: dict[str, bytes]) -> Iterator[bytes]:
    yield f"--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\n".encode("ascii")
    yield b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    for n, piece in enumerate(pieces):
        yield own[piece.decode("ascii")] if n % 2 else piece
    yield b"\r\n"  # belongs to the boundary, not to the part


def _boundary(message_id: str) -> str:
    """`=_` cannot stand in quoted-printable, so no part holds its own end (RFC 2045, section 6.7)."""
    return f"=_{blake2b(message_id.encode(errors='replace'), digest_size=16).hexdigest()}"


@lru_cache(maxsize=64)
def _encoded(rendered: Rendered) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    return _pieces(rendered.text), _pieces(rendered.html)


def _pieces(text: str) -> tuple[bytes, ...]:
    """The text in quoted-printable, cut where a mark stands: text, mark, text, and so on; every cut is a soft line break."""
    pieces = _AT_MARKS.split(text)
    ends = len(pieces) - 1
    return tuple(
        piece.encode("ascii") if n % 2 else _quoted(piece, last=n == ends) if piece or n == ends else b""
        for n, piece in enumerate(pieces)
    )


def _quoted(text: str, *, last: bool = False) -> bytes:
    """Quoted-printable that ends in a soft line break, unless it is the last of its part."""
    # With LF alone, since the encoder takes the first line's end for that of its own soft breaks.
    unix = text.replace("\r\n", "\n").replace("\r", "\n")
    encoded = binascii.b2a_qp(unix.encode(errors="replace"), istext=True).replace(b"\n", b"\r\n")
    if last or not encoded or encoded.endswith(b"\n"):
        return encoded
    head, feed, tail = encoded.rpartition(b"\n")
    if len(tail) < WIDTH:
        return encoded + _SOFT
    cut = len(tail) - 3
    while _HALF_ESCAPE.search(tail[:cut]):
        cut -= 1
    return b"".join([head, feed, tail[:cut], _SOFT, tail[cut:], _SOFT])


@lru_cache(maxsize=256)
def _words(name: str, value: str) -> str:
    """A header in words: folded, and encoded where it is not ASCII or would be taken for something encoded."""
    if "=?" in _one_line(name, value):
        return Header(value, "utf-8", header_name=name).encode(linesep="\r\n")
    return _folded(name, _registry(name, _one_line(name, value)))


@lru_cache(maxsize=64)
def _address(name: str, value: str) -> str:
    """A header that holds one mailbox, with or without a name."""
    try:
        found: Any = _registry(name, _one_line(name, value))
        (only,) = found.addresses
        plain = _ascii_domain(only.addr_spec)
        known = _registry(name, str(Address(only.display_name, addr_spec=plain)))
    except (ValueError, IndexError, MessageError) as error:
        raise UsageError(f"{name}: not one mail address") from error
    if found.defects or not _ADDRESS.fullmatch(plain):
        raise UsageError(f"{name}: not one mail address")
    return _folded(name, known)


def _recipient(value: str) -> str:
    """Most recipients are a bare address, which needs no parser; that is a third of the time of a message."""
    return value if _ADDRESS.fullmatch(value) else _address("To", value)


def _ascii_domain(address: str) -> str:
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"


def _literal(name: str, value: str) -> str:
    """An address of the web or an id, which must not be folded or encoded."""
    if not _TOKEN.fullmatch(value) or len(name) + len(value) > LONGEST_LINE - len(": <>"):
        raise UsageError(f"{name}: must be one line of printable ASCII without spaces")
    return value


def _one_line(name: str, value: str) -> str:
    if _BREAKS.search(value):
        raise UsageError(f"{name}: must be one line, without control characters")
    return value


def _folded(name: str, header: BaseHeader) -> str:
    return str(header.fold(policy=SMTP)).removeprefix(f"{name}:").strip(" \r\n")

"""Text from outside made plain, in one place: no markup, no control characters, white space folded.

What leaves here is text, never HTML: whoever shows it escapes it.
"""

from __future__ import annotations

import html
import re
from urllib.parse import urljoin, urlsplit

import nh3

from staycurrent.errors import UnexpectedContent

# C0 and C1 controls, the two Unicode line separators, zero-width and bidirectional overrides (a title must not reorder
# the line it stands in), the byte-order mark, and lone surrogates, which no database takes.
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
# A tag that is never closed counts where it has an attribute that acts: what is shown behind it would close it.
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--|<[a-zA-Z][^<>]*[\s/\"'](?:on[a-z]+|src|href|style|data|action)\s*=", re.IGNORECASE)
_BLOCK = re.compile(r"<(?=/?(?:p|br|div|li|ul|ol|h[1-6]|tr|td|th|table|blockquote|pre|hr|figure|section)\b)", re.IGNORECASE)
_NOT_XML = bytes(b for b in range(0x20) if b not in (0x09, 0x0A, 0x0D))
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_HIDDEN = {"script", "style", "template"}
_LAYERS = 5
"""Times that a text may be escaped over; nobody means more."""


def fold(text: str) -> str:
    """White space, line ends included, folded to single spaces; control characters gone."""
    # Most texts hold nothing to remove, and asking is twice as fast as substituting.
    return " ".join((text if text.isprintable() else _CONTROL.sub("", text)).split())


def plain(text: str) -> str:
    """HTML, or text that may hold some, as plain folded text.

    Feeds escape once too often, by mistake or to smuggle a tag past a cleaner; so what looks like a tag after
    unescaping, or after the control characters inside it are gone, is taken out too, layer by layer.
    """
    text = fold(text)
    for _ in range(_LAYERS):
        if not _TAG.search(text):
            unescaped = fold(html.unescape(text))
            if not _TAG.search(unescaped):
                return unescaped
            text = unescaped
        # "<p>a</p><p>b</p>" is two words.
        text = nh3.clean(_BLOCK.sub(" <", text), tags=set(), clean_content_tags=_HIDDEN)
    return fold(text.replace("<", " "))


def capped(text: str, limit: int) -> str:
    """At most `limit` characters, cut between words and marked where cut."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    return f"{head.rsplit(' ', 1)[0] if ' ' in head else head}…"


def http_url(text: str, base: str = "") -> str | None:
    """An absolute http(s) address without white space, resolved against `base`; None for any other thing."""
    try:
        url = urljoin(base, fold(text))
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return url if usable and " " not in url and '"' not in url else None


def xml_bytes(body: bytes) -> bytes:
    """The XML document without the control bytes that XML 1.0 forbids (section 2.2) and upstreams let slip through.

    Raises `UnexpectedContent` where it declares entities: none of our sources does, and expanding them is an attack.
    """
    wide = body.startswith(_UTF16_MARKS)
    if not wide:
        body = body.translate(None, _NOT_XML)
    if b"<!ENTITY" in (body.replace(b"\x00", b"") if wide else body):
        raise UnexpectedContent("the XML declares entities")
    return body

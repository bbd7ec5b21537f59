"""Whether a body is what was asked for, and whole, seen from its first and last bytes before anything parses it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

import httpx

from collector.addresses import place, safe_url
from staycurrent.errors import Incomplete, UnexpectedContent

_HEAD: Final = 64 << 10
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
# What may stand before the root: declaration and instructions, comments.
_PROLOG = re.compile(rb"(?:\s+|<\?(?:(?!\?>).)*\?>|<!--(?:(?!-->).)*-->)*", re.DOTALL)
_HTML = re.compile(rb"<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_DOCTYPE = re.compile(rb"<!DOCTYPE[^\[>]*(?:\[(?:(?!\]\s*>).)*\]\s*)?>", re.DOTALL)
_ROOT = re.compile(rb"<([^\s<>/!?]+)")
_TAG_END = re.compile(rb"\s*>")
# A bracket alone is no sign: one random byte in 256 is "<", and noise must not pass for an answer that was cut.
_MARKUP = re.compile(rb"<(?:[?!]|[A-Za-z_][\w:.-]*(?:[\s/>]|\Z)|\Z)")
_JSON = re.compile(rb"\{\s*(?:[\"}]|\Z)|\[\s*(?:[\[\]{\"tfn0-9-]|\Z)")
_BRACKETS: Final = {b"{": b"}", b"[": b"]"}
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def check_content(body: bytes, accept: tuple[str, ...], url: httpx.URL) -> None:
    """Raise unless the body looks like one of the accepted forms, from its first byte to its last.

    `UnexpectedContent` where it is something else; `Incomplete`, which is asked again, where it begins rightly and
    its end is missing: a cut body with a matching Content-Length is only seen here.
    """
    if not accept:
        return
    text = _as_bytes_of_ascii(body)
    forms = [form for form in accept if _LOOKS[form][0](text)]
    if not forms:
        wanted = " or ".join(form.upper() for form in accept)
        raise UnexpectedContent(f"{_kind(text)} where {wanted} must be, from {place(url)}", url=safe_url(url))
    if _CONTROL.search(text):
        # Neither XML 1.0 (section 2.2) nor JSON (RFC 8259, section 7) may hold them: the body was damaged on its way.
        raise UnexpectedContent(f"control characters in the answer from {place(url)}", url=safe_url(url))
    if not any(_LOOKS[form][1](text) for form in forms):
        raise Incomplete(f"{len(body):,} bytes from {place(url)} end in the middle", url=safe_url(url))


def _as_bytes_of_ascii(body: bytes) -> bytes:
    """The body in an encoding in which markup is ASCII, without its byte order mark."""
    if body.startswith(_UTF16_MARKS):
        return body.decode("utf-16", "replace").encode()
    return body.removeprefix(b"\xef\xbb\xbf")


def _kind(text: bytes) -> str:
    if not text.strip():
        return "an empty answer"
    if _is_html(text):
        return "an HTML page"
    return f"{len(text):,} bytes of something else"


def _is_html(text: bytes) -> bool:
    head = text[:_HEAD]
    return bool(_HTML.match(head, _end(_PROLOG, head, 0)))


def _end(pattern: re.Pattern[bytes], text: bytes, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match else start


def _is_xml(text: bytes) -> bool:
    return bool(_MARKUP.match(text[:_HEAD].lstrip())) and not _is_html(text)


def _xml_ends(text: bytes) -> bool:
    """Whether the root element is closed; what follows it (a cache's comment) does not matter."""
    head = text[:_HEAD]
    start = _end(_PROLOG, head, _end(_DOCTYPE, head, _end(_PROLOG, head, 0)))
    root = _ROOT.match(head, start)
    if not root:
        return text.rstrip().endswith(b">")
    closing = text.rfind(b"</" + root[1])
    if closing >= 0:
        return bool(_TAG_END.match(text, closing + len(root[1]) + 2))
    return text.find(b"/>", start) == text.find(b">", start) - 1


def _is_json(text: bytes) -> bool:
    return bool(_JSON.match(text[:_HEAD].lstrip()))


def _json_ends(text: bytes) -> bool:
    return text[-_HEAD:].rstrip()[-1:] == _BRACKETS[text[:_HEAD].lstrip()[:1]]


_LOOKS: Final[Mapping[str, tuple[Callable[[bytes], bool], Callable[[bytes], bool]]]] = {
    "xml": (_is_xml, _xml_ends),
    "json": (_is_json, _json_ends),
}

"""What comes with a request for a mail's page: its form, and whether a page of ours sent it."""

from __future__ import annotations

from email.parser import BytesParser
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request

from dashboard.origin import split

MAX_BODY = 64_000
"""Bytes; a form with every topic and a hundred long words has less."""
MOST_FIELDS = 400
MULTIPART = "multipart/form-data"
ONE_CLICK = ("List-Unsubscribe", "One-Click")
"""What a mail program posts (RFC 8058, section 3.2), in either kind of form."""
Form = dict[str, list[str]]


async def form(request: Request) -> Form:
    """The fields of a form; none for a body that is no form. Raises 413 for one that is too long."""
    body = await _body(request)
    kind = request.headers.get("content-type", "")
    try:
        if kind.partition(";")[0].strip().lower() == MULTIPART:
            return _multipart(kind, body)
        return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return {}


def is_one_click(given: Form) -> bool:
    """Whether a mail program asks, with no person at a page."""
    name, value = ONE_CLICK
    return given.get(name) == [value]


def is_own_page(headers: Headers, public_host: str) -> bool:
    """Whether a page of ours, or no browser at all, sent the form.

    The token in the address is the authority, this only a second lock. `Origin` is "null" on our own forms, since their
    pages send no referrer; a browser that says no more than that is taken at its word.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin", "null")
    return origin == "null" or split(origin).netloc in {headers.get("host"), public_host} - {""}


async def _body(request: Request) -> bytes:
    read = b""
    async for part in request.stream():
        read += part
        if len(read) > MAX_BODY:
            raise HTTPException(413, "the form is too long")
    return read


def _multipart(content_type: str, body: bytes) -> Form:
    """A form in parts (RFC 7578) by the parser of mails, which never fails on what is none."""
    message = BytesParser().parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode("latin-1") + body)
    listed: Form = {}
    for part in message.walk():
        name, value = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(value, bytes):
            listed.setdefault(name, []).append(value.decode("utf-8", "replace"))
    return listed

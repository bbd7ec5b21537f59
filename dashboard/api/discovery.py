"""Feeds that a page announces: `<link rel="alternate">` in Streamlit's shell, for the query that the address bears; and the
scripts of the pages, and what `dashboard.shell` makes of it. A path that is no page gets `dashboard.unknown` instead.

Feed readers ask for the page and look there. The shell is one file for all pages; without these links it is as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from urllib.parse import parse_qs, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard import connecting, language, pieces, shell, unknown
from dashboard.api.formats import MEDIA_TYPES
from dashboard.marking import script_tag
from dashboard.titles import PATHS
from staycurrent import period as periods
from staycurrent.errors import UsageError
from staycurrent.query import Query

PAGES = frozenset(PATHS)
_WITH_FILTERS = frozenset({"/", "/explore", "/trends", "/labs", "/digest"})
_NAMES = {"atom": "Atom", "rss": "RSS", "json": "JSON Feed"}
_HEAD = b"</head>"
MAX_SHELL = 200_000
"""Bytes; the shell has 5,000. What is longer is not held back."""


def links(path: str, query_string: str) -> str:
    """The links for a page."""
    pairs, words = _asked(path, query_string)
    query = _query(pairs)
    title = escape(f"staycurrent: {words}" if words else "staycurrent")
    return "".join(
        f'<link rel="alternate" type="{MEDIA_TYPES[kind]}" title="{title} ({name})" href="{escape(f"./feeds/{kind}{query}")}">'
        for kind, name in _NAMES.items()
    )


def _query(pairs: list[tuple[str, str]]) -> str:
    return f"?{urlencode(pairs)}" if pairs else ""


def _asked(path: str, query_string: str) -> tuple[list[tuple[str, str]], str]:
    """What the page shows as parameters of a feed, and in words; the front page shows a month's reading."""
    params = parse_qs(query_string) if path in _WITH_FILTERS else {}
    try:
        query = Query.from_params(params)
        month = periods.parse(params["month"][0]).name if path == "/" and "month" in params else "this-month"
    except UsageError:
        query, month = Query(), "this-month"
    filters, words = query.params(), "; ".join(pieces.query_words(query))
    if path != "/":
        return filters, words
    return [*filters, ("period", month)], f"the month's reading{': ' + words if words else ''}"


class FeedDiscovery:
    """Puts the links into the shell of a page. Plain ASGI middleware, outside of what compresses."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
        elif scope["path"] not in PAGES:
            await _Known(self.app)(scope, receive, send)
        elif scope["method"] == "GET":
            await self.app(_uncompressed(scope), receive, _Inserting(send, _change(scope)).send)
        else:
            await self.app(scope, receive, send)


class _Known:
    """Passes on what there is at a path, and says where there is nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_unknown = False

        async def send_on(message: Message) -> None:
            nonlocal is_unknown
            if message["type"] == "http.response.start":
                is_unknown = unknown.is_shell(scope, message)
            if not is_unknown:
                await send(message)

        await self.app(scope, receive, send_on)
        if is_unknown:
            await unknown.answer(scope, receive, send)


def _change(scope: Scope) -> Callable[[bytes], bytes]:
    """What becomes of the shell for a request."""
    path, query = scope["path"], scope["query_string"].decode("latin-1")
    head = (links(path, query) + connecting.TAG + script_tag() + shell.HEAD).encode()
    spoken = language.of_page(query, Headers(scope=scope).get("accept-language", ""))

    def changed(body: bytes) -> bytes:
        return shell.dressed(body, path, spoken, _query(_asked(path, query)[0])).replace(_HEAD, head + _HEAD, 1)

    return changed


def _uncompressed(scope: Scope) -> Scope:
    """The request without what lets the answer be packed, cut or left out: the links go into its plain text."""
    unwanted = (b"accept-encoding", b"range", b"if-none-match", b"if-modified-since", b"if-range")
    return {**scope, "headers": [(n, v) for n, v in scope["headers"] if n.lower() not in unwanted]}


class _Inserting:
    """Holds the start of an answer back until the head of the page has come."""

    def __init__(self, send: Send, change: Callable[[bytes], bytes]) -> None:
        self._send = send
        self._change = change
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_page(message):
            self._start = message
            return
        if self._start is None or message["type"] != "http.response.body":
            await self._send(message)
            return
        self._body += message.get("body", b"")
        more = message.get("more_body", False)
        if more and len(self._body) <= MAX_SHELL:
            return
        await self._pass_on(self._start, more=more)

    async def _pass_on(self, start: Message, *, more: bool) -> None:
        self._start = None
        body = self._change(self._body)
        headers = MutableHeaders(scope=start)
        headers.add_vary_header("Accept-Language")
        for mark in ("etag", "last-modified"):  # they are the file's, and the links come from elsewhere
            del headers[mark]
        if "content-length" in headers:
            grown = len(body) - len(self._body)
            headers["content-length"] = str(int(headers["content-length"]) + grown)
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body, "more_body": more})


def _is_page(message: Message) -> bool:
    headers = Headers(raw=message["headers"])
    return message["status"] == 200 and headers.get("content-type", "").startswith("text/html")  # noqa: PLR2004

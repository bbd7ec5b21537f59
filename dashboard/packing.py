"""Streamlit's scripts and styles go out packed, each packed once and kept. Plain ASGI middleware.

Streamlit sends them as they lie on the disk, and a first visit takes 3.4 MB; packed it takes 1.6. Packing anew for each reader
would cost a processor what the network gains. The names of these files carry a hash of their contents, so what is
kept never goes stale.
"""

from __future__ import annotations

import asyncio
import gzip
import re
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

WANTED = re.compile(r"/static/(?:[\w-][\w.-]*/)*[\w-][\w.-]*\.(?:js|css|svg|json|wasm)")
"""Plain paths only, so that one file has one name here."""
LARGEST = 4 << 20
"""Bytes of a file; the largest has 0.9 MB."""
MOST_KEPT = 16 << 20
"""Bytes of all packed files; those of Streamlit 1.67 have 4 MB."""
LEVEL = 6


@dataclass(frozen=True, slots=True)
class _Packed:
    headers: list[tuple[bytes, bytes]]
    body: bytes
    etag: str


class PackedFiles:
    """The middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._kept: dict[str, _Packed] = {}
        self._size = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_wanted(scope):
            await self.app(scope, receive, send)
            return
        path, asked = scope["path"], Headers(scope=scope)
        if path not in self._kept:
            collected = _Collected()
            # Whole, whatever this reader has of it already, and also where this reader goes away: it is packed for all of them.
            inner = _unconditional(scope)
            await self.app(inner, _Patient().receive, collected.send)
            scope.update({name: inner[name] for name in inner.keys() - scope.keys()})  # who answered, for those around us
            packed = await asyncio.to_thread(collected.packed)
            if packed is None or self._size + len(packed.body) > MOST_KEPT:
                await collected.replay(send)
                return
            self._size += len(packed.body) if path not in self._kept else 0
            self._kept[path] = packed
        await _answer(self._kept[path], asked)(scope, receive, send)


def _answer(packed: _Packed, asked: Headers) -> Response:
    has_it = asked.get("if-none-match") == packed.etag
    answer = Response(b"" if has_it else packed.body, 304 if has_it else 200)
    answer.raw_headers = [
        pair
        for pair in packed.headers
        if not has_it or pair[0] not in (b"content-length", b"content-encoding", b"content-type")
    ]
    return answer


def _is_wanted(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    headers = Headers(scope=scope)
    return (
        WANTED.fullmatch(scope["path"]) is not None and "gzip" in headers.get("accept-encoding", "") and "range" not in headers
    )


def _unconditional(scope: Scope) -> Scope:
    unwanted = (b"accept-encoding", b"if-none-match", b"if-modified-since")
    return {**scope, "headers": [pair for pair in scope["headers"] if pair[0].lower() not in unwanted]}


class _Patient:
    """A reader who sends nothing more and never goes away."""

    def __init__(self) -> None:
        self._has_asked = False

    async def receive(self) -> Message:
        if self._has_asked:
            await asyncio.Event().wait()
        self._has_asked = True
        return {"type": "http.request", "body": b"", "more_body": False}


class _Collected:
    """An answer held back until it is whole."""

    def __init__(self) -> None:
        self._messages: list[Message] = []

    async def send(self, message: Message) -> None:
        self._messages.append(message)

    async def replay(self, send: Send) -> None:
        for message in self._messages:
            await send(message)

    def packed(self) -> _Packed | None:
        """The answer packed, None where it is none that may be."""
        start, *rest = self._messages
        body = b"".join(message.get("body", b"") for message in rest)
        headers = MutableHeaders(raw=list(start["headers"]))
        is_whole = headers.get("content-length") == str(len(body)) and not rest[-1].get("more_body", False)
        is_script = not headers.get("content-type", "").startswith("text/html")  # which is Streamlit's shell for a wrong path
        if start["status"] != 200 or "content-encoding" in headers or len(body) > LARGEST:  # noqa: PLR2004
            return None
        if not (is_whole and is_script):
            return None
        small = gzip.compress(body, LEVEL, mtime=0)
        etag = f'{headers.get("etag", chr(34) * 2)[:-1]}-gzip"'
        headers["etag"] = etag
        headers["content-encoding"] = "gzip"
        headers["content-length"] = str(len(small))
        headers.add_vary_header("Accept-Encoding")
        return _Packed(headers.raw, small, etag)

"""What a page's forms send: `POST /marks`, and `POST /erase`. Only the reader's own browser, on a page of ours, may send them.

A mark is one small form on a card instead of a widget, since thirty cards of widgets are slow to draw. Nothing is changed
by GET, and a page of another site cannot post: its `Origin` is not ours (OWASP, "Cross-Site Request Forgery Prevention").
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dashboard import origin
from dashboard.login import Login
from dashboard.reader import Reader, visitor
from staycurrent.clock import Clock
from staycurrent.errors import NotFound, StaycurrentError, UsageError
from staycurrent.store.engine import POOL_SIZE, Engine
from staycurrent.store.marks import Kind
from staycurrent.store.sharing import primary_engine

log = logging.getLogger("staycurrent.web")
SCRIPT = Path(__file__).with_name("reader.js").read_text("utf-8")
EDITION = hashlib.sha256(SCRIPT.encode()).hexdigest()[:12]
TAG = "tag"
MAX_BODY = 4_000
"""Bytes; the longest form is an address and two words."""
FORM = "application/x-www-form-urlencoded"
Fields = Mapping[str, list[str]]
Act = Callable[[Reader, Fields], None]
NO_STORE = {"cache-control": "no-store"}
FOR_EVER = {"cache-control": "public, max-age=31536000, immutable"}


def script_tag() -> str:
    """The script as the head of a page names it; its edition stands in the address, so that a browser may keep it."""
    return f'<script src="./reader.js?v={EDITION}" defer></script>'


class Marking:
    """The routes. `is_loopback` says whether the server is bound to this machine only."""

    def __init__(
        self, database_url: str, *, is_loopback: bool, clock: Clock, login: Login | None = None, pool: int = POOL_SIZE
    ) -> None:
        self._url, self._pool = database_url, pool
        self._login = login
        self._is_loopback = is_loopback
        self._clock = clock

    @cached_property
    def _engine(self) -> Engine:
        return primary_engine(self._url, pool=self._pool)

    def routes(self) -> list[Route]:
        """What is served."""
        return [
            Route("/marks", self.marks, methods=["POST"]),
            Route("/erase", self.erase, methods=["POST"]),
            Route("/reader.js", script, methods=["GET"]),
        ]

    async def marks(self, request: Request) -> Response:
        """Set a mark or take it back: `mark` and `on`, with `item` or `landmark`; with the mark `tag` the tag of that name."""
        return await self._taken(request, _mark)

    async def erase(self, request: Request) -> Response:
        """Forget all that the reader left, where the form says `sure`."""
        return await self._taken(request, _erase)

    async def _taken(self, request: Request, act: Act) -> Response:
        """A form of the reader's own page, done; the answer leads back to that page."""
        name = self._profile(request)
        if name is None or not self._is_own_page(request.headers):
            whoever = "a reader who signed in" if self._login else "the owner of this installation"
            return _refused(403, f"only {whoever} may mark, on its own pages")
        if request.headers.get("content-type", "").split(";")[0].strip() != FORM:
            return _refused(415, "send a form")
        body = await _body(request)
        if body is None:
            return _refused(413, "the form is too long")
        return await run_in_threadpool(self._done, act, name, body, request.headers)

    def _profile(self, request: Request) -> str | None:
        claims = self._login.claims(request.cookies) if self._login else {}
        return visitor(self._login, claims, is_loopback=self._is_loopback, headers=_by_name(request.headers)).profile

    def _is_own_page(self, headers: Headers) -> bool:
        """Whether the browser says that the form stands on a page of this very address."""
        came = headers.get("origin", "")
        return origin.is_same_host(came, headers.get("host")) or (self._login is not None and came == self._login.origin)

    def _done(self, act: Act, name: str, body: bytes, headers: Headers) -> Response:
        """Runs in a thread, since it writes."""
        try:
            act(Reader(name, self._engine, self._clock()), _fields(body))
        except NotFound as error:
            return _refused(404, str(error))
        except UsageError as error:
            return _refused(400, str(error))
        except StaycurrentError as error:
            log.warning("a form was not kept: %s", error)  # the reason may name hosts and paths, so it is not told
            return _refused(503, "it could not be kept")
        if "application/json" in headers.get("accept", ""):
            return Response(status_code=204, headers=NO_STORE)
        return RedirectResponse(_back(headers), 303, headers=NO_STORE)


async def script(_request: Request) -> Response:
    """The script of the pages."""
    return Response(SCRIPT, media_type="text/javascript", headers=FOR_EVER)


def _fields(body: bytes) -> Fields:
    try:
        return parse_qs(body.decode("utf-8", "replace"), max_num_fields=10)
    except ValueError:
        raise UsageError("the form has too many fields") from None


def _mark(reader: Reader, given: Fields) -> None:
    words = given.get("mark", [""])[0].split(" ")
    on = given.get("on", words[1:] or ["1"])[0] == "1"
    if words[0] == TAG:
        reader.tag(given.get(TAG, [""])[0], _named(given, "item"), on=on)
        return
    try:
        kind = Kind(words[0])
    except ValueError:
        raise UsageError("mark: there are read, saved, hidden, star and tag") from None
    act = reader.mark if "item" in given else reader.mark_landmark
    act(kind, _named(given, "item", "landmark"), on=on)


def _named(given: Fields, *names: str) -> str:
    """The item or landmark that a form names. Raises `UsageError`."""
    found = next((given[name][0] for name in names if name in given), "")
    if not found or not found.isprintable():
        raise UsageError("name an item or a landmark")
    return found


def _erase(reader: Reader, given: Fields) -> None:
    if given.get("sure") != ["1"]:
        raise UsageError("sure: tick the box first; erasing cannot be undone")
    reader.erase()


async def _body(request: Request) -> bytes | None:
    """The body, None where it is longer than any form of ours."""
    read = b""
    async for part in request.stream():
        read += part
        if len(read) > MAX_BODY:
            return None
    return read


def _by_name(headers: Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _back(headers: Headers) -> str:
    """The page that the form stands on."""
    came = origin.split(headers.get("referer", ""))
    if came.netloc != headers.get("host"):
        return "./"
    path = f"/{came.path.lstrip('/')}"  # two slashes at its beginning would lead to another host
    return f"{path}?{came.query}" if came.query else path


def _refused(status: int, reason: str) -> Response:
    return Response(f"{reason}\n", status, media_type="text/plain", headers=NO_STORE)

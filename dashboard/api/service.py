"""The routes: from a request to a reader in a thread, and back. The only part that knows of requests."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.api import answers, exports, feeds, formats, openapi, problems
from dashboard.api.keeping import Keeper, Kept
from dashboard.api.limits import Buckets
from dashboard.api.operations import DOCUMENT, OPERATIONS, Operation
from dashboard.api.problems import problem
from dashboard.api.reads import JSON, Asked, Reader
from staycurrent.clock import Clock, system_clock
from staycurrent.store.changes import Changes
from staycurrent.store.engine import POOL_SIZE, Engine
from staycurrent.store.sharing import shared_engine

API_SECONDS = 60
FEED_SECONDS = 300
"""For how long a client may show an answer without asking again."""
_HOST = re.compile(r"[A-Za-z0-9._~-]+(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?")
_OPEN = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "ETag, Last-Modified, Link, RateLimit, RateLimit-Policy, Retry-After",
}
_PREFLIGHT = {
    "access-control-allow-methods": "GET, HEAD",
    "access-control-allow-headers": "Accept, If-None-Match, If-Modified-Since",
    "access-control-max-age": "86400",
    "allow": "GET, HEAD, OPTIONS",
}
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass
class Service:
    """The API and the feeds of one database."""

    database_url: str
    public_url: str = ""
    clock: Clock = system_clock
    buckets: Buckets = field(default_factory=Buckets)
    keeper: Keeper = field(default_factory=Keeper)
    read_url: str = ""
    """A replica of the database to read from."""
    pool: int = POOL_SIZE
    model_dir: Path | None = None

    @cached_property
    def _engine(self) -> Engine:
        return shared_engine(self.database_url, pool=self.pool, replica=self.read_url)

    @cached_property
    def _changes(self) -> Changes:
        return Changes(self._engine)

    def routes(self) -> list[BaseRoute]:
        """What is served beside the dashboard."""
        return [
            _whole(Mount("/api/v1", self._guarded(self._api()))),
            _whole(Mount("/feeds", self._guarded(self._feeds()))),
            _whole(Mount("/exports", self._guarded(self._exports()))),
            Route("/api/v1", _leads_to("./v1/openapi.json")),
            Route("/feeds", _leads_to("./feeds/atom")),
        ]

    def close(self) -> None:
        """Give the database back."""
        self._changes.close()
        self._engine.dispose()

    def _api(self) -> list[BaseRoute]:
        document: BaseRoute = Route(DOCUMENT, self._endpoint(openapi.show_document, _always_json, API_SECONDS))
        found = [Route(o.route, self._endpoint(o.reader, _offers(o), API_SECONDS), name=o.name) for o in OPERATIONS]
        return [document, *found]

    def _feeds(self) -> list[BaseRoute]:
        paths: dict[str, Reader] = {"/{kind}": feeds.of_query, "/{kind}/saved/{name}": feeds.of_saved}
        return [Route(path, self._endpoint(reader, _formats, FEED_SECONDS)) for path, reader in paths.items()]

    def _exports(self) -> list[BaseRoute]:
        paths: dict[str, Reader] = {"/{kind}": exports.of_reading}
        return [Route(path, self._endpoint(reader, _files, FEED_SECONDS)) for path, reader in paths.items()]

    def _endpoint(self, reader: Reader, offers: Callable[[Request], tuple[str, ...]], max_age: int) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            try:
                answers.negotiate(request.headers, offers(request))
                kept = await run_in_threadpool(self._ask, reader, request, self._base(request))
                return answers.response(request.headers, kept, max_age)
            except Exception as error:  # noqa: BLE001 - the one place where errors become answers; bugs are logged there
                return problems.of(error)

        return endpoint

    def _ask(self, reader: Reader, request: Request, base: str) -> Kept:
        """The answer, kept or made; runs in a thread."""
        today = self.clock().date()
        path = {name: str(value) for name, value in request.path_params.items() if name != "path"}
        pairs = tuple(request.query_params.multi_items())
        asked = Asked(self._engine, today, path, pairs, base, self.model_dir)
        query = request.scope["query_string"].decode("latin-1")  # `request.url` would want it to be UTF-8
        key = f"{base}{request.scope['path']}?{query}"
        return self.keeper.get(key, f"{today} {self._changes.mark()}", lambda: reader(asked))

    def _base(self, request: Request) -> str:
        """The installation's address: the setting, else what the client calls it. Raises 400 for a host that is none."""
        if self.public_url:
            return self.public_url.rstrip("/")
        host = request.headers.get("host", "localhost")
        if not _HOST.fullmatch(host) or not _is_host(host):
            raise HTTPException(400, "the Host header is not a host")
        root = request.scope.get("app_root_path", "")
        return f"{request.scope['scheme']}://{host}{root}".rstrip("/")

    def _guarded(self, routes: list[BaseRoute]) -> Starlette:
        app = Starlette(
            routes=routes,
            middleware=[Middleware(_Guard, buckets=self.buckets)],
            exception_handlers={HTTPException: problems.refused},
        )
        app.router.redirect_slashes = False
        return app


def _whole(mount: Mount) -> Mount:
    """The mount with paths that hold a line break, too: Starlette leaves them to whoever answers all the rest."""
    mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)
    return mount


def _is_host(host: str) -> bool:
    try:
        return bool(urlsplit(f"//{host}").hostname) and (urlsplit(f"//{host}").port or 0) >= 0
    except ValueError:
        return False


def _always_json(_request: Request) -> tuple[str, ...]:
    return (JSON,)


def _offers(operation: Operation) -> Callable[[Request], tuple[str, ...]]:
    """What an address answers with: JSON, or what `format` asks for where there is another."""
    if operation.also is None:
        return _always_json
    also = operation.also
    return lambda request: (also,) if request.query_params.get("format") == also.split("/")[-1] else (JSON,)


def _formats(request: Request) -> tuple[str, ...]:
    """What the address offers; an unknown format is refused later, as not found."""
    kind = request.path_params["kind"]
    return formats.accepted(kind) if kind in formats.MEDIA_TYPES else ("*/*",)


def _files(request: Request) -> tuple[str, ...]:
    """The same for files."""
    known = exports.FORMATS.get(request.path_params["kind"])
    return (known.media_type,) if known else ("*/*",)


def _leads_to(address: str) -> Endpoint:
    async def lead(_request: Request) -> Response:
        return RedirectResponse(address, 307)

    return lead


class _Guard:
    """Counts requests, opens the answers to pages of other sites, answers preflights, and sends no body to HEAD."""

    def __init__(self, app: ASGIApp, buckets: Buckets) -> None:
        self.app = app
        self.buckets = buckets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        client = scope.get("client")
        turn = self.buckets.take(client[0] if client else "")
        told = _OPEN | self.buckets.headers(turn)
        is_head = scope["method"] == "HEAD"

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in told.items():
                    headers[name] = value
            elif is_head:
                message = {**message, "body": b""}
            await send(message)

        app = self.app if turn.allowed else problem(429, f"too many requests; the next one is free in {turn.wait} s")
        if turn.allowed and scope["method"] == "OPTIONS" and "origin" in Headers(scope=scope):
            app = Response(status_code=204, headers=_PREFLIGHT)
        await app(scope, receive, send_on)

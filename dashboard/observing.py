"""One request, as the operator sees it: an id that goes into every log line and back to the client, one line, one count.

What is noted is the route's template, the method, the status and the time: never a path, a query or an address. Plain
ASGI middleware, the outermost one.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.titles import PATHS
from staycurrent import logs

log = logging.getLogger("staycurrent.access")
HEADER = "x-request-id"
PAGES = frozenset(PATHS)
"""The dashboard's pages; Streamlit answers them all with one shell."""
SIGN_IN = frozenset({"/auth/login", "/auth/logout", "/oauth2callback"})
STREAMLIT = ("/_stcore", "/static", "/component", "/media")
QUIET = frozenset({"/healthz", "/readyz", "/metrics", "/favicon.png", *STREAMLIT})
"""Asked all the time, by monitors and for every page: their lines are for `LOG_LEVEL=debug`."""
OTHER = "(other)"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{7,63}")
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SERVER_ERROR = 500


class Templates:
    """Which route a path belongs to. There are as many answers as routes, whatever is asked."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._known = tuple(_flat(routes, ""))

    def of(self, path: str) -> str:
        for pattern, template in self._known:
            if pattern.match(path):
                return template
        page = path.rstrip("/") or "/"
        if page in PAGES or page in SIGN_IN:
            return page
        return next((name for name in STREAMLIT if path.startswith(f"{name}/")), OTHER)


def _flat(routes: Iterable[BaseRoute], before: str) -> Iterable[tuple[re.Pattern[str], str]]:
    for route in routes:
        if isinstance(route, Route):
            pattern = route.path_regex.pattern.removeprefix("^")
            yield re.compile(f"^{re.escape(before)}{pattern}", re.DOTALL), before + route.path
        elif isinstance(route, Mount):
            yield from _flat(route.routes or (), before + route.path)


class Requests:
    """What this process answered, in the words of Prometheus."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.seconds = Histogram(
            "staycurrent_http_request_seconds",
            "Time to answer a request",
            ["method", "route"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self.answered = Counter(
            "staycurrent_http_requests", "Requests that were answered", ["method", "route", "status"], registry=registry
        )
        self.running = Gauge("staycurrent_http_requests_in_progress", "Requests being answered", registry=registry)
        self.sessions = Gauge("staycurrent_sessions", "Pages that are open in browsers", registry=registry)


class Observed:
    """The middleware."""

    def __init__(self, app: ASGIApp, *, templates: Templates, requests: Requests) -> None:
        self.app = app
        self.templates = templates
        self.requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "websocket":
            with self.requests.sessions.track_inprogress(), logs.bound(request=logs.new_id()):
                await self.app(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        name, started, status = request_id(scope), perf_counter(), _SERVER_ERROR

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = name
            await send(message)

        with self.requests.running.track_inprogress(), logs.bound(request=name):
            try:
                await self.app(scope, receive, send_on)
            finally:
                self._note(scope, status, perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = self.templates.of(scope["path"])
        method = scope["method"] if scope["method"] in _METHODS else OTHER
        self.requests.seconds.labels(method, route).observe(seconds)
        self.requests.answered.labels(method, route, str(status)).inc()
        level = logging.WARNING if status >= _SERVER_ERROR else logging.DEBUG if route in QUIET else logging.INFO
        facts = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1)}
        log.log(level, "request", extra=facts)


def request_id(scope: Scope) -> str:
    """The id that the proxy in front gave, where it is one, else a new one."""
    given = Headers(scope=scope).get(HEADER, "")
    return given if _ID.fullmatch(given) else logs.new_id()

"""The web process: one ASGI application with the dashboard and the HTTP routes beside it, and the server that runs it."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import uvicorn
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from streamlit import App

from classifier import packaged
from dashboard import options, warming
from dashboard.api.discovery import FeedDiscovery
from dashboard.api.service import Service
from dashboard.headers import SecurityHeaders
from dashboard.login import Login
from dashboard.mail.desk import Desk
from dashboard.mail.routes import Mail
from dashboard.marking import Marking
from dashboard.messages import LARGEST, Messages
from dashboard.metrics import Metrics
from dashboard.observing import Observed, Templates
from dashboard.packing import PackedFiles
from dashboard.sign_in import SignIn
from staycurrent import logs, settings
from staycurrent.clock import clock
from staycurrent.errors import SchemaError, StaycurrentError, UsageError
from staycurrent.store import engine as store
from staycurrent.store import heartbeats
from staycurrent.store.engine import POOL_SIZE, Engine
from staycurrent.store.sharing import primary_engine

log = logging.getLogger("staycurrent.web")
SCRIPT = Path(__file__).with_name("app.py")
GRACE_SECONDS = 2
"""How long open connections may take to end at a shutdown; a browser's web socket would stay for ever."""
NO_STORE = {"cache-control": "no-store"}
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1f5fa8"/>'
    '<path d="M8 23.5h16M8 16h11M8 8.5h6" stroke="#fff" stroke-width="3.4" stroke-linecap="round"/></svg>'
)
Background = Callable[[], AbstractContextManager[None]]


class Probes:
    """`/healthz`: the process lives. `/readyz`: its database answers and has this program's schema; told with it is the
    scheduler's heartbeat, which decides nothing."""

    def __init__(self, database_url: str, pool: int = POOL_SIZE) -> None:
        self._url, self._pool = database_url, pool

    @cached_property
    def _engine(self) -> Engine:
        return primary_engine(self._url, pool=self._pool)

    async def healthz(self, _request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"}, headers=NO_STORE)

    def readyz(self, _request: Request) -> JSONResponse:
        """Runs in a thread, since it waits for the database."""
        try:
            store.check_schema(self._engine)
            scheduler = self._scheduler()
        except SchemaError as error:
            return JSONResponse({"status": "unready", "reason": str(error)}, 503, headers=NO_STORE)
        except StaycurrentError as error:
            log.warning("not ready: %s", error)  # the reason may name hosts and paths, so it is not told to everyone
            return JSONResponse({"status": "unready", "reason": "the database cannot be used"}, 503, headers=NO_STORE)
        return JSONResponse({"status": "ok", "scheduler": scheduler}, headers=NO_STORE)

    def _scheduler(self) -> dict[str, str | float | None]:
        """For information only: a library that is not brought up to date for a while is still worth reading."""
        with store.reading(self._engine) as session:
            silent = heartbeats.silence(session, heartbeats.SCHEDULER)
        if silent is None:
            return {"state": "none", "silent_seconds": None}
        return {"state": "ok" if silent <= heartbeats.STALE.total_seconds() else "stale", "silent_seconds": round(silent, 1)}

    def close(self) -> None:
        """Give the database back."""
        self._engine.dispose()

    def routes(self) -> list[Route]:
        return [Route("/healthz", self.healthz), Route("/readyz", self.readyz)]


async def icon(_request: Request) -> Response:
    """Stands where Streamlit's page asks for its icon."""
    return Response(ICON, media_type="image/svg+xml", headers={"cache-control": "max-age=86400"})


async def front(request: Request) -> Response:
    """The front page under the name that it would have: Streamlit shows a default page at `/` only."""
    query = quote(request.scope["query_string"], safe="=&+%~!*'();:@,/?")  # bytes, perhaps no UTF-8
    return RedirectResponse(f"./?{query}" if query else "./", 308)


def routes(database_url: str, service: Service | None = None, pool: int = POOL_SIZE) -> list[BaseRoute]:
    """What is served beside the dashboard."""
    api = service or Service(database_url)
    return [*Probes(database_url, pool).routes(), Route("/favicon.png", icon), Route("/this-month", front), *api.routes()]


def create_app() -> App:
    """The ASGI application, by the settings of this process. Raises `SettingsError`."""
    given = settings.load()
    login = Login.of(given)
    options.apply(cookie_secret=login.cookie_secret if login else "")
    url, now, pool = given.resolved_database_url, clock(given.today), given.database_pool
    replica = given.database_read_url.get_secret_value()
    service = Service(url, public_url=given.public_url, clock=now, read_url=replica, pool=pool, model_dir=given.model_dir)
    marking = Marking(url, is_loopback=given.is_loopback, clock=now, login=login, pool=pool)
    metrics = Metrics(
        url,
        token=given.metrics_token.get_secret_value(),
        public_url=given.public_url,
        clock=now,
        model_version=lambda: packaged.version(given.model_dir),
        pool=pool,
    )
    mail = Mail(url, Desk.of(given), now, pool=pool)
    found = [*metrics.routes(), *marking.routes(), *mail.routes(), *routes(url, service, pool)]
    logs.adopt()
    return App(
        SCRIPT,
        routes=found,
        secrets=login.secrets() if login else None,
        middleware=[
            Middleware(Observed, templates=Templates(found), requests=metrics.requests),
            Middleware(SecurityHeaders, public_url=given.public_url, sign_in=login is not None),
            *([Middleware(SignIn, login=login)] if login else []),
            Middleware(Messages, script=SCRIPT),
            Middleware(FeedDiscovery),
            Middleware(PackedFiles),
        ],
    )


def serve(
    host: str,
    port: int,
    *,
    on_ready: Callable[[str], None] | None = None,
    background: Background | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT. `on_ready` gets the address once it answers; `background` runs around the serving.

    Port 0 picks a free one. Raises `UsageError` for a port that cannot be had, `OSError` for a host that is not ours.
    """
    listener = bind(host, port)
    with listener, _signals() as stopped, (background or nullcontext)():
        if stopped.is_set():
            return
        server = _Server(_config(create_app(), settings.load().trusted_proxies), listener, on_ready)
        server.run(sockets=[listener])
        if not server.started:
            raise StaycurrentError("the web server could not start; the log says why")


def _config(app: Any, proxies: Sequence[str]) -> uvicorn.Config:
    """Web sockets as `streamlit run` sets them: the newer protocol class, and no compression."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=list(proxies),
        timeout_graceful_shutdown=GRACE_SECONDS,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=LARGEST,
    )


def bind(host: str, port: int) -> socket.socket:
    """A listening socket."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise OSError(error.errno, f"host {host} is not known: {error.strerror}") from error
    family, _, _, _, address = min(found, key=lambda f: f[0] != socket.AF_INET)
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise _explained(error, host, port) from error
    return listener


def _explained(error: OSError, host: str, port: int) -> Exception:
    if error.errno == errno.EADDRINUSE:
        return UsageError(f"port {port} is taken; use --port N")
    if error.errno == errno.EACCES:
        return UsageError(f"port {port} needs more rights than this user has; use --port N")
    return OSError(error.errno, f"cannot listen on {host}: {error.strerror}")


class _Server(uvicorn.Server):
    """Tells its address as soon as it listens."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket, on_ready: Callable[[str], None] | None) -> None:
        super().__init__(config)
        host, port = listener.getsockname()[:2]
        self._address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        logs.adopt()  # Streamlit made more loggers while it started
        if self._on_ready and self.started:
            await asyncio.to_thread(self._on_ready, self._address)
        if self.started:
            warming.begin()


@contextmanager
def _signals() -> Iterator[threading.Event]:
    """Take SIGTERM and SIGINT for a wish to stop; uvicorn raises them once more at its end, which must not kill the process."""
    stopped = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return
    before = {s: signal.signal(s, lambda *_: stopped.set()) for s in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

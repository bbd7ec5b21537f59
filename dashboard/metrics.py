"""`/metrics` for Prometheus: what the database says of the installation, and what this process did.

Closed to strangers. With `METRICS_TOKEN` it is answered to whoever bears the token. Without, only to this machine itself,
and not at all where `PUBLIC_URL` says that a proxy brings in strangers from a loopback address.
"""

from __future__ import annotations

import hmac
import ipaddress
import logging
import platform
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from time import monotonic, perf_counter

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dashboard.observing import Requests
from dashboard.origin import FORWARDED, split
from staycurrent import __version__
from staycurrent.clock import Clock, system_clock
from staycurrent.errors import StaycurrentError
from staycurrent.store.engine import POOL_SIZE, Engine
from staycurrent.store.figures import Figures, figures
from staycurrent.store.sharing import primary_engine

log = logging.getLogger("staycurrent.web")
KEPT_SECONDS = 5.0
"""For how long the database's figures are kept, however often and by however many they are asked for."""
_NO_STORE = {"cache-control": "no-store"}
ModelVersion = Callable[[], str]


@dataclass
class Metrics:
    """The metrics of one web process."""

    database_url: str
    token: str = ""
    public_url: str = ""
    clock: Clock = system_clock
    model_version: ModelVersion = lambda: ""
    pool: int = POOL_SIZE
    registry: CollectorRegistry = field(default_factory=lambda: CollectorRegistry(auto_describe=False))

    def __post_init__(self) -> None:
        self.requests = Requests(self.registry)
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.registry.register(_FromDatabase(self._kept, self.model_version))
        self._lock = threading.Lock()
        self._last: tuple[float, Figures | None, float] | None = None

    @cached_property
    def _engine(self) -> Engine:
        return primary_engine(self.database_url, pool=self.pool)

    def close(self) -> None:
        """Give the database back."""
        self._engine.dispose()

    def routes(self) -> list[Route]:
        return [Route("/metrics", self.show)]

    def show(self, request: Request) -> Response:
        """Runs in a thread, since it waits for the database."""
        if not self._open_to(request):
            if self.token:
                return PlainTextResponse("the token is missing or wrong", 403, headers=_NO_STORE)
            return PlainTextResponse("not found", 404, headers=_NO_STORE)
        encode, media_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(self.registry), headers=_NO_STORE | {"content-type": media_type})

    def _open_to(self, request: Request) -> bool:
        if self.token:
            scheme, _, given = request.headers.get("authorization", "").partition(" ")
            return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self.token.encode())
        return _is_local(self.public_url, empty=True) and _from_this_machine(request)

    def _kept(self) -> tuple[Figures | None, float]:
        """The figures and the seconds that they took; None when the database cannot be used."""
        with self._lock:
            if self._last is None or monotonic() - self._last[0] > KEPT_SECONDS:
                self._last = (monotonic(), *self._read())
            return self._last[1:]

    def _read(self) -> tuple[Figures | None, float]:
        started = perf_counter()
        try:
            found = figures(self._engine, self.clock())
        except StaycurrentError as error:
            log.warning("no figures: %s", error)
            found = None
        return found, perf_counter() - started


def _from_this_machine(request: Request) -> bool:
    """Whether the peer is this machine itself and no proxy on it: such a one names its client or keeps the public host."""
    headers: Headers = request.headers
    if request.client is None or any(name in headers for name in FORWARDED):
        return False
    return _is_loopback(request.client.host) and _is_local(f"//{headers.get('host', '')}", empty=False)


def _is_local(address: str, *, empty: bool) -> bool:
    host = split(address).hostname or ""
    return host == "localhost" or _is_loopback(host) if host else empty and not address


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _FromDatabase:
    """A collector of Prometheus' library: the families that are made of `Figures`."""

    def __init__(self, read: Callable[[], tuple[Figures | None, float]], model_version: ModelVersion) -> None:
        self._read = read
        self._model_version = model_version

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        found, seconds = self._read()
        yield _info("staycurrent_build", "This program", version=__version__, python=platform.python_version())
        yield _info("staycurrent_model", "The classifier's model of this program", version=self._model_version())
        yield _gauge("staycurrent_database_up", "Whether the database answers", [((), found is not None)])
        yield _gauge("staycurrent_figures_seconds", "Time that reading the figures took", [((), seconds)])
        if found is not None:
            yield from _families(found)


def _families(found: Figures) -> Iterator[Metric]:
    yield _info("staycurrent_schema", "Revision of the database's schema", revision=found.schema or "", program=found.head)
    yield _gauge("staycurrent_schema_current", "Whether it is this program's", [((), found.schema == found.head)])
    yield _gauge("staycurrent_schema_served", "Whether this program works on it", [((), found.served)])
    yield _gauge("staycurrent_items", "Papers and posts", [((), found.items)])
    yield _gauge("staycurrent_items_unclassified", "Items that no model has classified yet", [((), found.unclassified)])
    yield from _of_sources(found)
    yield from _of_runs(found)
    yield _gauge("staycurrent_mails", "Mails that are not sent, by state", [((state,), n) for state, n in found.mails], "state")
    jobs = [((state, queue), n) for state, queue, n in found.jobs]
    yield _gauge("staycurrent_queue_jobs", "Jobs of the task queue that are not done, by state", jobs, "state", "queue")
    jobs_left = [((), found.forsaken)]
    yield _gauge("staycurrent_queue_forsaken_jobs", "Jobs that wait while no worker lives", jobs_left)
    roles = sorted({p.role for p in found.processes})
    alive = [((role,), sum(p.alive for p in found.processes if p.role == role)) for role in roles]
    yield _gauge("staycurrent_processes", "Processes that live, by role", alive, "role")
    silent = [((role,), min(p.silent for p in found.processes if p.role == role)) for role in roles]
    yield _gauge("staycurrent_heartbeat_seconds", "Since the newest heartbeat of a role", silent, "role")


def _of_sources(found: Figures) -> Iterator[Metric]:
    rows = found.sources
    lags = [((s.name,), s.lag) for s in rows if s.lag is not None]
    yield _gauge("staycurrent_source_lag_seconds", "Since the last success of a source", lags, "source")
    yield _gauge("staycurrent_source_errors", "Failures of a source in a row", [((s.name,), s.errors) for s in rows], "source")
    parked = [((s.name,), s.parked) for s in rows]
    yield _gauge("staycurrent_source_parked", "Whether a source refused us and is left alone", parked, "source")
    silent = [((s.name,), s.silent) for s in rows]
    yield _gauge("staycurrent_source_silent", "Whether a source shows nothing new for too long", silent, "source")
    days = [((s.name,), s.incomplete_days) for s in rows]
    yield _gauge("staycurrent_source_incomplete_days", "Days of which something is missing", days, "source")


def _of_runs(found: Figures) -> Iterator[Metric]:
    runs = [((r.source, r.outcome), r.runs) for r in found.runs]
    yield _gauge("staycurrent_runs_last_day", "Collector runs of the last 24 hours", runs, "source", "outcome")
    sources = dict.fromkeys(r.source for r in found.runs)
    new = [((s, "new"), sum(r.new for r in found.runs if r.source == s)) for s in sources]
    changed = [((s, "changed"), sum(r.changed for r in found.runs if r.source == s)) for s in sources]
    yield _gauge("staycurrent_collected_last_day", "Items that those runs brought", [*new, *changed], "source", "change")


def _gauge(name: str, words: str, rows: Iterable[tuple[tuple[str, ...], float]], *labels: str) -> Metric:
    family = GaugeMetricFamily(name, words, labels=labels)
    for values, number in rows:
        family.add_metric(values, float(number))
    return family


def _info(name: str, words: str, **facts: str) -> Metric:
    return InfoMetricFamily(name, words, value=facts)

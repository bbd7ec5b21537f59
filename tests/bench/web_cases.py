"""Cases of the web process without Streamlit: a feed of a hundred items, made anew, kept, and asked for again."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from starlette.applications import Starlette

from dashboard.api.keeping import Keeper
from dashboard.api.limits import Buckets
from dashboard.api.service import Service
from staycurrent.clock import replay_clock
from staycurrent.query import Query
from staycurrent.store import engine as database
from staycurrent.store import listing
from staycurrent.store.engine import Engine
from tests import build
from tests.bench.papers import Papers

TODAY = date(2025, 12, 31)
NOW = datetime(2025, 12, 31, 12, tzinfo=UTC)
SIZE = 100
TIMES = 41


def fill(engine: Engine, items: int) -> None:
    """Papers with abstracts of real length, a topic and a level each."""
    papers = Papers()
    made = []
    for n in range(items):
        title, abstract = papers.text(n)
        day = papers.day(n, items)
        number = f"{day:%y%m}.{n % 100_000:05d}"
        made.append(build.arxiv(number, title, day=day.isoformat(), abstract=abstract))
    build.store(engine, made, NOW)
    with database.reading(engine) as session:
        newest = listing.page(session, Query(), TODAY, limit=SIZE).items
    build.classify(engine, [build.answer(v.row, 5, labs=("qwen",)) for v in newest], NOW)


def feeds(kind: str, items: int) -> dict[str, float]:
    """From the request to the last byte, in this process: made anew, kept, 304; in milliseconds."""
    from tests.bench.cases import fresh_engine  # it lists this case, so it cannot be imported above

    with fresh_engine(kind) as engine:
        fill(engine, items)
        url = engine.url.render_as_string(hide_password=False)
        figures = {}
        for name in ("atom", "rss", "json"):
            figures |= _figures(url, name)
        return figures


def _figures(url: str, name: str) -> dict[str, float]:
    service = Service(url, public_url="https://papers.example.org", clock=replay_clock(TODAY), buckets=Buckets(10**9))
    app = Starlette(routes=service.routes())
    query = f"limit={SIZE}".encode()
    etag = asyncio.run(_call(app, f"/feeds/{name}", query, []))[1]

    def anew() -> None:
        service.keeper = Keeper()

    figures = {
        f"{name}, {SIZE} items, p50 ms": _median(app, name, query, [], anew),
        f"{name}, kept, p50 ms": _median(app, name, query, []),
        f"{name}, 304, p50 ms": _median(app, name, query, [(b"if-none-match", etag)]),
    }
    service.close()
    return figures


def _median(
    app: Any, name: str, query: bytes, headers: list[tuple[bytes, bytes]], before: Callable[[], None] | None = None
) -> float:
    async def run() -> float:
        taken = []
        for _ in range(TIMES):
            if before:
                before()
            started = time.perf_counter()
            status, _ = await _call(app, f"/feeds/{name}", query, headers)
            taken.append(time.perf_counter() - started)
            if status != (304 if headers else 200):
                raise RuntimeError(f"answered {status}")
        return statistics.median(taken) * 1000

    return asyncio.run(run())


async def _call(app: Any, path: str, query: bytes, headers: list[tuple[bytes, bytes]]) -> tuple[int, bytes]:
    """One request; returns the status and the ETag."""
    found: dict[str, Any] = {}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            found.update(status=message["status"], etag=dict(message["headers"]).get(b"etag", b""))

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "root_path": "",
        "query_string": query,
        "headers": [(b"host", b"localhost"), *headers],
        "client": ("127.0.0.1", 1),
    }
    await app(scope, receive, send)
    return found["status"], found["etag"]

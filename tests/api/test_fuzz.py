"""Whatever anyone asks, in whatever path, parameter or header: an answer under 500, and JSON or XML, never a page."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.api.parameters import CURSOR, FEED_PERIOD, ITEMS_LIMIT, MINUTES, MONTH
from staycurrent.query import PARAMETERS
from tests.api.conftest import Installation

ROOTS = ["/api/v1/", "/api/v1/items/", "/api/v1/readings/", "/feeds/", "/feeds/atom/", "/feeds/json/saved/"]
NAMES = [*PARAMETERS, *(p.name for p in (CURSOR, ITEMS_LIMIT, MINUTES, FEED_PERIOD, MONTH))]
TYPES = {"application/json", "application/problem+json", "application/atom+xml", "application/rss+xml", "application/feed+json"}
junk = st.binary(max_size=40) | st.text(max_size=40).map(lambda t: t.encode("utf-8", "replace"))
LIKELY = b"5|rag|qwen|lab:*|2026-05-12|2026-05|this-week|attention|relevance|1||-1|999999999999999999999999999999"
likely = st.sampled_from(LIKELY.split(b"|"))
pairs = st.lists(st.tuples(st.sampled_from(NAMES) | st.text(max_size=8), junk | likely), max_size=5)
bounded = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


async def call(app: Any, path: str, query: bytes, headers: list[tuple[bytes, bytes]]) -> tuple[int, str]:
    """One request as a server hands it on, without a client's own ideas of what may be asked."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("utf-8", "replace"),
        "root_path": "",
        "query_string": query,
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    found: dict[str, Any] = {}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            headers = dict(message["headers"])
            found.update(status=message["status"], type=headers.get(b"content-type", b"").decode().split(";")[0])

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    await app(scope, receive, send)
    return found["status"], found["type"]


def ask(made: Installation, path: str, query: bytes = b"", headers: list[tuple[bytes, bytes]] | None = None) -> int:
    status, media = asyncio.run(call(made.app, path, query, headers or [(b"host", b"localhost")]))
    assert status < 500, (path, query)
    assert media in TYPES or status in (304, 307), (path, media)
    return status


@bounded
@given(root=st.sampled_from(ROOTS), path=st.text(max_size=40))
def test_no_path_breaks_it(both: Installation, root: str, path: str) -> None:
    ask(both, root + path)


@bounded
@given(path=st.sampled_from(["/api/v1/items", "/api/v1/readings/2026-05", "/feeds/atom", "/feeds/json"]), pairs=pairs)
def test_no_parameter_breaks_it(both: Installation, path: str, pairs: list[tuple[str, bytes]]) -> None:
    query = "&".join(f"{quote_from_bytes(n.encode('utf-8', 'replace'))}={quote_from_bytes(v)}" for n, v in pairs)
    assert ask(both, path, query.encode()) in (200, 400)


@bounded
@given(name=st.sampled_from([b"host", b"accept", b"if-none-match", b"if-modified-since", b"range", b"origin"]), value=junk)
def test_no_header_breaks_it(served: Installation, name: bytes, value: bytes) -> None:
    assert ask(served, "/feeds/rss", b"", [(name, value)]) in (200, 304, 400, 406)


@bounded
@given(query=st.binary(max_size=60))
def test_no_query_string_breaks_it(served: Installation, query: bytes) -> None:
    assert ask(served, "/api/v1/items", query) in (200, 400)


@pytest.mark.parametrize("path", ["/api/v1/items", "/feeds/atom"])
def test_a_hundred_kilobytes_of_text_are_a_400(served: Installation, path: str) -> None:
    assert ask(served, path, b"text=" + b"x" * 100_000) == 400
    assert ask(served, path, b"&".join([b"exclude=x"] * 20_000)) == 400

"""A page announces the feeds of what it shows, in the shell that Streamlit serves."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from lxml import html
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from dashboard.api import discovery
from dashboard.api.discovery import FeedDiscovery
from tests.dashboard import build
from tests.dashboard.serving import serving


def announced(path: str, query: str = "") -> list[str]:
    found = html.fragments_fromstring(discovery.links(path, query))
    assert all(link.get("rel") == "alternate" for link in found)
    assert [link.get("type") for link in found] == ["application/atom+xml", "application/rss+xml", "application/feed+json"]
    return [link.get("href") for link in found]


@pytest.mark.parametrize(
    ("path", "query", "feed"),
    [
        ("/", "", "./feeds/atom?period=this-month"),
        ("/", "month=2026-05&level=5", "./feeds/atom?level=5&period=2026-05"),
        ("/", "month=2026-13", "./feeds/atom?period=this-month"),
        ("/explore", "topic=rag&level=5&cursor=x", "./feeds/atom?level=5&topic=rag"),
        ("/explore", "level=nine", "./feeds/atom"),
        ("/sources", "level=5", "./feeds/atom"),
        ("/item", "id=2605.00001", "./feeds/atom"),
    ],
)
def test_the_feeds_of_a_page_are_those_of_its_query(path: str, query: str, feed: str) -> None:
    assert announced(path, query)[0] == feed


def test_nothing_of_the_address_gets_out_of_its_place() -> None:
    found = discovery.links("/explore", 'text=%22%3E%3Cscript%3E&lab="><b>')
    assert "<script" not in found
    assert "<b>" not in found


@pytest.fixture
def pages() -> TestClient:
    async def page(_request: object) -> Response:
        return HTMLResponse("<html><head><title>x</title></head><body></body></html>", headers={"etag": '"file"'})

    async def other(_request: object) -> Response:
        return Response("</head>", media_type="text/plain")

    routes = [Route("/", page), Route("/explore", other), Route("/elsewhere", page)]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(FeedDiscovery)]))


def test_the_links_stand_in_the_head_and_the_length_is_right(pages: TestClient) -> None:
    answer = pages.get("/")
    assert answer.text.count('<link rel="alternate"') == 3
    assert answer.text.endswith("</head><body></body></html>")
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert "etag" not in answer.headers


def test_what_is_no_page_is_left_alone(pages: TestClient) -> None:
    assert pages.get("/explore").text == "</head>"
    assert "alternate" not in pages.get("/elsewhere").text


def test_the_product_announces_its_feeds_and_serves_them(tmp_path: Path) -> None:
    build.example(tmp_path / "example.db", count=12).dispose()
    with serving(tmp_path / "example.db") as running:
        shell = httpx.get(f"{running.address}/?level=5", headers={"accept-encoding": "gzip"})
        assert "script-src 'self'" in shell.headers["content-security-policy"]
        for link in html.fromstring(shell.content).xpath('//link[@rel="alternate"]'):
            feed = httpx.get(f"{running.address}/{link.get('href').removeprefix('./')}")
            assert feed.status_code == 200
            assert feed.headers["content-type"].startswith(link.get("type"))
            assert running.address in feed.text
        assert httpx.get(f"{running.address}/api/v1/items?limit=3").json()["items"]
        assert httpx.get(f"{running.address}/api/v1/items/a%0Ab").headers["content-type"] == "application/problem+json"
        assert httpx.get(f"{running.address}/explore").text.count("alternate") == 3

"""What a reader added may lead nowhere private: not at once, not by a redirect, and not by a name that changes its mind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from collector.fetch import HttpFetcher, OpenGate
from collector.sources.base import Window
from collector.sources.lab_feeds import Feed
from collector.sources.labs import LabFeed
from staycurrent.errors import Unsafe
from tests.collector.fakes import drain
from tests.collector.faulty_server import FaultyServer, answer, redirect

RSS = (
    b"<rss version='2.0'><channel><title>t</title><item><title>A</title><link>https://a.example/</link></item></channel></rss>"
)
PUBLIC = "93.184.215.14"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer() as running:
        running.on("/feed", answer(200, RSS))
        yield running


def fetcher(*answers: Sequence[str]) -> HttpFetcher:
    """One that is told these addresses for every name, one after the other."""
    told = iter(answers)
    return HttpFetcher(user_agent="test", gate=OpenGate(), attempts=1, resolve=lambda _host, _port: next(told, (PUBLIC,)))


def test_a_private_address_is_not_even_connected_to(server: FaultyServer) -> None:
    for url in (f"{server.base}/feed", f"http://[::ffff:127.0.0.1]:{server.port}/feed", f"http://localhost:{server.port}/feed"):
        with fetcher(["127.0.0.1"]) as web, pytest.raises(Unsafe, match="no public address"):
            web.get(url, public=True)
    assert server.requests == []


def test_a_name_that_is_public_when_asked_and_private_when_used_gets_nothing(server: FaultyServer) -> None:
    with fetcher() as web, pytest.raises(Unsafe, match="no public address"):
        web.get(f"http://localhost:{server.port}/feed", public=True)
    assert server.requests == [], "it was connected to, but nothing was sent"


def test_one_that_resolves_to_both_is_refused(server: FaultyServer) -> None:
    with fetcher([PUBLIC, "10.0.0.1"]) as web, pytest.raises(Unsafe):
        web.get(f"http://localhost:{server.port}/feed", public=True)


def test_the_operator_s_own_feed_may_be_private_and_may_redirect_at_home(server: FaultyServer) -> None:
    server.on("/old", redirect(f"{server.base}/feed"))
    with fetcher() as web:
        assert web.get(f"{server.base}/old").body == RSS
        with pytest.raises(Unsafe):
            web.get(f"{server.base}/old", public=True)


def test_an_added_feed_is_fetched_by_that_rule_and_an_allowed_one_is_not(server: FaultyServer) -> None:
    feed = Feed("ada", "Ada", f"{server.base}/feed", "official", public_only=True)
    window, now = Window(date(2026, 5, 19), date(2026, 5, 20)), datetime(2026, 5, 20, tzinfo=UTC)
    with fetcher() as web:
        with pytest.raises(Unsafe):
            drain(LabFeed(feed).collect(web, window, now))
        pages, _ = drain(LabFeed(replace(feed, public_only=False)).collect(web, window, now))
    assert [post.title for page in pages for post in page] == ["A"]

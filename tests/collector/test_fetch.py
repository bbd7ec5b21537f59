"""Fetching against a server that misbehaves: what is asked again, what is refused, and what it costs."""

from __future__ import annotations

import gzip
import logging
import subprocess
import sys
import time as real
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collector.fetch import (
    HttpFetcher,
    OpenGate,
    Timeouts,
    user_agent,
)
from collector.sources.base import Validators
from staycurrent import errors
from tests.collector.fakes import Time

# Its sibling: pytest's importlib mode puts no test folder on the path.
sys.path.insert(0, str(Path(__file__).parent))
from faulty_server import FaultyServer, answer, bomb, cut, drip, drip_head, drip_next, hang_up, redirect, reset, stall

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
FEED = b'<?xml version="1.0"?>\n<feed><entry>' + b"text " * 500 + b"</entry></feed>\n"
ATOM = ("xml",)


class WatchedGate:
    """Remembers the turns, and that there is never one within another."""

    def __init__(self) -> None:
        self.turns: list[str] = []
        self.held = False

    @contextmanager
    def turn(self, url: str) -> Iterator[None]:
        assert not self.held
        self.turns.append(url)
        self.held = True
        try:
            yield
        finally:
            self.held = False


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer() as running:
        yield running


@pytest.fixture
def time() -> Time:
    return Time()


def fetcher(time: Time, **arguments: Any) -> HttpFetcher:
    defaults = {
        "user_agent": "staycurrent/0 (test)",
        "gate": OpenGate(),
        "sleep": time.sleep,
        "monotonic": time.monotonic,
        "random": lambda: 0.0,
        "now": lambda: NOW,
    }
    return HttpFetcher(**(defaults | arguments))


# ---------------------------------------------------------------- good answers


def test_an_answer_comes_whole_with_its_validators(server: FaultyServer, time: Time) -> None:
    url = server.on(
        "/feed", answer(200, FEED, ETag='"1"', Last_Modified="Wed, 20 May 2026 06:00:00 GMT", Content_Type="text/xml")
    )
    with fetcher(time) as web:
        got = web.get(url + "?a=1", params={"b": "x y"}, headers={"X-Test": "1"}, accept=ATOM)
    assert (got.url, got.status, got.body, got.content_type) == (url + "?a=1&b=x+y", 200, FEED, "text/xml")
    assert got.validators == Validators('"1"', "Wed, 20 May 2026 06:00:00 GMT")
    assert not got.not_modified
    asked = server.requests[0].headers
    assert (asked["user-agent"], asked["accept-encoding"], asked["x-test"]) == ("staycurrent/0 (test)", "gzip, deflate", "1")


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(FEED, mtime=0)),
        ("X-GZip", gzip.compress(FEED[:99], mtime=0) + gzip.compress(FEED[99:], mtime=0) + b"\0\0"),
        ("deflate", zlib.compress(FEED)),
        ("deflate", zlib.compress(FEED, wbits=-15)),
        ("identity", FEED),
    ],
)
def test_packed_answers_are_unpacked(server: FaultyServer, time: Time, encoding: str, packed: bytes) -> None:
    with fetcher(time) as web:
        assert web.get(server.on("/", answer(200, packed, Content_Encoding=encoding)), accept=ATOM).body == FEED


def test_not_modified_counts_only_when_it_was_asked(server: FaultyServer, time: Time) -> None:
    url = server.on("/feed", answer(304))
    with fetcher(time) as web:
        got = web.get(url, validators=Validators(etag='"1"', last_modified="then"), accept=ATOM)
        assert (got.status, got.body, got.not_modified) == (304, b"", True)
        assert got.validators == Validators('"1"', "then")
        with pytest.raises(errors.UnexpectedStatus, match="304"):
            web.get(url, validators=Validators(), accept=ATOM)
    assert server.requests[0].headers["if-none-match"] == '"1"'
    assert server.requests[0].headers["if-modified-since"] == "then"


def test_a_validator_that_cannot_be_sent_back_is_not_kept(server: FaultyServer, time: Time) -> None:
    with fetcher(time) as web:
        got = web.get(server.on("/", answer(200, FEED, ETag='"é"', Last_Modified="x" * 2000)))
    assert got.validators == Validators()


# ---------------------------------------------------------------- statuses and retries


@pytest.mark.parametrize(
    ("fault", "waits"),
    [
        (answer(429, b"Rate exceeded."), [60]),
        (answer(429, Retry_After="7"), [7]),
        (answer(429, Retry_After="0"), [2]),
        (answer(429, RateLimit='"api";r=0;t=90'), [90]),
        (answer(429, Retry_After="Wed, 20 May 2026 12:05:00 GMT", Date="Wed, 20 May 2026 12:00:00 GMT"), [300]),
        (answer(503, Retry_After="0"), [60]),
        (answer(503, Retry_After="61"), [61]),
        (answer(500), [2]),
        (answer(408), [2]),
        (hang_up, [2]),
        (reset(FEED), [2]),
        (cut(FEED), [2]),
        (cut(gzip.compress(FEED, mtime=0), Content_Encoding="gzip"), [2]),
        (answer(200, gzip.compress(FEED, mtime=0)[:-9], Content_Encoding="gzip"), [2]),
        (answer(200, FEED[: len(FEED) // 2]), [2]),
    ],
)
def test_a_transient_fault_is_asked_again(server: FaultyServer, time: Time, fault: Any, waits: list[float]) -> None:
    gate = WatchedGate()
    with fetcher(time, gate=gate) as web:
        assert web.get(server.on("/feed", fault, answer(200, FEED)), accept=ATOM).body == FEED
    assert time.sleeps == waits
    assert len(gate.turns) == 2


@pytest.mark.parametrize(
    ("fault", "error", "waits", "message"),
    [
        (answer(429), errors.Throttled, [60, 300, 840], "429 from 127.0.0.1:PORT, 4 tries"),
        (answer(429, Retry_After="60"), errors.Throttled, [60] * 3, "429 from 127.0.0.1:PORT, 4 tries; asked to wait 60 s"),
        (answer(503, Retry_After="3600"), errors.Throttled, [], "503 from 127.0.0.1:PORT, 1 try; asked to wait 3,600 s"),
        (answer(502), errors.ServerFault, [2, 8, 30], "502 from 127.0.0.1:PORT, 4 tries"),
        (cut(FEED), errors.Incomplete, [2, 8, 30], "the answer of 127.0.0.1:PORT broke off or is not HTTP, 4 tries"),
        (hang_up, errors.Incomplete, [2, 8, 30], "the answer of 127.0.0.1:PORT broke off or is not HTTP, 4 tries"),
    ],
)
def test_a_lasting_fault_ends_as_a_clear_error(
    server: FaultyServer, time: Time, fault: Any, error: type[errors.FetchError], waits: list[float], message: str
) -> None:
    with fetcher(time) as web, pytest.raises(error) as caught:
        web.get(server.on("/feed", fault), accept=ATOM)
    assert time.sleeps == waits
    assert str(caught.value) == message.replace("PORT", str(server.port))
    assert caught.value.url == server.base + "/feed"


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        (answer(403), errors.Forbidden, "403 from"),
        (answer(401), errors.Forbidden, "401 from"),
        (answer(404), errors.UnexpectedStatus, "unexpected status 404 from"),
        (answer(406, b"<html><body>no"), errors.UnexpectedStatus, "406"),
        (answer(200, b"<!doctype html><html><body>Maintenance"), errors.UnexpectedContent, "an HTML page where XML must be"),
        (answer(200, b"\x93\x00 garbage"), errors.UnexpectedContent, "10 bytes of something else"),
        (answer(200, b" "), errors.UnexpectedContent, "an empty answer"),
        (answer(200, FEED, Content_Encoding="br"), errors.UnexpectedContent, "packs by br, unasked"),
        (answer(200, FEED, Content_Encoding="gzip"), errors.UnexpectedContent, "a broken gzip"),
        (answer(200, FEED, Content_Length=str(1 << 30)), errors.TooLarge, "more than 24 MiB"),
        (redirect("http://127.0.0.1:1/"), errors.Unsafe, "redirects inside, to 127.0.0.1:1"),
        (redirect("file:///etc/passwd"), errors.Unsafe, "not http or https"),
        (redirect("http://[::1"), errors.Unsafe, "no URL"),
        (redirect("/feed"), errors.UnexpectedStatus, "more than 5 redirects"),
    ],
)
def test_what_is_not_transient_is_never_asked_again(
    server: FaultyServer, time: Time, fault: Any, error: type[errors.FetchError], message: str
) -> None:
    with fetcher(time) as web, pytest.raises(error, match=message):
        web.get(server.on("/feed", fault), accept=ATOM)
    assert time.sleeps == []
    assert len(server.requests) == (6 if "redirects, " in message or "5 redirects" in message else 1)


def test_a_406_over_the_right_body_is_taken(server: FaultyServer, time: Time) -> None:
    url = server.on("/feed", answer(406, FEED))
    with fetcher(time) as web:
        assert (web.get(url, accept=ATOM).status, web.get(url, accept=ATOM).body) == (406, FEED)
        with pytest.raises(errors.UnexpectedStatus):
            web.get(url)


def test_silence_and_a_drip_end(server: FaultyServer, time: Time) -> None:
    with fetcher(time, timeouts=Timeouts(read=0.1), attempts=2) as web, pytest.raises(errors.Timeout, match="fell silent, 2"):
        web.get(server.on("/stall", stall))
    slow = fetcher(time, timeouts=Timeouts(deadline=0.1), attempts=2, monotonic=real.monotonic)
    with slow as web, pytest.raises(errors.Timeout, match=r"did not finish in 0\.1 s, 2"):
        web.get(server.on("/drip", drip))


@pytest.mark.parametrize("proxied", [False, True])
def test_a_head_that_drips_ends_in_time(
    server: FaultyServer, time: Time, monkeypatch: pytest.MonkeyPatch, proxied: bool
) -> None:
    """Ten seconds of it, in which the server is never silent."""
    url = server.on("/drip", drip_head)
    if proxied:
        server.on("http://far.test/drip", drip_head)
        monkeypatch.setenv("HTTP_PROXY", server.base)
        url = "http://far.test/drip"
    began = real.monotonic()
    slow = fetcher(time, timeouts=Timeouts(deadline=0.1), attempts=1, monotonic=real.monotonic)
    with slow as web, pytest.raises(errors.Timeout, match=r"did not finish in 0\.1 s, 1 try"):
        web.get(url)
    assert real.monotonic() - began < 5


def test_a_head_that_drips_over_a_kept_connection_ends_in_time(server: FaultyServer, time: Time) -> None:
    url = server.on("/feed", drip_next(FEED))
    slow = fetcher(time, timeouts=Timeouts(deadline=0.2), attempts=1, monotonic=real.monotonic)
    with slow as web:
        assert web.get(url).body == FEED
        with pytest.raises(errors.Timeout, match="did not finish"):
            web.get(url)
    assert len(server.requests) == 1, "the second one went over the same connection"


def test_the_next_address_of_a_name_is_tried(server: FaultyServer, time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collector.deadline.resolve", lambda _host, _port: ("127.0.0.2", "127.0.0.1"))
    url = server.on("/feed", answer(200, FEED)).replace("127.0.0.1", "localhost")
    with fetcher(time, attempts=1) as web:
        assert web.get(url).body == FEED


def test_redirects_share_the_deadline_of_their_request(server: FaultyServer, time: Time) -> None:
    """Each of three hops takes 40 of 100 seconds; waiting for a turn takes none."""

    class SlowGate(WatchedGate):
        @contextmanager
        def turn(self, url: str) -> Iterator[None]:
            time.now += 1000
            with super().turn(url):
                yield

    def after(seconds: float, reply: Any) -> Any:
        def answering(connection: Any) -> None:
            time.now += seconds
            reply(connection)

        return answering

    url = server.on("/1", after(40, redirect("/2")))
    server.on("/2", after(40, redirect("/3")), after(10, answer(200, FEED)))
    server.on("/3", after(40, drip_head))
    with fetcher(time, gate=SlowGate(), timeouts=Timeouts(deadline=100), attempts=1) as web:
        with pytest.raises(errors.Timeout, match="did not finish in 100 s"):
            web.get(url)
        assert web.get(url).body == FEED


def test_nobody_at_the_address(time: Time) -> None:
    with FaultyServer() as gone:
        url = gone.base + "/feed"
    with fetcher(time, attempts=2) as web, pytest.raises(errors.ConnectionFailed, match=r"no connection to 127.*refused"):
        web.get(url)


def test_only_arxiv_may_be_silent_for_long() -> None:
    assert Timeouts().at("export.arxiv.org").read == 130
    assert Timeouts().at("notarxiv.org").read == 60


def test_a_used_up_quota_is_waited_for_before_the_next_request(server: FaultyServer, time: Time) -> None:
    url = server.on("/hf", answer(200, b"[]", RateLimit='"api";r=0;t=200'), answer(200, b"[]", RateLimit='"api";r=499;t=300'))
    with fetcher(time) as web:
        for _ in range(3):
            web.get(url, accept=("json",))
    assert time.sleeps == [200]


def test_a_quota_beyond_patience_is_an_error_that_says_when(server: FaultyServer, time: Time) -> None:
    url = server.on("/hf", answer(200, b"[]", RateLimit='"api";r=0;t=5000'))
    with fetcher(time) as web:
        web.get(url)
        with pytest.raises(errors.Throttled, match="used up, 1 try; asked to wait 5,000 s") as caught:
            web.get(url)
    assert caught.value.retry_after == 5000
    assert time.sleeps == []


# ---------------------------------------------------------------- size


def test_a_body_without_a_length_is_cut_at_the_cap(server: FaultyServer, time: Time) -> None:
    url = server.on("/", lambda connection: connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 300_000))
    with fetcher(time, max_bytes=200_000) as web, pytest.raises(errors.TooLarge):
        web.get(url)
    with fetcher(time, max_bytes=300_000) as web:
        assert len(web.get(url).body) == 300_000


_PEAK = """
import resource, sys
from collector.fetch import HttpFetcher, OpenGate
from staycurrent.errors import TooLarge
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
with HttpFetcher(user_agent="test", gate=OpenGate()) as web:
    idle = peak()
    try:
        web.get(sys.argv[1])
    except TooLarge:
        print(peak() - idle)
"""


def test_a_bomb_of_a_gibibyte_is_refused_in_bounded_memory(server: FaultyServer) -> None:
    command = [sys.executable, "-c", _PEAK, server.on("/bomb", bomb)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2])
    assert int(done.stdout) < 120 << 20


# ---------------------------------------------------------------- redirects and secrets


def test_a_redirect_is_followed_within_its_own_turn(server: FaultyServer, time: Time) -> None:
    gate = WatchedGate()
    url = server.on("/old", redirect("/new?x=1#part", 301))
    server.on("/new", answer(200, FEED))
    with fetcher(time, gate=gate) as web:
        got = web.get(url, headers={"Authorization": "Bearer secret"}, accept=ATOM)
    assert got.url == server.base + "/new?x=1"
    assert gate.turns == [server.base + "/old", server.base + "/new?x=1"]
    assert server.asked("/new")[0].headers["authorization"] == "Bearer secret"


def test_another_origin_gets_no_authorization(server: FaultyServer, time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server stands as the proxy of both hosts, whose names nobody here can resolve."""
    monkeypatch.setenv("HTTP_PROXY", server.base)
    server.on("http://one.test/old", redirect("http://two.test/new"))
    server.on("http://two.test/new", answer(200, FEED))
    with fetcher(time, resolve=lambda _host, _port: ()) as web:
        got = web.get("http://one.test/old", headers={"Authorization": "Bearer secret", "X-Test": "1"})
    assert (got.url, got.body) == ("http://two.test/new", FEED)
    first, second = server.requests
    assert first.headers["authorization"] == "Bearer secret"
    assert "authorization" not in second.headers
    assert second.headers["x-test"] == "1"


def test_a_redirect_to_a_name_that_only_looked_public_is_caught_at_the_connection(server: FaultyServer, time: Time) -> None:
    with FaultyServer() as inside:
        inside.on("/", answer(200, b"the router's password"))
        url = server.on("/", redirect(f"http://localhost:{inside.port}/"))
        public = fetcher(time, resolve=lambda _host, _port: ["151.101.3.42"])
        with public as web, pytest.raises(errors.Unsafe, match="redirects inside, to localhost"):
            web.get(url)


def test_secrets_reach_the_server_but_no_message(server: FaultyServer, time: Time, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    url = server.on("/feed", answer(500), answer(200, FEED), answer(404)).replace("//", "//me:pass%20word@") + "?token=abc"
    with fetcher(time) as web:
        got = web.get(url, accept=ATOM)
        with pytest.raises(errors.UnexpectedStatus) as caught:
            web.get(url, accept=ATOM)
    assert server.requests[0].headers["authorization"] == "Basic bWU6cGFzcyB3b3Jk"
    assert "pass" not in got.url
    said = f"{caplog.text} {caught.value} {caught.value.url}"
    assert "token=hidden" in said
    for secret in ("abc", "pass", "bWU6", "me:"):
        assert secret not in said


def test_a_broken_address_or_header_is_an_error_without_its_text(time: Time) -> None:
    with fetcher(time) as web:
        with pytest.raises(errors.Unsafe, match="no URL"):
            web.get("http://me:secret@host:port/")
        with pytest.raises(errors.Unsafe, match="not http or https"):
            web.get("ftp://me:secret@h.org/")
        with FaultyServer() as server, pytest.raises(errors.FetchError, match="cannot be sent") as caught:
            web.get(server.base, headers={"Authorization": "Bearer secret\n"})
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("0.1.0", "me@x.org", "https://host"), "staycurrent/0.1.0 (+https://host; mailto:me@x.org)"),
        (("0.1.0", "https://x.org/contact"), "staycurrent/0.1.0 (https://x.org/contact)"),
        (("0.1.0", ""), "staycurrent/0.1.0"),
        (("0.1.0", "mé (x)\r\nEvil: 1@x.org"), "staycurrent/0.1.0 (mxEvil:1@x.org)"),
    ],
)
def test_the_user_agent_is_one_line_of_ascii(arguments: tuple[str, ...], text: str) -> None:
    assert user_agent(*arguments) == text

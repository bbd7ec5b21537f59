"""Manners over all processes of an installation: distance and order at arXiv, quotas, conditional requests, a name."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from staycurrent.store import engine as database
from staycurrent.types import Outcome
from tests import databases
from tests.e2e.upstream import ROOT, Collector, Upstream, content, needs_upstream, serving

pytestmark = [*needs_upstream, pytest.mark.xdist_group("upstream-politeness")]

TODAY = "2026-05-20"
DELAY = 0.3
GRAIN = 0.02
"""Seconds by which the server may see a request end later than the client did."""


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with serving(TODAY) as running:
        yield running


def start(script: str, *arguments: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("STAYCURRENT_")} | (env or {})
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=clean, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(*processes: subprocess.Popen[str]) -> list[str]:
    told = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), told
    return [out for out, _ in told]


COLLECT = "from staycurrent.cli import main; main()"
LOOK_UP = """
import sys, time
from collector.sources.arxiv_api import ArxivApi
from staycurrent.store import engine as database
from tests.e2e.upstream import Collector, Upstream
address, url, delay = sys.argv[1:]
collector = Collector(database.open_engine(url), Upstream(address), delay=float(delay))
with collector.fetching(time.sleep) as fetcher:
    for number in range(3):
        ArxivApi(fetcher, address + "/arxiv/api/query").by_ids(["2605.00001"])
"""


@pytest.mark.parametrize("kind", databases.kinds())
def test_two_collectors_and_a_look_up_take_turns_at_arxiv(upstream: Upstream, tmp_path: Path, kind: str) -> None:
    env = upstream.environment(tmp_path, TODAY)
    env |= {"STAYCURRENT_ARXIV_DELAY": str(DELAY), "STAYCURRENT_ARXIV_CATEGORIES": "stat.ML,cs.RO"}
    upstream.forget_log()
    with databases.fresh_url(kind, tmp_path) as url:
        env["STAYCURRENT_DATABASE_URL"] = url
        both = [start(COLLECT, "collect", "--since", "2026-05-19", "--json", env=env) for _ in range(2)]
        third = start(LOOK_UP, upstream.address, url, str(DELAY))
        *runs, _ = finish(*both, third)
        engine = database.open_engine(url)
        stored = content(engine)
        engine.dispose()
    assert {r["outcome"] for run in runs for r in json.loads(run)["runs"]} <= {"ok", "ok_empty"}
    assert len({row.split("'")[1] for row in stored["items"]}) == len(stored["items"])
    asked = sorted((e for e in upstream.log() if e["path"].startswith("/arxiv/")), key=lambda e: e["t"])
    assert {e["path"].split("/")[2] for e in asked} == {"oai", "rss", "api"}
    assert len(asked) >= 2 * 4 + 3
    for before, after in pairwise(asked):
        assert after["t"] - before["t"] >= DELAY, "the distance is kept"
        assert after["t"] - (before["t"] + before["seconds"]) >= DELAY - GRAIN, "from the end of one to the start of the next"
    assert_named(upstream.log())


def assert_named(log: list[dict[str, Any]]) -> None:
    for entry in log:
        assert re.fullmatch(r"staycurrent/\d+\.\d+\.\d+\S* \(.*mailto:tests@example\.org\)", entry["headers"]["User-Agent"])


def test_a_feed_that_did_not_change_costs_a_304_and_is_not_parsed(
    upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with databases.fresh_url("sqlite", tmp_path) as url:
        engine = database.open_engine(url)
        collector = Collector(engine, upstream)
        feeds = [name for name in collector.sources() if name.startswith("lab:")]
        collector.collect(TODAY, *feeds)
        upstream.forget_log()
        monkeypatch.setattr("collector.sources.labs.parse_posts", None)
        reports = collector.collect(TODAY, *feeds)
        engine.dispose()
    assert {(r.outcome, r.fetched, r.error) for r in reports.values()} == {(Outcome.OK_EMPTY, 0, None)}
    log = upstream.log()
    assert len(log) == len(feeds)
    assert {entry["status"] for entry in log} == {304}
    assert all(entry["headers"]["If-None-Match"].startswith('"') for entry in log)
    assert_named(log)


# ---- quotas


class Quota:
    """Hugging Face with a quota per fixed window, which it counts down and does not overdraw."""

    def __init__(self, requests: int, window: float) -> None:
        self.requests, self.window = requests, window
        self.began, self.left, self.served, self.refused = time.monotonic(), requests, 0, 0
        self.lock = threading.Lock()

    def take(self) -> tuple[int, dict[str, str]]:
        with self.lock:
            past = time.monotonic() - self.began
            if past >= self.window:
                self.began, self.left, past = time.monotonic(), self.requests, 0.0
            status = 200 if self.left else 429
            self.served, self.refused = self.served + (status == 200), self.refused + (status == 429)
            self.left -= status == 200
            # Whole seconds, rounded up.
            rest = int(self.window - past) + 1
            limit = f'"api";r={self.left};t={rest}'
            return status, {"RateLimit": limit, "RateLimit-Policy": f'"fixed window";"api";q={self.requests};w={self.window:g}'}


@contextmanager
def limited(quota: Quota) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers = quota.take()
            day = parse_qs(urlsplit(self.path).query)["date"][0]
            number = f"2605.{date.fromisoformat(day).toordinal() % 100_000:05d}"
            papers = [{"paper": {"id": number, "title": f"Of {day}", "upvotes": 1}}]
            body = json.dumps(papers if status == 200 else {"error": "rate limit"}).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


READ_DAYS = """
import sys, time
from datetime import UTC, date, datetime, timedelta
from collector.fetch import HttpFetcher, OpenGate
from collector.sources.base import Window
from collector.sources.huggingface import HuggingFace
today = date.fromisoformat("2026-05-20")
with HttpFetcher(user_agent="staycurrent/0 (tests)", gate=OpenGate()) as fetcher:
    window = Window(today - timedelta(days=int(sys.argv[2]) - 1), today)
    pages = list(HuggingFace(sys.argv[1]).collect(fetcher, window, datetime(2026, 5, 20, 7, tzinfo=UTC)))
print(sum(len(page.items) for page in pages))
"""


@pytest.mark.parametrize("processes", [1, 2])
def test_hugging_face_is_never_asked_for_more_than_its_quota(processes: int) -> None:
    days = 40
    quota = Quota(requests=24, window=1.5)
    with limited(quota) as address:
        running = [start(READ_DAYS, address, str(days)) for _ in range(processes)]
        assert finish(*running) == [f"{days}\n"] * processes
    assert (quota.served, quota.refused) == (days * processes, 0)

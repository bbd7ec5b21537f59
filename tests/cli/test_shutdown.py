"""`up` and `web` as processes: they end within ten seconds of SIGTERM, whatever is under way, and log as they are told."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from staycurrent.cli.context import migrate_all
from staycurrent.store import engine as database
from staycurrent.store import heartbeats

ROOT = Path(__file__).parents[2]
LONGEST = 10.0
"""Seconds; service managers kill soon after."""


class Silence:
    """A server that takes every connection and never says a word."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.address = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.taken: list[socket.socket] = []
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        with suppress(OSError):
            while True:
                self.taken.append(self.listener.accept()[0])

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.taken:
            connection.close()


@pytest.fixture
def silence() -> Iterator[Silence]:
    server = Silence()
    yield server
    server.close()


@contextmanager
def running(folder: Path, *arguments: str, **settings: str) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    """A process, its address, and what it says on stderr."""
    given = {f"STAYCURRENT_{name.upper()}": value for name, value in settings.items()}
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "HOME": str(folder),
        "STAYCURRENT_DATA_DIR": str(folder / "data"),
        **given,
    }
    command = [sys.executable, "-m", "staycurrent", *arguments, "--port", "0"]
    process = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)
    said: list[str] = []
    ready = threading.Event()

    def listen() -> None:
        assert process.stderr
        for line in process.stderr:
            said.append(line)
            if "staycurrent is at" in line:
                ready.set()
        ready.set()

    reader = threading.Thread(target=listen)
    reader.start()
    try:
        assert ready.wait(60)
        found = re.search(r"http://[^\s\"]+", "".join(said))
        assert found, "".join(said)
        yield process, found[0], said
    finally:
        process.kill()
        process.wait()
        reader.join()
        assert process.stderr
        process.stderr.close()


def end(process: subprocess.Popen[str]) -> float:
    """Ask it to end; returns how many seconds that took."""
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(2 * LONGEST)
    return time.monotonic() - started


def sources_at(address: str, folder: Path) -> dict[str, str]:
    """Settings that lead every source to one address."""
    feeds = folder / "feeds.toml"
    feeds.write_text(f'[[feed]]\nlab = "qwen"\nname = "Qwen"\nurl = "{address}/feed"\nkind = "official"\nalarm_days = 60\n')
    names = ("arxiv_oai_url", "arxiv_api_url", "arxiv_rss_url", "huggingface_url", "paperswithcode_url")
    return dict.fromkeys(names, address) | {"lab_feeds": str(feeds), "arxiv_delay": "0"}


def living(folder: Path) -> list[str]:
    engine = database.open_engine(f"sqlite:///{folder / 'data' / 'staycurrent.db'}")
    with database.reading(engine) as session:
        found = [process.role for process in heartbeats.every(session)]
    engine.dispose()
    return found


def wait_until(true: Any) -> None:
    for _ in range(300):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to that")


def test_up_ends_in_time_while_every_source_is_silent(tmp_path: Path, silence: Silence) -> None:
    with running(tmp_path, "up", **sources_at(silence.address, tmp_path)) as (process, address, said):
        wait_until(lambda: len(silence.taken) > 0)
        wait_until(lambda: living(tmp_path) == ["scheduler"])
        assert httpx.get(f"{address}/readyz").json()["scheduler"]["state"] == "ok"
        assert end(process) < LONGEST
        assert process.returncode == 0
    assert living(tmp_path) == [], "it said that it ends"
    assert "Traceback" not in "".join(said)


def test_web_ends_in_time_with_connections_open_and_logs_objects(tmp_path: Path) -> None:
    engine = database.open_engine(f"sqlite:///{tmp_path / 'data' / 'staycurrent.db'}")
    migrate_all(engine)
    engine.dispose()
    with running(tmp_path, "web", log_format="json", log_level="debug") as (process, address, said):
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as idle:
            idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")  # and never the rest
            answer = httpx.get(f"{address}/api/v1/items?text=private-words", headers={"x-request-id": "abcdefgh-1"})
            assert answer.headers["x-request-id"] == "abcdefgh-1"
            assert httpx.get(f"{address}/explore?text=private-words").status_code == 200
            figures = httpx.get(f"{address}/metrics")
            assert "staycurrent_http_requests_total" in figures.text
            assert httpx.get(f"{address}/metrics", headers={"x-forwarded-for": "192.0.2.1"}).status_code == 404
            assert end(process) < LONGEST
        assert process.returncode == 0
    events = [json.loads(line) for line in said if line.startswith("{")]
    asked = [e for e in events if e["event"] == "request"]
    assert {"method": "GET", "route": "/api/v1/items", "status": 200, "request": "abcdefgh-1"}.items() <= asked[0].items()
    assert [e["route"] for e in asked][:3] == ["/api/v1/items", "/explore", "/metrics"]
    assert all(e["version"] for e in events)
    assert "private-words" not in "".join(said)
    assert any("staycurrent is at" in e["event"] for e in events)
    others = [line for line in said if not line.startswith("{")]
    assert others == [], "every library logs objects too"

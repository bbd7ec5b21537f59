"""The product's processes on one database, as a person starts them, and a lab's feed that answers when it is told to.

For the failure drills too: every process can be killed, stopped and looked at, and its environment be given.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).parents[2]
_ENTRY = """<item><title>Post {n}</title><link>https://lab.example.org/posts/{n}</link><guid>post-{n}</guid>
<pubDate>Mon, 18 May 2026 09:00:00 GMT</pubDate><description>A post about language models, number {n}.</description></item>"""
FEED = f"""<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>A lab</title>
<link>https://lab.example.org</link><description>Posts</description>{"".join(_ENTRY.format(n=n) for n in range(40))}
</channel></rss>"""


@dataclass
class Process:
    """A command that runs."""

    popen: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """As the kernel does when memory runs out: no chance to clean up."""
        self.popen.kill()
        self.popen.wait(10)

    def end(self, seconds: float = 10) -> int:
        """Ask it to stop, and return its exit status. Raises `TimeoutExpired` where it takes longer."""
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(seconds)

    def pause(self) -> None:
        self.popen.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self.popen.send_signal(signal.SIGCONT)

    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")


@dataclass
class Lab:
    """A feed over HTTP. It waits while `open` is not set, and counts who asks."""

    address: str = ""
    open: threading.Event = field(default_factory=threading.Event)
    asked: int = 0


@contextmanager
def lab() -> Iterator[Lab]:
    found = Lab()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not self.path.startswith("/feed"):
                self.send_error(404)
                return
            found.asked += 1
            found.open.wait(30)
            self.send_response(200)
            self.send_header("Content-Type", "application/rss+xml")
            self.send_header("Content-Length", str(len(FEED)))
            self.end_headers()
            self.wfile.write(FEED.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:  # who asked was killed
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield found
    finally:
        found.open.set()
        server.shutdown()
        server.server_close()


@dataclass
class Installation:
    """Processes with the same settings; all that still live are killed at the end."""

    environment: Mapping[str, str]
    folder: Path
    started: list[Process] = field(default_factory=list)
    inside: tuple[str, ...] = ()
    """What stands before every command, as that which runs it in a network namespace."""

    def start(self, *arguments: str, **settings: str) -> Process:
        """A command in the background; keyword arguments are settings, as `WORKER_BEAT="1"`."""
        log = self.folder / f"{len(self.started)}-{arguments[0]}.log"
        extra = {f"STAYCURRENT_{name}": value for name, value in settings.items()}
        with log.open("wb") as out:
            popen = subprocess.Popen(
                [*self.inside, sys.executable, "-m", "staycurrent", *arguments],
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**self.environment, **extra},
                cwd=self.folder,
            )
        self.started.append(Process(popen, log))
        return self.started[-1]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "staycurrent", *arguments],
            capture_output=True,
            text=True,
            env=dict(self.environment),
            cwd=self.folder,
            timeout=60,
            check=False,
        )


@contextmanager
def installation(url: str, folder: Path, feed: Lab, *, today: str = "2026-05-20") -> Iterator[Installation]:
    """Settings for one lab's feed as the only source that answers, and for quick signs of life."""
    feeds = folder / "feeds.toml"
    table = f'[[feed]]\nlab = "openai"\nname = "A lab"\nurl = "{feed.address}/feed"\nkind = "official"\nalarm_days = 30\n'
    feeds.write_text(table, "utf-8")
    settings = {
        "DATABASE_URL": url,
        "DATA_DIR": str(folder / "data"),
        "TODAY": today,
        "LAB_FEEDS": str(feeds),
        "ARXIV_OAI_URL": f"{feed.address}/none",
        "ARXIV_API_URL": f"{feed.address}/none",
        "ARXIV_RSS_URL": f"{feed.address}/none",
        "ARXIV_DELAY": "0",
        "HUGGINGFACE_URL": f"{feed.address}/none",
        "PAPERSWITHCODE_URL": f"{feed.address}/none",
        "WORKER_BEAT": "0.5",
        "SCHEDULE_EVERY": "0.5",
    }
    ours = {f"STAYCURRENT_{name}": value for name, value in settings.items()}
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "PYTHONPATH": str(ROOT), **ours}
    found = Installation(environment, folder)
    try:
        yield found
    finally:
        for process in found.started:
            if process.popen.poll() is None:
                process.go_on()
                process.kill()

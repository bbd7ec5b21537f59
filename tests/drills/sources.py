"""arXiv and a lab's feed over HTTP, which write down every request, and answer slowly enough to be caught in the middle."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

from tests.bench.papers import Papers
from tests.queue.processes import FEED

POSTS = 40
PAGES, A_PAGE = 3, 120
PAPERS = PAGES * A_PAGE
GRAIN = 0.05
"""Seconds by which this server may be late to notice a request."""
_RSS = '<?xml version="1.0"?><rss version="2.0"><channel><title>t</title><link>x</link></channel></rss>'


@dataclass
class Request:
    path: str
    client: str
    began: float
    ended: float = 0.0

    @property
    def of_arxiv(self) -> bool:
        return self.path.startswith("/arxiv/")


@dataclass
class Sources:
    """Where they are, and who asked what when (monotonic seconds)."""

    address: str = ""
    taking: float = 0.5
    """Seconds for an answer of arXiv."""
    log: list[Request] = field(default_factory=list)

    def harvested(self) -> int:
        """How many pages of OAI-PMH were asked for."""
        return sum(r.path.startswith("/arxiv/oai") for r in self.log)

    def forget_open(self) -> None:
        """Who asked is cut off and will never hear the answers under way."""
        for request in self.log:
            request.ended = request.ended or time.monotonic()

    def distances(self) -> list[float]:
        """Seconds from the begin of each request to arXiv to that of the next."""
        return [b.began - a.began for a, b in pairwise(self._arxiv())]

    def gaps(self) -> list[float]:
        """Seconds from the end of each request to arXiv to the begin of the next; negative where two were open at once."""
        return [b.began - a.ended for a, b in pairwise(self._arxiv())]

    def told(self) -> str:
        """Who asked arXiv when, in seconds from the first request."""
        asked = self._arxiv()
        return "\n".join(f"{r.began - asked[0].began:.2f}-{r.ended - asked[0].began:.2f} {r.client} {r.path}" for r in asked)

    def _arxiv(self) -> list[Request]:
        return sorted((r for r in self.log if r.of_arxiv), key=lambda r: r.began)


class _Today(Papers):
    """All filed under one day."""

    def __init__(self, day: date, first: int, pages: int, a_page: int) -> None:
        super().__init__()
        self._day, self._first, self._pages, self._a_page = day, first, pages, a_page

    def day(self, number: int, total: int) -> date:
        return self._day

    def page(self, number: int) -> str:
        start = self._first + number * self._a_page
        records = "".join(self.record(n, 100_000) for n in range(start, start + self._a_page))
        token = f"<resumptionToken>t{number + 1}</resumptionToken>" if number + 1 < self._pages else "<resumptionToken/>"
        return (
            '<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
            f"<responseDate>{self._day}T06:00:00Z</responseDate><request/>"
            f"<ListRecords>{records}{token}</ListRecords></OAI-PMH>"
        )


@contextmanager
def answering(
    today: date, host: str = "127.0.0.1", *, first: int = 70_000, pages: int = PAGES, a_page: int = A_PAGE, taking: float = 0.5
) -> Iterator[Sources]:
    """Papers filed under the day before; by their numbers they are others than those of a library that `filling` made."""
    found, papers = Sources(taking=taking), _Today(today - timedelta(days=1), first, pages, a_page)
    server = ThreadingHTTPServer((host, 0), _handler(found, [papers.page(n) for n in range(pages)]))
    server.daemon_threads = True
    found.address = f"http://{host}:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


def _body(path: str, pages: Sequence[str]) -> str | None:
    if path.startswith("/arxiv/oai"):
        token = parse_qs(urlsplit(path).query).get("resumptionToken", ["t0"])[0]
        return pages[int(re.sub(r"\D", "", token))]
    if path.startswith("/arxiv/rss"):
        return _RSS
    return FEED if path.startswith("/feed") else None


def _handler(found: Sources, pages: Sequence[str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            request = Request(self.path, self.client_address[0], time.monotonic())
            found.log.append(request)
            try:
                self._answer(_body(self.path, pages))
            finally:
                request.ended = request.ended or time.monotonic()

        def _answer(self, body: str | None) -> None:
            if body is None:
                self.send_error(404)
                return
            if self.path.startswith("/arxiv/"):
                time.sleep(found.taking)
            self.send_response(200)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:  # who asked was killed
                self.close_connection = True

    return Handler

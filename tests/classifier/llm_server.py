"""A language model's endpoint on this machine: speaks the protocol, and misbehaves as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

Reply: TypeAlias = tuple[int, dict[str, str], bytes]


@dataclass
class Endpoint:
    """`reply` gets the request's document; `asked` keeps path, headers and document of each."""

    reply: Callable[[dict[str, Any]], Reply]
    base: str = ""
    path: str = "/v1/chat/completions"
    asked: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)

    def paper(self, place: int = -1) -> dict[str, Any]:
        """The paper that a request asked about."""
        found: dict[str, Any] = json.loads(self.asked[place][2]["messages"][-1]["content"])
        return found


def says(text: object) -> Reply:
    """An answer with this content; what is no text is sent as JSON."""
    content = text if isinstance(text, str) else json.dumps(text)
    whole = {"choices": [{"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}]}
    return 200, {"Content-Type": "application/json"}, json.dumps(whole).encode()


def fails(status: int, body: bytes = b"{}", **headers: str) -> Reply:
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, body


@contextmanager
def serving(reply: Callable[[dict[str, Any]], Reply]) -> Iterator[Endpoint]:
    """The endpoint, answering at `base` until the block ends."""
    endpoint = Endpoint(reply)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            there = self.path == endpoint.path
            if there:
                endpoint.asked.append((self.path, dict(self.headers.items()), document))
            status, headers, body = endpoint.reply(document) if there else fails(404)
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                self.close_connection = True  # the client has gone away

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    endpoint.base = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""An HTTP server that misbehaves on purpose, byte for byte: raw sockets, one thread for each connection, no keep-alive."""

from __future__ import annotations

import socket
import struct
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeAlias


@dataclass(frozen=True)
class Request:
    path: str
    headers: Mapping[str, str]


Reply: TypeAlias = Callable[[socket.socket], None]


@dataclass
class FaultyServer:
    """Each path has its replies, one for each request; the last one stays. `base` is the server's address."""

    replies: dict[str, list[Reply]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        # Closing alone does not wake a thread that sits in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def on(self, path: str, *replies: Reply) -> str:
        """Answer a path with these, one after the other; gives its URL."""
        self.replies[path] = list(replies)
        return self.base + path

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path.partition("?")[0] == path]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                if not (data := connection.recv(65536)):
                    return
                head += data
            self._next_reply(head)(connection)

    def _next_reply(self, head: bytes) -> Reply:
        first, *lines = head.decode("latin-1").split("\r\n")
        request = Request(first.split()[1], {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)})
        with self._lock:
            self.requests.append(request)
            script = self.replies.get(request.path.partition("?")[0]) or [answer(404)]
            return script.pop(0) if len(script) > 1 else script[0]


def head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Reason", *(f"{name}: {value}" for name, value in headers.items()), "Connection: close"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def answer(status: int = 200, body: bytes = b"", **headers: str) -> Reply:
    """An ordinary answer; `retry_after="3"` becomes the header Retry-After."""
    named = {"Content-Length": str(len(body))} | {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda connection: connection.sendall(head(status, named) + body)


def redirect(location: str, status: int = 302) -> Reply:
    return answer(status, Location=location)


def hang_up(connection: socket.socket) -> None:
    """Close without a word."""
    connection.shutdown(socket.SHUT_RDWR)


def reset(body: bytes) -> Reply:
    """Half of the body, then RST."""

    def reply(connection: socket.socket) -> None:
        connection.sendall(head(200, {"Content-Length": str(len(body))}) + body[: len(body) // 2])
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return reply


def cut(body: bytes, **headers: str) -> Reply:
    """Less than Content-Length says, then an orderly end."""
    return answer(200, body[: len(body) // 2], Content_Length=str(len(body)), **headers)


def stall(connection: socket.socket) -> None:
    """Silence, until the client goes away."""
    connection.settimeout(5)
    connection.recv(1)


def drip(connection: socket.socket) -> None:
    """A byte at a time, without an end."""
    connection.sendall(head(200, {}))
    for _ in range(1000):
        connection.sendall(b" ")
        time.sleep(0.01)


def drip_head(connection: socket.socket) -> None:
    """A header that never ends, a byte at a time: nothing of the answer is there to look at."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    for _ in range(1000):
        connection.sendall(b"x")
        time.sleep(0.01)


def drip_next(body: bytes) -> Reply:
    """A good answer over a connection that is kept; the next request over it gets a head that never ends."""

    def reply(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        if connection.recv(65536):
            drip_head(connection)

    return reply


def bomb(connection: socket.socket) -> None:
    """About a megabyte of gzip that unpacks to one GiB: a full flush lets equal blocks repeat byte for byte."""
    packer = zlib.compressobj(9, wbits=31)
    beginning = packer.compress(b" " * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b" " * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    body = beginning + block * 1023
    connection.sendall(head(200, {"Content-Encoding": "gzip", "Content-Length": str(len(body))}) + body)

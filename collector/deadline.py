"""The end of a request, whatever the server does: no byte of connecting, TLS, headers or body is waited for beyond it.

httpx bounds each silence only, so a server that sends a byte now and then would be read for ever. Here every wait of a
connection is cut to what is left of the deadline of the request that waits. The stages above say how long that is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import httpx

from collector.addresses import place, resolve, safe_url
from staycurrent.errors import Timeout

log = logging.getLogger(__name__)


class Deadline:
    """Seconds that may be spent inside `running`, in all; what lies between two blocks, as waiting for a turn, is free."""

    def __init__(self, seconds: float, monotonic: Callable[[], float]) -> None:
        self._seconds, self._left, self._monotonic = seconds, seconds, monotonic
        self._ends = 0.0

    @contextmanager
    def running(self, url: httpx.URL) -> Iterator[None]:
        """Requests of this thread to `url` end in time. Raises `Timeout`."""
        self._ends = self._monotonic() + self._left
        before = _RUNNING.set(self)
        try:
            yield
        except (_Over, httpx.TimeoutException) as error:
            if isinstance(error, httpx.TimeoutException) and self.left() > 0:
                raise  # silence, which has a bound of its own
            message = f"{place(url)} did not finish in {self._seconds:g} s"
            raise Timeout(message, url=safe_url(url)) from None
        finally:
            _RUNNING.reset(before)
            self._left = self.left()

    def left(self) -> float:
        """The seconds that are left of the running block."""
        return self._ends - self._monotonic()


class _Over(Exception):
    """The deadline came between two waits."""


# A request is made and read by one thread; a kept connection serves requests of several, each with its own end.
_RUNNING: Final[ContextVar[Deadline | None]] = ContextVar("deadline", default=None)


def _cut(timeout: float | None) -> float | None:
    deadline = _RUNNING.get()
    if deadline is None:
        return timeout
    left = deadline.left()
    if left <= 0:
        raise _Over
    return left if timeout is None else min(timeout, left)


def keep_to_deadlines(client: httpx.Client) -> None:
    """Every connection that `client` opens, over a proxy too, keeps to the deadline that is running.

    httpcore takes a network backend, but httpx does not hand one on, so it is put into the pools that httpx made. Were
    they named otherwise one day, this fails at once.
    """
    transports: Iterable[Any] = (client._transport, *client._mounts.values())  # noqa: SLF001
    for pool in (transport._pool for transport in transports if transport is not None):  # noqa: SLF001
        pool._network_backend = _Backend(pool._network_backend)  # noqa: SLF001


class _Backend:
    """httpcore's `NetworkBackend`. A name with many addresses gets one deadline, not one for each of them.

    How long a name is looked up is bounded by the system's resolver alone (resolv.conf: 10 s by default).
    """

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, **options: Any) -> _Stream:
        addresses: Iterable[str] = resolve(host, port)
        *others, last = addresses or (host,)
        for address in others:
            try:
                return _Stream(self._inner.connect_tcp(address, port, timeout=_cut(timeout), **options))
            except _Over:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it was, the next address may answer
                log.debug("%s does not answer: %s", address, error)
        return _Stream(self._inner.connect_tcp(last if others else host, port, timeout=_cut(timeout), **options))

    def connect_unix_socket(self, path: str, timeout: float | None = None, **options: Any) -> _Stream:
        return _Stream(self._inner.connect_unix_socket(path, timeout=_cut(timeout), **options))

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Stream:
    """httpcore's `NetworkStream`."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return bytes(self._inner.read(max_bytes, timeout=_cut(timeout)))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout=_cut(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None) -> _Stream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout=_cut(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

"""What went wrong at a host, as one of our errors: statuses, and everything that httpx raises."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx

from collector.addresses import place, safe_url
from collector.retry import asked_wait
from staycurrent.clock import Clock
from staycurrent.errors import (
    ConnectionFailed,
    FetchError,
    Forbidden,
    Incomplete,
    ServerFault,
    Throttled,
    Timeout,
    UnexpectedContent,
    UnexpectedStatus,
    Unsafe,
)


def refusal(status: int, headers: httpx.Headers, url: httpx.URL, now: Clock) -> FetchError:
    """The error that a status other than success stands for."""
    message, shown = f"{status} from {place(url)}", safe_url(url)
    if status in (401, 403):
        return Forbidden(message, url=shown)
    if status == httpx.codes.REQUEST_TIMEOUT:
        return Timeout(message, url=shown)
    if status in (429, 503):
        return Throttled(message, url=shown, retry_after=asked_wait(status, headers, now()))
    if httpx.codes.is_server_error(status):
        return ServerFault(message, url=shown)
    return UnexpectedStatus(f"unexpected status {message}", url=shown)


# What httpx raises and what it means here; the first row that fits counts, so the most specific stand first.
# A test fails when httpx has an exception that is neither here nor in OUR_BUGS.
FOREIGN_ERRORS: Final[tuple[tuple[type[Exception], type[FetchError], str], ...]] = (
    (httpx.ConnectTimeout, Timeout, "no connection to {place} in time"),
    (httpx.ReadTimeout, Timeout, "{place} fell silent"),
    (httpx.WriteTimeout, Timeout, "{place} does not listen"),
    (httpx.PoolTimeout, Timeout, "no connection to {place} is free"),
    (httpx.TimeoutException, Timeout, "{place} took too long"),
    (httpx.ConnectError, ConnectionFailed, "no connection to {place}: {detail}"),
    (httpx.ReadError, ConnectionFailed, "the connection to {place} broke: {detail}"),
    (httpx.WriteError, ConnectionFailed, "the connection to {place} broke: {detail}"),
    (httpx.CloseError, ConnectionFailed, "the connection to {place} broke: {detail}"),
    (httpx.NetworkError, ConnectionFailed, "the connection to {place} broke: {detail}"),
    (httpx.ProxyError, ConnectionFailed, "the proxy gives no connection to {place}"),
    (httpx.UnsupportedProtocol, Unsafe, "an address that is not http or https, at {place}"),
    (httpx.RemoteProtocolError, Incomplete, "the answer of {place} broke off or is not HTTP"),
    (httpx.LocalProtocolError, FetchError, "the request to {place} cannot be sent"),
    (httpx.ProtocolError, Incomplete, "the answer of {place} is not HTTP"),
    (httpx.TransportError, ConnectionFailed, "the connection to {place} failed"),
    (httpx.DecodingError, UnexpectedContent, "the answer of {place} cannot be unpacked"),
    (httpx.TooManyRedirects, UnexpectedStatus, "too many redirects, from {place}"),
    (httpx.RequestError, FetchError, "the request to {place} failed"),
    (httpx.HTTPStatusError, UnexpectedStatus, "unexpected status from {place}"),
    (httpx.HTTPError, FetchError, "the request to {place} failed"),
    (httpx.InvalidURL, Unsafe, "an address that is no URL"),
    # The socket's own, from asking a connection that was just reset for its peer.
    (OSError, ConnectionFailed, "the connection to {place} broke: {detail}"),
)
# A misuse of the library is no fault of a source: it stays loud.
OUR_BUGS: Final = (
    httpx.StreamError,
    httpx.StreamConsumed,
    httpx.StreamClosed,
    httpx.RequestNotRead,
    httpx.ResponseNotRead,
    httpx.CookieConflict,
)
_FOREIGN: Final = tuple(kind for kind, _, _ in FOREIGN_ERRORS)


@contextmanager
def foreign_errors(url: httpx.URL) -> Iterator[None]:
    """The one place where exceptions of httpx become ours."""
    try:
        yield
    except _FOREIGN as error:
        ours, message = next((ours, text) for kind, ours, text in FOREIGN_ERRORS if isinstance(error, kind))
        detail = " ".join(str(error).split())[:200] or type(error).__name__
        # "Illegal header value b'Bearer …'" must not come out in a traceback either.
        cause = None if isinstance(error, httpx.LocalProtocolError | httpx.InvalidURL) else error
        raise ours(message.format(place=place(url), detail=detail), url=safe_url(url)) from cause

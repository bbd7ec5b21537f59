"""Source row → bytes: every request of the collectors goes through here, and nothing comes out but a whole, checked body.

Promises: each request has its turn at its host; memory and time are bounded whatever the server does; transient faults
are asked again by the one policy (`collector.retry`); redirects lead nowhere private (`collector.addresses`); and what
fails is a `FetchError` whose message and URL hold no secret.
"""

from __future__ import annotations

import base64
import io
import logging
import random
import re
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Protocol, Self

import httpx

from collector.addresses import (
    Resolver,
    check_peer,
    check_public,
    check_redirect,
    is_private,
    is_same_origin,
    place,
    resolve,
    safe_url,
)
from collector.content import check_content
from collector.deadline import Deadline, keep_to_deadlines
from collector.faults import foreign_errors, refusal
from collector.retry import RetryPolicy, used_up_for
from collector.sources.base import Fetched, Validators
from collector.unpacking import Unpacker
from staycurrent.clock import Clock, system_clock
from staycurrent.errors import (
    Throttled,
    TooLarge,
    UnexpectedContent,
    UnexpectedStatus,
    Unsafe,
)

log = logging.getLogger(__name__)

MIB: Final = 1 << 20
# Six sources are read at once (`collector.run.THREADS`); together they must stay under 200 MB. The largest answer that
# was met, an OAI-PMH page of 2,500 records, has 6 MB.
MAX_BYTES: Final = 24 * MIB
MAX_REDIRECTS: Final = 5
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_LONGEST_VALIDATOR: Final = 1000
# Never carried to another origin.
_FOR_ONE_ORIGIN: Final = ("Authorization", "Cookie", "Proxy-Authorization")


class Gate(Protocol):
    """Politeness: who may send now. The real one is a row of the database, for arXiv's limit over all machines."""

    def turn(self, url: str) -> AbstractContextManager[None]:
        """Wait for a turn at the host of `url`, and hold it: one request, body and all, goes inside."""
        ...


class OpenGate:
    """No limits: for hosts without rules, and for tests."""

    def turn(self, url: str) -> AbstractContextManager[None]:
        """Now."""
        return nullcontext()


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. `read` is the longest silence, `deadline` the longest request with its redirects, so that a drip ends too."""

    connect: float = 10.0
    read: float = 60.0
    arxiv_read: float = 130.0
    """arXiv took up to 124 s to answer (arxiv-skills#25)."""
    deadline: float = 300.0

    def at(self, host: str) -> httpx.Timeout:
        """The timeouts for requests to a host."""
        is_arxiv = host == "arxiv.org" or host.endswith(".arxiv.org")
        return httpx.Timeout(self.arxiv_read if is_arxiv else self.read, connect=self.connect)


TIMEOUTS: Final = Timeouts()


def user_agent(version: str, contact: str, public_url: str = "") -> str:
    """`staycurrent/0.1.0 (+https://host; mailto:me@x.org)`: who asks and whom to tell; one line of ASCII."""
    where = f"+{public_url}" if public_url else ""
    whom = f"mailto:{contact}" if "@" in contact and ":" not in contact else contact
    comment = "; ".join(re.sub(r"[^!-~]|[()\\]", "", part) for part in (where, whom) if part)
    return f"staycurrent/{version} ({comment})" if comment else f"staycurrent/{version}"


@dataclass(frozen=True, slots=True)
class _Question:
    """What `get` was asked for, the same in every attempt."""

    url: httpx.URL
    headers: httpx.Headers
    validators: Validators
    accept: tuple[str, ...]
    public: bool

    @property
    def is_conditional(self) -> bool:
        return "If-None-Match" in self.headers or "If-Modified-Since" in self.headers


class HttpFetcher:
    """The real `Fetcher`: one client for all sources, closed on leaving its context."""

    def __init__(
        self,
        *,
        user_agent: str,
        gate: Gate,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = random.random,
        now: Clock = system_clock,
        resolve: Resolver = resolve,
        max_bytes: int = MAX_BYTES,
        timeouts: Timeouts = TIMEOUTS,
        attempts: int = 4,
        patience: float = 20 * 60.0,
    ) -> None:
        self._gate = gate
        self._sleep = sleep
        self._monotonic = monotonic
        self._random = random
        self._now = now
        self._resolve = resolve
        self._max_bytes = max_bytes
        self._timeouts = timeouts
        self._policy = RetryPolicy(attempts=attempts, patience=patience)
        self._used_up: dict[str, float] = {}
        # Behind a proxy the peer is the proxy, and names are resolved by it.
        self._is_direct = not {"http", "https", "all"} & urllib.request.getproxies().keys()
        # httpx logs whole URLs at INFO, with whatever tokens are in them; this module logs its own lines.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        # No brotli or zstd: only what `Unpacker` can unpack in bounded pieces.
        headers = {"User-Agent": user_agent, "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
        hooks = {"response": [_refuse_broken_redirect]}
        self._client = httpx.Client(headers=headers, follow_redirects=False, event_hooks=hooks)
        keep_to_deadlines(self._client)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are kept."""
        self._client.close()

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        validators: Validators | None = None,
        accept: tuple[str, ...] = (),
        public: bool = False,
    ) -> Fetched:
        """The answer to a GET; see `Fetcher.get`. `params` come on top of those in the URL."""
        question = _question(url, params or {}, headers or {}, validators or Validators(), accept, public)
        return self._policy.run(lambda: self._attempt(question), sleep=self._sleep, random=self._random)

    def _attempt(self, question: _Question) -> Fetched:
        """One try, over as many redirects as are allowed."""
        url, headers, before = question.url, question.headers, None
        deadline = Deadline(self._timeouts.deadline, self._monotonic)
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._hop(question, url, headers, before, deadline)
            if isinstance(answer, Fetched):
                return answer
            check_redirect(url, answer, resolve=self._resolve)
            if not is_same_origin(url, answer):
                headers = _without(headers, _FOR_ONE_ORIGIN)
            before, url = url, answer
        raise UnexpectedStatus(f"more than {MAX_REDIRECTS} redirects, from {place(question.url)}", url=safe_url(url))

    def _hop(
        self, question: _Question, url: httpx.URL, headers: httpx.Headers, before: httpx.URL | None, deadline: Deadline
    ) -> Fetched | httpx.URL:
        """One request inside its turn: the answer, or where it redirects to."""
        if question.public:
            check_public(url, resolve=self._resolve)
        self._wait_for_quota(url)
        with self._gate.turn(str(url)), foreign_errors(url), deadline.running(url):
            timeout = self._timeouts.at(url.host)
            watch = {"trace": _refuse_private_peer(url)} if question.public and self._is_direct else {}
            with self._client.stream("GET", url, headers=headers, timeout=timeout, extensions=watch) as response:
                if before is not None and self._is_direct:
                    check_peer(before, url, _peer(response), resolve=self._resolve)
                self._note_quota(response)
                if _is_redirect(response):
                    return _redirect_target(response)
                return self._answer(question, response)

    def _answer(self, question: _Question, response: httpx.Response) -> Fetched:
        status, url = response.status_code, response.request.url
        if status == httpx.codes.NOT_MODIFIED and question.is_conditional:
            seen = _validators(response.headers, instead=question.validators)
            return Fetched(str(url), status, b"", _content_type(response), seen, not_modified=True)
        # arXiv was seen to answer 406 over the right body (paper-daily#9); the content check decides.
        doubtful = status == httpx.codes.NOT_ACCEPTABLE and bool(question.accept)
        if not response.is_success and not doubtful:
            raise refusal(status, response.headers, url, self._now)
        body = self._body(response)
        try:
            check_content(body, question.accept, url)
        except UnexpectedContent:
            if doubtful:
                raise refusal(status, response.headers, url, self._now) from None
            raise
        log.debug("%s: %d, %s bytes", safe_url(url), status, f"{len(body):,}")
        return Fetched(str(url), status, body, _content_type(response), _validators(response.headers))

    def _body(self, response: httpx.Response) -> bytes:
        """The whole body, unpacked; never more than `max_bytes` (and a piece) in memory, packed or unpacked."""
        url = response.request.url
        declared = response.headers.get("Content-Length", "")
        if declared.isdecimal() and int(declared[:20]) > self._max_bytes:
            raise _too_large(self._max_bytes, url)
        unpacker = Unpacker(response.headers.get("Content-Encoding", ""), url)
        whole, packed = io.BytesIO(), 0
        for chunk in response.iter_raw():
            packed += len(chunk)
            for piece in unpacker.feed(chunk):
                whole.write(piece)
                if max(packed, whole.tell()) > self._max_bytes:
                    raise _too_large(self._max_bytes, url)
            if packed > self._max_bytes:
                raise _too_large(self._max_bytes, url)
        unpacker.finish()
        return whole.getvalue()

    def _wait_for_quota(self, url: httpx.URL) -> None:
        """Keep off a host that said its quota is used up, where that is within patience."""
        seconds = self._used_up.get(place(url), 0.0) - self._monotonic()
        if seconds <= 0:
            return
        if seconds > self._policy.patience:
            raise Throttled(f"the quota at {place(url)} is used up", url=safe_url(url), retry_after=seconds)
        log.info("the quota at %s is used up; waiting %.0f s", place(url), seconds)
        self._sleep(seconds)

    def _note_quota(self, response: httpx.Response) -> None:
        # After a 429 the retry policy waits.
        limit, policy = response.headers.get("RateLimit"), response.headers.get("RateLimit-Policy")
        if response.is_success and (seconds := used_up_for(limit, policy)):
            self._used_up[place(response.request.url)] = self._monotonic() + seconds


def _refuse_private_peer(url: httpx.URL) -> Callable[[str, Mapping[str, Any]], None]:
    """Looks at where a new connection went before anything is sent over it: a name may resolve differently by then."""

    def trace(event: str, facts: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            stream = facts["return_value"]
            address = stream.get_extra_info("server_addr")
            if not address or is_private(str(address[0])):
                stream.close()
                raise Unsafe(f"{place(url)} is no public address", url=safe_url(url))

    return trace


def _question(
    url: str,
    params: Mapping[str, str],
    headers: Mapping[str, str],
    validators: Validators,
    accept: tuple[str, ...],
    public: bool,
) -> _Question:
    """The request to send; credentials leave the URL for a header, where redirects and messages lose them."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        # The library's text may quote a password.
        raise Unsafe("an address that is no URL") from None
    sent = httpx.Headers(dict(headers))
    if parsed.userinfo and "Authorization" not in sent:
        pair = f"{parsed.username}:{parsed.password}".encode()
        sent["Authorization"] = "Basic " + base64.b64encode(pair).decode()
    if validators.etag:
        sent["If-None-Match"] = validators.etag
    if validators.last_modified:
        sent["If-Modified-Since"] = validators.last_modified
    target = parsed.copy_with(userinfo=b"", fragment=None)
    return _Question(target.copy_merge_params(dict(params)) if params else target, sent, validators, accept, public)


def _without(headers: httpx.Headers, names: tuple[str, ...]) -> httpx.Headers:
    fewer = headers.copy()
    for name in names:
        fewer.pop(name, None)
    return fewer


def _is_redirect(response: httpx.Response) -> bool:
    return response.status_code in _REDIRECTS and "Location" in response.headers


def _refuse_broken_redirect(response: httpx.Response) -> None:
    """Before httpx reads the Location, followed or not, and calls a broken one a broken connection."""
    if _is_redirect(response):
        _redirect_target(response)


def _redirect_target(response: httpx.Response) -> httpx.URL:
    url = response.request.url
    try:
        return url.join(response.headers["Location"]).copy_with(fragment=None)
    except (httpx.InvalidURL, ValueError):
        raise Unsafe(f"{place(url)} redirects to an address that is no URL", url=safe_url(url)) from None


def _peer(response: httpx.Response) -> str:
    """The address that the connection goes to; "" (which counts as private) where it is not known."""
    address = response.extensions["network_stream"].get_extra_info("server_addr")
    return str(address[0]) if address else ""


def _content_type(response: httpx.Response) -> str:
    return str(response.headers.get("Content-Type", ""))


def _validators(headers: httpx.Headers, instead: Validators | None = None) -> Validators:
    """What to ask by the next time; `instead` where a 304 does not repeat them."""
    instead = instead or Validators()
    return Validators(
        etag=_sendable(headers.get("ETag")) or instead.etag,
        last_modified=_sendable(headers.get("Last-Modified")) or instead.last_modified,
    )


def _sendable(value: str | None) -> str | None:
    """A header value that can be sent back: what is not printable ASCII would make the next request fail."""
    fits = value is not None and value.isascii() and value.isprintable() and len(value) <= _LONGEST_VALIDATOR
    return value if fits else None


def _too_large(cap: int, url: httpx.URL) -> TooLarge:
    return TooLarge(f"more than {cap / MIB:,.3g} MiB from {place(url)}", url=safe_url(url))

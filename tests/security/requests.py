"""Hostile requests: what anyone may send to any address, as bytes, and the strategies that think them up."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from ipaddress import IPv4Address
from urllib.parse import quote, quote_from_bytes

from hypothesis import strategies as st

from tests.security.stack import ASKED, METRICS, Stack

PAGES = ("", "this-month", "explore", "roadmap", "trends", "labs", "sources", "about", "item", "digest", "no-such-page")
PLACES = (
    *(f"/{page}" for page in PAGES),
    "/api/v1", "/api/v1/openapi.json", "/api/v1/items", "/api/v1/items/2605.00001", "/api/v1/readings/2026-05",
    "/api/v1/levels",
    "/api/v1/topics", "/api/v1/labs", "/api/v1/sources", "/api/v1/trends",
    "/feeds", "/feeds/atom", "/feeds/rss", "/feeds/json", "/feeds/atom/saved/x", "/exports", "/exports/bibtex",
    "/confirm/", "/unsubscribe/", "/decline/", "/preferences/", "/digest/preview", "/marks", "/erase",
    "/reader.js", "/favicon.png", "/healthz", "/readyz", "/metrics",
    "/_stcore/health", "/_stcore/host-config", "/_stcore/metrics", "/_stcore/script-health-check",
    "/_stcore/upload_file/a/b", "/_stcore/agent/interact", "/_stcore/agent/mcp", "/_stcore/bidi-components/x",
    "/_stcore/stream",
    "/media/x", "/component/x/y", "/static/x", "/app/static/x", "/auth/login", "/auth/logout", "/oauth2callback",
)  # fmt: skip
NAMES = (
    "level", "topic", "lab", "source", "kind", "since", "until", "period", "month", "text", "exclude", "has_code",
    "min_confidence",
    "sort", "limit", "cursor", "minutes", "format", "table", "by", "weeks", "reader", "marked", "lang", "id", "item",
    "landmark",
    "mark", "on", "done", "cadence", "weekday", "hour", "timezone", "language", "when_empty", "keep", "address", "email",
    "List-Unsubscribe", "__proto__", "embed", "embed_options", "without_topic", "page", "near", "plan",
)  # fmt: skip
NASTY = (
    "' OR 1=1 --", '"; drop table items; --', "%' union all --", "{{7*7}}", "${7*7}", "%s%n%x", "../../../../etc/passwd",
    "..\\..\\windows", "/etc/passwd", "file:///etc/passwd", "http://169.254.169.254/latest/meta-data/", "//evil.example/",
    "javascript:alert(1)", "<script>alert(1)</script>", "'\"><img src=x onerror=alert(1)>", "\r\nSet-Cookie: a=b",
    "\r\n\r\n<html>", "\x00", "\x00\x01\x02", "\ud7ff\ue000\ufffe\uffff", "\u202e\u2066", "\U0010ffff", "a" * 5_000, "9" * 400,
    "-1", "0", "1e308", "NaN", "inf", "-0.0", "٣", "0x10", "1_000", "2026-02-30", "0000-00", "9999-99", "9999-12-31",
    "2026-W99",
    "0001-01-01", "10000-01", "(((((((((", "))", '"', '"unclosed', "*", "* *", "a*", "AND OR NOT", "NEAR(a b)", "title:x",
    "^a", "a:b",
    "[[[[[[", "]" * 50, "{" * 50, "\\", "\\\\", "%", "%zz", "%ff%fe", "&=&=&", "==", "null", "true", "[]", "{}", "2605.00001",
    "hep-th/9901001", "10.1/x", "https://arxiv.org/abs/2605.00001", "read", "hidden 0", "1", "en", "de", "../de", "de-XX;q=9",
    "lab:*",
    "relevance", "newest", "5", "rag", "qwen", "arxiv", "local", "One-Click", "weekly", "07:30", "Europe/Berlin",
    "Etc/../../passwd",
    "reader@zqasked.example", "=cmd|' /C calc'!A0",
)  # fmt: skip
METHODS = ("GET", "GET", "GET", "GET", "POST", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "get", "X" * 30)
KINDS = (
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "multipart/form-data", "application/json",
    "text/plain",
    "multipart/form-data; boundary=" + "b" * 300, "application/x-protobuf", "",
)  # fmt: skip


@dataclass(frozen=True)
class Ask:
    """One request; `headers` come after those that `send` sets by itself."""

    method: str
    target: bytes
    headers: tuple[tuple[str, bytes], ...] = ()
    body: bytes = b""

    def __repr__(self) -> str:
        return f"Ask({self.method!r}, {self.target[:300]!r}, {[(n, v[:120]) for n, v in self.headers]}, {self.body[:300]!r})"


@dataclass(frozen=True)
class Told:
    """What came back; `status` 0 where the connection was closed without an answer."""

    status: int
    headers: bytes
    body: bytes


junk = st.binary(max_size=60) | st.text(max_size=60).map(lambda t: t.encode("utf-8", "surrogatepass"))
words = st.sampled_from(NASTY).map(lambda t: t.encode("utf-8", "surrogatepass")) | junk | st.just(ASKED.encode())
names = st.sampled_from(NAMES).map(str.encode) | junk
pairs = st.lists(st.tuples(names, words), max_size=6)


def _joined(found: Sequence[tuple[bytes, bytes]]) -> bytes:
    return b"&".join(quote_from_bytes(n).encode() + b"=" + quote_from_bytes(v).encode() for n, v in found)


# Bytes that end a line or a target would only make another, shorter request.
_raw = words.map(lambda b: bytes(c for c in b if c not in b"\r\n \x00\t"))
queries = pairs.map(_joined) | _raw
places = st.one_of(
    st.sampled_from(PLACES),
    st.builds(lambda place, end: f"{place}/{quote_from_bytes(end)}", st.sampled_from(PLACES), words),
    st.builds(
        lambda place, end: place + end, st.sampled_from(PLACES), st.sampled_from(("/", "//", "/..", "/%2e%2e/", ";x", "%00"))
    ),
    words.map(lambda w: f"/{quote_from_bytes(w)}"),
)
_tame = words.map(lambda b: bytes(c for c in b if c not in b"\r\n\x00"))
headers = st.lists(
    st.tuples(
        st.sampled_from(
            (
                "Origin", "Referer", "Accept", "Accept-Language", "Accept-Encoding", "If-None-Match", "If-Modified-Since",
                "Range",
                "Cookie", "Authorization", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "X-Request-ID",
                "Sec-Fetch-Site",
                "Content-Encoding", "X-Xsrftoken", "X-HTTP-Method-Override", "User-Agent", "Upgrade", "Te", "X-Original-URL",
            )
        ),
        _tame | st.sampled_from((b"null", b"http://[", b"http://127.0.0.1:1", b"Bearer x", f"Bearer {METRICS}".encode(),
        b"bytes=0-")),
    ),
    max_size=4,
).map(tuple)  # fmt: skip
hosts = st.sampled_from((b"127.0.0.1", b"localhost:8501", b"evil.example", b"[::1", b"[::1]:x", b"a:b:c", b"", b"..", b"\xff"))


@st.composite
def asks(draw: st.DrawFn, signed: Sequence[str] = ()) -> Ask:
    """Any request; with `signed` tokens some lead to the pages of mails, and get past their door."""
    place = draw(places)
    if signed and draw(st.integers(0, 5)) == 0:
        purpose = draw(st.sampled_from(("confirm", "unsubscribe", "decline", "preferences")))
        place = f"/{purpose}/{quote(draw(st.sampled_from(signed)))}"
    target = place.encode() + (b"?" + draw(queries) if draw(st.booleans()) else b"")
    method = draw(st.sampled_from(METHODS))
    sent = draw(headers)
    if draw(st.integers(0, 3)) == 0:
        sent = (("Host", draw(hosts)), *sent)
    if method not in ("POST", "PUT", "PATCH"):
        return Ask(method, target, sent)
    if draw(st.booleans()):
        sent = (
            (*sent, ("Origin", b"http://127.0.0.1"), ("Host", b"127.0.0.1")) if not any(n == "Host" for n, _ in sent) else sent
        )
    kind = draw(st.sampled_from(KINDS))
    return Ask(
        method, target, (*sent, ("Content-Type", kind.encode())), draw(pairs.map(_joined) | words | st.binary(max_size=300))
    )


def send(stack: Stack, ask: Ask, client: int) -> Told:
    """Send it over a connection of its own, as the client of a number: a proxy's word, so that no client asks too often."""
    lines = [ask.method.encode() + b" " + ask.target + b" HTTP/1.1"]
    if not any(name == "Host" for name, _ in ask.headers):
        lines.append(b"Host: 127.0.0.1:%d" % stack.port)
    lines += [name.encode() + b": " + value for name, value in ask.headers]
    # Of whoever marks or erases things the owner must be the one who asks, and no proxy.
    if not ask.target.startswith((b"/marks", b"/erase")):
        lines += [f"{name}: {value}".encode() for name, value in as_client(client).items()]
    if ask.body or ask.method == "POST":
        lines.append(b"Content-Length: %d" % len(ask.body))
    return exchange(stack, b"\r\n".join([*lines, b"Connection: close", b"", ask.body]), ask.method)


def as_client(number: int) -> dict[str, str]:
    """What a proxy says of a client with an address of its own."""
    return {"X-Forwarded-For": str(IPv4Address(0x0B000000 + number))}


def exchange(stack: Stack, data: bytes, method: str = "GET") -> Told:
    """Send bytes, and read one answer."""
    with socket.create_connection(("127.0.0.1", stack.port), timeout=30) as connection:
        try:
            connection.sendall(data)
            answer = HTTPResponse(connection, method=method.upper())
            answer.begin()
            return Told(answer.status, str(answer.headers).encode("utf-8", "surrogateescape"), answer.read())
        except (HTTPException, ConnectionError):
            return Told(0, b"", b"")

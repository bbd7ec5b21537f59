"""Where a fetch may lead: addresses that are private, redirects that must not be followed, and URLs fit for a log.

What the operator writes may be private; a server out there must not be able to send us inside (SSRF, CWE-918).
URLs are read by httpx's parser only: a second parser that reads one differently would be the hole.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import httpx

from staycurrent.errors import Unsafe

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver: TypeAlias = Callable[[str, int], Sequence[str]]
"""Host and port to IP addresses; empty where there are none."""

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_LONGEST_IN_A_MESSAGE: Final = 300
_SECRET = re.compile(r"token|key|secret|password|passwd|signature|\bsig\b|auth|credential", re.IGNORECASE)
# OAI-PMH's paging token is no secret, and the one thing that tells which page failed.
_NO_SECRETS: Final = frozenset({"resumptiontoken"})
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses that the system would connect to. Behind a proxy there may be none: the proxy resolves."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_private(address: str) -> bool:
    """Whether an IP address is anything but a public unicast one: loopback, private, link-local, reserved, and so on."""
    try:
        ip = _innermost(ipaddress.ip_address(address))
    except ValueError:
        return True
    if isinstance(ip, ipaddress.IPv6Address) and ip.is_site_local:  # deprecated, and "global" to Python 3.11
        return True
    return not ip.is_global or ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_link_local


def _innermost(ip: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for (mapped, 6to4, NAT64), since packets end there."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


def check_public(url: httpx.URL | str, *, resolve: Resolver = resolve) -> None:
    """Raise `Unsafe` unless the URL is a plain http(s) address of a public host: the rule for what a reader adds."""
    target = _well_formed(url)
    found = _addresses(target, resolve)
    if not found or any(map(is_private, found)):
        raise Unsafe(f"{place(target)} is no public address", url=safe_url(target))


def check_redirect(from_url: httpx.URL | str, to_url: httpx.URL | str, *, resolve: Resolver = resolve) -> None:
    """Raise `Unsafe` where a redirect must not be followed.

    Refused: another scheme, credentials in the URL, https to http, and a private target, except the very address and
    port that we were at. A name without addresses passes: without a proxy the connection fails by itself, and
    `check_peer` has the last word on where it went.
    """
    start = httpx.URL(from_url)
    target = _well_formed(to_url)
    if start.scheme == "https" and target.scheme == "http":
        raise _refused(start, target, "without TLS")
    if any(map(is_private, (found := _addresses(target, resolve)))) and not _is_same_place(start, target, found, resolve):
        raise _refused(start, target, "inside")


def check_peer(from_url: httpx.URL | str, to_url: httpx.URL | str, peer: str, *, resolve: Resolver = resolve) -> None:
    """The same rule for the address that a redirect really connected to: a name may resolve differently by then."""
    start, target = httpx.URL(from_url), httpx.URL(to_url)
    if is_private(peer) and not _is_same_place(start, target, [peer], resolve):
        raise _refused(start, target, "inside")


def _well_formed(url: httpx.URL | str) -> httpx.URL:
    try:
        target = httpx.URL(url)
    except httpx.InvalidURL:
        # The library's text may quote a password; so neither it nor the URL goes on.
        raise Unsafe("an address that is no URL") from None
    if target.userinfo:
        raise Unsafe(f"an address with credentials in it, at {place(target)}", url=safe_url(target))
    if target.scheme not in _DEFAULT_PORTS or not target.host:
        raise Unsafe(f"an address that is not http or https: {safe_url(target)}", url=safe_url(target))
    return target


def _addresses(url: httpx.URL, resolve: Resolver) -> Sequence[str]:
    try:
        return (str(ipaddress.ip_address(url.host)),)
    except ValueError:
        return resolve(url.host, port(url))


def _is_same_place(start: httpx.URL, target: httpx.URL, found: Sequence[str], resolve: Resolver) -> bool:
    return port(start) == port(target) and set(found) <= set(_addresses(start, resolve))


def _refused(start: httpx.URL, target: httpx.URL, where: str) -> Unsafe:
    return Unsafe(f"{place(start)} redirects {where}, to {place(target)}", url=safe_url(target))


def port(url: httpx.URL) -> int:
    """The port that is meant, written or not."""
    return url.port or _DEFAULT_PORTS.get(url.scheme, 0)


def is_same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    """Same scheme, host and port: what may see the same credentials."""
    return (one.scheme, one.host, port(one)) == (other.scheme, other.host, port(other))


def place(url: httpx.URL) -> str:
    """`host` or `host:port`, for messages and as the name of a server."""
    return url.netloc.decode("ascii", "replace")


def safe_url(url: httpx.URL | str) -> str:
    """The URL for errors and logs: no credentials, no fragment, values with secret names hidden, not endless."""
    try:
        parsed = httpx.URL(url).copy_with(userinfo=b"", fragment=None)
    except httpx.InvalidURL:
        return ""
    query = [(name, "hidden" if _is_secret(name) and value else value) for name, value in parsed.params.multi_items()]
    shown = str(parsed.copy_with(params=query) if any(_is_secret(name) for name, _ in query) else parsed)
    return shown if len(shown) <= _LONGEST_IN_A_MESSAGE else shown[:_LONGEST_IN_A_MESSAGE] + "…"


def _is_secret(name: str) -> bool:
    return name.lower() not in _NO_SECRETS and bool(_SECRET.search(name))

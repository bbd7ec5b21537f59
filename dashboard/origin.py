"""Whence a request says that it comes: hosts out of `Host`, `Origin` and `Referer`, which may hold anything."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

NOWHERE = SplitResult("", "", "", "", "")
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via")
"""What a proxy adds: with any of these, it was not this machine itself that asked."""


def split(address: str) -> SplitResult:
    """The parts of an address; all empty where it is none (`urlsplit` raises for an IPv6 host that never closes)."""
    try:
        return urlsplit(address)
    except ValueError:
        return NOWHERE


def is_same_host(address: str, host: str | None) -> bool:
    """Whether an address names this host, as `Host` has it, port and all."""
    named = split(address).netloc
    return bool(named) and named == host

"""How much one address may ask: a token bucket in this process, told in every answer.

Headers as in draft-ietf-httpapi-ratelimit-headers-10. With several web processes each has its own buckets.
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

REQUESTS = 120
SECONDS = 60
MOST_ADDRESSES = 20_000
"""Buckets that are kept; the address that was silent longest goes first, and begins with a full one."""
_IPV6_NETWORK = 64
"""What one subscriber has; counting single addresses would give them 2**64 buckets."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Whether a request may pass, how many more may follow at once, and in how many seconds the next one is free."""

    allowed: bool
    left: int
    wait: int


class Buckets:
    """One bucket for each address, refilled evenly."""

    def __init__(self, requests: int = REQUESTS, seconds: int = SECONDS, *, now: Callable[[], float] = time.monotonic) -> None:
        self.policy = f'"default";q={requests};w={seconds}'
        self._size = float(requests)
        self._rate = requests / seconds
        self._now = now
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str) -> Turn:
        """One token of the bucket of an address."""
        who, now = network(address), self._now()
        with self._lock:
            tokens, then = self._buckets.pop(who, (self._size, now))
            tokens = min(self._size, tokens + (now - then) * self._rate)
            allowed = tokens >= 1
            tokens -= allowed
            self._buckets[who] = (tokens, now)
            if len(self._buckets) > MOST_ADDRESSES:
                self._buckets.popitem(last=False)
        wait = 0.0 if tokens >= 1 else (1 - tokens) / self._rate
        return Turn(allowed, int(tokens), math.ceil(wait))

    def headers(self, turn: Turn) -> dict[str, str]:
        """What the client is told."""
        told = {"ratelimit-policy": self.policy, "ratelimit": f'"default";r={turn.left};t={turn.wait}'}
        return told if turn.allowed else told | {"retry-after": str(max(1, turn.wait))}


def network(address: str) -> str:
    """Whom an address stands for: itself, or with IPv6 its network of 64 bits."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address) and not found.ipv4_mapped:
        return str(ipaddress.ip_network((found, _IPV6_NETWORK), strict=False))
    return address

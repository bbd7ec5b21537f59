"""How fast letters may go to one domain. Receivers turn away senders that come in floods."""

from __future__ import annotations

import heapq
from typing import Generic, TypeVar

T = TypeVar("T")


class Pace(Generic[T]):
    """Hands out moments, `rate` a second for each domain, and keeps what has to wait; `rate` 0 lets everything pass."""

    def __init__(self, rate: float) -> None:
        self._gap = 1 / rate if rate else 0.0
        self._free: dict[str, float] = {}
        self._waiting: list[tuple[float, int, T]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def admit(self, thing: T, domain: str, now: float) -> bool:
        """Whether it may go at once; else it is kept for its moment."""
        at = max(now, self._free.get(domain, now)) if self._gap else now
        if self._gap:
            self._free[domain] = at + self._gap
        if at <= now:
            return True
        self._count += 1
        heapq.heappush(self._waiting, (at, self._count, thing))
        return False

    def wait(self, now: float) -> float | None:
        """Seconds until something that was kept may go; None where nothing is kept."""
        return max(0.0, self._waiting[0][0] - now) if self._waiting else None

    def take(self) -> T:
        """What was kept the longest past its moment."""
        return heapq.heappop(self._waiting)[2]

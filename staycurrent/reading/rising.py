"""Topics that take a larger share of the papers than before, by a rule that chance and small numbers hardly pass. Pure.

The share in the last N whole weeks is divided by the share in the N before them, since the number of all papers moves too.
The interval of that ratio is Katz's, on the logarithm, with half a paper added to each count; a topic rises where the lower
end lies above 1. Z is chosen for the number of topics: of 69 that do not move, one in 200 each would pass, 0.3 in all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import exp, log, sqrt

from staycurrent.period import Period

Z = 2.576
"""99 % between both ends of the interval."""
WEEKS = 4
WEEK_CHOICES = (2, 4, 8, 12)
FEWEST = 100
"""Papers that each half must have in all."""
MOST_APART = 3.0
"""Two halves of which one is larger than this are not alike: a library that was just begun, or a collection that failed."""


@dataclass(frozen=True, slots=True)
class Half:
    """One half of the comparison: its days, its papers in all, and by topic."""

    first: date
    last: date
    total: int
    topics: Mapping[str, int]

    def share(self, topic: str) -> float:
        return self.topics.get(topic, 0) / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Rise:
    """How a topic's share changed: `ratio` of the shares, between `low` and `high`."""

    topic: str
    before: int
    now: int
    share_before: float
    share_now: float
    ratio: float
    low: float
    high: float


def halves(today: date, weeks: int) -> tuple[Period, Period]:
    """The last whole ISO weeks before `today`, and as many before them."""
    monday = today - timedelta(days=today.weekday())
    span = timedelta(weeks=weeks)
    days = [(monday - 2 * span, monday - span), (monday - span, monday)]
    before, now = (Period(first, end - timedelta(days=1), f"{first}/{end - timedelta(days=1)}") for first, end in days)
    return before, now


def can_be_compared(before: Half, now: Half) -> bool:
    """Whether both halves have enough papers, and about as many."""
    few, many = sorted((before.total, now.total))
    return few >= FEWEST and many <= MOST_APART * few


def rising(before: Half, now: Half) -> tuple[Rise, ...]:
    """The topics that surely rise, the surest first; none where the halves cannot be compared."""
    if not can_be_compared(before, now):
        return ()
    found = [change(topic, before, now) for topic in now.topics]
    return tuple(sorted((r for r in found if r.low > 1), key=lambda r: (-r.low, r.topic)))


def change(topic: str, before: Half, now: Half) -> Rise:
    """How one topic's share changed, with its interval."""
    then, later = before.topics.get(topic, 0), now.topics.get(topic, 0)
    ratio = ((later + 0.5) / (now.total + 0.5)) / ((then + 0.5) / (before.total + 0.5))
    variance = 1 / (later + 0.5) - 1 / (now.total + 0.5) + 1 / (then + 0.5) - 1 / (before.total + 0.5)
    spread = Z * sqrt(max(variance, 0.0))
    low, high = exp(log(ratio) - spread), exp(log(ratio) + spread)
    return Rise(topic, then, later, before.share(topic), now.share(topic), ratio, low, high)

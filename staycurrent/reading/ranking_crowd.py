"""What an item is measured against: the numbers of its rivals, day by day, so that age and a busy day weigh nothing."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from staycurrent.types import Candidate, DayNumbers

K = TypeVar("K", bound=Hashable)
FEW = 8
"""A day with fewer rivals says too little; the whole period stands in for it."""
STAR_DAYS = 7
"""Stars come more slowly than votes and to fewer items, so that their crowd is that of a week."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """The numbers of a period. `first` and `last` are the days of its earliest and its latest candidate."""

    votes: Mapping[date, tuple[int, ...]]
    """Sorted, of each day that has enough of them, else all of the period."""
    all_votes: tuple[int, ...]
    stars: Mapping[int, tuple[int, ...]]
    """Sorted, of each week."""
    all_stars: tuple[int, ...]
    topics: Counter[str]
    size: int
    first: date
    last: date

    def standing(self, candidate: Candidate) -> float:
        """The share of the rivals of its day that have fewer votes."""
        return percentile(candidate.votes or 0, self.votes.get(candidate.listed_on, self.all_votes))

    def star_standing(self, candidate: Candidate) -> float:
        """The share of the rivals of its days that have fewer stars."""
        return percentile(candidate.stars or 0, self.stars.get(_week(candidate.listed_on), self.all_stars))


def crowd(candidates: Sequence[Candidate], counted: Sequence[DayNumbers] | None = None) -> Crowd:
    """The crowd that these candidates are, with the numbers of `counted` where more items than they have some."""
    numbers = [_own(c) for c in candidates] if counted is None else counted
    days = sorted({c.listed_on for c in candidates})
    return Crowd(
        votes=_grouped((n.day, n.votes) for n in numbers),
        all_votes=tuple(sorted(v for n in numbers for v in n.votes if v)),
        stars=_grouped((_week(n.day), n.stars) for n in numbers),
        all_stars=tuple(sorted(v for n in numbers for v in n.stars if v)),
        topics=Counter(c.topics[0] for c in candidates if c.topics),
        size=len(candidates),
        first=days[0] if days else date.min,
        last=days[-1] if days else date.min,
    )


def _own(candidate: Candidate) -> DayNumbers:
    return DayNumbers(candidate.listed_on, *((n,) if n else () for n in (candidate.votes, candidate.stars)))


def _week(day: date) -> int:
    return day.toordinal() // STAR_DAYS


def _grouped(numbers: Iterable[tuple[K, tuple[int, ...]]]) -> dict[K, tuple[int, ...]]:
    found: defaultdict[K, list[int]] = defaultdict(list)
    for key, several in numbers:
        found[key] += (n for n in several if n)
    return {key: tuple(sorted(several)) for key, several in found.items() if len(several) >= FEW}


def percentile(value: int, ordered: Sequence[int]) -> float:
    """Share of the sorted values that lie below `value`, ties counted half; 1 for a value above all."""
    if not ordered:
        return 0.0
    return (bisect_left(ordered, value) + bisect_right(ordered, value)) / 2 / len(ordered)

"""Ranking with named parts. Pure: candidates in, scores with reasons out.

A part that has nothing to say gives no reason, so that `why` holds only what really spoke for an item.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from staycurrent.reading.ranking_crowd import Crowd as Crowd
from staycurrent.reading.ranking_crowd import crowd as crowd
from staycurrent.reading.ranking_crowd import percentile as percentile
from staycurrent.reading.ranking_parts import PARTS as PARTS
from staycurrent.types import Candidate, DayNumbers, Kind, Part

POST_FACTOR = 0.7
"""A lab's announcement competes with papers, yet the reading is for papers first."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate with its score and the values of the parts that make it up."""

    candidate: Candidate
    score: float
    values: Mapping[str, float]
    weights: Mapping[str, float]

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts with their reasons in words, strongest first; words are made only for what is shown."""
        made = (Part(n, v, self.weights[n], PARTS[n].words(self.candidate)) for n, v in self.values.items())
        return tuple(sorted(made, key=lambda p: -p.value * p.weight))


def weights() -> dict[str, float]:
    """The weights in use, to be recorded with a frozen reading."""
    return {name: part.weight for name, part in PARTS.items()} | {"post_factor": POST_FACTOR}


def rank(
    candidates: Sequence[Candidate], counted: Sequence[DayNumbers] | None = None, *, by: Mapping[str, float] | None = None
) -> list[Scored]:
    """All candidates, best first; ties go to the newer, then to the older row, so that the order is total.

    `counted` are the numbers of the period's crowd; without them the candidates are their own crowd. `by` are other
    weights than those in use.
    """
    rivals = crowd(candidates, counted)
    used = by or weights()
    scored = [_score(c, rivals, used) for c in candidates]
    return sorted(scored, key=lambda s: (-s.score, -s.candidate.listed_on.toordinal(), s.candidate.id))


def values(candidate: Candidate, rivals: Crowd) -> dict[str, float]:
    """The value of every part that has something to say."""
    found = {}
    for name, part in PARTS.items():
        value = part.value(candidate, rivals)
        if value is not None:
            found[name] = round(min(1.0, max(0.0, value)), 4)
    return found


def _score(candidate: Candidate, rivals: Crowd, used: Mapping[str, float]) -> Scored:
    found = values(candidate, rivals)
    total = sum(value * used[name] for name, value in found.items())
    if candidate.kind is Kind.POST:
        total *= POST_FACTOR
    return Scored(candidate, round(total, 6), found, used)

"""Ranking with named parts. Pure: candidates and a day in, scores with reasons out.

Each part is a function with a range of [0, 1]; the weights stand in one table. A part that has nothing to say gives
None and no reason, so that `why` holds only what really spoke for an item.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from staycurrent import roadmap
from staycurrent.types import Candidate, Kind, Part

SOURCE_NAMES = {"arxiv": "arXiv", "huggingface": "Hugging Face", "paperswithcode": "Papers with Code"}


@dataclass(frozen=True, slots=True)
class Crowd:
    """What an item is measured against: the numbers of its rivals in the period."""

    votes: tuple[int, ...]
    """Sorted."""
    stars: tuple[int, ...]
    """Sorted."""
    topics: Counter[str]
    size: int


@dataclass(frozen=True, slots=True)
class Scored:
    """A candidate with its score and the parts that make it up, strongest first."""

    candidate: Candidate
    score: float
    parts: tuple[Part, ...]


PartFunction = Callable[[Candidate, Crowd], "tuple[float, str] | None"]


def crowd(candidates: Sequence[Candidate]) -> Crowd:
    """The crowd that these candidates are."""
    return Crowd(
        votes=tuple(sorted(c.votes for c in candidates if c.votes)),
        stars=tuple(sorted(c.stars for c in candidates if c.stars)),
        topics=Counter(c.topics[0] for c in candidates if c.topics),
        size=len(candidates),
    )


def percentile(value: int, ordered: Sequence[int]) -> float:
    """Share of the sorted values that lie below `value`, ties counted half; 1 for a value above all."""
    if not ordered:
        return 0.0
    return (bisect_left(ordered, value) + bisect_right(ordered, value)) / 2 / len(ordered)


def votes(candidate: Candidate, rivals: Crowd) -> tuple[float, str] | None:
    """Where the item's votes stand among those of the period, so that a busy month does not outweigh a quiet one."""
    if not candidate.votes:
        return None
    return percentile(candidate.votes, rivals.votes), f"{candidate.votes:,} votes on Hugging Face"


def sources(candidate: Candidate, rivals: Crowd) -> tuple[float, str] | None:
    """Agreement of independent sources: one says little, three say a lot."""
    kinds = {s.split(":")[0] for s in candidate.sources}
    if len(kinds) < 2:  # noqa: PLR2004 - every item has one source
        return None
    named = ", ".join(_source_name(s) for s in candidate.sources)
    return min(1.0, (len(kinds) - 1) / 3), f"seen by {len(kinds)} sources: {named}"


def _source_name(source: str) -> str:
    if source.startswith("lab:"):
        slug = source.removeprefix("lab:")
        lab = roadmap.labs().get(slug)
        return f"{lab.name if lab else slug} feed"
    return SOURCE_NAMES.get(source, source)


def code(candidate: Candidate, rivals: Crowd) -> tuple[float, str] | None:
    """Code at hand, more so when many people starred it."""
    if not candidate.has_code:
        return None
    if not candidate.stars:
        return 0.4, "code available"
    return 0.4 + 0.6 * percentile(candidate.stars, rivals.stars), f"code with {candidate.stars:,} stars"


def lab(candidate: Candidate, rivals: Crowd) -> tuple[float, str] | None:
    """Evidence of a lab that the roadmap watches, half of it for any other known lab."""
    known = [roadmap.labs()[slug] for slug in candidate.labs if slug in roadmap.labs()]
    if not known:
        return None
    best = max(known, key=lambda entry: entry.watched)
    return 1.0 if best.watched else 0.5, f"from {best.name}"


def novelty(candidate: Candidate, rivals: Crowd) -> tuple[float, str] | None:
    """How rare the primary topic is this period: the hundredth paper on a topic tells a reader less than the first."""
    if not candidate.topics or not rivals.size:
        return None
    share = rivals.topics[candidate.topics[0]] / rivals.size
    value = min(1.0, -math.log10(max(share, 1e-4)) / 3)
    topic = roadmap.topics().get(candidate.topics[0])
    return value, f"topic: {topic.name.en if topic else candidate.topics[0]}"


def fit(candidate: Candidate, rivals: Crowd) -> tuple[float, str] | None:
    """How sure the classifier is of the level."""
    if candidate.unsure:
        return 0.3 * candidate.confidence, f"level {candidate.level}, unsure ({candidate.confidence:.0%})"
    return candidate.confidence, f"level {candidate.level}, {candidate.confidence:.0%} sure"


PARTS: dict[str, tuple[PartFunction, float]] = {
    "votes": (votes, 0.45),
    "sources": (sources, 0.15),
    "code": (code, 0.15),
    "lab": (lab, 0.10),
    "fit": (fit, 0.10),
    "novelty": (novelty, 0.05),
}
"""Every part with its weight; the weights sum to 1, so a score lies in [0, 1]."""

POST_FACTOR = 0.7
"""A lab's announcement competes with papers, yet the reading is for papers first."""


def weights() -> dict[str, float]:
    """The weights in use, to be recorded with a frozen reading."""
    return {name: weight for name, (_, weight) in PARTS.items()} | {"post_factor": POST_FACTOR}


def rank(candidates: Sequence[Candidate]) -> list[Scored]:
    """All candidates, best first; ties go to the newer, then to the older row, so that the order is total."""
    rivals = crowd(candidates)
    scored = [_score(c, rivals) for c in candidates]
    return sorted(scored, key=lambda s: (-s.score, _days(s.candidate.listed_on), s.candidate.id))


def _days(day: date) -> int:
    return -day.toordinal()


def _score(candidate: Candidate, rivals: Crowd) -> Scored:
    parts = []
    for name, (function, weight) in PARTS.items():
        said = function(candidate, rivals)
        if said is not None:
            parts.append(Part(name, round(min(1.0, max(0.0, said[0])), 4), weight, said[1]))
    total = sum(p.value * p.weight for p in parts) * (POST_FACTOR if candidate.kind is Kind.POST else 1.0)
    return Scored(candidate, round(total, 6), tuple(sorted(parts, key=lambda p: -p.value * p.weight)))

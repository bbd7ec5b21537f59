"""Selection: the best candidates under a bound, with a share that no topic, lab or source may pass. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

from staycurrent.reading.rank import Scored
from staycurrent.types import Entry, Kind

PAPER_MINUTES = 20
POST_MINUTES = 6
"""Minutes to take in the gist of a paper or a post: a first pass, not a study."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of a reading one topic, one lab and the lab feeds may fill, as shares of its length."""

    topic: float = 0.25
    lab: float = 0.25
    posts: float = 0.2


def minutes_of(scored: Scored) -> int:
    """Estimated reading time of an item."""
    return POST_MINUTES if scored.candidate.kind is Kind.POST else PAPER_MINUTES


def select(
    ranked: Sequence[Scored],
    *,
    limit: int,
    minutes: int | None = None,
    bounds: Bounds | None = None,
    minutes_for: Callable[[Scored], int] = minutes_of,
) -> list[Entry]:
    """At most `limit` entries within `minutes`, best first.

    The bounds hold as long as other candidates are left; a list that would stay short is filled up without them, since
    a reader who asked for one topic wants that topic.
    """
    chosen = _within(ranked, limit, bounds or Bounds())
    if len(chosen) < limit:
        taken = {s.candidate.id for s in chosen}
        taken.update([s.candidate.id for s in ranked if s.candidate.id not in taken][: limit - len(chosen)])
        chosen = [s for s in ranked if s.candidate.id in taken]
    if minutes is not None:
        chosen = _in_time(chosen, minutes, minutes_for)
    return [Entry(n, s.candidate.id, s.score, s.parts) for n, s in enumerate(chosen, start=1)]


def _within(ranked: Sequence[Scored], limit: int, bounds: Bounds) -> list[Scored]:
    topics: Counter[str] = Counter()
    labs: Counter[str] = Counter()
    posts = 0
    chosen: list[Scored] = []
    for scored in ranked:
        if len(chosen) == limit:
            break
        candidate = scored.candidate
        primary = candidate.topics[:1]
        is_post = candidate.kind is Kind.POST
        if any(topics[t] >= ceil(bounds.topic * limit) for t in primary):
            continue
        if any(labs[lab] >= ceil(bounds.lab * limit) for lab in candidate.labs):
            continue
        if is_post and posts >= ceil(bounds.posts * limit):
            continue
        chosen.append(scored)
        topics.update(primary)
        labs.update(candidate.labs)
        posts += is_post
    return chosen


def _in_time(chosen: Sequence[Scored], minutes: int, minutes_for: Callable[[Scored], int]) -> list[Scored]:
    fitting: list[Scored] = []
    left = minutes
    for scored in chosen:
        cost = minutes_for(scored)
        if cost <= left:
            fitting.append(scored)
            left -= cost
    return fitting

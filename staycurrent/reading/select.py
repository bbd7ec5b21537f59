"""Selection: the best candidates under a budget, with shares that no topic, lab or source may pass. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from staycurrent.reading.minutes import estimate
from staycurrent.reading.rank import Scored
from staycurrent.roadmap import Landmark
from staycurrent.types import Entry, Kind, Role

UP_ITEMS = 3
"""At most so many items of the next level, and no more than a tenth of the list, rounded up."""
UP_MINUTES = 0.2
"""The share of a reader's minutes that they may take."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of a reading may come from one topic, one lab, the lab feeds, and any one source that alone saw it."""

    topic: float = 0.25
    lab: float = 0.25
    posts: float = 0.2
    source: float = 0.5


def minutes_of(scored: Scored) -> int:
    """Estimated reading time of an item."""
    return estimate(scored.candidate.kind, scored.candidate.comment)


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


def one_level_up(ranked: Sequence[Scored], levels: Iterable[int], *, limit: int, minutes: int | None = None) -> list[Scored]:
    """A few items of the next level to grow into: sure ones only, first those that also carry a topic of the reader's own."""
    from staycurrent import roadmap

    own = {slug for slug, topic in roadmap.topics().items() if topic.level in set(levels)}
    sure = [s for s in ranked if not s.candidate.unsure]
    ordered = sorted(sure, key=lambda s: not own.intersection(s.candidate.topics))  # a stable sort keeps the ranking
    chosen = _within(ordered, min(UP_ITEMS, ceil(limit / 10)), Bounds(topic=0.34))
    return chosen if minutes is None else _in_time(chosen, int(minutes * UP_MINUTES), minutes_of)


def prepares(landmarks: Sequence[Landmark], topics: Sequence[str], levels: Sequence[int], period: str) -> Landmark | None:
    """The landmark paper that prepares for a list with these topics, one entry for each time a topic occurs in it.

    It stands at the reader's highest level or below. Among those that fit the topics best, the name of the period draws
    by lot, so that the choice is the same all month though the list still moves, and another one next month.
    """
    highest = max(levels, default=8)
    counts = Counter(topics)
    reachable = [(sum(counts[t] for t in mark.topics), mark) for mark in landmarks if mark.level <= highest]
    best = max((n for n, _ in reachable), default=0)
    fitting = [mark for n, mark in reachable if n and 2 * n >= best]
    return max(fitting, key=lambda mark: _lot(period, mark.url), default=None)


def _lot(period: str, url: str) -> bytes:
    return hashlib.blake2b(f"{period} {url}".encode(), digest_size=8).digest()


def _within(ranked: Sequence[Scored], limit: int, bounds: Bounds) -> list[Scored]:
    filled: Counter[str] = Counter()
    most = {"topic": bounds.topic, "lab": bounds.lab, "posts": bounds.posts, "source": bounds.source}
    room = {name: ceil(share * limit) for name, share in most.items()}
    chosen: list[Scored] = []
    for scored in ranked:
        if len(chosen) == limit:
            break
        shares = list(_shares(scored))
        if all(filled[share] < room[share.partition(" ")[0]] for share in shares):
            chosen.append(scored)
            filled.update(shares)
    return chosen


def _shares(scored: Scored) -> Iterator[str]:
    """What a candidate takes a share of: its primary topic, its labs, the posts, the only source that saw it."""
    candidate = scored.candidate
    yield from (f"topic {t}" for t in candidate.topics[:1])
    yield from (f"lab {slug}" for slug in candidate.labs)
    if candidate.kind is Kind.POST:
        yield "posts"
    if len(candidate.sources) == 1:
        yield f"source {candidate.sources[0]}"


def _in_time(chosen: Sequence[Scored], minutes: int, minutes_for: Callable[[Scored], int]) -> list[Scored]:
    fitting: list[Scored] = []
    left = minutes
    for scored in chosen:
        cost = minutes_for(scored)
        if cost <= left:
            fitting.append(scored)
            left -= cost
    return fitting


def beside(chosen: Sequence[Scored], after: int) -> list[Entry]:
    """Entries for what stands beside a list of `after` items, numbered on from its end."""
    return [Entry(n, s.candidate.id, s.score, s.parts, Role.ONE_LEVEL_UP) for n, s in enumerate(chosen, start=after + 1)]

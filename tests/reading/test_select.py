"""Selection: short, mixed while others are left, full where they are not, and within the reader's time."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from math import ceil
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staycurrent import roadmap
from staycurrent.reading.minutes import PAPER_MINUTES, POST_MINUTES
from staycurrent.reading.rank import Scored
from staycurrent.reading.select import Bounds, beside, one_level_up, prepares, select
from staycurrent.types import Candidate, Entry, Kind, Role

SEVERAL = ("arxiv", "huggingface")


def scored(
    number: int, topic: str = "", lab: str = "", kind: Kind = Kind.PAPER, score: float | None = None, **more: Any
) -> Scored:
    """The candidate of a number; lower numbers score higher."""
    facts = Candidate(
        id=number, level=5, confidence=0.8, unsure=False, topics=(topic,) if topic else (), labs=(lab,) if lab else (),
        sources=SEVERAL, kind=kind, listed_on=date(2026, 5, 12), votes=None, stars=None, has_code=False,
    )  # fmt: skip
    return Scored(replace(facts, **more), 1 / number if score is None else score, {}, {})


def ids(entries: list[Entry]) -> list[int]:
    return [e.item_id for e in entries]


@st.composite
def rankings(draw: st.DrawFn) -> list[Scored]:
    facts = st.tuples(st.sampled_from(["", "a", "b", "c"]), st.sampled_from(["", "x", "y"]), st.sampled_from(Kind))
    return [scored(n, *drawn) for n, drawn in enumerate(draw(st.lists(facts, max_size=40)), start=1)]


@given(rankings(), st.integers(1, 30), st.none() | st.integers(1, 400))
def test_a_selection_is_a_ranked_part_of_what_was_ranked(ranked: list[Scored], limit: int, minutes: int | None) -> None:
    found = select(ranked, limit=limit, minutes=minutes)
    assert len(found) <= limit
    assert [e.rank for e in found] == list(range(1, len(found) + 1))
    assert ids(found) == sorted(set(ids(found))), "in the order of the ranking, each once"
    assert set(ids(found)) <= {s.candidate.id for s in ranked}
    if minutes is None:
        assert len(found) == min(limit, len(ranked)), "a list that can be full is full"
    else:
        kinds = {s.candidate.id: s.candidate.kind for s in ranked}
        assert sum(POST_MINUTES if kinds[i] is Kind.POST else PAPER_MINUTES for i in ids(found)) <= minutes


@given(rankings(), st.integers(1, 30))
def test_the_bounds_hold_while_others_are_left(ranked: list[Scored], limit: int) -> None:
    plain = [scored(n, score=0.001) for n in range(1000, 1000 + limit)]
    found = {s.candidate.id: s.candidate for s in [*ranked, *plain]}
    chosen = [found[i] for i in ids(select([*ranked, *plain], limit=limit))]
    topics = Counter(t for c in chosen for t in c.topics)
    labs = Counter(lab for c in chosen for lab in c.labs)
    assert max(topics.values(), default=0) <= ceil(limit / 4)
    assert max(labs.values(), default=0) <= ceil(limit / 4)
    assert sum(c.kind is Kind.POST for c in chosen) <= ceil(limit / 5)


def test_one_topic_fills_a_quarter_when_others_are_there() -> None:
    ranked = [scored(n, "a") for n in range(1, 9)] + [scored(n, f"t{n}") for n in range(9, 20)]
    assert ids(select(ranked, limit=8)) == [1, 2, 9, 10, 11, 12, 13, 14]


def test_one_topic_fills_the_list_when_nothing_else_is_there() -> None:
    assert ids(select([scored(n, "a") for n in range(1, 9)], limit=5)) == [1, 2, 3, 4, 5]


def test_what_fills_up_stands_in_its_order_even_at_equal_scores() -> None:
    ranked = [scored(1, "a", score=0.5), scored(2, "a", score=0.5), scored(3, "b", score=0.5)]
    assert ids(select(ranked, limit=4)) == [1, 2, 3]


def test_posts_fill_a_fifth() -> None:
    ranked = [scored(n, kind=Kind.POST) for n in range(1, 6)] + [scored(n) for n in range(6, 16)]
    assert ids(select(ranked, limit=10)) == [1, 2, *range(6, 14)]


def test_other_bounds_can_be_asked_for() -> None:
    ranked = [scored(n, "a", "x") for n in range(1, 5)] + [scored(n) for n in range(5, 9)]
    assert ids(select(ranked, limit=4, bounds=Bounds(topic=1, lab=1))) == [1, 2, 3, 4]


def test_time_goes_to_the_best_that_fits() -> None:
    ranked = [scored(1), scored(2), scored(3, kind=Kind.POST)]
    assert ids(select(ranked, limit=3, minutes=PAPER_MINUTES + POST_MINUTES)) == [1, 3]
    assert ids(select(ranked, limit=3, minutes=POST_MINUTES - 1)) == []


def test_the_minutes_of_an_item_can_be_known_better() -> None:
    assert ids(select([scored(1), scored(2)], limit=2, minutes=5, minutes_for=lambda s: s.candidate.id * 5)) == [1]


@pytest.mark.parametrize("limit", [1, 5, 200])
def test_nothing_selects_nothing(limit: int) -> None:
    assert select([], limit=limit, minutes=60) == []


def test_what_one_source_alone_has_seen_fills_half_when_others_are_there() -> None:
    alone = [scored(n, sources=("arxiv",)) for n in range(1, 9)]
    assert ids(select([*alone, *(scored(n) for n in range(9, 20))], limit=6)) == [1, 2, 3, 9, 10, 11]
    assert ids(select(alone, limit=6)) == [1, 2, 3, 4, 5, 6]


def test_a_paper_that_tells_its_pages_is_budgeted_by_them() -> None:
    long, short = scored(1, comment="80 pages"), scored(2, comment="4 pages")
    assert ids(select([long, short], limit=2, minutes=20)) == [2]


def test_one_level_up_takes_sure_items_first_those_that_the_reader_has_a_topic_of() -> None:
    ranked = [
        scored(1, "rag", unsure=True),
        scored(2, "rag"),
        scored(3, topics=("tool-use", "reasoning-training")),
        scored(4, "multi-agent"),
        scored(5, "coding-agents"),
    ]
    assert [s.candidate.id for s in one_level_up(ranked, (5,), limit=30)] == [3, 2, 4]
    assert [s.candidate.id for s in one_level_up(ranked, (5,), limit=8)] == [3], "a tenth of the list, rounded up"
    assert [s.candidate.id for s in one_level_up(ranked, (5,), limit=30, minutes=200)] == [3, 2]
    assert one_level_up(ranked, (5,), limit=30, minutes=60) == [], "a fifth of the time holds no paper"


def test_what_stands_beside_a_list_is_numbered_on_and_marked() -> None:
    assert [(e.rank, e.item_id, e.role) for e in beside([scored(7), scored(9)], after=30)] == [
        (31, 7, Role.ONE_LEVEL_UP),
        (32, 9, Role.ONE_LEVEL_UP),
    ]


@given(st.lists(st.sampled_from(sorted(roadmap.topics())), max_size=40), st.sets(st.integers(1, 8), max_size=3))
def test_the_landmark_prepares_for_the_list(topics: list[str], levels: set[int]) -> None:
    found = prepares(roadmap.landmarks(), topics, sorted(levels), "2026-05")
    assert found == prepares(roadmap.landmarks(), topics[::-1], sorted(levels), "2026-05"), (
        "the order of the list is nothing to it"
    )
    if found:
        assert set(found.topics) & set(topics)
        assert found.level <= max(levels, default=8)
    else:
        assert not any(set(m.topics) & set(topics) and m.level <= max(levels, default=8) for m in roadmap.landmarks())


def test_the_landmark_stays_while_the_list_still_moves_and_changes_with_the_month() -> None:
    often = ["reasoning-training"] * 8 + ["instruction-rlhf"] * 7
    months = [prepares(roadmap.landmarks(), often, (5,), f"2026-{n:02}") for n in range(1, 13)]
    later = [prepares(roadmap.landmarks(), [*often, "open-llms"], (5,), f"2026-{n:02}") for n in range(1, 13)]
    assert months == later
    assert len({m.title for m in months if m}) > 1

"""Selection: short, mixed while others are left, full where they are not, and within the reader's time."""

from __future__ import annotations

from collections import Counter
from datetime import date
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staycurrent.reading.rank import Scored
from staycurrent.reading.select import PAPER_MINUTES, POST_MINUTES, Bounds, select
from staycurrent.types import Candidate, Entry, Kind


def scored(number: int, topic: str = "", lab: str = "", kind: Kind = Kind.PAPER, score: float | None = None) -> Scored:
    """The candidate of a number; lower numbers score higher."""
    facts = Candidate(
        id=number, level=5, confidence=0.8, unsure=False, topics=(topic,) if topic else (), labs=(lab,) if lab else (),
        sources=("arxiv",), kind=kind, listed_on=date(2026, 5, 12), votes=None, stars=None, has_code=False,
    )  # fmt: skip
    return Scored(facts, 1 / number if score is None else score, ())


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

"""The rule for rising topics: few papers make no trend, chance makes few, and halves that are not alike are not compared."""

from __future__ import annotations

import random
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from staycurrent.reading import rising
from staycurrent.reading.rising import Half

DAY = date(2026, 5, 4)
counts = st.integers(0, 2000)


def half(total: int, **topics: int) -> Half:
    return Half(DAY, DAY, total, topics)


def test_a_topic_that_doubles_rises_and_one_that_stays_does_not() -> None:
    found = rising.rising(half(4000, rag=80, agents=200), half(4200, rag=180, agents=205))
    assert [r.topic for r in found] == ["rag"]
    (rag,) = found
    assert (rag.before, rag.now, rag.share_before) == (80, 180, 0.02)
    assert 1 < rag.low < rag.ratio < rag.high


def test_a_few_papers_are_no_trend() -> None:
    assert rising.rising(half(4000, rag=1), half(4000, rag=4)) == ()
    assert [r.topic for r in rising.rising(half(4000), half(4000, rag=40))] == ["rag"], "a new topic may rise"


def test_more_papers_of_everything_are_no_trend() -> None:
    assert rising.rising(half(2000, rag=100, agents=300), half(5000, rag=250, agents=750)) == ()


def test_halves_that_are_small_or_not_alike_are_not_compared() -> None:
    assert rising.rising(half(99, rag=1), half(99, rag=90)) == ()
    assert rising.rising(half(100, rag=1), half(301, rag=290)) == ()
    assert rising.rising(half(100, rag=1), half(300, rag=290))
    assert not rising.can_be_compared(half(0), half(0))


def test_where_nothing_moves_a_list_of_69_topics_names_one_in_three_times_by_chance() -> None:
    dice, named = random.Random(5), 0
    for _ in range(60):
        share = {f"topic-{n}": 0.01 + 0.001 * n for n in range(69)}
        before, now = ({t: sum(dice.random() < p for _ in range(500)) for t, p in share.items()} for _ in range(2))
        named += len(rising.rising(Half(DAY, DAY, 500, before), Half(DAY, DAY, 500, now)))
    assert named / 60 < 0.7


@given(counts, counts, st.integers(2000, 5000), st.integers(2000, 5000))
def test_the_interval_holds_the_ratio_and_turns_around_with_the_halves(then: int, later: int, a: int, b: int) -> None:
    there = rising.change("rag", half(a, rag=then), half(b, rag=later))
    back = rising.change("rag", half(b, rag=later), half(a, rag=then))
    assert 0 < there.low <= there.ratio <= there.high
    assert abs(there.low * back.high - 1) < 1e-9


@given(st.dates(date(1991, 6, 1), date(9000, 1, 1)), st.sampled_from(rising.WEEK_CHOICES))
def test_halves_are_whole_weeks_one_after_the_other_and_over(today: date, weeks: int) -> None:
    before, now = rising.halves(today, weeks)
    assert before.first.weekday() == now.first.weekday() == 0
    assert now.first - before.last == timedelta(days=1)
    assert now.last < today <= now.last + timedelta(days=7)
    assert (now.last - now.first).days == (before.last - before.first).days == 7 * weeks - 1

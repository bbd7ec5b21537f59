"""The plan of twelve months: every landmark once, in its phase and in order, and no day outside of a month."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import plan
from staycurrent import roadmap
from staycurrent.errors import UsageError

STARTS = st.dates(plan.EARLIEST, plan.LATEST)


@given(STARTS)
def test_the_months_follow_each_other_without_a_gap(start: date) -> None:
    months = [month for phase in plan.lay_out(start) for month in phase.months]
    assert [month.number for month in months] == list(range(1, 13))
    assert months[0].first == start
    for month, following in pairwise(months):
        assert month.first <= month.last == following.first - timedelta(days=1)


def test_the_phases_are_the_roadmaps_and_have_names() -> None:
    found = plan.lay_out(date(2026, 6, 1))
    assert [(p.name, [level.number for level in p.levels]) for p in found] == [
        ("Foundations", [1, 2, 3]),
        ("Transformers", [4, 5]),
        ("Multimodal and agents", [6, 7, 8]),
    ]


def test_every_landmark_and_every_project_has_one_month() -> None:
    months = [month for phase in plan.lay_out(date(2026, 6, 1)) for month in phase.months]
    assert [paper for month in months for paper in month.landmarks] == list(roadmap.landmarks())
    projects = [text for level in roadmap.levels().values() for text in level.practice]
    assert [text for month in months for text in month.projects] == projects


def test_the_months_of_a_phase_take_about_as_long() -> None:
    for phase in plan.lay_out(date(2026, 6, 1)):
        longest_paper = max(paper.minutes for month in phase.months for paper in month.landmarks)
        minutes = [month.minutes for month in phase.months]
        assert max(minutes) - min(minutes) <= 2 * longest_paper


@given(st.lists(st.integers(1, 500)), st.integers(1, 12))
def test_spreading_keeps_the_order_and_loses_nothing(things: list[int], parts: int) -> None:
    found = plan.spread(things, parts, lambda thing: thing)
    assert len(found) == parts
    assert [thing for part in found for thing in part] == things


def test_a_month_that_is_too_short_ends_with_its_last_day() -> None:
    first = plan.lay_out(date(2027, 1, 31))[0].months
    assert [(m.first, m.last) for m in first[:2]] == [
        (date(2027, 1, 31), date(2027, 2, 27)),
        (date(2027, 2, 28), date(2027, 3, 30)),
    ]


def test_the_month_of_a_day_is_found_and_a_day_outside_has_none() -> None:
    found = plan.lay_out(date(2026, 6, 15))
    month = plan.month_of(found, date(2026, 7, 14))
    assert month
    assert month.number == 1
    assert plan.month_of(found, date(2026, 6, 14)) is None
    assert plan.month_of(found, date(2027, 6, 15)) is None


@pytest.mark.parametrize("text", ["soon", "2026-13-01", "1999-12-31", "2100-01-02", "2026-06-01T00:00", ""])
def test_a_start_that_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="start"):
        plan.parse_start(text)

"""Periods: months and ISO weeks that tile the calendar, and nothing else."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staycurrent import period
from staycurrent.errors import UsageError

DAYS = st.dates(max_value=date(9999, 12, 26))
LATER_DAYS = st.dates(min_value=date(1, 2, 1), max_value=date(9999, 12, 26))


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("2026-05", "2026-05-01", "2026-05-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2026-W21", "2026-05-18", "2026-05-24"),
        ("2026-W01", "2025-12-29", "2026-01-04"),
        ("2026-W53", "2026-12-28", "2027-01-03"),
        ("0001-01", "0001-01-01", "0001-01-31"),
        ("9999-12", "9999-12-01", "9999-12-31"),
    ],
)
def test_a_period_has_a_first_and_a_last_day(name: str, first: str, last: str) -> None:
    found = period.parse(name)
    assert (found.first.isoformat(), found.last.isoformat(), found.name) == (first, last, name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "2026",
        "2026-5",
        "2026-13",
        "2026-00",
        "2026-W00",
        "2026-W54",
        "2025-W53",
        "2026-w21",
        "0000-01",
        "0000-W01",
        "9999-W52",
        " 2026-05",
        "2026-05\n",
        "2026-05-01",
        "٢٠٢٦-٠٥",
        "２０２６-W２１",
        "-026-05",
        "2026-05" * 20_000,
        "\x1b[31m",
    ],
)
def test_anything_else_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(UsageError, match="is not a period") as refused:
        period.parse(name)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 120


@given(DAYS)
def test_every_day_lies_in_its_month_and_in_its_week(day: date) -> None:
    year, week, _ = day.isocalendar()
    for name in (period.month(day).name, f"{year:04}-W{week:02}"):
        found = period.parse(name)
        assert found.name == name
        assert found.contains(day)
        assert found.contains(found.first)
        assert found.contains(found.last)
        assert not found.is_over(found.last)


@given(LATER_DAYS)
def test_months_tile_the_calendar(day: date) -> None:
    month = period.month(day)
    before = period.previous_month(month)
    assert before.last + timedelta(days=1) == month.first
    assert before.is_over(month.first)
    assert not month.contains(before.last)


@given(LATER_DAYS)
def test_weeks_tile_the_calendar(day: date) -> None:
    def week_of(some_day: date) -> period.Period:
        year, week, _ = some_day.isocalendar()
        return period.parse(f"{year:04}-W{week:02}")

    this, before = week_of(day), week_of(day - timedelta(days=7))
    assert before.last + timedelta(days=1) == this.first


@given(st.text(max_size=10))
def test_any_text_is_a_period_of_that_name_or_refused(text: str) -> None:
    try:
        assert period.parse(text).name == text
    except UsageError:
        assert True

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.sources.arxiv_calendar import EASTERN, announcement_day, must_announce


@pytest.mark.parametrize(
    ("eastern", "announced"),
    [
        ("2026-05-18T13:59:59", "2026-05-19"),  # Monday before the deadline
        ("2026-05-18T14:00:00", "2026-05-20"),  # Monday at the deadline
        ("2026-05-20T10:00:00", "2026-05-21"),  # Wednesday
        ("2026-05-21T13:00:00", "2026-05-22"),  # Thursday before the deadline
        ("2026-05-21T14:00:00", "2026-05-25"),  # Thursday after it: Sunday evening
        ("2026-05-22T13:00:00", "2026-05-25"),  # Friday before the deadline
        ("2026-05-22T14:00:00", "2026-05-26"),  # Friday after it: Monday evening
        ("2026-05-23T12:00:00", "2026-05-26"),  # Saturday
        ("2026-05-24T23:00:00", "2026-05-26"),  # Sunday
        ("2026-01-14T13:30:00", "2026-01-15"),  # winter time
        ("2026-03-08T02:30:00", "2026-03-10"),  # the hour that summer time leaves out, a Sunday
        ("2026-11-25T15:00:00", "2026-11-30"),  # the day before Thanksgiving: no announcement on that evening
        ("2026-12-28T15:00:00", "2026-12-31"),  # 29 December is a holiday
    ],
)
def test_a_submission_is_announced_by_the_schedule(eastern: str, announced: str) -> None:
    submitted = datetime.fromisoformat(eastern).replace(tzinfo=EASTERN)
    assert announcement_day(submitted) == date.fromisoformat(announced)


@given(st.datetimes(datetime(1995, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_announcements_fall_on_monday_to_friday_after_the_submission(submitted: datetime) -> None:
    day = announcement_day(submitted)
    assert day.weekday() < 5
    assert 0 <= (day - submitted.date()).days <= 8


@pytest.mark.parametrize(
    ("day", "now", "expected"),
    [
        ("2026-05-20", "2026-05-20T06:00", True),
        ("2026-05-20", "2026-05-20T03:00", False),  # OAI-PMH has it at 03:30 at the latest
        ("2026-05-23", "2026-05-24T06:00", False),  # Saturday
        ("2026-05-24", "2026-05-24T06:00", False),  # Sunday
        ("2026-05-25", "2026-05-25T06:00", True),
        ("2026-11-27", "2026-11-27T06:00", False),  # the morning after Thanksgiving
        ("2026-11-26", "2026-11-26T06:00", False),
    ],
)
def test_some_days_must_have_papers(day: str, now: str, expected: bool) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert must_announce(date.fromisoformat(day), moment) is expected

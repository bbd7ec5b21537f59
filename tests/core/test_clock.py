"""The one clock: aware, UTC, and movable to another day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from staycurrent.clock import clock, replay_clock, system_clock
from staycurrent.query import today_utc


def test_the_systems_clock_is_aware_and_utc() -> None:
    assert system_clock().utcoffset() == timedelta(0)
    assert clock(None) is system_clock


def test_a_replay_moves_the_day_and_lets_the_time_of_day_run() -> None:
    now = replay_clock(date(2026, 5, 20))
    before = datetime.now(UTC).time()
    shown = now()
    assert shown.date() == date(2026, 5, 20)
    assert shown.utcoffset() == timedelta(0)
    if datetime.now(UTC).time() >= before:  # not over midnight
        assert before <= shown.time() <= datetime.now(UTC).time()


def test_a_given_day_makes_a_replay_clock() -> None:
    assert clock(date(2020, 2, 29))().date() == date(2020, 2, 29)


def test_the_day_of_a_moment_is_the_utc_day() -> None:
    assert today_utc(datetime.fromisoformat("2026-05-20T01:00:00+02:00")) == date(2026, 5, 19)

"""What servers say about waiting, and how often is asked again."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.retry import LONGEST_WAIT, RetryPolicy, asked_wait, http_date, retry_after, used_up_for
from staycurrent import errors
from tests.collector.fakes import Time

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)


@given(st.text())
def test_any_retry_after_is_seconds_within_a_week_or_nothing(value: str) -> None:
    wait = retry_after(value, NOW)
    assert wait is None or 0 <= wait <= LONGEST_WAIT
    moment = http_date(value)
    assert moment is None or moment.tzinfo is UTC
    quota = used_up_for(value)
    assert quota is None or 0 <= quota <= LONGEST_WAIT


@given(st.integers(0, 10**11))
def test_retry_after_in_seconds(seconds: int) -> None:
    assert retry_after(str(seconds), NOW) == min(seconds, LONGEST_WAIT)


@given(st.timedeltas(-timedelta(days=30), timedelta(days=6)))
def test_retry_after_as_a_date(ahead: timedelta) -> None:
    moment = (NOW + ahead).replace(microsecond=0)
    assert retry_after(format_datetime(moment, usegmt=True), NOW) == max((moment - NOW).total_seconds(), 0)


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (429, {}, None),
        (429, {"Retry-After": "soon"}, None),
        (503, {}, None),
        (503, {"Retry-After": "2"}, 60),
        (429, {"Retry-After": "2", "RateLimit": '"api";r=0;t=9'}, 9),
        (429, {"RateLimit": '"api";r=3;t=9'}, None),
        (429, {"RateLimit": '"api";r=0;t=9, "pages";r=0;t=30, "x";r=1;t=99'}, 30),
        (429, {"retry-after": "Wed, 20 May 2026 12:00:30 GMT"}, 30),
        (429, {"Retry-After": "Wed, 20 May 2026 12:00:30 GMT", "Date": "Wed, 20 May 2026 12:00:20 GMT"}, 10),
    ],
)
def test_the_wait_that_is_asked_for(status: int, headers: dict[str, str], wait: float | None) -> None:
    assert asked_wait(status, httpx.Headers(headers), NOW) == wait


@given(
    st.integers(1, 6),
    st.floats(0, 3000),
    st.lists(st.sampled_from([None, 0.0, 5.0, 60.0, 1e4]), min_size=6, max_size=6),
    st.randoms(use_true_random=False),
)
def test_retries_stay_within_attempts_and_patience(
    attempts: int, patience: float, asked: list[float | None], dice: random.Random
) -> None:
    time, tries = Time(), iter(asked)

    def ask() -> None:
        raise errors.Throttled("429", retry_after=next(tries))

    with pytest.raises(errors.Throttled):
        RetryPolicy(attempts, patience).run(ask, sleep=time.sleep, random=dice.random)
    assert len(time.sleeps) < attempts
    assert sum(time.sleeps) <= patience + 1e-3
    for wait, least in zip(time.sleeps, asked, strict=False):
        assert wait >= (least or 0)


def test_a_bug_is_not_asked_again() -> None:
    def ask() -> None:
        raise KeyError("ours")

    with pytest.raises(KeyError):
        RetryPolicy().run(ask, sleep=pytest.fail, random=random.random)

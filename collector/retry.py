"""When to ask again: the one retry policy, and what servers say about waiting. Pure but for the `sleep` it is given.

Only transient errors are asked again, a bounded number of times and within a bounded total of waiting; then the last
error goes out, saying how often it was tried.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, NoReturn, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception

from staycurrent.errors import FetchError, Throttled

T = TypeVar("T")

log = logging.getLogger(__name__)

# arXiv's 429 comes without Retry-After and is about its total load: minutes, never a tight loop (arxiv-skills#25).
THROTTLED_STEPS: Final = (60.0, 300.0, 900.0)
FAULT_STEPS: Final = (2.0, 8.0, 30.0)
# What a server may ask for at most; a longer or absurd number means "not today" either way.
LONGEST_WAIT: Final = timedelta(days=7).total_seconds()
# arXiv's OAI answers 503 with `Retry-After: 0` after 183 s of trying: zero is not meant (arxiv-api group, April 2026).
LEAST_WAIT_ON_503: Final = 60.0

_SECONDS = re.compile(r"\d{1,12}(\.\d{1,9})?", re.ASCII)
_QUOTA = re.compile(r";\s*([rtq])\s*=\s*(\d{1,12})", re.ASCII)
# Requests of a quota that are left alone, for what other processes of this installation are asking at the same moment:
# a twentieth, five at most.
_SHARE_LEFT, _MOST_LEFT = 20, 5
_SERVICE_UNAVAILABLE = 503


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """At most `attempts` tries; the waits between them sum up to at most `patience` seconds."""

    attempts: int = 4
    patience: float = 20 * 60.0

    def run(self, ask: Callable[[], T], *, sleep: Callable[[float], None], random: Callable[[], float]) -> T:
        """What `ask` gives, asked again while it raises a transient `FetchError`. `random` gives [0, 1)."""
        retrying = Retrying(
            sleep=sleep,
            retry=retry_if_exception(lambda error: isinstance(error, FetchError) and error.transient),
            wait=lambda state: self._wait(state, random()),
            stop=self._is_over,
            before_sleep=_say_wait,
            retry_error_callback=_give_up,
        )
        return retrying(ask)

    def _wait(self, state: RetryCallState, dice: float) -> float:
        """Never less than the server asked for; the steps of our own are spread, and cut where patience ends."""
        error = _error(state)
        steps = THROTTLED_STEPS if isinstance(error, Throttled) and error.retry_after is None else FAULT_STEPS
        step = steps[min(state.attempt_number, len(steps)) - 1] * (1 + dice / 4)
        own = min(step, max(self.patience - state.idle_for, 0.0))
        return max(own, error.retry_after or 0.0)

    def _is_over(self, state: RetryCallState) -> bool:
        left = self.patience - state.idle_for
        # The last step is cut to what is left, to the last bit of a float.
        return state.attempt_number >= self.attempts or left <= 0 or state.upcoming_sleep > left + 1e-6


def _error(state: RetryCallState) -> FetchError:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, FetchError)
    return error


def _say_wait(state: RetryCallState) -> None:
    log.warning("%s; try %d in %.0f s", _error(state), state.attempt_number + 1, state.upcoming_sleep)


def _give_up(state: RetryCallState) -> NoReturn:
    error = _error(state)
    tries = "1 try" if state.attempt_number == 1 else f"{state.attempt_number} tries"
    asked = "" if error.retry_after is None else f"; asked to wait {error.retry_after:,.0f} s"
    raise type(error)(f"{error}, {tries}{asked}", url=error.url, retry_after=error.retry_after) from error


def asked_wait(status: int, headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds that a 429 or 503 asks to wait, from Retry-After or RateLimit; None where it does not say.

    `headers` must ignore case (httpx's do). A 503 under a minute counts as a minute.
    """
    asked = retry_after(headers.get("Retry-After"), http_date(headers.get("Date")) or now)
    quota = used_up_for(headers.get("RateLimit"))
    known = [seconds for seconds in (asked, quota) if seconds is not None]
    if not known:
        return None
    return max(*known, LEAST_WAIT_ON_503) if status == _SERVICE_UNAVAILABLE else max(known)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Retry-After (RFC 9110, 10.2.3) in seconds from `now`, 0 to a week; None where it is missing or unreadable."""
    text = (value or "").strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), LONGEST_WAIT)
    moment = http_date(text)
    return None if moment is None else min(max((moment - now).total_seconds(), 0.0), LONGEST_WAIT)


def http_date(value: str | None) -> datetime | None:
    """An HTTP date as an aware datetime, or None."""
    try:
        moment = parsedate_to_datetime(value or "")
        # `-0000` and a missing zone come back naive; RFC 9110 knows GMT only.
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def used_up_for(value: str | None, policy: str | None = None) -> float | None:
    """The seconds until a used-up quota is full again, from `RateLimit: "api";r=0;t=200`; None while some is left.

    draft-ietf-httpapi-ratelimit-headers-09, as Hugging Face sends it; of several quotas the longest wait counts. With
    `policy` (`RateLimit-Policy: "fixed window";"api";q=500;w=300`) the last few requests count as used up, see above.
    """
    kept = min(_spare(policy), _MOST_LEFT)
    waits = []
    for part in (value or "").split(","):
        quota = _numbers(part)
        if "t" in quota and quota.get("r", kept + 1) <= kept:
            waits.append(min(float(quota["t"]), LONGEST_WAIT))
    return max(waits, default=None)


def _spare(policy: str | None) -> int:
    quotas = [_numbers(part).get("q", 0) for part in (policy or "").split(",")]
    return min(quotas) // _SHARE_LEFT


def _numbers(part: str) -> dict[str, int]:
    return {name: int(number) for name, number in _QUOTA.findall(part)}

"""How complete a source's days are, kept by day and told in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from staycurrent.store import completeness
from staycurrent.store import health as health_store
from staycurrent.store.engine import Engine, reading, writing
from staycurrent.store.health import Health, words
from staycurrent.types import DayCount
from tests import build

TODAY = date(2026, 5, 20)
YESTERDAY = date(2026, 5, 19)
SOUND = Health(
    name="arxiv", kind="arxiv", title="arXiv", url="", lab=None, official=True, last_attempt=build.moment("2026-05-20"),
    last_success=None, next_check=None, parked_until=None, error=None, error_count=0, outcome="ok", expected=None,
    fetched=None, stored=0, newest_item=None, alarm_days=None, note=None,
)  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"last_attempt": None}, "not collected yet"),
        ({}, "complete"),
        ({"newest_day": DayCount(TODAY, 412, 412)}, "412 of 412 for 20 May"),
        ({"newest_day": DayCount(TODAY, 1412, 1400)}, "1,400 of 1,412 for 20 May"),
        ({"newest_day": DayCount(TODAY, 11, 11), "kind": "huggingface"}, "partial, 11 so far for 20 May"),
        ({"newest_day": DayCount(YESTERDAY, 33, 33), "kind": "huggingface"}, "33 of 33 for 19 May"),
        (
            {"newest_day": DayCount(TODAY, 9, 9), "incomplete": (DayCount(YESTERDAY, 12, 10),)},
            "9 of 9 for 20 May; 2 still missing since 19 May",
        ),
        ({"outcome": "ok_empty"}, "complete, nothing new"),
        ({"outcome": "partial"}, "partial, will be read again"),
        ({"outcome": None}, "collecting"),
        ({"error": "server: 500", "error_count": 1}, "failed (server: 500)"),
        ({"error": "server: 500", "error_count": 3}, "failed (server: 500), 3 times in a row"),
        ({"alarm_days": 30, "newest_item": date(2026, 4, 20)}, "complete"),
        ({"alarm_days": 30, "newest_item": date(2026, 4, 19)}, "nothing new for 31 days"),
    ],
)
def test_health_in_words(facts: dict[str, Any], said: str) -> None:
    assert words(replace(SOUND, **facts), TODAY) == said


def record(engine: Engine, now: datetime, *days: DayCount) -> None:
    build.register(engine)
    with writing(engine) as session:
        completeness.record(session, "arxiv", days, now)


def newest(engine: Engine) -> DayCount:
    with reading(engine) as session:
        return completeness.newest_days(session)["arxiv"]


def test_a_day_that_lacks_something_is_known_until_it_is_complete(engine: Engine, now: datetime) -> None:
    record(engine, now, DayCount(YESTERDAY, 12, 10), DayCount(TODAY, 5, 5))
    with reading(engine) as session:
        assert completeness.incomplete_since(session, "arxiv") == YESTERDAY
        (health,) = [h for h in health_store.health(session) if h.name == "arxiv"]
    assert health.incomplete == (DayCount(YESTERDAY, 12, 10),)
    record(engine, now, DayCount(YESTERDAY, 11, 11))
    with reading(engine) as session:
        assert completeness.incomplete_since(session, "arxiv") is None


def test_a_complete_day_does_not_shrink_when_its_papers_are_revised(engine: Engine, now: datetime) -> None:
    record(engine, now, DayCount(TODAY, 412, 412))
    record(engine, now, DayCount(TODAY, 409, 409))
    assert newest(engine) == DayCount(TODAY, 412, 412)


def test_a_day_that_turns_out_to_lack_something_is_incomplete_again(engine: Engine, now: datetime) -> None:
    record(engine, now, DayCount(TODAY, 400, 400))
    record(engine, now, DayCount(TODAY, 412, 410))
    assert newest(engine) == DayCount(TODAY, 412, 410)

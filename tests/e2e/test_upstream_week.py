"""A week as it comes: a collection a day, faults on some of them, a weekend in between; in the end nothing is missing."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from staycurrent.store import engine as database
from staycurrent.types import Outcome, RunReport
from tests import databases
from tests.e2e.upstream import (
    Collector,
    Upstream,
    announced,
    content,
    listed_on_huggingface,
    needs_upstream,
    papers,
    serving,
)

pytestmark = [*needs_upstream, pytest.mark.xdist_group("upstream-week")]

FIRST, LAST = "2026-05-14", "2026-05-20"
WEEKEND = ("2026-05-16", "2026-05-17")
THROTTLED, CUT, DOWN, MIXED = "2026-05-15", "2026-05-14", "2026-05-18", "2026-05-19"
FAULTS: dict[str, list[dict[str, Any]]] = {
    CUT: [{"path": path, "fault": "truncated", "times": 2} for path in ("/arxiv", "/hf", "/pwc", "/feeds")],
    THROTTLED: [{"path": "/arxiv", "fault": "429", "times": -1}],
    DOWN: [{"path": "/hf", "fault": "503", "times": -1}],
    MIXED: [{"path": "/arxiv/rss", "fault": "html", "times": -1}, {"path": "/pwc", "fault": "reset", "times": 3}],
}
DAYS = tuple(f"2026-05-{day}" for day in range(14, 21))
FINE = (Outcome.OK, Outcome.OK_EMPTY)


CATEGORIES = ("cs.CL", "stat.ML")


def test_a_week_with_faults_and_a_weekend_ends_complete(tmp_path: Path) -> None:
    with serving(FIRST) as upstream, databases.fresh_url("sqlite", tmp_path) as url:
        engine = database.open_engine(url)
        collector = Collector(engine, upstream, CATEGORIES)
        reports = {day: collect(collector, upstream, day) for day in DAYS}
        stored = content(engine)
        engine.dispose()
    assert_every_paper_is_stored_once(stored)
    assert_only_what_was_broken_failed_and_only_on_its_day(reports)
    assert_the_weekend_is_no_failure(reports)
    assert_the_last_day_ends_complete(reports[LAST])


def collect(collector: Collector, upstream: Upstream, day: str) -> dict[str, RunReport]:
    upstream.move_to(day)
    upstream.break_down(*FAULTS.get(day, []))
    return collector.collect(day, since=FIRST if day == FIRST else None)


def assert_every_paper_is_stored_once(stored: dict[str, list[str]]) -> None:
    items = Counter(row.split("'")[1] for row in stored["items"])
    assert set(items.values()) == {1}
    seen = {source: seen_by(source, stored) for source in ("arxiv", "huggingface")}
    assert announced(FIRST, LAST, CATEGORIES) - filed_in_the_past() - seen["arxiv"].keys() == set()
    assert listed_on_huggingface(FIRST, LAST) - seen["huggingface"].keys() == set()
    assert {n for found in seen.values() for n in found.values()} == {1}


def seen_by(source: str, stored: dict[str, list[str]]) -> Counter[str]:
    """How often a source's evidence ties it to each item."""
    return Counter(row.split("'")[1] for row in stored["sightings"] if f"'{source}'" in row)


def filed_in_the_past() -> set[str]:
    """Papers that the stand-in shows with an older datestamp than the day on which they appear: their invented second
    version came out before the first. OAI-PMH files by the last change, so no one who collects day by day would see them.
    """
    return {i for i, record in papers().items() if record["versions"][-1][3] < record["versions"][0][3]}


def assert_only_what_was_broken_failed_and_only_on_its_day(reports: dict[str, dict[str, RunReport]]) -> None:
    failed = {(day, name): r.error for day, of_day in reports.items() for name, r in of_day.items() if r.error}
    assert failed.keys() == {(THROTTLED, "arxiv"), (DOWN, "huggingface")}
    assert all(str(error).startswith("throttled: ") for error in failed.values())
    assert {r.outcome for of_day in reports.values() for r in of_day.values()} <= {*FINE, Outcome.FAILED}


def assert_the_weekend_is_no_failure(reports: dict[str, dict[str, RunReport]]) -> None:
    for day in WEEKEND:
        assert {r.outcome for r in reports[day].values()} <= set(FINE)


def assert_the_last_day_ends_complete(reports: dict[str, RunReport]) -> None:
    for report in reports.values():
        assert report.outcome in FINE
        assert report.expected is None or report.fetched >= report.expected

"""What a source does wrong, and what becomes of it: every fault of the stand-in, at every source, against one table."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import cast

import pytest

from collector.fetch import Timeouts
from collector.retry import RetryPolicy
from collector.run import THREADS
from collector.sources.arxiv import Arxiv
from collector.sources.arxiv_api import ArxivApi
from collector.sources.base import Window
from staycurrent.errors import Empty, FetchError
from staycurrent.store import engine as database
from staycurrent.types import Outcome, RunReport
from tests import databases
from tests.e2e.expectations import ACCEPTED, EXPECTED, PARKED, REFUSED, RETRIED, Expectation, expected, table
from tests.e2e.upstream import ROOT, Collector, Naps, Upstream, content, differences, needs_upstream, serving

pytestmark = [*needs_upstream, pytest.mark.xdist_group("upstream-faults")]

YESTERDAY, TODAY, TOMORROW = "2026-05-19", "2026-05-20", "2026-05-21"
WITNESS = "lab:qwen"
"""Nothing is ever wrong with this one: it must go on."""
ATTEMPTS, PATIENCE = RetryPolicy().attempts, RetryPolicy().patience
IDLE_PLUS = 200 << 20
"""Bytes that a process may need beyond what it needs idle, whatever is sent to it."""


PATHS = {"arxiv": "/arxiv/oai", "huggingface": "/hf", "paperswithcode": "/pwc", "lab:openai": "/feeds/openai.xml"}
SLOW = ("stall:4", "drip", "bomb")
"""Faults that take seconds by themselves: all sources suffer them at once."""
ASKED = {RETRIED: ATTEMPTS, REFUSED: 1}
"""Requests that a fault may cost. Redirects are followed five times, and an empty answer is one only beside others."""
ASKED_AT_MOST = {"loop": 6, "empty": 8}


def pairs(*fates: str) -> list[tuple[str, str]]:
    """Every source with every fault that has one of these fates there."""
    return [(name, fault) for name in PATHS for fault in faults(name, *fates)]


def faults(place: str, *fates: str) -> list[str]:
    return [f for f in EXPECTED if f not in SLOW and expected(place, f).fate in fates]


@dataclass(frozen=True)
class Laboratory:
    """The stand-in at `TODAY`, and databases that know everything up to `YESTERDAY`."""

    upstream: Upstream
    yesterday: Path

    def collector(self, folder: Path, **how: object) -> Collector:
        path = shutil.copyfile(self.yesterday, folder / "staycurrent.db")
        engine = database.open_engine(f"sqlite:///{path}")
        return Collector(engine, self.upstream, categories=("stat.ML",), feeds=("openai", "qwen"), **how)  # type: ignore[arg-type]

    def requests(self, path: str) -> int:
        return sum(entry["path"].startswith(path) for entry in self.upstream.log())


@pytest.fixture(autouse=True, scope="module")
def few_days() -> Iterator[None]:
    """Hugging Face's last six days, not fourteen: three weekdays are what it takes to call it silent."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("collector.sources.huggingface.LOOK_BACK", 6)
        yield


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laboratory]:
    folder = tmp_path_factory.mktemp("faults")
    with serving(YESTERDAY) as upstream, databases.fresh_url("sqlite", folder) as url:
        engine = database.open_engine(url)
        collector = Collector(engine, upstream, categories=("stat.ML",), feeds=("openai", "qwen"))
        reports = collector.collect(YESTERDAY, "arxiv", "huggingface", "paperswithcode", since="2026-05-18")
        assert {report.outcome for report in reports.values()} == {Outcome.OK}
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        engine.dispose()
        upstream.move_to(TODAY)
        yield Laboratory(upstream, Path(str(engine.url.database)))


@pytest.fixture
def collector(laboratory: Laboratory, tmp_path: Path) -> Iterator[Collector]:
    made = laboratory.collector(tmp_path)
    laboratory.upstream.forget_log()
    yield made
    laboratory.upstream.break_down()
    made.engine.dispose()


Undisturbed = Callable[..., dict[str, list[str]]]


@pytest.fixture(scope="module")
def undisturbed(laboratory: Laboratory, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """What the database holds after the same day without a fault."""
    known: dict[tuple[str, ...], dict[str, list[str]]] = {}

    def after(*names: str, day: str = TODAY) -> dict[str, list[str]]:
        if (day, *names) not in known:
            made = laboratory.collector(tmp_path_factory.mktemp("undisturbed"))
            assert_fine(made.collect(day, *names))
            known[(day, *names)] = content(made.engine)
            made.engine.dispose()
        return known[(day, *names)]

    return after


def assert_fine(reports: dict[str, RunReport]) -> None:
    assert {name: r.error for name, r in reports.items() if r.outcome not in (Outcome.OK, Outcome.OK_EMPTY)} == {}


def assert_failed(report: RunReport, reason: str, outcome: Outcome = Outcome.FAILED) -> None:
    assert report.outcome is outcome, report
    assert report.error is not None
    assert report.error.startswith(f"{reason}: "), report.error
    assert "\n" not in report.error


def assert_waited(naps: Naps, expectation: Expectation, *, times: int) -> None:
    """A retried fault was waited for as long as it must be; for any other there was no waiting."""
    assert len(naps) == (times if expectation.fate == RETRIED else 0)
    assert all(nap >= expectation.waits for nap in naps), naps
    assert sum(naps) <= PATIENCE + 1


def evidence(collector: Collector, name: str) -> list[str]:
    """Everything stored that this source said."""
    return [row for row in content(collector.engine)["sightings"] if f"'{name}'" in row]


@pytest.mark.parametrize(("name", "fault"), pairs(RETRIED, REFUSED))
def test_a_fault_that_stays_fails_its_source_alone_and_the_next_run_makes_up_for_it(
    laboratory: Laboratory, collector: Collector, undisturbed: Undisturbed, name: str, fault: str
) -> None:
    expectation, naps = expected(name, fault), Naps()
    watermark, before = collector.state(name)["watermark"], evidence(collector, name)
    with laboratory.upstream.broken(PATHS[name], fault):
        reports = collector.collect(TODAY, name, WITNESS, sleep=naps)
    assert_failed(reports[name], expectation.reason, expectation.outcome)
    assert_fine({WITNESS: reports[WITNESS]})
    assert_waited(naps, expectation, times=ATTEMPTS - 1)
    assert laboratory.requests(PATHS[name]) <= ASKED_AT_MOST.get(fault, ASKED[expectation.fate])
    assert collector.state(name)["watermark"] == watermark
    assert collector.state(name)["error"] == reports[name].error
    assert evidence(collector, name) == before or expectation.outcome is Outcome.PARTIAL
    assert_fine(collector.collect(TODAY, name, WITNESS))
    assert differences(content(collector.engine), undisturbed(name, WITNESS)) == {}


@pytest.mark.parametrize(("name", "fault"), pairs(RETRIED))
def test_a_fault_that_comes_once_costs_a_wait_and_nothing_else(
    laboratory: Laboratory, collector: Collector, undisturbed: Undisturbed, name: str, fault: str
) -> None:
    naps = Naps()
    with laboratory.upstream.broken(PATHS[name], fault, times=1):
        assert_fine(collector.collect(TODAY, name, WITNESS, sleep=naps))
    assert_waited(naps, expected(name, fault), times=1)
    assert differences(content(collector.engine), undisturbed(name, WITNESS)) == {}


@pytest.mark.parametrize(("name", "fault"), pairs(ACCEPTED))
def test_an_answer_that_is_good_in_spite_of_its_fault_is_taken(
    laboratory: Laboratory, collector: Collector, undisturbed: Undisturbed, name: str, fault: str
) -> None:
    naps = Naps()
    with laboratory.upstream.broken(PATHS[name], fault):
        assert_fine(collector.collect(TODAY, name, WITNESS, sleep=naps))
    assert naps == []
    assert differences(content(collector.engine), undisturbed(name, WITNESS)) == {}


@pytest.mark.parametrize("name", PATHS)
def test_a_source_that_refuses_us_is_left_alone_until_the_next_day(
    laboratory: Laboratory, collector: Collector, undisturbed: Undisturbed, name: str
) -> None:
    before = evidence(collector, name)
    with laboratory.upstream.broken(PATHS[name], "403"):
        assert_failed(collector.collect(TODAY, name)[name], "forbidden")
        assert laboratory.requests(PATHS[name]) == 1
        again = collector.collect(TODAY, name, WITNESS)
        assert laboratory.requests(PATHS[name]) == 1
    assert_failed(again[name], "forbidden")
    assert "until 2026-05-21 00:00 UTC" in str(again[name].error)
    assert_fine({WITNESS: again[WITNESS]})
    assert evidence(collector, name) == before
    assert_fine(collector.collect(TOMORROW, name))
    assert laboratory.requests(PATHS[name]) > 1
    assert collector.state(name)["parked_until"] is None
    # The witness was read today, the source tomorrow: only its own evidence can be compared.
    there = [row for row in undisturbed(name, day=TOMORROW)["sightings"] if f"'{name}'" in row]
    assert evidence(collector, name) == there


@pytest.mark.parametrize("fault", [fault for fault in SLOW if EXPECTED[fault].fate == RETRIED])
def test_what_is_slow_fails_within_bounds_everywhere_at_once_or_is_made_up_for(
    laboratory: Laboratory, tmp_path: Path, fault: str
) -> None:
    expectation, naps = EXPECTED[fault], Naps()
    hasty = laboratory.collector(tmp_path, timeouts=Timeouts(read=1.0, deadline=1.0), attempts=2)
    before = content(hasty.engine)["sightings"]
    watermarks = {name: hasty.state(name)["watermark"] for name in PATHS}
    with everywhere(laboratory.upstream, fault):
        reports = hasty.collect(TODAY, *PATHS, WITNESS, sleep=naps)
    for name in PATHS:
        assert_failed(reports[name], expectation.reason)
    assert_fine({WITNESS: reports[WITNESS]})
    assert_waited(naps, expectation, times=len(PATHS))
    assert {name: hasty.state(name)["watermark"] for name in PATHS} == watermarks
    assert [row for row in content(hasty.engine)["sightings"] if f"'{WITNESS}'" not in row] == before
    patient = replace(hasty, timeouts=Timeouts(read=3.0, deadline=3.0))
    with everywhere(laboratory.upstream, fault, times=1):
        assert_fine(patient.collect(TODAY, *PATHS))
    hasty.engine.dispose()


@contextmanager
def everywhere(upstream: Upstream, fault: str, times: int = -1) -> Iterator[None]:
    """The fault at every source but the witness."""
    upstream.break_down(*({"path": path, "fault": fault, "times": times} for path in PATHS.values()))
    try:
        yield
    finally:
        upstream.break_down()


# ---- arXiv's feeds: a hint


@pytest.mark.parametrize("fault", faults("arxiv rss", RETRIED, REFUSED, ACCEPTED))
def test_a_feed_of_arxiv_that_fails_costs_the_announce_types_and_nothing_else(
    laboratory: Laboratory, collector: Collector, undisturbed: Undisturbed, fault: str
) -> None:
    expectation = expected("arxiv rss", fault)
    with laboratory.upstream.broken("/arxiv/rss", fault):
        assert_fine(collector.collect(TODAY, "arxiv", WITNESS))
    note = collector.state("arxiv")["note"]
    assert note == (None if expectation.fate == ACCEPTED else f"no announce types for stat.ML ({expectation.reason})")
    assert_fine(collector.collect(TODAY, "arxiv"))
    assert collector.state("arxiv")["note"] is None
    assert differences(content(collector.engine), undisturbed("arxiv", WITNESS)) == {}


@pytest.mark.parametrize("fault", faults("arxiv rss", RETRIED))
def test_a_feed_of_arxiv_that_fails_once_costs_a_wait_and_nothing_else(
    laboratory: Laboratory, collector: Collector, undisturbed: Undisturbed, fault: str
) -> None:
    naps = Naps()
    with laboratory.upstream.broken("/arxiv/rss", fault, times=1):
        assert_fine(collector.collect(TODAY, "arxiv", WITNESS, sleep=naps))
    assert_waited(naps, expected("arxiv rss", fault), times=1)
    assert differences(content(collector.engine), undisturbed("arxiv", WITNESS)) == {}


def test_a_feed_of_arxiv_that_refuses_us_parks_all_of_arxiv(laboratory: Laboratory, collector: Collector) -> None:
    with laboratory.upstream.broken("/arxiv/rss", "403"):
        reports = collector.collect(TODAY, "arxiv", WITNESS)
        collector.collect(TODAY, "arxiv")
    assert_failed(reports["arxiv"], "forbidden")
    assert_fine({WITNESS: reports[WITNESS]})
    assert laboratory.requests("/arxiv/") == 1


def test_feeds_of_arxiv_that_are_down_are_waited_for_once_and_not_for_every_category(
    laboratory: Laboratory, tmp_path: Path
) -> None:
    naps = Naps()
    made = laboratory.collector(tmp_path)
    many = Collector(made.engine, laboratory.upstream, ("cs.RO", "cs.SD", "stat.ML"), made.feeds)
    with laboratory.upstream.broken("/arxiv/rss", "429"):
        assert_fine(many.collect(TODAY, "arxiv", sleep=naps))
    assert len(naps) == ATTEMPTS - 1
    assert many.state("arxiv")["note"] == "no announce types for cs.RO, cs.SD, stat.ML (throttled)"
    made.engine.dispose()


# ---- arXiv's query API: look-ups by id


def look_up(collector: Collector, naps: Naps) -> set[str | None]:
    with collector.fetching(naps) as fetcher:
        known = known_ids(collector)
        found = ArxivApi(fetcher, f"{collector.upstream.address}/arxiv/api/query").by_ids(known)
        assert len(found) == len(known)
        return {item.arxiv_id for item in found}


def known_ids(collector: Collector) -> list[str]:
    return sorted(row.split("'oai:arXiv.org:")[1][:10] for row in evidence(collector, "arxiv"))[:3]


@pytest.mark.parametrize("fault", faults("arxiv api", RETRIED, REFUSED, PARKED))
def test_a_look_up_that_fails_says_why(laboratory: Laboratory, collector: Collector, fault: str) -> None:
    expectation, naps = EXPECTED[fault], Naps()
    with laboratory.upstream.broken("/arxiv/api", fault), pytest.raises(FetchError) as caught:
        look_up(collector, naps)
    assert caught.value.reason == expectation.reason
    assert_waited(naps, expectation, times=ATTEMPTS - 1)


@pytest.mark.parametrize("fault", faults("arxiv api", RETRIED, ACCEPTED))
def test_a_look_up_comes_through_a_fault_that_comes_once(laboratory: Laboratory, collector: Collector, fault: str) -> None:
    naps = Naps()
    with laboratory.upstream.broken("/arxiv/api", fault, times=1):
        assert look_up(collector, naps) == set(known_ids(collector))
    assert_waited(naps, EXPECTED[fault], times=1)


# ---- empty answers among full ones


def test_a_category_that_is_empty_though_its_feed_announces_is_not_success(
    laboratory: Laboratory, tmp_path: Path, undisturbed: Undisturbed
) -> None:
    made = laboratory.collector(tmp_path)
    two = Collector(made.engine, laboratory.upstream, ("stat.ML", "cs.RO"), made.feeds)
    watermark = two.state("arxiv")["watermark"]
    with laboratory.upstream.broken("/arxiv/oai", "empty", times=1):
        report = two.collect(TODAY, "arxiv")["arxiv"]
    assert report.outcome is Outcome.PARTIAL
    assert str(report.error).startswith("empty: "), report
    assert "stat.ML" in str(report.error)
    assert two.state("arxiv")["watermark"] == watermark
    assert_fine(two.collect(TODAY, "arxiv"))
    stored = {row.split("'")[1] for row in evidence(two, "arxiv")}
    wanted = {row.split("'")[1] for row in undisturbed("arxiv", WITNESS)["sightings"] if "'arxiv'" in row}
    assert wanted <= stored
    made.engine.dispose()


def test_an_empty_page_behind_a_full_one_is_not_success(laboratory: Laboratory, collector: Collector) -> None:
    window = Window(date(2026, 4, 1), date.fromisoformat(TODAY))
    source = replace(cast("Arxiv", collector.sources()["arxiv"]), categories=("cs.LG",))
    with collector.fetching(Naps()) as fetcher:
        harvest = source.collect(fetcher, window, datetime(2026, 5, 20, 6, 30, tzinfo=UTC))
        assert len(next(harvest).items) == 2500
        with laboratory.upstream.broken("/arxiv/oai", "empty"), pytest.raises(Empty, match=r"breaks off in cs\.LG"):
            next(harvest)


# ---- memory

_MEASURE = """
import json, resource, sys
from tests.e2e.test_upstream_faults import PATHS, WITNESS, everywhere
from tests.e2e.upstream import Collector, Upstream
from staycurrent.store import engine as database
address, path, day = sys.argv[1:]
upstream = Upstream(address)
collector = Collector(database.open_engine(f"sqlite:///{path}"), upstream, ("stat.ML",), ("openai", "qwen"))
collector.collect(day, WITNESS)
size = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
idle, errors = size(), {}
for fault in ("deep", "entities", "bomb"):
    with everywhere(upstream, fault):
        errors[fault] = {name: report.error for name, report in collector.collect(day, *PATHS).items()}
print(json.dumps({"grown": size() - idle, "errors": errors}))
"""


def test_no_body_needs_much_memory_even_from_all_sources_at_once(laboratory: Laboratory, tmp_path: Path) -> None:
    path = shutil.copyfile(laboratory.yesterday, tmp_path / "staycurrent.db")
    command = [sys.executable, "-c", _MEASURE, laboratory.upstream.address, str(path), TODAY]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    measured = json.loads(done.stdout)
    # Four sources were read at once, and six may be.
    assert measured["grown"] * THREADS / len(PATHS) < IDLE_PLUS
    for fault, errors in measured["errors"].items():
        assert errors.keys() == PATHS.keys()
        assert all(error.startswith(f"{EXPECTED[fault].reason}: ") for error in errors.values()), errors
    engine = database.open_engine(f"sqlite:///{path}")
    old = database.open_engine(f"sqlite:///{laboratory.yesterday}")
    assert [row for row in content(engine)["sightings"] if f"'{WITNESS}'" not in row] == content(old)["sightings"]
    engine.dispose()
    old.dispose()


# ---- docs/operations.md


def test_the_documentation_says_the_same() -> None:
    assert table() in (ROOT / "docs" / "operations.md").read_text("utf-8")

"""Months and years at a time: each slice a run of its own, none read twice, the index built at the end."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.history import slices
from collector.run import Order, collect
from collector.sources.base import Fetcher, Finish, Harvest, Page, Validators, Window
from staycurrent.errors import ServerFault
from staycurrent.query import Query
from staycurrent.store import full_text, listing
from staycurrent.store import sources as source_store
from staycurrent.store.engine import Engine, reading
from staycurrent.types import Outcome, RunReport
from tests import build
from tests.collector.fakes import FakeFetcher

TODAY = date(2026, 5, 20)
DAYS = st.dates(date(2015, 1, 1), date(2026, 12, 31))


@dataclass
class Archive:
    """A paper for the first day of each window; fails on the windows that begin on a day of `broken`."""

    name: str = "arxiv"
    by_day: bool = True
    broken: set[date] = field(default_factory=set)
    windows: list[Window] = field(default_factory=list)

    def collect(self, fetcher: Fetcher, window: Window, now: datetime, validators: Validators | None = None) -> Harvest:
        self.windows.append(window)
        if window.since in self.broken:
            raise ServerFault("500")
        day = window.since.isoformat()
        yield Page((build.arxiv(f"{window.since:%y%m}.00001", f"Paper of {window.since:%B}", day=day),))
        return Finish(watermark=window.until)


def run(engine: Engine, archive: Archive, now: datetime, since: date) -> RunReport:
    build.register(engine)
    (report,) = collect(engine, {"arxiv": archive}, FakeFetcher({}), lambda: now, order=Order(since=since))
    return report


@given(DAYS, st.integers(0, 4000))
def test_slices_tile_the_window(first: date, days: int) -> None:
    window = Window(first, first + timedelta(days=days))
    found = slices(window)
    assert (found[0].since, found[-1].until) == (window.since, window.until)
    for before, after in itertools.pairwise(found):
        assert after.since == before.until + timedelta(days=1)
        assert after.since.day == 1


def test_a_short_window_is_one_run(engine: Engine, now: datetime) -> None:
    archive = Archive()
    run(engine, archive, now, date(2026, 4, 20))
    assert archive.windows == [Window(date(2026, 4, 20), TODAY)]


def test_history_goes_on_where_it_stopped(engine: Engine, now: datetime) -> None:
    archive = Archive(broken={date(2026, 3, 1)})
    first = run(engine, archive, now, date(2026, 1, 10))
    assert (first.outcome, first.new) == (Outcome.FAILED, 2)
    archive.broken.clear()
    archive.windows.clear()
    second = run(engine, archive, now, date(2026, 1, 10))
    assert [w.since for w in archive.windows] == [date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)]
    assert (second.outcome, second.new) == (Outcome.OK, 3)
    with reading(engine) as session:
        assert source_store.poll_state(session, "arxiv").watermark == TODAY


def test_the_month_that_still_runs_is_read_again(engine: Engine, now: datetime) -> None:
    archive = Archive()
    run(engine, archive, now, date(2026, 1, 1))
    archive.windows.clear()
    report = run(engine, archive, now, date(2026, 1, 1))
    assert [w.since for w in archive.windows] == [date(2026, 5, 1)]
    assert (report.new, report.changed) == (0, 0)


def test_progress_counts_days(engine: Engine, now: datetime) -> None:
    told: list[tuple[int, int]] = []
    build.register(engine)
    collect(
        engine,
        {"arxiv": Archive()},
        FakeFetcher({}),
        lambda: now,
        order=Order(since=date(2026, 3, 1)),
        history=lambda _name, done, days: told.append((done, days)),
    )
    assert told == [(31, 81), (61, 81), (81, 81)]


def found(engine: Engine, text: str) -> list[str]:
    with reading(engine) as session:
        return [v.title for v in listing.page(session, Query(text=text), TODAY).items]


def test_what_history_brought_can_be_searched(engine: Engine, now: datetime) -> None:
    build.store(engine, [build.arxiv("2605.00009", "Old paper")], now)
    run(engine, Archive(), now, date(2026, 1, 1))
    assert found(engine, "title:march") == ["Paper of March"]
    build.store(engine, [build.arxiv("2605.00010", "Later paper")], now)
    assert found(engine, "title:later") == ["Later paper"]
    assert found(engine, "title:old") == ["Old paper"]


def test_an_index_that_a_killed_process_left_behind_is_mended(
    engine: Engine, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(full_text, "_resume", lambda _session: None)
    with full_text.put_off(engine):
        build.store(engine, [build.arxiv("2605.00009", "Lonely paper")], now)
    monkeypatch.undo()
    assert full_text.mend(engine) is True
    assert full_text.mend(engine) is False
    assert found(engine, "lonely") == ["Lonely paper"]
    build.store(engine, [build.arxiv("2605.00009", "Popular paper")], now)
    assert found(engine, "lonely") == []

"""Runs: page after page is safe, state moves only at the end, and one source's trouble stays its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from collector import identity
from collector.run import FIRST_LOOK_BACK, Order, batches, collect, window_of
from collector.sources.base import Fetcher, Finish, Harvest, Page, Source, Validators, Window
from staycurrent.errors import FetchError, Forbidden, ServerFault, StoreError
from staycurrent.store import sources as source_store
from staycurrent.store.engine import Engine, reading, writing
from staycurrent.store.models import Item, Run, Sighting
from staycurrent.store.sources import PollState
from staycurrent.types import DayCount, Outcome, ParsedItem, Repository, RunReport
from tests import build
from tests.collector.fakes import FakeFetcher

TODAY = date(2026, 5, 20)
PAPERS = tuple(build.arxiv(f"2605.{n:05}", f"Paper {n}") for n in range(1, 7))


@dataclass
class FakeSource:
    """Yields its pages, raises `error` before the page of number `breaks_at`, and remembers what it was asked."""

    name: str
    pages: Sequence[Sequence[ParsedItem]] = ()
    finish: Finish = field(default_factory=lambda: Finish(watermark=TODAY))
    error: Exception | None = None
    breaks_at: int = 0
    together: Barrier | None = None
    windows: list[Window] = field(default_factory=list)
    validators: list[Validators | None] = field(default_factory=list)
    by_day: bool = False

    def collect(self, fetcher: Fetcher, window: Window, now: datetime, validators: Validators | None = None) -> Harvest:
        self.windows.append(window)
        self.validators.append(validators)
        for number, page in enumerate(self.pages):
            if self.error and number == self.breaks_at:
                raise self.error
            if self.together:
                self.together.wait(timeout=30)
            yield Page(tuple(page))
        if self.error and self.breaks_at >= len(self.pages):
            raise self.error
        return self.finish


def run(engine: Engine, *sources: FakeSource, now: datetime, order: Order = Order()) -> list[RunReport]:  # noqa: B008
    build.register(engine)
    named: Mapping[str, Source] = {s.name: s for s in sources}
    return collect(engine, named, FakeFetcher({}), lambda: now, order=order)


def state(engine: Engine, name: str = "arxiv") -> PollState:
    with reading(engine) as session:
        return source_store.poll_state(session, name)


def count(engine: Engine, table: type) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_run_counts_what_was_new_changed_and_the_same(engine: Engine, now: datetime) -> None:
    first = run(engine, FakeSource("arxiv", [PAPERS[:2], PAPERS[2:4]]), now=now)[0]
    assert (first.outcome, first.fetched, first.new, first.changed, first.same) == (Outcome.OK, 4, 4, 0, 0)
    better = replace(PAPERS[1], title="Paper 2, corrected")
    second = run(engine, FakeSource("arxiv", [[PAPERS[0], better], PAPERS[4:]]), now=now)[0]
    assert (second.fetched, second.new, second.changed, second.same) == (4, 2, 1, 1)
    assert second.seconds >= 0
    assert second.error is None


def test_a_second_run_of_the_same_pages_writes_no_item(engine: Engine, now: datetime) -> None:
    source = FakeSource("arxiv", [PAPERS])
    run(engine, source, now=now)
    again = run(engine, source, now=now)[0]
    assert (again.new, again.changed, again.same) == (0, 0, 6)
    assert count(engine, Sighting) == 6


def test_reports_come_in_the_order_of_the_sources(engine: Engine, now: datetime) -> None:
    names = ["lab:qwen", "arxiv", "huggingface"]
    assert [r.source for r in run(engine, *(FakeSource(n) for n in names), now=now)] == names


def test_nothing_to_run_is_no_error(engine: Engine, now: datetime) -> None:
    assert run(engine, now=now) == []


def test_the_state_moves_after_the_last_page(engine: Engine, now: datetime) -> None:
    finish = Finish(watermark=TODAY, validators=Validators('"tag"', "Wed, 20 May 2026"), note="a note")
    source = FakeSource("arxiv", [PAPERS], finish)
    run(engine, source, now=now)
    after = state(engine)
    assert (after.watermark, after.etag, after.last_modified, after.error_count) == (TODAY, '"tag"', "Wed, 20 May 2026", 0)
    run(engine, source, now=now)
    assert source.validators == [Validators(None, None), finish.validators]


def test_a_source_that_breaks_half_way_keeps_its_pages_and_its_old_state(engine: Engine, now: datetime) -> None:
    pages = [PAPERS[:3], PAPERS[3:]]
    broken = FakeSource("arxiv", pages, error=ServerFault("500 from upstream"), breaks_at=1)
    report = run(engine, broken, now=now)[0]
    assert (report.outcome, report.fetched, report.new) == (Outcome.PARTIAL, 3, 3)
    assert report.error == "server: 500 from upstream"
    assert count(engine, Item) == 3
    assert state(engine).watermark is None
    assert state(engine).error_count == 1
    repaired = run(engine, FakeSource("arxiv", pages), now=now)[0]
    assert (repaired.outcome, repaired.new, repaired.same) == (Outcome.OK, 3, 3)
    assert state(engine).watermark == TODAY
    assert state(engine).error_count == 0


def test_a_source_that_breaks_at_once_has_failed(engine: Engine, now: datetime) -> None:
    report = run(engine, FakeSource("arxiv", error=ServerFault("down")), now=now)[0]
    assert (report.outcome, report.fetched) == (Outcome.FAILED, 0)


def test_a_failing_source_does_not_stop_the_others(engine: Engine, now: datetime) -> None:
    sources = [FakeSource("arxiv", error=ServerFault("down")), FakeSource("huggingface", [[build.huggingface("2605.00001")]])]
    assert [r.outcome for r in run(engine, *sources, now=now)] == [Outcome.FAILED, Outcome.OK]


def test_a_bug_is_loud(engine: Engine, now: datetime) -> None:
    with pytest.raises(ZeroDivisionError):
        run(engine, FakeSource("arxiv", error=ZeroDivisionError()), FakeSource("huggingface"), now=now)


def test_trouble_with_the_database_ends_all(engine: Engine, now: datetime) -> None:
    build.register(engine)
    with writing(engine) as session:
        session.execute(text("ALTER TABLE item_keys RENAME TO gone"))
    with pytest.raises(StoreError):
        collect(engine, {"arxiv": FakeSource("arxiv", [PAPERS])}, FakeFetcher({}), lambda: now)


def test_a_refusal_parks_the_source_until_the_next_utc_day(engine: Engine, now: datetime) -> None:
    run(engine, FakeSource("arxiv", error=Forbidden("403")), now=now)
    assert state(engine).parked_until == datetime(2026, 5, 21, tzinfo=UTC)
    later = FakeSource("arxiv", [PAPERS])
    report = run(engine, later, now=now + timedelta(hours=14))[0]
    assert report.outcome is Outcome.FAILED
    assert "left alone until 2026-05-21 00:00 UTC" in str(report.error)
    assert later.windows == [], "it was not asked"
    assert state(engine).error_count == 1, "so nothing new went wrong"
    assert state(engine).next_check_at == datetime(2026, 5, 21, tzinfo=UTC)
    assert run(engine, later, now=now + timedelta(hours=15))[0].outcome is Outcome.OK


def test_sources_that_spell_a_repository_differently_speak_of_one(engine: Engine, now: datetime) -> None:
    said = build.arxiv("2605.00001", comment="Code: https://github.com/ada/loops")
    known = build.huggingface("2605.00001", repositories=(Repository("https://github.com/Ada/Loops", 7),))
    run(engine, FakeSource("arxiv", [[said]]), FakeSource("huggingface", [[known]]), now=now)
    with reading(engine) as session:
        rows = session.execute(text("SELECT url, stars FROM repositories")).all()
        assert [tuple(row) for row in rows] == [("https://github.com/ada/loops", 7)]
        assert session.execute(text("SELECT COUNT(DISTINCT source) FROM item_repositories")).scalar() == 2


def test_an_empty_day_is_fine_where_nothing_was_expected(engine: Engine, now: datetime) -> None:
    report = run(engine, FakeSource("arxiv", finish=Finish(watermark=TODAY, empty_is_fine=True)), now=now)[0]
    assert report.outcome is Outcome.OK_EMPTY
    assert state(engine).watermark == TODAY


def test_less_than_expected_is_partial_and_will_be_read_again(engine: Engine, now: datetime) -> None:
    report = run(engine, FakeSource("arxiv", [PAPERS], Finish(watermark=TODAY, expected=7)), now=now)[0]
    assert (report.outcome, report.expected, report.error) == (Outcome.PARTIAL, 7, None)
    assert state(engine).watermark is None


def test_progress_is_told_after_each_batch(engine: Engine, now: datetime) -> None:
    build.register(engine)
    told: list[tuple[str, int]] = []
    source = FakeSource("arxiv", [PAPERS[:4], PAPERS[4:]])
    collect(engine, {"arxiv": source}, FakeFetcher({}), lambda: now, progress=lambda *said: told.append(said))
    assert told == [("arxiv", 4), ("arxiv", 6)]


POLLED = PollState("arxiv", date(2026, 5, 18), None, None, None, None, 0)


@pytest.mark.parametrize(
    ("watermark", "order", "since", "until"),
    [
        (None, Order(), "2026-05-06", "2026-05-20"),
        ("2026-05-18", Order(), "2026-05-17", "2026-05-20"),
        ("2026-06-30", Order(), "2026-05-20", "2026-05-20"),
        ("2026-05-18", Order(since=date(2026, 5, 1)), "2026-05-01", "2026-05-20"),
        ("2026-05-18", Order(date(2026, 5, 1), date(2026, 5, 3)), "2026-05-01", "2026-05-03"),
        (None, Order(date(2026, 5, 1), date(2027, 1, 1)), "2026-05-01", "2026-05-20"),
        (None, Order(until=date(2026, 5, 1)), "2026-05-01", "2026-05-01"),
        (None, Order(since=date(2027, 1, 1)), "2026-05-20", "2026-05-20"),
    ],
)
def test_the_window_goes_on_from_the_watermark_or_follows_the_order(
    watermark: str | None, order: Order, since: str, until: str
) -> None:
    known = replace(POLLED, watermark=date.fromisoformat(watermark) if watermark else None)
    assert window_of(known, order, TODAY) == Window(date.fromisoformat(since), date.fromisoformat(until))
    assert FIRST_LOOK_BACK.days == 14


def test_a_window_that_leaves_a_gap_does_not_move_the_watermark(engine: Engine, now: datetime) -> None:
    run(engine, FakeSource("arxiv", [PAPERS], Finish(watermark=date(2026, 5, 10))), now=now)
    run(engine, FakeSource("arxiv", [PAPERS]), now=now, order=Order(since=date(2026, 5, 19)))
    assert state(engine).watermark == date(2026, 5, 10), "the days from 11 to 18 are still to be read"
    run(engine, FakeSource("arxiv", [PAPERS]), now=now, order=Order(since=date(2026, 5, 10)))
    assert state(engine).watermark == TODAY


def test_a_look_into_the_past_does_not_take_the_watermark_back(engine: Engine, now: datetime) -> None:
    run(engine, FakeSource("arxiv", [PAPERS]), now=now)
    past = FakeSource("arxiv", [PAPERS], Finish(watermark=date(2026, 1, 2)))
    run(engine, past, now=now, order=Order(date(2026, 1, 1), date(2026, 1, 2)))
    assert state(engine).watermark == TODAY


def test_a_run_that_was_killed_is_closed_by_the_next_one(engine: Engine, now: datetime) -> None:
    build.register(engine)
    with writing(engine) as session:
        for name in ("arxiv", "huggingface"):
            source_store.start_run(session, name, TODAY, TODAY, now)
    run(engine, FakeSource("arxiv", [PAPERS]), now=now + timedelta(hours=1))
    with reading(engine) as session:
        runs = {(r.source, r.outcome, r.error, r.finished_at) for r in source_store.recent_runs(session)}
    later = now + timedelta(hours=1)
    assert runs == {
        ("huggingface", None, None, None),
        ("arxiv", "failed", "interrupted", later),
        ("arxiv", "ok", None, later),
    }


def test_every_run_is_recorded(engine: Engine, now: datetime) -> None:
    run(engine, FakeSource("arxiv", [PAPERS], Finish(watermark=TODAY, expected=9, note="two feeds missing")), now=now)
    with reading(engine) as session:
        (row,) = session.scalars(select(Run)).all()
        assert (row.outcome, row.fetched, row.new, row.expected, row.note) == ("partial", 6, 6, 9, "two feeds missing")
        assert (row.since, row.until) == (date(2026, 5, 6), TODAY)


ITEMS = st.builds(
    lambda n, key, doi: build.arxiv(f"2605.{n:05}", key=key, doi=doi),
    st.integers(1, 6),
    st.sampled_from("abcdef"),
    st.none() | st.sampled_from(["10.1234/a", "10.1234/b"]),
)


@given(st.lists(ITEMS, max_size=30), st.integers(1, 5))
def test_batches_lose_nothing_and_never_hold_a_key_twice(items: list[ParsedItem], size: int) -> None:
    found = list(batches(items, size))
    assert sorted(map(id, (p for b in found for p in b))) == sorted(map(id, items))
    for batch in found:
        assert 1 <= len(batch) <= size
        keys = [k for p in batch for k in {*identity.keys(p), f"sighting:{p.key}"}]
        assert len(keys) == len(set(keys))


@given(st.lists(ITEMS, max_size=30), st.integers(1, 5))
def test_batches_keep_the_order_of_items_that_share_a_key(items: list[ParsedItem], size: int) -> None:
    place = {id(p): n for n, p in enumerate(p for b in batches(items, size) for p in b)}
    for n, later in enumerate(items):
        for earlier in items[:n]:
            if earlier.key == later.key or set(identity.keys(earlier)) & set(identity.keys(later)):
                assert place[id(earlier)] < place[id(later)] or earlier is later


def test_the_same_papers_from_two_sources_at_once_are_one_item_each(engine: Engine, now: datetime) -> None:
    numbers = [f"2605.{n:05}" for n in range(1, 41)]
    pages = [numbers[i : i + 10] for i in range(0, 40, 10)]
    together = Barrier(2)
    sources = [
        FakeSource("arxiv", [[build.arxiv(n) for n in page] for page in pages], together=together),
        FakeSource("huggingface", [[build.huggingface(n) for n in page] for page in pages], together=together),
    ]
    reports = run(engine, *sources, now=now)
    assert [r.outcome for r in reports] == [Outcome.OK, Outcome.OK]
    assert sum(r.new for r in reports) == 40
    assert count(engine, Item) == 40
    assert count(engine, Sighting) == 80


def test_collecting_and_classifying_at_once_do_not_lock_each_other_out(engine: Engine, now: datetime) -> None:
    numbers = [f"2605.{n:05}" for n in range(1, 61)]
    build.store(engine, [build.arxiv(n) for n in numbers], now)
    with reading(engine) as session:
        rows = list(session.scalars(select(Item.id).order_by(Item.id)))
    pages = [[build.huggingface(n, votes=votes) for n in reversed(numbers)] for votes in range(1, 9)]

    def classify() -> None:
        for level in range(8):
            build.classify(engine, [build.answer(row, level) for row in rows], now)

    with ThreadPoolExecutor(1) as pool:
        classified = pool.submit(classify)
        report = run(engine, FakeSource("huggingface", pages), now=now)[0]
        classified.result(timeout=60)
    assert (report.outcome, report.changed) == (Outcome.OK, 480)


def test_a_fake_source_is_a_source() -> None:
    source: Source = FakeSource("arxiv", error=FetchError("x"))
    with pytest.raises(FetchError):
        next(source.collect(FakeFetcher({}), Window(TODAY, TODAY), datetime(2026, 5, 20, tzinfo=UTC)))


def test_a_day_that_lacks_something_is_read_again_until_it_is_complete(engine: Engine, now: datetime) -> None:
    lacking = date(2026, 5, 15)
    run(engine, FakeSource("arxiv", [PAPERS], Finish(watermark=TODAY, days=(DayCount(lacking, 12, 10),))), now=now)
    assert window_of(state(engine), Order(), TODAY).since == lacking
    run(engine, FakeSource("arxiv", [PAPERS], Finish(watermark=TODAY, days=(DayCount(lacking, 12, 12),))), now=now)
    assert window_of(state(engine), Order(), TODAY).since == TODAY - timedelta(days=1)


def test_a_day_that_stays_incomplete_for_long_is_let_go() -> None:
    old = replace(POLLED, watermark=TODAY, incomplete_since=TODAY - timedelta(days=31))
    assert window_of(old, Order(), TODAY).since == TODAY - timedelta(days=1)

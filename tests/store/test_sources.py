"""Sources: a restart loses nothing of their state, and their health is told in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from staycurrent.store import health as health_store
from staycurrent.store import sources as source_store
from staycurrent.store.engine import Engine, reading, writing
from staycurrent.store.health import Health
from staycurrent.store.health import words as health_words
from staycurrent.store.models import Lab, Source
from staycurrent.store.sources import PollState, SourceInfo
from staycurrent.types import Outcome, RunReport
from tests import build

TODAY = date(2026, 5, 20)


def finish(engine: Engine, name: str, outcome: Outcome, now: datetime, **facts: Any) -> None:
    """A whole run of a source that ends at once."""
    report = RunReport(name, outcome, error=facts.pop("error", None), expected=facts.pop("expected", None))
    with writing(engine) as session:
        run_id = source_store.start_run(session, name, TODAY, TODAY, now)
        source_store.finish_run(session, run_id, report, now, **facts)


def state(engine: Engine, name: str = "arxiv") -> PollState:
    with reading(engine) as session:
        return source_store.poll_state(session, name)


def due(engine: Engine, now: datetime) -> list[str]:
    with reading(engine) as session:
        return source_store.due(session, now)


def health(engine: Engine) -> dict[str, Health]:
    with reading(engine) as session:
        return {h.name: h for h in health_store.health(session)}


def register(engine: Engine, *infos: SourceInfo) -> None:
    with writing(engine) as session:
        source_store.register(session, infos)


def test_registering_again_keeps_the_state(engine: Engine, now: datetime) -> None:
    build.register(engine)
    finish(engine, "arxiv", Outcome.OK, now, watermark=TODAY, etag="tag", last_modified="then")
    before = state(engine)
    assert before.watermark == TODAY
    build.register(engine)
    assert state(engine) == before


def test_a_source_that_is_taken_out_sleeps_and_wakes_with_its_state(engine: Engine, now: datetime) -> None:
    build.register(engine)
    finish(engine, "arxiv", Outcome.OK, now, watermark=TODAY)
    register(engine, *build.SOURCES[1:])
    assert "arxiv" not in health(engine)
    assert "arxiv" not in due(engine, now + timedelta(days=9))
    build.register(engine)
    assert health(engine)["arxiv"].last_success == now
    assert state(engine).watermark == TODAY


def test_no_source_at_all_puts_all_to_sleep(engine: Engine, now: datetime) -> None:
    build.register(engine)
    register(engine)
    assert due(engine, now) == []


def test_a_source_at_a_new_address_is_read_from_the_start(engine: Engine, now: datetime) -> None:
    build.register(engine)
    for name in ("arxiv", "huggingface"):
        finish(engine, name, Outcome.OK, now, watermark=TODAY, etag="tag", last_modified="then")
    moved = replace(build.SOURCES[0], url="https://export.arxiv.org")
    register(engine, moved, *build.SOURCES[1:])
    assert state(engine) == PollState("arxiv", None, None, None, None, None, 0)
    assert state(engine, "huggingface").etag == "tag"
    assert due(engine, now)[0] == "arxiv"


def test_a_new_title_is_no_new_address(engine: Engine, now: datetime) -> None:
    build.register(engine)
    finish(engine, "arxiv", Outcome.OK, now, watermark=TODAY)
    register(engine, replace(build.SOURCES[0], title="arXiv.org"), *build.SOURCES[1:])
    assert state(engine).watermark == TODAY
    assert health(engine)["arxiv"].title == "arXiv.org"


def test_the_lab_of_a_feed_becomes_known(engine: Engine) -> None:
    register(engine, SourceInfo("lab:new", "lab", "News", "https://new.example/feed", lab="new-lab", lab_name="New Lab"))
    with reading(engine) as session:
        assert session.scalars(select(Lab.name).where(Lab.slug == "new-lab")).one() == "New Lab"


def test_a_success_rests_six_hours_and_forgets_errors(engine: Engine, now: datetime) -> None:
    build.register(engine)
    finish(engine, "arxiv", Outcome.FAILED, now, error="server: 500", reason="server")
    finish(engine, "arxiv", Outcome.OK_EMPTY, now)
    after = health(engine)["arxiv"]
    assert (after.error, after.error_count, after.next_check) == (None, 0, now + timedelta(hours=6))


def test_failures_wait_longer_each_time_up_to_six_hours(engine: Engine, now: datetime) -> None:
    build.register(engine)
    waits = []
    for _ in range(12):
        finish(engine, "arxiv", Outcome.FAILED, now, error="server: 500", reason="server")
        waits.append(health(engine)["arxiv"].next_check)
    minutes = [(w - now).total_seconds() / 60 for w in waits if w]
    assert minutes == [15, 30, 60, 120, 240] + [360] * 7


def test_a_failure_leaves_watermark_and_validators(engine: Engine, now: datetime) -> None:
    build.register(engine)
    finish(engine, "arxiv", Outcome.OK, now, watermark=TODAY, etag="tag", last_modified="then")
    finish(engine, "arxiv", Outcome.PARTIAL, now, watermark=date(2027, 1, 1), etag="other")
    after = state(engine)
    assert (after.watermark, after.etag, after.last_modified) == (TODAY, "tag", "then")


@pytest.mark.parametrize("hour", [0, 9, 23])
def test_a_refusal_parks_until_the_next_utc_midnight(engine: Engine, hour: int) -> None:
    build.register(engine)
    then = build.moment("2026-12-31", hour)
    finish(engine, "arxiv", Outcome.FAILED, then, error="forbidden: 403", reason="forbidden")
    midnight = datetime(2027, 1, 1, tzinfo=UTC)
    assert state(engine).parked_until == midnight
    assert "arxiv" not in due(engine, midnight - timedelta(seconds=1))
    assert "arxiv" in due(engine, midnight)


def test_what_waits_longest_is_due_first(engine: Engine, now: datetime) -> None:
    build.register(engine)
    finish(engine, "huggingface", Outcome.OK, now - timedelta(hours=8))
    finish(engine, "paperswithcode", Outcome.OK, now - timedelta(hours=9))
    finish(engine, "lab:qwen", Outcome.OK, now)
    assert due(engine, now) == ["arxiv", "lab:openai", "paperswithcode", "huggingface"]


def test_a_moment_that_only_a_wrong_clock_can_have_written_holds_nothing_up(engine: Engine, now: datetime) -> None:
    build.register(engine)
    for name in ("arxiv", "huggingface", "paperswithcode", "lab:qwen", "lab:openai"):
        finish(engine, name, Outcome.OK, now + timedelta(days=3000) if name == "arxiv" else now)
    finish(engine, "huggingface", Outcome.FAILED, now + timedelta(days=3000), reason="forbidden")
    assert sorted(due(engine, now)) == ["arxiv", "huggingface"]
    finish(engine, "arxiv", Outcome.FAILED, now, reason="forbidden")
    assert due(engine, now) == ["huggingface"], "parked until the next midnight is no such moment"


def test_starting_a_run_closes_what_was_left_open(engine: Engine, now: datetime) -> None:
    build.register(engine)
    with writing(engine) as session:
        source_store.start_run(session, "arxiv", TODAY, TODAY, now)
    assert health_words(health(engine)["arxiv"], TODAY) == "collecting"
    with writing(engine) as session:
        source_store.start_run(session, "arxiv", TODAY, TODAY, now + timedelta(days=1))
    with reading(engine) as session:
        ended = [(r.outcome, r.error) for r in source_store.recent_runs(session)]
    assert ended == [(None, None), ("failed", "interrupted")]


def test_a_run_that_lived_after_all_ends_as_it_ended(engine: Engine, now: datetime) -> None:
    build.register(engine)
    with writing(engine) as session:
        first = source_store.start_run(session, "arxiv", TODAY, TODAY, now)
        source_store.start_run(session, "arxiv", TODAY, TODAY, now)
        source_store.finish_run(session, first, RunReport("arxiv", Outcome.OK), now)
    with reading(engine) as session:
        assert [(r.outcome, r.error) for r in source_store.recent_runs(session)][-1] == ("ok", None)


def test_health_counts_what_is_stored_and_knows_the_newest(engine: Engine, now: datetime) -> None:
    papers = [build.arxiv("2605.00001", day="2026-05-12"), build.arxiv("2605.00002", day="2026-05-30")]
    build.store(engine, papers, now)
    finish(engine, "arxiv", Outcome.OK, now, expected=2, note="said")
    found = health(engine)["arxiv"]
    assert (found.stored, found.expected, found.outcome, found.note) == (2, 2, "ok", "said")
    assert found.newest_item == date(2026, 5, 12), "what bears a date after today is not there yet"
    assert list(health(engine)) == ["arxiv", "huggingface", "paperswithcode", "lab:openai", "lab:qwen"]


def test_recent_runs_are_the_newest_first_and_bounded(engine: Engine, now: datetime) -> None:
    build.register(engine)
    for hours in range(4):
        finish(engine, "arxiv", Outcome.OK, now + timedelta(hours=hours))
    with reading(engine) as session:
        shown = [r.started_at for r in source_store.recent_runs(session, 3)]
    assert shown == [now + timedelta(hours=h) for h in (3, 2, 1)]


def test_an_unregistered_source_is_not_made_up(engine: Engine) -> None:
    with writing(engine) as session:
        session.execute(update(Source).values(active=False))
    assert health(engine) == {}

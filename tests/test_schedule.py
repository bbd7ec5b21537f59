"""The schedule: a job runs at once, one process runs it, and an expected failure does not end it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from threading import Event

import pytest

from staycurrent.errors import StoreError
from staycurrent.schedule import Job, running
from staycurrent.store import engine as database
from staycurrent.store.engine import Engine

SOON = 20
HOURLY = timedelta(hours=1)


@contextmanager
def scheduled(engine: Engine, jobs: Sequence[Job]) -> Iterator[None]:
    """The jobs run for the block; afterwards those under way are waited for, so that their connections are given back."""
    before = set(threading.enumerate())
    with running(engine, jobs):
        yield
    for thread in set(threading.enumerate()) - before:
        thread.join(SOON)


def test_a_job_runs_at_once(engine: Engine) -> None:
    ran = Event()
    with scheduled(engine, [Job("collect", HOURLY, ran.set)]):
        assert ran.wait(SOON)


def test_jobs_run_side_by_side(engine: Engine) -> None:
    first, second = Event(), Event()

    def one() -> None:
        first.set()
        assert second.wait(SOON)

    def two() -> None:
        assert first.wait(SOON)
        second.set()

    with scheduled(engine, [Job("one", HOURLY, one), Job("two", HOURLY, two)]):
        assert second.wait(SOON)


def test_only_one_of_two_schedulers_runs_a_job(url: str, engine: Engine) -> None:
    started, release, second_done = Event(), Event(), Event()
    runs: list[str] = []
    other = database.open_engine(url)

    def work() -> None:
        runs.append("first")
        started.set()
        release.wait(SOON)

    with scheduled(engine, [Job("collect", HOURLY, work)]):
        assert started.wait(SOON)
        jobs = [Job("collect", HOURLY, lambda: runs.append("second")), Job("other", timedelta(seconds=0.05), second_done.set)]
        with scheduled(other, jobs):
            assert second_done.wait(SOON), "the second scheduler is at work"
        release.set()
    assert runs[0] == "first"
    other.dispose()


def test_an_expected_error_is_a_log_line_and_the_next_run_comes(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    again = Event()
    runs: list[int] = []

    def work() -> None:
        runs.append(len(runs))
        if len(runs) == 1:
            raise StoreError("database: it is away")
        again.set()

    with caplog.at_level(logging.WARNING), scheduled(engine, [Job("collect", timedelta(seconds=0.05), work)]):
        assert again.wait(SOON)
    assert "job collect: database: it is away" in caplog.text


def test_a_bug_is_logged_in_full_and_the_next_run_comes(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    again = Event()
    runs: list[int] = []

    def work() -> None:
        runs.append(len(runs))
        if len(runs) == 1:
            raise ZeroDivisionError
        again.set()

    with caplog.at_level(logging.WARNING), scheduled(engine, [Job("collect", timedelta(seconds=0.05), work)]):
        assert again.wait(SOON)
    assert "ZeroDivisionError" in caplog.text

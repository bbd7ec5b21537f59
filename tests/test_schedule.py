"""The schedule: what is due is asked for at once and again, by any number of schedulers, and a failure does not end it."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from staycurrent import schedule
from staycurrent.errors import StoreError
from staycurrent.queue.local import LocalQueue
from staycurrent.queue.types import Kind, Lane, Queue, Task
from staycurrent.store.engine import Engine
from tests.queue.conftest import MakeQueue, kind, make_queue
from tests.waiting import until

__all__ = ["make_queue"]
SOON = 20
HOURLY = timedelta(hours=1)
OFTEN = timedelta(seconds=0.05)


@contextmanager
def scheduled(queue: Queue, kinds: Iterable[Kind], **options: Any) -> Iterator[None]:
    """Questions under way at the end are waited for, so that their connections are given back."""
    before = set(threading.enumerate())
    with schedule.running(queue, kinds, rescue=HOURLY, **options):
        yield
    for thread in set(threading.enumerate()) - before:
        thread.join(SOON)


def test_what_is_due_is_asked_for_at_once(make_queue: MakeQueue) -> None:
    kinds = [kind("note", lambda _: None, due=lambda: [Task("note", "a")])]
    queue = make_queue(kinds)
    with scheduled(queue, kinds):
        assert until(lambda: [q.task.key for q in queue.listed()] == ["a"])


def test_two_schedulers_put_in_each_task_once(make_queue: MakeQueue) -> None:
    asked: list[int] = []

    def due() -> list[Task]:
        asked.append(1)
        return [Task("note", "a"), Task("note", "b")]

    kinds = [kind("note", lambda _: None, due=due, every=OFTEN)]
    queue = make_queue(kinds)
    with scheduled(queue, kinds), scheduled(queue, kinds):
        assert until(lambda: len(asked) > 10)
    assert [q.task.key for q in queue.listed()] == ["a", "b"]


def test_of_two_processes_beside_sqlite_one_works_and_the_other_waits_for_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from staycurrent.queue import local
    from staycurrent.store import engine as database

    monkeypatch.setattr(local, "STANDBY_SECONDS", 0.05)
    engines = [database.open_engine(f"sqlite:///{tmp_path}/x.db") for _ in range(2)]
    did: list[str] = []
    first, second = (
        LocalQueue(engine, [kind("note", lambda _, name=name: did.append(name))])
        for engine, name in zip(engines, ("first", "second"), strict=True)
    )
    lanes = [Lane(frozenset({"short"}), 1)]
    with first.working(lanes, grace=2):
        first.put([Task("note", "a")])
        assert until(lambda: did == ["first"])
        with second.working(lanes, grace=2):
            second.put([Task("note", "a")])
            first.put([Task("note", "b")])
            assert until(lambda: did == ["first", "first"])
    with second.working(lanes, grace=2):
        assert until(lambda: did == ["first", "first", "second"])
    for engine in engines:
        engine.dispose()


def test_an_expected_error_is_a_log_line_and_the_next_question_comes(
    make_queue: MakeQueue, caplog: pytest.LogCaptureFixture
) -> None:
    again = Event()
    asked: list[int] = []

    def due() -> list[Task]:
        asked.append(1)
        if len(asked) == 1:
            raise StoreError("database: it is away")
        again.set()
        return []

    kinds = [kind("note", lambda _: None, due=due, every=OFTEN)]
    with caplog.at_level(logging.WARNING), scheduled(make_queue(kinds), kinds):
        assert again.wait(SOON)
    assert "scheduler: note: database: it is away" in caplog.text


def test_a_bug_is_logged_in_full_and_the_next_question_comes(make_queue: MakeQueue, caplog: pytest.LogCaptureFixture) -> None:
    again = Event()
    asked: list[int] = []

    def due() -> list[Task]:
        asked.append(1)
        if len(asked) == 1:
            raise ZeroDivisionError
        again.set()
        return []

    kinds = [kind("note", lambda _: None, due=due, every=OFTEN)]
    with caplog.at_level(logging.WARNING), scheduled(make_queue(kinds), kinds):
        assert again.wait(SOON)
    assert "ZeroDivisionError" in caplog.text


def test_after_a_jump_of_the_clock_everything_is_asked_anew(
    make_queue: MakeQueue, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[int] = []
    shift = timedelta()

    def due() -> list[Task]:
        asked.append(1)
        return []

    monkeypatch.setattr(schedule, "_WATCH_SECONDS", 0.05)
    kinds = [kind("note", lambda _: None, due=due)]
    wall = lambda: datetime.now(UTC) + shift  # noqa: E731
    with caplog.at_level(logging.WARNING), scheduled(make_queue(kinds), kinds, wall=wall):
        assert until(lambda: len(asked) == 1)
        shift = -timedelta(hours=2)
        assert until(lambda: len(asked) == 2)
    assert "the clock jumped by -7200 s" in caplog.text


def test_looking_what_is_due_loads_neither_collectors_nor_model(engine: Engine, url: str) -> None:
    program = """
import sys
from staycurrent.cli import jobs
from staycurrent.cli.context import open_app
app = open_app()
found = [task.key for kind in jobs.catalogue(app) for task in kind.due()]
print(found)
print([name for name in ("collector.run", "collector.sources", "classifier.model", "sklearn", "lxml") if name in sys.modules])
"""
    environment = {"PATH": "/usr/bin:/bin", "STAYCURRENT_DATABASE_URL": url, "PYTHONPATH": str(Path(__file__).parents[1])}
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, env=environment, check=True
    )
    assert ran.stdout.splitlines() == ["['sources', 'readings', 'prune']", "[]"]

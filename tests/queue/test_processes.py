"""Schedulers and workers as processes on one PostgreSQL: each job is done, and done once, whoever is killed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from staycurrent.cli.context import migrate_all
from staycurrent.queue.connecting import connection
from staycurrent.queue.shared import SharedQueue
from staycurrent.queue.types import Queued, Status
from staycurrent.store import engine as database
from staycurrent.store.engine import Engine
from tests import databases
from tests.queue.processes import Installation, Lab, installation, lab
from tests.waiting import until

FEED = "collect:lab:openai"
POSTS = 40


@pytest.fixture
def feed() -> Iterator[Lab]:
    with lab() as found:
        yield found


@pytest.fixture
def here(tmp_path: Path, feed: Lab) -> Iterator[Installation]:
    with databases.fresh_url("postgresql", tmp_path) as url, installation(url, tmp_path, feed) as found:
        yield found


@pytest.fixture
def postgres(here: Installation) -> Iterator[Engine]:
    opened = database.open_engine(here.environment["STAYCURRENT_DATABASE_URL"])
    migrate_all(opened)
    yield opened
    opened.dispose()


def jobs(engine: Engine, key: str = FEED) -> list[Queued]:
    return [q for q in SharedQueue(engine, []).listed() if q.task.key == key]


def is_done(engine: Engine, key: str = FEED) -> bool:
    return any(q.status is Status.DONE for q in jobs(engine, key))


def ask(engine: Engine, statement: str) -> list[Any]:
    with database.reading(engine) as session:
        return list(session.execute(text(statement)).all())


def assert_all_there_once(engine: Engine) -> None:
    """Every post is an item once, classified, and its source's run is closed."""
    assert until(lambda: ask(engine, "SELECT count(*) FROM items WHERE model IS NOT NULL") == [(POSTS,)])
    assert ask(engine, "SELECT count(*), count(DISTINCT uid) FROM items") == [(POSTS, POSTS)]
    assert ask(engine, "SELECT count(*) FROM classifications") == [(POSTS,)]
    good = "SELECT count(*) FROM runs WHERE source = 'lab:openai' AND outcome = 'ok'"
    assert ask(engine, good) == [(1,)]


def test_two_schedulers_and_two_workers_do_each_job_once(here: Installation, postgres: Engine, feed: Lab) -> None:
    feed.open.set()
    processes = [here.start(role) for role in ("scheduler", "scheduler", "worker", "worker")]
    assert until(lambda: is_done(postgres), 40)
    assert_all_there_once(postgres)
    assert feed.asked == 1
    # Not arXiv's: it answers nobody here, so on a slow machine it may be due once more.
    assert [len(jobs(postgres, key)) for key in (FEED, "readings", "prune")] == [1, 1, 1]
    alive = ask(postgres, "SELECT role, count(*) FROM heartbeats GROUP BY role ORDER BY role")
    assert alive == [("scheduler", 2), ("worker", 2)]
    assert [process.end() for process in processes] == [0, 0, 0, 0]
    assert ask(postgres, "SELECT count(*) FROM heartbeats") == [(0,)]
    assert not any("Traceback" in process.said() for process in processes)


def test_the_job_of_a_worker_that_was_killed_is_done_by_another(here: Installation, postgres: Engine, feed: Lab) -> None:
    here.start("scheduler")
    first = here.start("worker")
    assert until(lambda: feed.asked == 1, 40)
    first.kill()
    feed.open.set()
    second = here.start("worker")
    assert until(lambda: is_done(postgres), 30), second.said()
    assert_all_there_once(postgres)
    assert [(q.tries, q.error) for q in jobs(postgres)] == [(1, "its worker died or lost the database")]
    assert feed.asked == 2


def test_a_scheduler_that_was_killed_is_missed_by_nobody(here: Installation, postgres: Engine, feed: Lab) -> None:
    first, _second = here.start("scheduler"), here.start("scheduler")
    here.start("worker", "--queues", "upkeep")  # makes the sources known
    assert until(lambda: jobs(postgres), 40)
    first.kill()
    with connection(postgres) as c:
        c.execute("DELETE FROM procrastinate_jobs")
    assert until(lambda: jobs(postgres), 20)


def test_a_worker_that_is_asked_to_stop_gives_back_what_it_cannot_finish(
    here: Installation, postgres: Engine, feed: Lab
) -> None:
    here.start("scheduler")
    first = here.start("worker")
    assert until(lambda: feed.asked == 1, 40)
    assert first.end(10) == 0
    assert [(q.status, q.tries) for q in jobs(postgres)] == [(Status.WAITING, 0)]
    assert f"job {FEED} is given back" in first.said()
    feed.open.set()
    here.start("worker")
    assert until(lambda: is_done(postgres), 40)
    assert_all_there_once(postgres)


def test_up_does_the_same_in_one_process(here: Installation, postgres: Engine, feed: Lab) -> None:
    feed.open.set()
    process = here.start("up", "--port", "0")
    assert until(lambda: is_done(postgres), 40), process.said()
    assert_all_there_once(postgres)
    assert ask(postgres, "SELECT role FROM heartbeats ORDER BY role") == [("scheduler",), ("worker",)]
    assert process.end() == 0


def test_dead_jobs_are_seen_and_wait_again(here: Installation, postgres: Engine, feed: Lab) -> None:
    here.start("scheduler")
    here.start("worker", "--queues", "upkeep")  # makes the sources known
    assert until(lambda: jobs(postgres), 40)
    with connection(postgres) as c:
        for status in ("doing", "failed"):  # as a worker does it
            c.execute("UPDATE procrastinate_jobs SET status = %s WHERE queueing_lock = %s", [status, FEED])
        c.execute("INSERT INTO queue_failures SELECT id, 5, 'no luck' FROM procrastinate_jobs WHERE status = 'failed'")
    shown = json.loads(here.run("queue", "dead", "--json").stdout)["jobs"]
    assert [(job["job"], job["tries"], job["error"], job["status"]) for job in shown] == [(FEED, 5, "no luck", "dead")]
    assert "name the jobs, or --all" in here.run("queue", "discard").stderr
    assert "0 jobs are forgotten" in here.run("queue", "discard", "999999").stderr
    assert "1 jobs wait again" in here.run("queue", "requeue", "--all").stderr
    feed.open.set()
    here.start("worker")
    assert until(lambda: is_done(postgres), 40)
    assert [(q.tries, q.error) for q in jobs(postgres)] == [(0, None)]


def test_a_worker_survives_a_database_that_drops_all_connections(here: Installation, postgres: Engine, feed: Lab) -> None:
    worker = here.start("worker")
    assert until(lambda: "at work" in worker.said(), 40)
    drop = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
    )
    with connection(postgres) as c:
        assert c.execute(drop).rowcount > 1
    feed.open.set()
    here.start("scheduler")
    assert until(lambda: is_done(postgres), 40), worker.said()
    assert worker.popen.poll() is None
    assert_all_there_once(postgres)


@pytest.mark.parametrize("command", [["worker"], ["queue", "list"]])
def test_with_sqlite_there_is_no_queue_to_look_at(tmp_path: Path, feed: Lab, command: list[str]) -> None:
    with databases.fresh_url("sqlite", tmp_path) as url, installation(url, tmp_path, feed) as found:
        ran = found.run(*command)
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
    assert "with SQLite" in ran.stderr
    assert "`staycurrent up`" in ran.stderr


def test_with_sqlite_the_scheduler_does_the_jobs(tmp_path: Path, feed: Lab) -> None:
    feed.open.set()
    with databases.fresh_url("sqlite", tmp_path) as url, installation(url, tmp_path, feed) as found:
        engine = database.open_engine(url)
        process = found.start("scheduler")
        assert until(lambda: ask(engine, "SELECT count(*) FROM items WHERE model IS NOT NULL") == [(POSTS,)], 40)
        assert process.end() == 0
        engine.dispose()


def test_unknown_queues_and_too_many_jobs_are_refused(here: Installation, postgres: Engine) -> None:
    assert "no queue mails; there are collect, classify, mail, upkeep" in here.run("worker", "--queues", "mails").stderr
    assert "raise DATABASE_POOL" in here.run("worker", "--concurrency", "30").stderr

"""The queue's tables: made out of the package, brought up to date with it, and never ahead of workers that still run."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from procrastinate import App
from sqlalchemy import text

from staycurrent.errors import SchemaError
from staycurrent.queue import schema
from staycurrent.queue.connecting import connection, connector
from staycurrent.queue.shared import SharedQueue
from staycurrent.queue.types import Status, Task
from staycurrent.store import engine as database
from staycurrent.store import migration_lock
from staycurrent.store.engine import Engine
from tests import databases
from tests.queue.conftest import kind


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Engine]:
    with databases.fresh_url("postgresql", tmp_path) as url:
        engine = database.open_engine(url)
        yield engine
        engine.dispose()


def tables(engine: Engine, names: str) -> list[str]:
    with connection(engine) as c:
        rows = c.execute("SELECT tablename FROM pg_tables WHERE tablename LIKE %s ORDER BY 1", [names]).fetchall()
    return [row[0] for row in rows]


def test_the_tables_are_made_once(postgres: Engine) -> None:
    with pytest.raises(SchemaError, match="run: staycurrent migrate"):
        schema.check(postgres)
    assert len(schema.apply(postgres)) > 30
    assert schema.apply(postgres) == []
    schema.check(postgres)
    assert "procrastinate_jobs" in tables(postgres, "procrastinate%")


def test_migrate_makes_them_under_its_lock_and_alembic_leaves_them_alone(postgres: Engine) -> None:
    assert database.migrate(postgres, also=(schema.apply,))[1] == database.head_revision()
    schema.check(postgres)
    assert database.schema_differences(postgres) == []


def test_sqlite_has_no_such_tables(tmp_path: Path) -> None:
    with databases.fresh_url("sqlite", tmp_path) as url:
        engine = database.open_engine(url)
        assert schema.apply(engine) == []
        schema.check(engine)
        engine.dispose()


def test_a_newer_package_first_adds_and_one_version_later_takes_away(postgres: Engine, tmp_path: Path) -> None:
    (tmp_path / "90.00.00_01_pre_add.sql").write_text("CREATE TABLE procrastinate_new (id int);")
    (tmp_path / "90.00.00_50_post_drop.sql").write_text("DROP TABLE procrastinate_new;")
    (tmp_path / "90.00.00_02_pre_word.sql").write_text("ALTER TYPE procrastinate_job_status ADD VALUE 'asleep';")
    schema.apply(postgres)
    assert schema.missing(postgres, folder=tmp_path, package="90.0.0") == [
        "90.00.00_01_pre_add.sql",
        "90.00.00_02_pre_word.sql",
    ]
    assert len(schema.apply(postgres, folder=tmp_path, package="90.0.0")) == 2
    assert schema.apply(postgres, folder=tmp_path, package="90.0.0") == []
    assert tables(postgres, "procrastinate_new") == ["procrastinate_new"]
    assert schema.apply(postgres, folder=tmp_path, package="90.1.0") == ["90.00.00_50_post_drop.sql"]
    assert tables(postgres, "procrastinate_new") == []


def test_a_file_that_fails_leaves_nothing_behind(postgres: Engine, tmp_path: Path) -> None:
    schema.apply(postgres)
    (tmp_path / "90.00.00_01_pre_bad.sql").write_text("CREATE TABLE procrastinate_new (id int); SELECT nonsense;")
    with pytest.raises(database.StoreError, match="nonsense"):
        schema.apply(postgres, folder=tmp_path, package="90.0.0")
    assert tables(postgres, "procrastinate_new") == []
    assert schema.missing(postgres, folder=tmp_path, package="90.0.0") == ["90.00.00_01_pre_bad.sql"]


def test_a_change_of_its_tables_gives_way_and_is_tried_again(
    postgres: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks for the table after us waits behind us, so we stop waiting; the next try finds it free."""
    schema.apply(postgres)
    (tmp_path / "90.00.00_01_pre_add.sql").write_text("ALTER TABLE procrastinate_jobs ADD COLUMN new int;")
    monkeypatch.setattr(migration_lock, "LOCK_SECONDS", 0.1)
    monkeypatch.setattr(migration_lock, "PAUSE_SECONDS", 0.1)
    with postgres.connect() as other:
        transaction = other.begin()
        other.execute(text("SELECT 1 FROM procrastinate_jobs"))
        monkeypatch.setattr(migration_lock, "TRIES", 2)
        with pytest.raises(database.StoreError, match="canceling statement due to lock timeout"):
            schema.apply(postgres, folder=tmp_path, package="90.0.0")
        monkeypatch.setattr(migration_lock, "TRIES", 100)
        release = threading.Timer(0.5, transaction.rollback)
        release.start()
        assert schema.apply(postgres, folder=tmp_path, package="90.0.0") == ["90.00.00_01_pre_add.sql"]
        release.join()
    with connection(postgres) as c:
        c.execute("SELECT new FROM procrastinate_jobs")


def test_of_many_that_died_at_one_work_one_waits_again_and_none_stays_dead(postgres: Engine) -> None:
    """As after some days without a mail server: the schedule put the same work in anew each hour, and it died each time."""
    schema.apply(postgres)
    queue = SharedQueue(postgres, [kind("note", lambda _: None)])

    def die() -> None:
        with connection(postgres) as c:
            for status in ("doing", "failed"):  # as a worker does it
                c.execute("UPDATE procrastinate_jobs SET status = %s WHERE status IN ('todo', 'doing')", [status])
            c.execute("UPDATE procrastinate_events SET at = at - interval '2 hours'")

    for _ in range(3):
        assert queue.put([Task("note", "mail"), Task("note", "other")]) == 2
        die()
    dead = queue.listed(Status.DEAD)
    assert len(dead) == 6
    assert queue.requeue([q.id for q in dead if q.task.key == "mail"]) == 1
    assert [q.task.key for q in queue.listed(Status.DEAD)] == ["other"] * 3, "another work is not touched"
    assert queue.put([Task("note", "other")]) == 1
    assert queue.requeue([q.id for q in dead]) == 0
    assert queue.listed(Status.DEAD) == [], "an equal one waits already"
    assert sorted(q.task.key for q in queue.listed(Status.WAITING)) == ["mail", "other"]


def test_every_file_of_the_package_is_understood() -> None:
    found = schema.steps()
    assert found == sorted(found)
    assert {step.version for step in found if step.post} <= {step.version for step in found if not step.post}
    assert all(len(step.version) == 3 for step in found)


def test_a_worker_that_tells_the_end_of_a_task_of_others_is_not_disturbed(
    postgres: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    schema.apply(postgres)
    opened = connector(postgres, size=2)

    async def tell() -> None:
        async with App(connector=opened).open_async():
            await opened.execute_query_async("SELECT procrastinate_finish_job_v1(%(job_id)s, 'succeeded', false)", job_id=7)

    with caplog.at_level("INFO"):
        asyncio.run(tell())
    assert "job 7 was given to others while this worker was silent" in caplog.text

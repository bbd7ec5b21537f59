"""Opening, migrating and refusing databases, and time as it is stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update

from staycurrent.errors import SchemaError, SettingsError, StoreError
from staycurrent.store import engine as database
from staycurrent.store.engine import Engine, reading, writing
from staycurrent.store.models import Item, Run
from tests import build

SECRET = "hunter2"


def pretend_revision(engine: Engine, revision: str) -> None:
    with writing(engine) as session:
        session.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})


def forget_revision(engine: Engine) -> None:
    with writing(engine) as session:
        session.execute(text("DELETE FROM alembic_version"))


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    head = database.head_revision()
    assert database.migrate(engine) == (head, head)
    database.check_schema(engine)
    assert not database.is_empty(engine)
    assert database.schema_differences(engine) == []


def test_a_new_file_is_empty_until_it_is_migrated(tmp_path: Path) -> None:
    engine = database.open_engine(f"sqlite:///{tmp_path}/deep/er/new.db")
    assert database.is_empty(engine)
    with pytest.raises(SchemaError, match="staycurrent migrate"):
        database.check_schema(engine)
    assert database.migrate(engine) == (None, database.head_revision())
    database.check_schema(engine)
    engine.dispose()


def test_the_schema_of_a_newer_program_is_refused(engine: Engine) -> None:
    pretend_revision(engine, "9999")
    for ask in (database.check_schema, database.migrate):
        with pytest.raises(SchemaError, match=r"\(9999\) is newer than this program"):
            ask(engine)


def test_the_schema_of_an_older_program_asks_for_migration(engine: Engine) -> None:
    forget_revision(engine)
    with pytest.raises(SchemaError, match="older than this program; run: staycurrent migrate"):
        database.check_schema(engine)


def refusal(url: str) -> str:
    engine = database.open_engine(url)
    with pytest.raises(StoreError) as refused:
        database.is_empty(engine)
    engine.dispose()
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_file_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("These are notes. " * 100)
    assert "file is not a database" in refusal(f"sqlite:///{tmp_path}/notes.txt")


def test_a_folder_instead_of_a_file_is_one_line(tmp_path: Path) -> None:
    assert "unable to open database file" in refusal(f"sqlite:///{tmp_path}")


@pytest.mark.parametrize("path", ["file/x.db", "file/deep/x.db"])
def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made") as refused:
        database.open_engine(f"sqlite:///{tmp_path}/{path}")
    assert "\n" not in str(refused.value)


def test_a_server_that_is_not_there_is_one_line_without_the_password() -> None:
    assert SECRET not in refusal(f"postgresql://me:{SECRET}@127.0.0.1:1/x")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "data/staycurrent.db",
        f"mysql://me:{SECRET}@db/x",
        f"postgresql://me:{SECRET}",
        f"postgresql://me:{SECRET}@[::1/x",
        f"postgres://me:{SECRET}@db/x",
        "sqlite://host/x.db",
        "sqlite+aiosqlite:///x.db",
    ],
)
def test_an_address_of_no_database_of_ours_is_a_settings_error(url: str) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL") as refused:
        database.open_engine(url)
    assert SECRET not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_engine_does_not_show_its_password() -> None:
    assert SECRET not in repr(database.open_engine(f"postgresql+psycopg2://me:{SECRET}@db/x"))


def test_an_exception_takes_all_writes_back(engine: Engine, now: datetime) -> None:
    build.register(engine)

    def write_and_fail() -> None:
        with writing(engine) as session:
            session.add(run_at(now))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    with reading(engine) as session:
        assert session.scalar(select(func.count()).select_from(Run)) == 0


def test_a_broken_rule_of_the_schema_is_a_store_error_of_one_line(engine: Engine, now: datetime) -> None:
    with pytest.raises(StoreError) as refused, writing(engine) as session:
        session.add(run_at(now))
    assert "\n" not in str(refused.value), "no such source"


def run_at(moment: datetime) -> Run:
    return Run(source="arxiv", started_at=moment, since=moment.date(), until=moment.date())


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 5, 20, 9, 30, 1, 123456, UTC),
        datetime(2026, 5, 20, 1, 0, tzinfo=timezone(timedelta(hours=14))),
        datetime(2026, 12, 31, 23, 59, 59, 999999, timezone(timedelta(hours=-9, minutes=-30))),
    ],
)
def test_a_moment_comes_back_as_the_same_moment_in_utc(engine: Engine, moment: datetime) -> None:
    build.register(engine)
    with writing(engine) as session:
        session.add(run_at(moment))
    with reading(engine) as session:
        found = session.scalars(select(Run)).one().started_at
        assert session.scalar(select(func.count()).select_from(Run).where(Run.started_at <= moment)) == 1
    assert found == moment
    assert found.utcoffset() == timedelta(0)


def test_a_moment_without_a_zone_is_refused(engine: Engine) -> None:
    build.register(engine)
    with pytest.raises(StoreError, match="without a zone"), writing(engine) as session:
        session.add(run_at(datetime(2026, 5, 20)))  # noqa: DTZ001 - the point of the test


def test_a_level_outside_the_roadmap_is_refused(engine: Engine, now: datetime) -> None:
    build.store(engine, [build.arxiv("2605.00001")], now)
    with pytest.raises(StoreError), writing(engine) as session:
        session.execute(update(Item).values(level=9))

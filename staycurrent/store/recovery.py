"""A backup put in the place of the database: checked first, brought up to date where it is older, all of it or nothing."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from sqlalchemy import Connection, inspect, text

from staycurrent.errors import SchemaError, StoreError, UsageError
from staycurrent.store import backup_file, carrying, heartbeats, kept_mail, postgres_tools
from staycurrent.store import engine as database
from staycurrent.store.backup import mapped_os_errors, sync_folder
from staycurrent.store.backup_file import Manifest
from staycurrent.store.carrying import Carried
from staycurrent.store.engine import Engine, mapped_errors, reading, writing

PARTS = ".staycurrent-restore-"
MARGIN = timedelta(days=2)
"""Before the moment of a backup, for what was under way while it was made; what it holds is not taken twice."""
SEEDED = frozenset({"alembic_version", "schema_serves", "labelling_models", "labs", "topics", "sources", "turns", "heartbeats"})
"""Tables that a fresh installation fills by itself, beside those of the task queue."""
_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED")
_IN_USE = "the database is in use; stop staycurrent (up, web, scheduler and workers) first"
_CLEAR = """
SET LOCAL lock_timeout = '10s';
DO $$
DECLARE found record;
BEGIN
    FOR found IN SELECT viewname AS name FROM pg_views WHERE schemaname = 'public' LOOP
        EXECUTE format('DROP VIEW IF EXISTS public.%I CASCADE', found.name);
    END LOOP;
    FOR found IN SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('DROP TABLE IF EXISTS public.%I CASCADE', found.name);
    END LOOP;
    FOR found IN SELECT sequencename AS name FROM pg_sequences WHERE schemaname = 'public' LOOP
        EXECUTE format('DROP SEQUENCE IF EXISTS public.%I CASCADE', found.name);
    END LOOP;
    FOR found IN SELECT p.oid::regprocedure::text AS name FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') LOOP
        EXECUTE format('DROP ROUTINE IF EXISTS %s CASCADE', found.name);
    END LOOP;
    FOR found IN SELECT t.oid::regtype::text AS name FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
        WHERE t.typnamespace = 'public'::regnamespace AND (t.typtype IN ('e', 'd') OR c.relkind = 'c')
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e') LOOP
        EXECUTE format('DROP TYPE IF EXISTS %s CASCADE', found.name);
    END LOOP;
END $$;
"""
"""Everything of ours goes in the transaction that brings the backup; what extensions brought stays."""


def _silent(_carried: Carried) -> None: ...


def restore(
    url: str, path: Path, *, force: bool = False, now: datetime | None = None, tell: Callable[[Carried], None] = _silent
) -> Manifest:
    """Put the backup in the place of the database at `url` and bring its schema up to date.

    What that database knows of mail sent since the backup, and of who left, is carried over; `tell` is told how much.
    Raises `UsageError` for a database with something in it (without `force`) and for one of another kind, `SchemaError`
    for a backup of a newer program, `StoreError` for a damaged file and a database that is in use.
    """
    manifest = backup_file.read_manifest(path)
    if not database.knows_revision(manifest.schema):
        raise SchemaError(f"the backup's schema ({manifest.schema}) is newer than this program; update staycurrent first")
    engine = database.open_engine(url)
    try:
        if engine.dialect.name != manifest.kind:
            raise UsageError(
                f"this is a backup of {manifest.kind} and DATABASE_URL is {engine.dialect.name}; to change the kind of "
                "database use: staycurrent export --format jsonl, then staycurrent import jsonl"
            )
        with mapped_os_errors():
            _put = _sqlite if manifest.kind == "sqlite" else _postgresql
            now = now or datetime.now(UTC)
            carried = _put(engine, path, min(manifest.made_at, now) - MARGIN, now, force=force)
    finally:
        engine.dispose()
    tell(carried)
    return manifest


def _sqlite(engine: Engine, path: Path, since: datetime, now: datetime, *, force: bool) -> Carried:
    name = engine.url.database
    if not name or name == ":memory:":
        raise UsageError("a database in memory cannot be restored")
    target = Path(name)
    if not force and target.exists() and target.stat().st_size:
        _refuse_what_is_full(engine)
    engine.dispose()  # our own connections would count as somebody's
    with TemporaryDirectory(prefix=PARTS, dir=target.parent) as folder:
        fresh, kept = Path(folder) / "database", Path(folder) / "mail"
        backup_file.extract(path, fresh)
        with _alone(target):
            pass  # nobody may be sending while it is read
        knows = target.exists() and kept_mail.keep(engine, kept, since)
        engine.dispose()
        carried = _bring_up_to_date(fresh, kept if knows else None, now)
        with _alone(target):
            for beside in ("-wal", "-shm", "-journal"):
                target.with_name(f"{target.name}{beside}").unlink(missing_ok=True)
            fresh.replace(target)
        sync_folder(target.parent)
    return carried


def _bring_up_to_date(fresh: Path, kept: Path | None, now: datetime) -> Carried:
    opened = database.open_engine(f"sqlite:///{quote(str(fresh.absolute()))}")
    try:
        database.migrate(opened)
        carried = _carry(opened, kept, now)
    finally:
        opened.dispose()
    with closing(sqlite3.connect(fresh)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    with fresh.open("rb") as whole:
        os.fsync(whole.fileno())
    return carried


def _carry(engine: Engine, kept: Path | None, now: datetime) -> Carried:
    if kept is None:
        with writing(engine) as session:
            return carrying.carry(session, None, now)
    opened = kept_mail.open_file(kept)
    try:
        with opened.connect() as connection, writing(engine) as session:
            return carrying.carry(session, connection, now)
    finally:
        opened.dispose()


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Holds the old database exclusively, or raises `StoreError`. Every process that has it open holds a lock of its own."""
    if not target.exists():
        yield
        return
    with closing(sqlite3.connect(target, timeout=2, isolation_level=None)) as old:
        try:
            (mode,) = old.execute("PRAGMA journal_mode=DELETE").fetchone()
            old.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorname.startswith(_BUSY):
                raise StoreError(_IN_USE) from error
            mode = "delete"  # it is damaged, so nobody can be at work in it
        if mode == "wal":
            raise StoreError(_IN_USE)
        yield


def _postgresql(engine: Engine, path: Path, since: datetime, now: datetime, *, force: bool) -> Carried:
    if not force:
        _refuse_what_is_full(engine)
    _refuse_while_others_live(engine)
    with TemporaryDirectory(prefix=PARTS) as folder:
        dump, kept = Path(folder) / "database", Path(folder) / "mail"
        backup_file.extract(path, dump)
        knows = kept_mail.keep(engine, kept, since)
        engine.dispose()
        postgres_tools.replay(dump, engine, _CLEAR, carrying.HOLD)
        database.migrate(engine)
        return _carry(engine, kept if knows else None, now)


def _refuse_what_is_full(engine: Engine) -> None:
    with mapped_errors(), engine.connect() as connection:
        full = [name for name in inspect(connection).get_table_names() if _counts(name) and _has_rows(connection, name)]
    if full:
        raise UsageError(f"the database is not empty ({', '.join(sorted(full)[:3])}); --force replaces all that is in it")


def _counts(name: str) -> bool:
    return name not in SEEDED and not name.startswith(("item_texts_fts", "sqlite_", "procrastinate_", "queue_"))


def _has_rows(connection: Connection, name: str) -> bool:
    return connection.execute(text(f'SELECT 1 FROM "{name}" LIMIT 1')).first() is not None  # noqa: S608


def _refuse_while_others_live(engine: Engine) -> None:
    with mapped_errors(), engine.connect() as connection:
        if not inspect(connection).has_table("heartbeats"):
            return
    with reading(engine) as session:
        living = [process.name for process in heartbeats.every(session) if process.alive]
    if living:
        seconds = int(heartbeats.STALE.total_seconds())
        raise StoreError(f"{_IN_USE} ({', '.join(living[:3])}); one that was killed counts as gone after {seconds} s")

"""A backup of the whole database while it is in use: one file, whole and checked, or none.

SQLite is copied by its own backup API out of one read transaction, so writers go on and the copy is of one moment.
PostgreSQL is dumped by `pg_dump` out of one exported snapshot, the same in which the rows are counted.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from sqlalchemy import inspect, text

from staycurrent.errors import SchemaError, StoreError, UsageError
from staycurrent.store import backup_file, postgres_tools
from staycurrent.store.backup_file import Manifest
from staycurrent.store.engine import SQLITE_BUSY_SECONDS, Engine, mapped_errors, revisions

PARTS = ".staycurrent-backup-"
_PAGES = 4096
"""Pages of one step: 16 MiB, after which a signal is heard."""
_LEFT_OVER = 86_400.0
"""Seconds after which the parts of a backup that was killed are removed by the next one."""
Progress = Callable[[int, int], None]


def _silent(_done: int, _total: int) -> None: ...


def backup(engine: Engine, target: Path, *, version: str, force: bool = False, progress: Progress = _silent) -> Manifest:
    """Write a backup to `target`. Raises `UsageError` where something is in the way, `StoreError` for all that goes wrong.

    Needs room for the database and for the backup beside `target`. Nothing stands at `target` until it is whole.
    """
    if target.is_dir() or (target.exists() and not force):
        raise UsageError(f"{target} is there already; --force replaces it" if not target.is_dir() else f"{target} is a folder")
    schema, _ = revisions(engine)
    if schema is None:
        raise SchemaError("the database is empty; there is nothing to back up")
    dump = _sqlite if engine.dialect.name == "sqlite" else _postgresql
    with mapped_os_errors(), _parts(target) as folder:
        counts = dump(engine, folder / "database", progress)
        packed = folder / "backup"
        facts = {"kind": engine.dialect.name, "version": version, "schema": schema}
        backup_file.write(packed, folder / "database", counts=counts, **facts)
        manifest = backup_file.verify(packed)
        _publish(packed, target, force=force)
    return manifest


@contextmanager
def mapped_os_errors() -> Iterator[None]:
    """Turns what the file system and SQLite say into a `StoreError` of one line."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"{error.filename or 'file'}: {error.strerror or error}") from error
    except sqlite3.Error as error:
        raise StoreError(f"database: {error}") from error


@contextmanager
def _parts(target: Path) -> Iterator[Path]:
    for old in target.parent.glob(f"{PARTS}*"):
        if time.time() - old.stat().st_mtime > _LEFT_OVER:
            shutil.rmtree(old, ignore_errors=True)
    with TemporaryDirectory(prefix=PARTS, dir=target.parent) as folder:
        yield Path(folder)


def _sqlite(engine: Engine, target: Path, progress: Progress) -> dict[str, int]:
    path = engine.url.database
    if not path or path == ":memory:":
        raise UsageError("a database in memory cannot be backed up")
    address = f"file:{quote(str(Path(path).absolute()))}?mode=rw"
    with (
        closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=SQLITE_BUSY_SECONDS)) as source,
        closing(sqlite3.connect(target, isolation_level=None)) as copy,
    ):
        # Without a transaction of its own the copy would begin anew whenever somebody writes.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        source.backup(copy, pages=_PAGES, progress=lambda _status, left, total: progress(total - left, total), sleep=0)
        source.execute("ROLLBACK")
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
        (said,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
        if said != "ok":
            raise StoreError(f"the database is damaged, so there is no backup: {said}")
        return _sqlite_counts(copy)


def _sqlite_counts(connection: sqlite3.Connection) -> dict[str, int]:
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'")
    names = [name for (name,) in rows if not name.startswith(("sqlite_", "item_texts_fts"))]
    return {n: int(connection.execute(f'SELECT count(*) FROM "{n}"').fetchone()[0]) for n in sorted(names)}  # noqa: S608


def _postgresql(engine: Engine, target: Path, _progress: Progress) -> Mapping[str, int]:
    command = postgres_tools.tool("pg_dump", postgres_tools.server_version(engine))
    with mapped_errors(), engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        options = ("--format=custom", "--no-owner", "--no-privileges", "--no-password", f"--snapshot={snapshot}")
        postgres_tools.run([command, *options, f"--file={target}", f"--dbname={postgres_tools.address(engine)}"], engine)
        names = sorted(inspect(connection).get_table_names())
        count = 'SELECT count(*) FROM "{}"'
        return {name: int(connection.execute(text(count.format(name))).scalar_one()) for name in names}


def _publish(packed: Path, target: Path, *, force: bool) -> None:
    if force:
        packed.replace(target)
    else:
        try:
            os.link(packed, target)  # fails where something came in the way meanwhile, which a rename would overwrite
        except FileExistsError:
            raise UsageError(f"{target} is there already; --force replaces it") from None
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP):
                raise
            packed.rename(target)  # a file system without links
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Let a new name in a folder outlive a power cut."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)

"""Procrastinate's tables in our database: its own SQL out of the package, each file once, remembered in `queue_schema`.

Beside them `queue_failures`: how often a task failed and why, which Procrastinate does not keep.

Its migrations come in pairs (its docs, "Upgrade"): `pre` before the new code runs, `post` once the old code is gone. The
first `migrate` of a new version applies `pre`, so that workers of the release before go on; the `post` of a version is
applied by the first `migrate` of a later one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path

from procrastinate.schema import SchemaManager
from psycopg import Connection

from staycurrent.errors import SchemaError
from staycurrent.queue.connecting import connection
from staycurrent.store import migration_lock
from staycurrent.store.engine import Engine

_NAME = re.compile(r"(\d+)\.(\d+)\.(\d+)_(\d+)_(?:(pre|post)_)?.*\.sql")
Version = tuple[int, ...]
_OURS = """
CREATE TABLE IF NOT EXISTS queue_schema (
    file text PRIMARY KEY, package text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS queue_failures (
    job_id bigint PRIMARY KEY REFERENCES procrastinate_jobs ON DELETE CASCADE, failures integer NOT NULL, error text NOT NULL
);
CREATE INDEX IF NOT EXISTS queue_jobs_by_key ON procrastinate_jobs (queueing_lock);
"""


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """A migration file of the package."""

    version: Version
    number: int
    path: Path
    post: bool

    @property
    def name(self) -> str:
        return self.path.name


def steps(folder: Path | None = None) -> list[Step]:
    """The package's migrations, oldest first."""
    files = (folder or Path(SchemaManager.get_migrations_path())).glob("*.sql")
    named = ((path, _NAME.fullmatch(path.name)) for path in files)
    return sorted(Step(_numbers(path.name), int(parts[4]), path, parts[5] == "post") for path, parts in named if parts)


def package_version() -> str:
    """The version of Procrastinate that is installed."""
    return metadata.version("procrastinate")


def apply(engine: Engine, *, folder: Path | None = None, package: str | None = None) -> list[str]:
    """Bring the tables up to date; returns the files that were applied. The caller holds the migration lock.

    Each file is a transaction of its own, since a new value of an enumeration cannot be used in the one that adds it.
    """
    if engine.dialect.name != "postgresql":
        return []
    package = package or package_version()
    known = steps(folder)
    if migration_lock.patiently(lambda: _made(engine, known, package)):
        return [step.name for step in known]
    names = set(missing(engine, folder=folder, package=package))
    waiting = [step for step in known if step.name in names]
    for step in waiting:
        migration_lock.patiently(partial(_apply, engine, step, package))
    return [step.name for step in waiting]


def _made(engine: Engine, known: Iterable[Step], package: str) -> bool:
    """Make all tables where there are none; returns whether it did."""
    with _limited(engine) as c:
        if _has(c, "procrastinate_jobs"):
            return False
        c.execute(SchemaManager.get_schema())
        c.execute(_OURS)
        _remember(c, known, package)
        return True


def _apply(engine: Engine, step: Step, package: str) -> None:
    with _limited(engine) as c:
        c.execute(step.path.read_bytes())
        _remember(c, [step], package)


@contextmanager
def _limited(engine: Engine) -> Iterator[Connection]:
    """A transaction that gives way to who uses a table, so that nobody waits behind it for long."""
    with connection(engine) as c:
        c.execute(migration_lock.limits().encode())
        yield c


def missing(engine: Engine, *, folder: Path | None = None, package: str | None = None) -> list[str]:
    """The files that `apply` would apply, in order."""
    now = _numbers(package or package_version())
    with connection(engine) as c:
        if not _has(c, "queue_schema"):
            return [step.name for step in steps(folder)]
        done = {name: _numbers(by) for name, by in c.execute("SELECT file, package FROM queue_schema").fetchall()}
    return [step.name for step in steps(folder) if step.name not in done and (not step.post or _is_over(step, done, now))]


def _is_over(post: Step, done: dict[str, Version], now: Version) -> bool:
    """Whether the code that needs what this file takes away is gone: its `pre` came by the `migrate` of an older package."""
    mates = [by for name, by in done.items() if _numbers(name) == post.version]
    return bool(mates) and max(mates) < now


def check(engine: Engine) -> None:
    """Raises `SchemaError` where the queue's tables are older than this program needs."""
    if engine.dialect.name == "postgresql" and missing(engine):
        raise SchemaError("the queue's tables are older than this program; run: staycurrent migrate")


def _has(c: Connection, table: str) -> bool:
    row = c.execute("SELECT to_regclass(%s)", [table]).fetchone()
    return row is not None and row[0] is not None


def _remember(c: Connection, applied: Iterable[Step], package: str) -> None:
    with c.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO queue_schema (file, package) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [(step.name, package) for step in applied],
        )


def _numbers(version: str) -> Version:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])

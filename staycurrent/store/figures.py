"""What an installation is like at this moment, in numbers for a monitor: one quick look, the same from every process.

At a million items it takes under 50 ms (`docs/operations.md`), so nothing here may scan what grows with the items but one
count of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, MetaData, String, Table, case, func, inspect, select, text
from sqlalchemy.orm import Session

from staycurrent.store import heartbeats
from staycurrent.store.engine import Engine, reading, revisions, serves
from staycurrent.store.models import Item, Run, Source, SourceDay

COUNTED_UP_TO = 200_000
"""PostgreSQL counts by reading; beyond this many items its own estimate (kept by autovacuum) stands in."""
OPEN_MAILS = ("waiting", "claimed", "dead")
OPEN_JOBS = ("todo", "doing", "failed", "aborting")
"""What is done is not counted: it grows for ever."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """A source: `lag` seconds since its last success (or since its first try), failures in a row, days that lack something."""

    name: str
    lag: float | None
    errors: int
    parked: bool
    silent: bool
    """Whether nothing new came for longer than its alarm age."""
    incomplete_days: int


@dataclass(frozen=True, slots=True)
class RunFigures:
    """The runs of a source with one outcome within the last 24 hours, and what they brought."""

    source: str
    outcome: str
    runs: int
    new: int
    changed: int


@dataclass(frozen=True, slots=True)
class Figures:
    """All of it."""

    schema: str | None
    head: str
    served: bool
    """Whether this program works on that schema."""
    items: int
    unclassified: int
    sources: tuple[SourceFigures, ...]
    runs: tuple[RunFigures, ...]
    processes: tuple[heartbeats.Process, ...]
    mails: tuple[tuple[str, int], ...]
    """(state, how many) of those that are not done."""
    jobs: tuple[tuple[str, str, int], ...]
    """(state, queue, how many) of those that are not done, where there is a task queue."""

    @property
    def workers(self) -> int:
        """Processes that live and do jobs out of the task queue."""
        return sum(p.alive for p in self.processes if p.role == heartbeats.WORKER)

    @property
    def forsaken(self) -> int:
        """Jobs that wait while no worker lives."""
        return 0 if self.workers else sum(n for state, _, n in self.jobs if state == "todo")


def figures(engine: Engine, now: datetime) -> Figures:
    """The numbers as of now. Raises `StoreError` when the database cannot be used."""
    current, head = revisions(engine)
    with reading(engine) as session:
        known = frozenset(inspect(session.connection()).get_table_names())
        return Figures(
            schema=current,
            head=head,
            served=current == head or serves(engine),
            items=_items(session),
            unclassified=session.scalar(select(func.count()).select_from(Item).where(Item.model.is_(None))) or 0,
            sources=tuple(_sources(session, now)),
            runs=tuple(_runs(session, now)),
            processes=tuple(heartbeats.every(session)) if "heartbeats" in known else (),
            mails=_counted(session, known, "deliveries", "state", only=OPEN_MAILS),
            jobs=_counted(session, known, "procrastinate_jobs", "status", "queue_name", only=OPEN_JOBS),
        )


def _items(session: Session) -> int:
    if session.get_bind().dialect.name == "postgresql":
        estimate = session.scalar(text("SELECT reltuples FROM pg_class WHERE oid = 'items'::regclass")) or 0
        if estimate > COUNTED_UP_TO:
            return int(estimate)
    return session.scalar(select(func.count()).select_from(Item)) or 0


def _sources(session: Session, now: datetime) -> Iterator[SourceFigures]:
    counted = select(SourceDay.source, func.count()).where(SourceDay.stored < SourceDay.expected)
    lacking = {name: int(days) for name, days in session.execute(counted.group_by(SourceDay.source))}
    first = select(func.min(Run.started_at)).where(Run.source == Source.name).scalar_subquery()
    tried = case((Source.last_success_at.is_(None), first)).label("tried")
    for row, tried_at in session.execute(select(Source, tried).where(Source.active).order_by(Source.name)):
        since = row.last_success_at or tried_at
        yield SourceFigures(
            name=row.name,
            lag=max(0.0, (now - since).total_seconds()) if since else None,
            errors=row.error_count,
            parked=row.parked_until is not None and row.parked_until > now,
            silent=bool(row.alarm_days and row.newest_item_on and (now.date() - row.newest_item_on).days > row.alarm_days),
            incomplete_days=lacking.get(row.name, 0),
        )


def _runs(session: Session, now: datetime) -> Iterator[RunFigures]:
    """Goes through the sources, since the index of the runs begins with them."""
    brought = (func.count(), func.sum(Run.new), func.sum(Run.changed))
    recent = (Run.source == Source.name) & (Run.started_at > now - _DAY)
    statement = select(Run.source, Run.outcome, *brought).select_from(Source).join(Run, recent)
    rows = session.execute(statement.group_by(Run.source, Run.outcome).order_by(Run.source, Run.outcome))
    for source, outcome, runs, new, changed in rows:
        yield RunFigures(source, outcome or "running", runs, int(new or 0), int(changed or 0))


def _counted(session: Session, known: frozenset[str], table: str, state: str, *others: str, only: tuple[str, ...]) -> Any:
    """How many rows of a table there are of each open state; nothing where it is not there or of another shape."""
    columns = (state, *others)
    if table not in known or not set(columns) <= {c["name"] for c in inspect(session.connection()).get_columns(table)}:
        return ()
    rows = Table(table, MetaData(), *(Column(name, String) for name in columns)).c
    # Untyped words, since the queue's states are an enumeration of PostgreSQL's.
    states = ", ".join(f"'{word}'" for word in only)
    found = session.execute(select(*rows, func.count()).where(rows[state].in_(text(states))).group_by(*rows).order_by(*rows))
    return tuple((*(str(v) for v in row[:-1]), int(row[-1])) for row in found)

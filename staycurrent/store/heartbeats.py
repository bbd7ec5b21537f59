"""Which processes of this installation live: each writes a heartbeat, by the database's clock."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from staycurrent.errors import StaycurrentError
from staycurrent.store.engine import Engine, writing
from staycurrent.store.process_models import Heartbeat
from staycurrent.store.upserts import upsert

log = logging.getLogger(__name__)
SCHEDULER, WORKER = "scheduler", "worker"
EVERY = 30.0
"""Seconds between two beats. A beat is a write, after which kept answers of the HTTP API are made anew."""
LAST_WORDS = 2.0
"""Seconds that the end of a process waits for a database that may be away."""
STALE = timedelta(seconds=90)
"""A process that was silent for longer does not live, or has lost the database."""
_CLOCK = {
    "sqlite": "SELECT (julianday('now') - 2440587.5) * 86400.0",
    "postgresql": "SELECT extract(epoch from clock_timestamp())",
}


@dataclass(frozen=True, slots=True)
class Process:
    """A process, and for how many seconds it has been silent."""

    name: str
    role: str
    version: str
    started_at: datetime
    silent: float

    @property
    def alive(self) -> bool:
        return self.silent <= STALE.total_seconds()


def database_time(session: Session) -> datetime:
    """What time it is for the database."""
    seconds = session.execute(text(_CLOCK[session.get_bind().dialect.name])).scalar_one()
    return datetime.fromtimestamp(float(seconds), UTC)


def process_name(role: str) -> str:
    """The name of this process in that role."""
    return f"{socket.gethostname()}:{os.getpid()}:{role}"[-200:]


def beat(engine: Engine, role: str, version: str) -> None:
    """Say that this process lives."""
    with writing(engine) as session:
        now = database_time(session)
        row = {"name": process_name(role), "role": role, "version": version, "started_at": now, "at": now}
        upsert(session, Heartbeat, [row], index=["name"], changing=["at", "version"])


def forget(engine: Engine, role: str) -> None:
    """Say that this process ends."""
    with writing(engine) as session:
        session.execute(delete(Heartbeat).where(Heartbeat.name == process_name(role)))


def every(session: Session) -> list[Process]:
    """All processes that ever said so, the liveliest first."""
    now = database_time(session)
    rows = session.scalars(select(Heartbeat).order_by(Heartbeat.at.desc(), Heartbeat.name))
    return [Process(r.name, r.role, r.version, r.started_at, max(0.0, (now - r.at).total_seconds())) for r in rows]


def silence(session: Session, role: str) -> float | None:
    """For how many seconds no process of that role said anything; None where there never was one."""
    newest = session.scalar(select(Heartbeat.at).where(Heartbeat.role == role).order_by(Heartbeat.at.desc()).limit(1))
    return None if newest is None else max(0.0, (database_time(session) - newest).total_seconds())


def prune(session: Session, before: datetime) -> int:
    """Forget processes that have been silent since; returns how many."""
    return len(session.scalars(delete(Heartbeat).where(Heartbeat.at < before).returning(Heartbeat.name)).all())


@contextmanager
def beating(engine: Engine, role: str, version: str, *, every: float = EVERY) -> Iterator[None]:
    """Beats while the block lasts, from a thread of its own; a database that is away for a while is only logged."""
    ended = threading.Event()

    def go_on() -> None:
        while True:
            _try_to(lambda: beat(engine, role, version))
            if ended.wait(every):
                break
        _try_to(lambda: forget(engine, role))

    thread = threading.Thread(target=go_on, name=f"heartbeat-{role}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(LAST_WORDS)


def _try_to(action: Callable[[], None]) -> None:
    try:
        action()
    except StaycurrentError as error:
        log.warning("heartbeat: %s", error)

"""Scheduled work; APScheduler is known here only.

Every process may schedule: before a job works it takes the job's lock without waiting (a file lock beside SQLite, an
advisory lock on PostgreSQL), so each due job has one owner and a killed owner blocks nobody. Jobs are idempotent anyway.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from staycurrent.errors import StaycurrentError
from staycurrent.store import engine as database
from staycurrent.store.engine import Engine

log = logging.getLogger(__name__)
_GRACE_SECONDS = 3600
"""How late a job may start after a busy or sleeping spell (facts: with the default of 1 s it would be missed)."""


@dataclass(frozen=True, slots=True)
class Job:
    """Work that is done every `every`, the first time at once."""

    name: str
    every: timedelta
    work: Callable[[], None]


@contextmanager
def running(engine: Engine, jobs: Sequence[Job]) -> Iterator[None]:
    """The jobs run in background threads while the block lasts; work under way is not waited for, it may be killed."""
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(max_workers=len(jobs))},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": _GRACE_SECONDS},
    )
    for job in jobs:
        scheduler.add_job(
            _run, IntervalTrigger(seconds=job.every.total_seconds(), timezone=UTC), [engine, job],
            id=job.name, next_run_time=datetime.now(UTC),
        )  # fmt: skip
    scheduler.start()
    try:
        yield
    finally:
        scheduler.shutdown(wait=False)


def _run(engine: Engine, job: Job) -> None:
    """One run of a job, unless another process is at it. What is expected to fail is a log line, not the scheduler's end."""
    number = zlib.crc32(f"staycurrent.job.{job.name}".encode())
    try:
        with database.try_lock(engine, f"job-{job.name}", number) as owned:
            if owned:
                job.work()
    except StaycurrentError as error:
        log.warning("job %s: %s", job.name, error)

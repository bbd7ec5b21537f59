"""The queue of an installation, for PostgreSQL: Procrastinate's tables hold the tasks, any number of workers do them."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from procrastinate import SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from psycopg import Connection
from psycopg.errors import UniqueViolation
from psycopg.rows import dict_row

from staycurrent.queue import statements
from staycurrent.queue.connecting import connection
from staycurrent.queue.crew import Crew
from staycurrent.queue.performing import perform, reason
from staycurrent.queue.types import (
    DEAD_DAYS,
    DEAD_REST,
    DONE_DAYS,
    USUAL,
    Busy,
    Kind,
    Lane,
    Queued,
    Status,
    Task,
    Timing,
    by_name,
)
from staycurrent.store import engine as database
from staycurrent.store.engine import Engine

_PUT_LOCK = zlib.crc32(b"staycurrent.queue.put")
_RESCUE_LOCK = zlib.crc32(b"staycurrent.queue.rescue")
_STATUS = {
    "todo": Status.WAITING,
    "doing": Status.RUNNING,
    "succeeded": Status.DONE,
    "cancelled": Status.DONE,
    "failed": Status.DEAD,
    "aborted": Status.DEAD,
}
_DIED = "its worker died or lost the database"


class SharedQueue:
    """See `Queue`."""

    def __init__(self, engine: Engine, kinds: Iterable[Kind], timing: Timing = USUAL) -> None:
        self.engine, self.kinds, self.timing = engine, by_name(kinds), timing
        # It is never opened: what it is asked goes over the connection that is given along.
        self._manager = JobManager(SyncPsycopgConnector())

    def put(self, tasks: Iterable[Task]) -> int:
        """See `Queue`. Schedulers put one after the other, so that a task is never there both waiting and running."""
        wanted = {task.key: task for task in tasks}
        if not wanted:
            return 0
        with connection(self.engine) as c:
            c.execute("SELECT pg_advisory_xact_lock(%s)", [_PUT_LOCK])
            held = self._held(c, wanted.values())
            return sum(self._defer(c, task) for key, task in wanted.items() if key not in held)

    def _held(self, c: Connection[Any], tasks: Iterable[Task]) -> set[str]:
        rests = [(task.key, self.kinds[task.kind].rest.total_seconds()) for task in tasks]
        values = {"keys": [key for key, _ in rests], "rests": [rest for _, rest in rests]}
        rows = c.execute(statements.HELD, values | {"dead": DEAD_REST.total_seconds()}).fetchall()
        return {row[0] for row in rows}

    def _defer(self, c: Connection[Any], task: Task) -> bool:
        kind = self.kinds[task.kind]
        job = Job(
            queue=kind.queue,
            priority=kind.priority,
            lock=task.alone,
            queueing_lock=task.key,
            task_name=kind.name,
            task_kwargs=dict(task.arguments),
        )
        try:
            with c.transaction():
                self._manager.defer_job(job, connection=c)
        except AlreadyEnqueued:
            return False
        return True

    @contextmanager
    def working(self, lanes: Sequence[Lane], *, grace: float) -> Iterator[None]:
        """See `Queue`."""
        crew = Crew(self, lanes, grace=grace)
        crew.start()
        try:
            yield
        finally:
            crew.stop()

    def perform(self, task: Task) -> None:
        """One try, under a lock that dies with this process; `Busy` where a worker that counted as dead is still at it."""
        number = zlib.crc32(f"staycurrent.task.{task.alone}".encode())
        with database.try_lock(self.engine, task.alone, number) as owned:
            if not owned:
                raise Busy(f"{task.key} is still under way elsewhere")
            perform(self, self.kinds, task)

    def failed(self, job: int, error: BaseException) -> tuple[int, datetime]:
        """Note a failed try; returns how many there were, and what time it is for the database."""
        with connection(self.engine) as c:
            return _note_failure(c, job, reason(error))

    def rescue(self) -> int:
        """See `Queue`. One process at a time, so that no task is given away twice."""
        with connection(self.engine) as c:
            owned = c.execute("SELECT pg_try_advisory_xact_lock(%s)", [_RESCUE_LOCK]).fetchone()
            if not owned or not owned[0]:
                return 0
            lost = c.execute(statements.STALLED, {"silent": self.timing.stalled}).fetchall()
            for job, name in lost:
                self._give_back(c, job, name)
            return len(lost)

    def beat(self, workers: Sequence[int]) -> None:
        """A sign of life of this process' workers. Procrastinate's own one may end unnoticed (3.10, `_monitor_side_tasks`)."""
        with connection(self.engine) as c:
            for worker in workers:
                c.execute("SELECT procrastinate_update_heartbeat_v1(%s)", [worker])

    def begun(self, workers: Sequence[int]) -> set[int]:
        """The ids of tasks that these workers have taken and not ended, as the database has it."""
        with connection(self.engine) as c:
            return {row[0] for row in c.execute(statements.BEGUN, [list(workers)]).fetchall()}

    def give_back(self, jobs: Iterable[int]) -> None:
        """Tasks that were taken, but whose answer got lost on the way to their worker."""
        with connection(self.engine) as c:
            for job in jobs:
                self._retry(c, job)

    def _give_back(self, c: Connection[Any], job: int, name: str) -> None:
        failures, _ = _note_failure(c, job, _DIED)
        kind = self.kinds.get(name)
        if kind and kind.retry.after(failures) is None:
            c.execute("SELECT procrastinate_finish_job_v1(%s, 'failed', false)", [job])
        else:
            self._retry(c, job)

    def _retry(self, c: Connection[Any], job: int) -> None:
        try:
            with c.transaction():
                c.execute(statements.RETRY, [job])
        except UniqueViolation:  # an equal one waits already
            c.execute("SELECT procrastinate_finish_job_v1(%s, 'succeeded', true)", [job])

    def listed(self, status: Status | None = None, *, limit: int = 1000) -> list[Queued]:
        """See `Queue`."""
        wanted = [name for name, known in _STATUS.items() if status in (None, known)]
        with connection(self.engine) as c, c.cursor(row_factory=dict_row) as cursor:
            return [_queued(row) for row in cursor.execute(statements.LISTED, {"statuses": wanted, "limit": limit})]

    def requeue(self, ids: Iterable[int]) -> int:
        """See `Queue`."""
        with connection(self.engine) as c:
            c.execute("SELECT pg_advisory_xact_lock(%s)", [_PUT_LOCK])
            wanted = {"ids": list(ids)}
            keys = [row[0] for row in c.execute(statements.DEAD_KEYS, wanted).fetchall()]
            fresh = len(c.execute(statements.REQUEUE, wanted).fetchall())
            c.execute(statements.SETTLE, {"keys": keys})
            return fresh

    def discard(self, ids: Iterable[int]) -> int:
        """See `Queue`."""
        with connection(self.engine) as c:
            return len(c.execute(statements.DISCARD, {"ids": list(ids)}).fetchall())

    def prune(self) -> None:
        """See `Queue`."""
        with connection(self.engine) as c:
            c.execute(statements.PRUNE, {"done": DONE_DAYS, "dead": DEAD_DAYS})


def _note_failure(c: Connection[Any], job: int, error: str) -> tuple[int, datetime]:
    row = c.execute(statements.NOTE_FAILURE, [job, error]).fetchone()
    assert row
    return int(row[0]), row[1]


def _queued(row: dict[str, Any]) -> Queued:
    task = Task(row["task_name"], row["queueing_lock"] or "", row["args"], row["lock"] or "")
    return Queued(row["id"], task, _STATUS[row["status"]], row["failures"], row["at"], row["error"])

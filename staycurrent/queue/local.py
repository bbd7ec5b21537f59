"""The queue of one process, for SQLite: tasks wait in memory, and threads do them.

Nothing is lost when the process ends, since what is due is asked of the database: the next start finds it again. Of
several processes on one database the first one works; the others wait until its lock is free.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from staycurrent.errors import StaycurrentError
from staycurrent.queue.performing import perform, reason, wait_after
from staycurrent.queue.types import (
    DEAD_DAYS,
    DEAD_REST,
    DONE_DAYS,
    Kind,
    Lane,
    Queued,
    Status,
    Task,
    by_name,
)
from staycurrent.store import engine as database
from staycurrent.store.engine import Engine

log = logging.getLogger(__name__)
_LOCK = zlib.crc32(b"staycurrent.jobs")
STANDBY_SECONDS = 5.0
"""How often a process whose turn it is not looks whether the one at work has gone."""
_DAY = 86_400.0


@dataclass
class _Entry:
    id: int
    task: Task
    status: Status = Status.WAITING
    since: float = 0.0
    """Monotonic seconds: when it may begin, or since when it stands so."""
    failures: int = 0
    error: str | None = None


class LocalQueue:
    """See `Queue`. `monotonic` is for tests; it is not the wall clock, so that a clock that jumps changes nothing."""

    def __init__(self, engine: Engine, kinds: Iterable[Kind], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._engine, self._kinds, self._now = engine, by_name(kinds), monotonic
        self._changed = threading.Condition()
        self._entries: dict[str, _Entry] = {}  # by key: what ended makes room for the next of its key
        self._numbers = itertools.count(1)

    def put(self, tasks: Iterable[Task]) -> int:
        """See `Queue`."""
        wanted = list(tasks)  # asks the database, so not under the lock
        with self._changed:
            fresh = 0
            for task in wanted:
                known = self._entries.get(task.key)
                if known is None or not self._holds(known):
                    self._entries[task.key] = _Entry(next(self._numbers), task, since=self._now())
                    fresh += 1
            self._changed.notify_all()
            return fresh

    def _holds(self, entry: _Entry) -> bool:
        age = self._now() - entry.since
        match entry.status:
            case Status.DONE:
                return age < self._kinds[entry.task.kind].rest.total_seconds()
            case Status.DEAD:
                return age < DEAD_REST.total_seconds()
            case _:
                return True

    @contextmanager
    def working(self, lanes: Sequence[Lane], *, grace: float) -> Iterator[None]:
        """See `Queue`."""
        stop = threading.Event()
        slots = [lane for lane in lanes for _ in range(lane.slots)]
        workers = [threading.Thread(target=self._work, args=(lane, stop), name="job", daemon=True) for lane in slots]
        keeper = threading.Thread(target=self._keep, args=(workers, stop), name="jobs", daemon=True)
        keeper.start()
        try:
            yield
        finally:
            stop.set()
            with self._changed:
                self._changed.notify_all()
            keeper.join(grace)

    def _keep(self, workers: Sequence[threading.Thread], stop: threading.Event) -> None:
        """Starts the workers once this process has the lock, and holds it until they are through."""
        while not stop.is_set():
            try:
                with database.try_lock(self._engine, "jobs", _LOCK) as owned:
                    if owned:
                        for worker in workers:
                            worker.start()
                        for worker in workers:
                            worker.join()
                        return
            except StaycurrentError as error:
                log.warning("jobs: %s", error)
            stop.wait(STANDBY_SECONDS)

    def _work(self, lane: Lane, stop: threading.Event) -> None:
        while (entry := self._next(lane, stop)) is not None:
            try:
                perform(self, self._kinds, entry.task)
            except Exception as error:  # noqa: BLE001 (a bug in one task must not end all others)
                self._failed(entry, error)
            else:
                self._stands(entry, Status.DONE)

    def _next(self, lane: Lane, stop: threading.Event) -> _Entry | None:
        with self._changed:
            while not stop.is_set():
                found, wait = self._choose(lane)
                if found:
                    found.status, found.since = Status.RUNNING, self._now()
                    return found
                self._changed.wait(wait)
        return None

    def _choose(self, lane: Lane) -> tuple[_Entry | None, float | None]:
        """The task to do now, or after how many seconds one may be ready."""
        taken = {e.task.alone for e in self._entries.values() if e.status is Status.RUNNING}
        waiting = [e for e in self._entries.values() if e.status is Status.WAITING and self._is_for(e, lane)]
        ready = [e for e in waiting if e.since <= self._now() and e.task.alone not in taken]
        if ready:
            return min(ready, key=self._order), None
        return None, min((max(0.01, e.since - self._now()) for e in waiting if e.task.alone not in taken), default=None)

    def _is_for(self, entry: _Entry, lane: Lane) -> bool:
        return self._kinds[entry.task.kind].queue in lane.queues

    def _order(self, entry: _Entry) -> tuple[int, int]:
        return -self._kinds[entry.task.kind].priority, entry.id

    def _failed(self, entry: _Entry, error: Exception) -> None:
        wait = wait_after(self._kinds[entry.task.kind], entry.task, entry.failures + 1, error)
        entry.failures, entry.error = entry.failures + 1, reason(error)
        if wait is None:
            self._stands(entry, Status.DEAD)
        else:
            self._stands(entry, Status.WAITING, wait)

    def _stands(self, entry: _Entry, status: Status, wait: timedelta = timedelta()) -> None:
        with self._changed:
            entry.status, entry.since = status, self._now() + wait.total_seconds()
            self._changed.notify_all()

    def rescue(self) -> int:
        """Nothing: a worker here is a thread, and dies with its process."""
        return 0

    def listed(self, status: Status | None = None, *, limit: int = 1000) -> list[Queued]:
        """See `Queue`."""
        with self._changed:
            found = [e for e in self._entries.values() if status in (None, e.status)]
            found.sort(key=lambda e: (list(Status).index(e.status) if e.status is not Status.RUNNING else -1, self._order(e)))
            return [self._shown(e) for e in found[:limit]]

    def _shown(self, entry: _Entry) -> Queued:
        distance = entry.since - self._now()
        at_once = entry.status is Status.WAITING and distance <= 0
        at = None if at_once else datetime.now(UTC) + timedelta(seconds=distance)
        return Queued(entry.id, entry.task, entry.status, entry.failures, at, entry.error)

    def requeue(self, ids: Iterable[int]) -> int:
        """See `Queue`."""
        with self._changed:
            wanted = set(ids)
            dead = [e for e in self._entries.values() if e.id in wanted and e.status is Status.DEAD]
            for entry in dead:
                entry.status, entry.since, entry.failures = Status.WAITING, self._now(), 0
            self._changed.notify_all()
            return len(dead)

    def discard(self, ids: Iterable[int]) -> int:
        """See `Queue`."""
        with self._changed:
            wanted = set(ids)
            dead = [k for k, e in self._entries.items() if e.id in wanted and e.status is Status.DEAD]
            for key in dead:
                del self._entries[key]
            return len(dead)

    def prune(self) -> None:
        """See `Queue`."""
        longest = {Status.DONE: DONE_DAYS * _DAY, Status.DEAD: DEAD_DAYS * _DAY}
        with self._changed:
            old = [k for k, e in self._entries.items() if self._now() - e.since > longest.get(e.status, float("inf"))]
            for key in old:
                del self._entries[key]

"""The workers of one process on PostgreSQL: Procrastinate's, one a lane, in a thread with an event loop of its own.

A second thread looks after them, so that a busy loop does not make them seem dead. Whatever ends them but `stop`, they
begin anew.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from procrastinate import App, BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.jobs import Job
from procrastinate.worker import Worker

from staycurrent.errors import StaycurrentError
from staycurrent.queue.connecting import PatientConnector, connector
from staycurrent.queue.performing import BUSY_WAIT, wait_after
from staycurrent.queue.types import Busy, Kind, Lane, Task

if TYPE_CHECKING:
    from staycurrent.queue.shared import SharedQueue

log = logging.getLogger(__name__)
_PAUSE = 2.0
"""Seconds before workers that ended begin anew."""


class Again(Exception):
    """The try failed; the next one is not before `at`."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.at = at


class Dead(Exception):
    """The last try failed."""


class _Retries(BaseRetryStrategy):
    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, Again):
            return RetryDecision(retry_at=exception.at)
        if isinstance(exception, asyncio.CancelledError):  # this process ends: another one takes it
            return RetryDecision()
        return None


class Crew:
    """Started once, stopped once."""

    def __init__(self, queue: SharedQueue, lanes: Sequence[Lane], *, grace: float) -> None:
        self._queue, self._lanes, self._grace = queue, lanes, grace
        self._slots = sum(lane.slots for lane in lanes)
        self._threads = ThreadPoolExecutor(self._slots + 2, thread_name_prefix="job")
        self._stopping = threading.Event()
        self._connector: PatientConnector | None = None
        self._workers: list[Worker] = []
        self._running: set[int] = set()
        self._loop_thread = threading.Thread(target=self._supervise, name="workers", daemon=True)
        self._minder = threading.Thread(target=self._mind, name="worker-heartbeat", daemon=True)
        for library in ("procrastinate", "psycopg.pool"):  # what matters of theirs is told here, once
            logging.getLogger(library).setLevel(logging.CRITICAL)

    def start(self) -> None:
        self._loop_thread.start()
        self._minder.start()

    def stop(self) -> None:
        """Those under way may go on for the grace; then they are given back, and their threads end with the process."""
        self._stopping.set()
        if self._connector:
            self._connector.patience = 0
        self._loop_thread.join(self._grace + 2)
        self._minder.join(1)
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _supervise(self) -> None:
        while not self._stopping.is_set():
            try:
                asyncio.run(self._work())
            except Exception as error:  # noqa: BLE001 (whatever it was, work goes on)
                if not self._stopping.is_set():
                    said = str(error.__cause__ or error).strip().splitlines() or [type(error).__name__]
                    log.warning("worker: %s; it begins anew in %.0f s", said[0], _PAUSE)
            self._stopping.wait(_PAUSE)

    async def _work(self) -> None:
        self._connector = connector(self._queue.engine, size=self._slots + 2)
        app = self._app(self._connector)
        async with app.open_async():
            self._workers = [self._worker(app, lane) for lane in self._lanes]
            tasks = [asyncio.create_task(_running(worker)) for worker in self._workers]
            ended = set[asyncio.Task[None]]()
            while not ended and not self._stopping.is_set():
                ended, _ = await asyncio.wait(tasks, timeout=0.2, return_when=asyncio.FIRST_COMPLETED)
            if self._running and self._stopping.is_set():
                log.info("stopping; %d jobs under way", len(self._running))
            while pending := [task for task in tasks if not task.done()]:
                for worker in self._workers:
                    # One that has not begun yet forgets it, so it is told again.
                    worker.stop()  # type: ignore[no-untyped-call]
                await asyncio.wait(pending, timeout=0.2)
            self._workers = []
            for task in tasks:
                task.result()

    def _worker(self, app: App, lane: Lane) -> Worker:
        timing = self._queue.timing
        return Worker(
            app,
            queues=sorted(lane.queues),
            concurrency=lane.slots,
            fetch_job_polling_interval=timing.poll,
            abort_job_polling_interval=60.0,
            shutdown_graceful_timeout=self._grace,
            install_signal_handlers=False,
            update_heartbeat_interval=timing.beat,
            stalled_worker_timeout=timing.stalled,
        )

    def _app(self, opened: PatientConnector) -> App:
        app = App(connector=opened)
        for kind in self._queue.kinds.values():
            app.task(name=kind.name, queue=kind.queue, pass_context=True, retry=_Retries())(self._doing(kind))
        return app

    def _doing(self, kind: Kind) -> Any:
        async def do(context: JobContext, **arguments: str | int) -> None:
            job = context.job
            assert job.id is not None
            task = Task(kind.name, job.queueing_lock or kind.name, arguments, job.lock or "")
            self._running.add(job.id)
            try:
                await asyncio.wrap_future(self._threads.submit(self._queue.perform, task))
            except asyncio.CancelledError:
                log.info("job %s is given back", task.key)
                raise
            except Exception as error:  # noqa: BLE001 (every failure is noted and may be tried again)
                raise await asyncio.wrap_future(self._threads.submit(self._after, kind, task, job.id, error)) from None
            finally:
                self._running.discard(job.id)

        return do

    def _after(self, kind: Kind, task: Task, job: int, error: Exception) -> Exception:
        """What becomes of a failed try. Where the database cannot be asked, it is tried again."""
        if isinstance(error, Busy):
            return Again(datetime.now(UTC) + BUSY_WAIT)
        try:
            failures, now = self._queue.failed(job, error)
        except StaycurrentError:
            failures, now = 1, datetime.now(UTC)
        wait = wait_after(kind, task, failures, error)
        return Again(now + wait) if wait else Dead()

    def _mind(self) -> None:
        suspect: set[int] = set()
        while not self._stopping.is_set() or self._loop_thread.is_alive():
            try:
                suspect = self._look_after(suspect)
            except StaycurrentError as error:
                log.warning("worker: %s", error)
            if self._stopping.wait(self._queue.timing.beat):
                self._loop_thread.join(1)

    def _look_after(self, suspect: set[int]) -> set[int]:
        """Signs of life, rescue of others, and of tasks that were taken while the connection broke: missing twice in a row."""
        mine = [worker.worker_id for worker in self._workers if worker.worker_id is not None]
        if mine:
            self._queue.beat(mine)
        lost = self._queue.rescue()
        if lost:
            log.warning("%d jobs of workers that died are given to others", lost)
        unknown = self._queue.begun(mine) - self._running if mine else set[int]()
        self._queue.give_back(unknown & suspect)
        return unknown - suspect


async def _running(worker: Worker) -> None:
    await worker.run()  # type: ignore[no-untyped-call]

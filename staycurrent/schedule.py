"""When to ask what is due; APScheduler is known here only.

Every scheduler asks and puts what is due into the queue, which takes each task once: any number may run, and one that is
killed is missed by nobody.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from staycurrent.errors import StaycurrentError
from staycurrent.queue.types import Kind, Queue

log = logging.getLogger(__name__)
_GRACE_SECONDS = 3600
"""How late a question may be asked after a busy or sleeping spell (facts: with the default of 1 s it would be missed)."""
_PRUNE = timedelta(hours=6)
_WATCH_SECONDS = 5.0
_JUMP_SECONDS = 30.0
WallClock = Callable[[], datetime]


def _utc() -> datetime:
    return datetime.now(UTC)


@contextmanager
def running(queue: Queue, kinds: Iterable[Kind], *, rescue: timedelta, wall: WallClock = _utc) -> Iterator[None]:
    """Ask at once and then as often as each kind says, while the block lasts."""
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(max_workers=4)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": _GRACE_SECONDS},
    )
    for kind in kinds:
        _add(scheduler, kind.name, kind.every, _asking(queue, kind))
    _add(scheduler, "queue-rescue", rescue, _rescuing(queue))
    _add(scheduler, "queue-prune", _PRUNE, queue.prune)
    stop = threading.Event()
    watch = threading.Thread(target=_watch, args=(scheduler, stop, wall), name="clock-watch", daemon=True)
    scheduler.start()
    watch.start()
    try:
        yield
    finally:
        stop.set()
        scheduler.shutdown(wait=False)


def _add(scheduler: BackgroundScheduler, name: str, every: timedelta, ask: Callable[[], None]) -> None:
    trigger = IntervalTrigger(seconds=every.total_seconds(), timezone=UTC)
    scheduler.add_job(_logged, trigger, [name, ask], id=name, next_run_time=datetime.now(UTC))


def _asking(queue: Queue, kind: Kind) -> Callable[[], None]:
    def ask() -> None:
        fresh = queue.put(kind.due())
        if fresh:
            log.debug("%s: %d due", kind.name, fresh)

    return ask


def _rescuing(queue: Queue) -> Callable[[], None]:
    def look() -> None:
        lost = queue.rescue()
        if lost:
            log.warning("%d jobs of workers that died are given to others", lost)

    return look


def _logged(name: str, ask: Callable[[], None]) -> None:
    """What is expected to fail is a log line; the next question comes as if nothing had been."""
    try:
        ask()
    except StaycurrentError as error:
        log.warning("scheduler: %s: %s", name, error)


def _watch(scheduler: BackgroundScheduler, stop: threading.Event, wall: WallClock) -> None:
    """Ask everything anew after the wall clock jumped: APScheduler would wait until it is as late again as it was."""
    before = wall(), time.monotonic()
    while not stop.wait(_WATCH_SECONDS):
        now = wall(), time.monotonic()
        jump = jumped(before, now)
        if abs(jump) > _JUMP_SECONDS:
            log.warning("the clock jumped by %+.0f s; everything is asked anew", jump)
            for job in scheduler.get_jobs():
                job.modify(next_run_time=datetime.now(UTC))
        before = now


def jumped(before: tuple[datetime, float], now: tuple[datetime, float]) -> float:
    """By how many seconds the wall clock went further than time did (monotonic seconds)."""
    return (now[0] - before[0]).total_seconds() - (now[1] - before[1])

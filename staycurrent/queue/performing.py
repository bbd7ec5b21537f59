"""One try of one task, the same for every queue: its log lines, what is due after it, and what a failure means."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta

from staycurrent import logs
from staycurrent.errors import StaycurrentError
from staycurrent.queue.types import Busy, Kind, Queue, Task, followers

log = logging.getLogger(__name__)
BUSY_WAIT = timedelta(seconds=10)


def perform(queue: Queue, kinds: Mapping[str, Kind], task: Task) -> None:
    """Do it, and put in what is due after it. Raises what the work raises."""
    kind = kinds[task.kind]
    with logs.bound(job=task.key, job_run=logs.new_id()):
        kind.work(task.arguments)
        queue.put(followers(kinds, kind))


def wait_after(kind: Kind, task: Task, failures: int, error: BaseException) -> timedelta | None:
    """How long to wait before the next try, None where there is none; says so in the log. `failures` counts this one."""
    if isinstance(error, Busy):
        return BUSY_WAIT
    wait = kind.retry.after(failures)
    what = f"again in {wait.total_seconds():.0f} s" if wait else "dead; see: staycurrent queue"
    said = reason(error)
    # What is expected to fail is one line, a bug is shown in full.
    trace = None if isinstance(error, StaycurrentError) else error
    log.log(
        logging.WARNING if wait else logging.ERROR,
        "job %s: %s (try %d of %d, %s)", task.key, said, failures, kind.retry.tries, what,
        exc_info=trace,
    )  # fmt: skip
    return wait


def reason(error: BaseException) -> str:
    """One line that says what went wrong."""
    said = " ".join(str(error).split())[:500]
    return said if isinstance(error, StaycurrentError) else f"{type(error).__name__}: {said}".rstrip(": ")

"""`scheduler`, `worker` and `queue`: the parts of `up` that are not the dashboard."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Annotated, Any, Optional

import typer

from staycurrent import __version__
from staycurrent.cli import jobs, output
from staycurrent.cli.context import App, lab_feeds, open_app
from staycurrent.errors import UsageError
from staycurrent.queue.types import Queue, Queued, Status
from staycurrent.store import heartbeats

log = logging.getLogger("staycurrent")
COLLECTING, OTHERS = 6, 2
"""Jobs at once of a process that does all by itself: six sources side by side, as `collect` has it."""
GRACE_SECONDS = 6.0
"""How long jobs under way may go on after SIGTERM; with what follows, a stop takes less than ten seconds."""
QUICK_SECONDS = 1.0
"""The same beside SQLite, where nobody else waits for them: cut off, they are done by the next start."""
app = typer.Typer(no_args_is_help=True, help="Jobs that wait, run, were done or died, where PostgreSQL holds them.")


def scheduler() -> None:
    """Ask what is due and put it into the queue; any number may run. With SQLite it does the work too."""
    opened = open_app()
    lab_feeds(opened)  # a file that is wrong ends it here, not every minute in a job
    queue = jobs.open_queue(opened)
    with _stopped() as stop, jobs.scheduling(opened, queue), _alone(opened, queue):
        output.announce("scheduler: at work (stop with Ctrl-C)", opened.settings.log_format)
        stop.wait()


def worker(
    queues: Annotated[Optional[str], typer.Option(help="Only these queues, comma-separated; all by default")] = None,  # noqa: UP045
    concurrency: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, max=64, help="Jobs at once: so many sources, and so many others; WORKER_JOBS by default"),
    ] = None,
) -> None:
    """Do jobs out of the queue; any number may run, on any number of machines."""
    names = [name.strip() for name in (queues or "").split(",") if name.strip()]
    opened = open_app()
    _refuse_sqlite(opened, "worker", "`staycurrent up` or `staycurrent scheduler` does the jobs")
    slots = concurrency or opened.settings.worker_jobs
    lanes = jobs.lanes(names, slots, slots)
    _refuse_small_pool(opened, sum(lane.slots for lane in lanes))
    lab_feeds(opened)
    queue = jobs.open_queue(opened)
    beating = heartbeats.beating(opened.engine, heartbeats.WORKER, __version__)
    with _stopped() as stop, beating, queue.working(lanes, grace=GRACE_SECONDS):
        names = sorted(set().union(*(lane.queues for lane in lanes)))
        output.announce(f"worker: at work on {', '.join(names)} (stop with Ctrl-C)", opened.settings.log_format)
        stop.wait()


@contextmanager
def everything(opened: App) -> Iterator[None]:
    """Scheduler and worker in this process, by the same path, while the block lasts."""
    queue = jobs.open_queue(opened)
    local = opened.engine.dialect.name == "sqlite"
    # With a shared queue others ask whether anybody does the jobs.
    alive = nullcontext() if local else heartbeats.beating(opened.engine, heartbeats.WORKER, __version__)
    grace = QUICK_SECONDS if local else GRACE_SECONDS / 2
    with jobs.scheduling(opened, queue), alive, queue.working(jobs.lanes((), COLLECTING, OTHERS), grace=grace):
        yield


@contextmanager
def _alone(opened: App, queue: Queue) -> Iterator[None]:
    """Beside SQLite nobody else would do the jobs."""
    local = opened.engine.dialect.name == "sqlite"
    with queue.working(jobs.lanes((), COLLECTING, OTHERS), grace=QUICK_SECONDS) if local else nullcontext():
        yield


@contextmanager
def _stopped() -> Iterator[threading.Event]:
    """Set by SIGTERM and SIGINT."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _refuse_sqlite(opened: App, command: str, instead: str) -> None:
    if opened.engine.dialect.name == "sqlite":
        raise UsageError(f"{command}: with SQLite {instead}; this needs PostgreSQL in DATABASE_URL")


def _refuse_small_pool(opened: App, slots: int) -> None:
    """A job holds its lock, its work and perhaps the turn at arXiv on connections of their own."""
    needed = 3 * slots + 4
    if needed > opened.settings.database_pool:
        raise UsageError(f"{slots} jobs at once need up to {needed} connections; raise DATABASE_POOL or lower --concurrency")


def _open_queue() -> Queue:
    opened = open_app()
    _refuse_sqlite(opened, "queue", "jobs wait in the memory of `staycurrent up` and come again by themselves")
    return jobs.open_queue(opened)


@app.command("list")
def list_jobs(
    status: Annotated[Optional[Status], typer.Option(help="Only those that stand so")] = None,  # noqa: UP045
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most")] = 200,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document")] = False,
) -> None:
    """Jobs in the order in which they are done; those that ended stand last."""
    _show(_open_queue().listed(status, limit=limit), json=json)


@app.command("dead")
def dead_jobs(json: Annotated[bool, typer.Option("--json", help="Print one JSON document")] = False) -> None:
    """Jobs that failed too often, and why."""
    _show(_open_queue().listed(Status.DEAD), json=json)


_Ids = Annotated[Optional[list[int]], typer.Argument(metavar="[ID]...", help="Dead jobs, as `queue dead` shows them")]  # noqa: UP045
_Everyone = Annotated[bool, typer.Option("--all", help="All dead jobs")]


@app.command("requeue")
def requeue(ids: _Ids = None, everyone: _Everyone = False) -> None:
    """Let dead jobs be done again."""
    queue, wanted = _dead(ids, everyone=everyone)
    output.say(f"{queue.requeue(wanted):,} jobs wait again")


@app.command("discard")
def discard(ids: _Ids = None, everyone: _Everyone = False) -> None:
    """Forget dead jobs; what is still due is put in anew."""
    queue, wanted = _dead(ids, everyone=everyone)
    output.say(f"{queue.discard(wanted):,} jobs are forgotten")


def _dead(ids: list[int] | None, *, everyone: bool) -> tuple[Queue, list[int]]:
    """The queue, and the jobs that are meant."""
    if bool(ids) == everyone:
        raise UsageError("name the jobs, or --all")
    queue = _open_queue()
    return queue, [q.id for q in queue.listed(Status.DEAD, limit=100_000)] if everyone else ids or []


def _show(found: list[Queued], *, json: bool) -> None:
    if json:
        output.print_json({"jobs": [_json(q) for q in found]})
        return
    table = output.table("id", "job", "status", "tries", "at", "error")
    for q in found:
        table.add_row(str(q.id), q.task.key, q.status.value, str(q.tries), output.moment(q.at) or "", q.error or "")
    output.out.print(table)


def _json(queued: Queued) -> dict[str, Any]:
    return {
        "id": queued.id,
        "kind": queued.task.kind,
        "job": queued.task.key,
        "arguments": dict(queued.task.arguments),
        "status": queued.status.value,
        "tries": queued.tries,
        "at": queued.at.isoformat() if queued.at else None,
        "error": queued.error,
    }

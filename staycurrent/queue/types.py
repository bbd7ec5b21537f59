"""What a queue holds: kinds of work, tasks of a kind, and what became of them. The same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeAlias

from staycurrent.errors import StaycurrentError

Arguments: TypeAlias = Mapping[str, str | int]


class Busy(StaycurrentError):
    """Another process is at the same work; the task waits without that being a failure."""


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work that is due. As long as a task of this key waits or runs, no second one is put into the queue."""

    kind: str
    key: str
    arguments: Arguments = field(default_factory=dict)
    lock: str = ""
    """Of the tasks with one lock, one runs at a time over the whole installation; by default the key."""

    @property
    def alone(self) -> str:
        return self.lock or self.key


@dataclass(frozen=True, slots=True)
class Retry:
    """How often work is tried before it counts as dead, and the wait before the second try, doubled each time."""

    tries: int = 5
    wait: timedelta = timedelta(seconds=15)
    longest: timedelta = timedelta(minutes=15)

    def after(self, failures: int) -> timedelta | None:
        """The wait after so many failures, None where it is dead."""
        if failures >= self.tries:
            return None
        return min(self.wait * (1 << min(failures - 1, 20)), self.longest)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of work: when to ask what is due of it, and how it is done.

    `due` asks the database and loads nothing; `work` may run twice for one task (a worker may die after the work), and
    finds nothing to do the second time.
    """

    name: str
    queue: str
    every: timedelta
    due: Callable[[], Iterable[Task]]
    work: Callable[[Arguments], None]
    priority: int = 0
    retry: Retry = Retry()
    rest: timedelta = timedelta()
    """How long a task of the same key is not due again after it was done."""
    then: tuple[str, ...] = ()
    """Kinds of which it is asked what is due as soon as a task of this one is done."""


DEAD_REST = timedelta(hours=1)
"""How long a task is not put in again after it died, so that what always fails does not fail all day."""


@dataclass(frozen=True, slots=True)
class Lane:
    """So many tasks of these queues at once. Slow sources have a lane of their own, so that nothing waits behind them."""

    queues: frozenset[str]
    slots: int


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds."""

    beat: float = 10.0
    """Between two signs of life of a worker."""
    poll: float = 5.0
    """Between two looks for tasks; new ones are announced besides."""

    @property
    def stalled(self) -> float:
        """After such a silence a worker counts as dead, and its tasks go to others."""
        return 3 * self.beat


USUAL = Timing()


class Status(StrEnum):
    """Where a task stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Queued:
    """A task in the queue."""

    id: int
    task: Task
    status: Status
    tries: int
    """How often it was begun and not finished."""
    at: datetime | None
    """Waiting: not before this moment, None for at once. Else since when it stands so."""
    error: str | None = None


class Queue(Protocol):
    """Holds tasks and does them. `tests/queue/test_queue.py` holds every implementation to this."""

    def put(self, tasks: Iterable[Task]) -> int:
        """Put in what neither waits nor runs nor rests; returns how many that were. Safe from any number of processes."""

    def working(self, lanes: Sequence[Lane], *, grace: float) -> AbstractContextManager[None]:
        """Tasks are done in the background while the block lasts.

        At its end those under way may go on for `grace` seconds; then they are given back and done by another process,
        or by the next start.
        """

    def rescue(self) -> int:
        """Give the tasks of workers that died to others; returns how many."""

    def listed(self, status: Status | None = None, *, limit: int = 1000) -> list[Queued]:
        """The tasks of that status, or all, in the order in which they are done; those that ended stand last."""

    def requeue(self, ids: Iterable[int]) -> int:
        """Let dead tasks be done again, with all their tries; returns how many that were.

        Of those with one key one is enough: the others are forgotten, since their work is on its way.
        """

    def discard(self, ids: Iterable[int]) -> int:
        """Forget dead tasks; returns how many that were. What is still due is put in anew."""

    def prune(self) -> None:
        """Forget what was done a week ago and what died a month ago."""


DONE_DAYS, DEAD_DAYS = 7, 30


def by_name(kinds: Iterable[Kind]) -> dict[str, Kind]:
    return {kind.name: kind for kind in kinds}


def followers(kinds: Mapping[str, Kind], kind: Kind) -> Iterator[Task]:
    """What is due after a task of this kind was done."""
    for name in kind.then:
        if name in kinds:
            yield from kinds[name].due()

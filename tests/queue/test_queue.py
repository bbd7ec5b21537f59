"""What every queue promises: the one in the memory of a process and the one in PostgreSQL."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event
from typing import Any

import pytest

from staycurrent.errors import StoreError
from staycurrent.queue.types import Arguments, Lane, Queue, Retry, Status, Task
from tests.queue.conftest import MakeQueue, kind
from tests.waiting import until

SOON = 20
ONE = (Lane(frozenset({"short"}), 1),)
TWO = (Lane(frozenset({"short"}), 2),)
QUICKLY = Retry(tries=2, wait=timedelta(seconds=0.05))


def task(key: str, name: str = "note", lock: str = "", **arguments: Any) -> Task:
    return Task(name, key, arguments, lock)


class Notes(list[Arguments]):
    """Work that only remembers."""

    def __call__(self, arguments: Arguments) -> None:
        self.append(dict(arguments))


@contextmanager
def working(queue: Queue, lanes: tuple[Lane, ...] = ONE, grace: float = 2) -> Iterator[None]:
    with queue.working(lanes, grace=grace):
        yield


def statuses(queue: Queue) -> dict[str, Status]:
    return {q.task.key: q.status for q in queue.listed()}


def done(queue: Queue, *keys: str) -> bool:
    return all(statuses(queue).get(key) is Status.DONE for key in keys)


def test_a_task_is_done_with_its_arguments(make_queue: MakeQueue) -> None:
    notes = Notes()
    queue = make_queue([kind("note", notes)])
    assert queue.put([task("a", number=7, word="x")]) == 1
    with working(queue):
        assert until(lambda: done(queue, "a"))
    assert notes == [{"number": 7, "word": "x"}]


def test_what_waits_is_not_put_in_twice(make_queue: MakeQueue) -> None:
    queue = make_queue([kind("note", Notes())])
    assert queue.put([task("a"), task("a"), task("b")]) == 2
    assert queue.put([task("b"), task("c")]) == 1
    assert [q.task.key for q in queue.listed(Status.WAITING)] == ["a", "b", "c"]


def test_what_runs_is_not_put_in_either(make_queue: MakeQueue) -> None:
    begun, go_on = Event(), Event()

    def work(_: Arguments) -> None:
        begun.set()
        go_on.wait(SOON)

    queue = make_queue([kind("note", work)])
    queue.put([task("a")])
    with working(queue):
        assert begun.wait(SOON)
        assert statuses(queue) == {"a": Status.RUNNING}
        assert queue.put([task("a")]) == 0
        go_on.set()
        assert until(lambda: done(queue, "a"))
        assert queue.put([task("a")]) == 1, "what is done may be due again"


def test_what_was_done_rests_as_long_as_its_kind_says(make_queue: MakeQueue) -> None:
    queue = make_queue([kind("note", Notes(), rest=timedelta(hours=1))])
    queue.put([task("a")])
    with working(queue):
        assert until(lambda: done(queue, "a"))
    assert queue.put([task("a"), task("b")]) == 1


def test_what_has_priority_comes_first(make_queue: MakeQueue) -> None:
    order: list[str] = []
    queue = make_queue(
        [
            kind("slow", lambda a: order.append(str(a["n"])), priority=0),
            kind("quick", lambda a: order.append(str(a["n"])), priority=5),
        ]
    )
    queue.put([task("a", "slow", n="a"), task("b", "slow", n="b"), task("c", "quick", n="c")])
    assert [q.task.key for q in queue.listed(Status.WAITING)] == ["c", "a", "b"]
    with working(queue):
        assert until(lambda: done(queue, "a", "b", "c"))
    assert order == ["c", "a", "b"]


def test_tasks_of_one_lock_run_one_at_a_time_and_others_beside_them(make_queue: MakeQueue) -> None:
    at_once, most, other = 0, 0, Event()
    guard = threading.Lock()

    def alone(_: Arguments) -> None:
        nonlocal at_once, most
        with guard:
            at_once += 1
            most = max(most, at_once)
        assert other.wait(SOON), "the task without that lock runs beside it"
        with guard:
            at_once -= 1

    queue = make_queue([kind("alone", alone), kind("other", lambda _: other.set())])
    queue.put([task("a", "alone", "arxiv"), task("b", "alone", "arxiv"), task("c", "other")])
    with working(queue, TWO):
        assert until(lambda: done(queue, "a", "b", "c"))
    assert most == 1


def test_each_lane_does_its_own_queues_only(make_queue: MakeQueue) -> None:
    notes = Notes()
    queue = make_queue([kind("note", notes), kind("mail", notes, queue="mail")])
    queue.put([task("a", "mail", n=1), task("b", n=2)])
    with working(queue):
        assert until(lambda: done(queue, "b"))
    assert statuses(queue) == {"a": Status.WAITING, "b": Status.DONE}
    with working(queue, (Lane(frozenset({"mail"}), 1),)):
        assert until(lambda: done(queue, "a"))


def test_what_fails_is_tried_again(make_queue: MakeQueue, caplog: pytest.LogCaptureFixture) -> None:
    tries: list[int] = []

    def work(_: Arguments) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise StoreError("database: it is away")

    queue = make_queue([kind("note", work, retry=QUICKLY)])
    queue.put([task("a")])
    with caplog.at_level(logging.WARNING), working(queue):
        assert until(lambda: done(queue, "a"))
    assert "job a: database: it is away (try 1 of 2, again in 0 s)" in caplog.text
    assert "Traceback" not in caplog.text


def test_what_fails_too_often_is_dead_until_someone_lets_it_go_on(
    make_queue: MakeQueue, caplog: pytest.LogCaptureFixture
) -> None:
    broken = True

    def work(_: Arguments) -> None:
        if broken:
            raise ZeroDivisionError

    queue = make_queue([kind("note", work, retry=QUICKLY)])
    queue.put([task("a"), task("b")])
    with caplog.at_level(logging.WARNING), working(queue):
        assert until(lambda: len(queue.listed(Status.DEAD)) == 2)
        dead = queue.listed(Status.DEAD)
        assert [(q.task.key, q.tries, q.error) for q in dead] == [(k, 2, "ZeroDivisionError") for k in ("a", "b")]
        assert queue.put([task("a")]) == 0, "it rests for a while"
        broken = False
        assert queue.requeue([dead[0].id, 999_999]) == 1
        assert until(lambda: done(queue, "a"))
    assert queue.requeue([dead[0].id]) == 0, "it is dead no more"
    assert "dead; see: staycurrent queue" in caplog.text
    assert "Traceback" in caplog.text, "a bug is shown in full"


def test_what_is_dead_can_be_forgotten_and_is_due_again(make_queue: MakeQueue) -> None:
    def work(_: Arguments) -> None:
        raise ZeroDivisionError

    queue = make_queue([kind("note", work, retry=Retry(tries=1))])
    queue.put([task("a"), task("b")])
    with working(queue):
        assert until(lambda: len(queue.listed(Status.DEAD)) == 2)
    first, second = queue.listed(Status.DEAD)
    queue.put([task("c")])
    (waiting,) = queue.listed(Status.WAITING)
    assert queue.discard([first.id, waiting.id, 999_999]) == 1, "only what is dead"
    assert [q.id for q in queue.listed(Status.DEAD)] == [second.id]
    assert queue.put([task(first.task.key)]) == 1


def test_what_follows_is_put_in_at_once(make_queue: MakeQueue) -> None:
    notes = Notes()
    follower = kind("after", notes, due=lambda: [task("after", "after", n=2)])
    queue = make_queue([kind("first", notes, then=("after",)), follower])
    queue.put([task("a", "first", n=1)])
    with working(queue):
        assert until(lambda: done(queue, "a", "after"))
    assert notes == [{"n": 1}, {"n": 2}]


def test_a_stop_waits_for_what_is_under_way(make_queue: MakeQueue) -> None:
    begun, finished = Event(), Event()

    def work(_: Arguments) -> None:
        begun.set()
        finished.wait(0.3)
        finished.set()

    queue = make_queue([kind("note", work)])
    queue.put([task("a")])
    with working(queue, grace=5):
        assert begun.wait(SOON)
    assert finished.is_set()
    assert done(queue, "a")

"""Queues of both kinds on fresh databases, with the same kinds of work."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest

from staycurrent.queue import schema
from staycurrent.queue.local import LocalQueue
from staycurrent.queue.shared import SharedQueue
from staycurrent.queue.types import Kind, Queue, Timing
from staycurrent.store.engine import Engine

QUICK = Timing(beat=0.3, poll=0.2)
MakeQueue = Callable[[Iterable[Kind]], Queue]


@pytest.fixture
def make_queue(engine: Engine) -> MakeQueue:
    """The queue that an installation on this database would have."""
    if engine.dialect.name == "sqlite":
        return lambda kinds: LocalQueue(engine, kinds)
    schema.apply(engine)
    return lambda kinds: SharedQueue(engine, kinds, QUICK)


def kind(name: str, work: Callable[[Any], None], **rest: Any) -> Kind:
    """A kind of work of which nothing is due by itself."""
    given: dict[str, Any] = {"queue": "short", "every": timedelta(hours=1), "due": lambda: (), "work": work}
    return Kind(name=name, **(given | rest))

"""A read replica beside an engine: reads go there, unless this process wrote a moment ago or the replica is away."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, event
from sqlalchemy.exc import SQLAlchemyError

log = logging.getLogger(__name__)
OWN_SECONDS = 10.0
"""After a write its reader must see it; a replica is a few seconds late, so this process reads where it wrote."""
AWAY_SECONDS = 30.0


@dataclass
class _Replica:
    engine: Engine
    not_before: float = 0.0
    """Monotonic seconds; until then the main server is read."""


_replicas: WeakKeyDictionary[Engine, _Replica] = WeakKeyDictionary()


def attach(engine: Engine, replica: Engine) -> None:
    """Reads of `engine` go to the replica from now on; both are disposed of together."""
    _replicas[engine] = _Replica(replica)
    event.listen(engine, "engine_disposed", lambda _engine: replica.dispose())


def has_one(engine: Engine) -> bool:
    """Whether a replica is attached."""
    return engine in _replicas


def for_reading(engine: Engine) -> Engine:
    """Where to read now."""
    known = _replicas.get(engine)
    if known is None or time.monotonic() < known.not_before:
        return engine
    try:
        known.engine.connect().close()  # pinged, or made anew
    except SQLAlchemyError as error:
        log.warning("the read replica is away, so the main server is read: %s", str(error).splitlines()[0])
        known.not_before = time.monotonic() + AWAY_SECONDS
        return engine
    return known.engine


def note_write(engine: Engine) -> None:
    """This process is about to change something; a reader that shares the engine's connections must see it too."""
    for reader, known in list(_replicas.items()):
        if reader.pool is engine.pool:
            known.not_before = max(known.not_before, time.monotonic() + OWN_SECONDS)

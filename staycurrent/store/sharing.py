"""One pool of connections for a whole process, whichever of its parts asks: so its bound holds for all of them together.

What must see the last write of any process (links out of mails, marks) asks without the replica, and over the same pool.
SQLite counts no connections: there each part opens its own engine. Both functions raise as `open_engine` does.
"""

from __future__ import annotations

import threading

from staycurrent.store import replicas
from staycurrent.store.engine import POOL_SIZE, Engine, open_engine

_lock = threading.Lock()
_engines: dict[tuple[str, int], Engine] = {}
_primaries: dict[tuple[str, int], Engine] = {}


def shared_engine(url: str, *, pool: int = POOL_SIZE, replica: str = "") -> Engine:
    """This process' engine, which reads from the replica where there is one."""
    if not url.startswith("postgresql"):
        return open_engine(url, pool=pool)
    with _lock:
        if (url, pool) not in _engines:
            _engines[url, pool] = open_engine(url, pool=pool)
        engine = _engines[url, pool]
        if replica and not replicas.has_one(engine):
            replicas.attach(engine, open_engine(replica, pool=pool))
        return engine


def primary_engine(url: str, *, pool: int = POOL_SIZE) -> Engine:
    """The same connections without the replica."""
    engine = shared_engine(url, pool=pool)
    if not url.startswith("postgresql"):
        return engine
    with _lock:
        # With no options it is the same engine under another identity, to which no replica is attached.
        return _primaries.setdefault((url, pool), engine.execution_options())

"""A clock that asks the database once and goes on by itself: the same on all machines, whatever their own clocks do."""

from __future__ import annotations

import time
from datetime import timedelta

from staycurrent.clock import Clock
from staycurrent.store.engine import Engine, reading
from staycurrent.store.heartbeats import database_time


def steady_clock(engine: Engine) -> Clock:
    """For one job: a wall clock that jumps while it works changes nothing."""
    with reading(engine) as session:
        began = database_time(session)
    mark = time.monotonic()
    return lambda: began + timedelta(seconds=time.monotonic() - mark)

"""The clock of jobs: the database's, whatever the machine's own does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from staycurrent.store import steady_clock
from staycurrent.store.engine import Engine


def test_it_is_the_databases_and_goes_on_with_time(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = 100.0
    monkeypatch.setattr(steady_clock.time, "monotonic", lambda: seconds)
    clock = steady_clock.steady_clock(engine)
    began = clock()
    assert abs(began - datetime.now(UTC)) < timedelta(seconds=5)
    seconds += 90
    assert clock() - began == timedelta(seconds=90)

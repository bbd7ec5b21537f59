"""What an admin's page is made of, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

from dashboard import installation
from dashboard.data import Library
from staycurrent.store import heartbeats
from staycurrent.store.engine import Engine

NOW = datetime(2026, 5, 20, 9, tzinfo=UTC)


def test_an_installation_is_looked_at_as_a_whole(engine: Engine) -> None:
    heartbeats.beat(engine, heartbeats.SCHEDULER, "1.0")
    found = installation.look(Library(engine, lambda: NOW))
    assert found.dialect == engine.dialect.name
    assert [p.role for p in found.figures.processes] == [heartbeats.SCHEDULER]
    assert found.database_bytes > 0
    assert (found.ill_runs, found.dead, found.corrections, found.free_bytes) == ((), (), (), None)


def test_an_error_of_a_mail_server_is_told_without_the_address() -> None:
    assert "ada" not in installation.silent("550 5.1.1 <ada@example.org>: no such box")

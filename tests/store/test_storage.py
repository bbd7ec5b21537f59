"""The room that a database takes, on both databases."""

from __future__ import annotations

from staycurrent.store import storage
from staycurrent.store.engine import Engine, reading


def test_a_database_takes_room_for_its_tables(engine: Engine) -> None:
    with reading(engine) as session:
        assert 100_000 < storage.database_bytes(session) < 1_000_000_000

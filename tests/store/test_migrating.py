"""A migration on a PostgreSQL that is in use: one at a time, and giving way to whoever holds a table."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from staycurrent.errors import StoreError
from staycurrent.store import engine as database
from staycurrent.store import migration_lock
from staycurrent.store.engine import Engine
from tests import databases


@pytest.fixture
def postgres(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setattr(migration_lock, "LOCK_SECONDS", 0.1)
    monkeypatch.setattr(migration_lock, "PAUSE_SECONDS", 0.1)
    with databases.fresh_url("postgresql", tmp_path) as url:
        engine = database.open_engine(url)
        yield engine
        engine.dispose()


def test_a_table_in_use_is_asked_for_again(postgres: Engine) -> None:
    with postgres.connect() as other:
        transaction = other.begin()
        other.execute(text("LOCK TABLE alembic_version"))
        release = threading.Timer(0.5, transaction.rollback)
        release.start()
        assert database.migrate(postgres)[1] == database.head_revision()
        release.join()


def test_a_table_that_stays_in_use_is_one_line(postgres: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration_lock, "TRIES", 2)
    with postgres.connect() as other, other.begin():
        other.execute(text("LOCK TABLE alembic_version"))
        with pytest.raises(StoreError, match="database: canceling statement due to lock timeout"):
            database.migrate(postgres)
    database.check_schema(postgres)


def test_one_process_migrates_at_a_time(postgres: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    begun, go_on = threading.Event(), threading.Event()

    def first(_: Engine) -> None:
        begun.set()
        go_on.wait(10)
        order.append("first")

    thread = threading.Thread(target=lambda: database.migrate(postgres, also=(first,)))
    thread.start()
    assert begun.wait(10)
    other = threading.Thread(target=lambda: database.migrate(postgres, also=(lambda _: order.append("second"),)))
    other.start()
    other.join(0.3)
    assert other.is_alive()
    go_on.set()
    thread.join(10)
    other.join(10)
    assert order == ["first", "second"]


def test_a_connection_says_who_it_is_and_notices_a_dead_machine(postgres: Engine) -> None:
    with postgres.connect() as connection:
        shown = {
            n: connection.execute(text(f"SHOW {n}")).scalar()
            for n in ("application_name", "idle_in_transaction_session_timeout")
        }
    assert shown == {"application_name": "staycurrent", "idle_in_transaction_session_timeout": "10min"}

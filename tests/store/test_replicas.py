"""A read replica: reads go there, own writes are seen at once, and one that is away costs nobody an answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from staycurrent.store import engine as database
from staycurrent.store import replicas
from staycurrent.store.engine import Engine
from tests import databases


@pytest.fixture
def urls(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Two databases, since what matters is which one is asked."""
    with databases.fresh_url("postgresql", tmp_path) as first, databases.fresh_url("postgresql", tmp_path) as second:
        yield first, second


def asked(engine: Engine) -> str:
    with database.reading(engine) as session:
        return str(session.scalar(text("SELECT current_database()")))


def test_reads_go_to_the_replica_and_writes_do_not(urls: tuple[str, str]) -> None:
    engine = database.open_engine(urls[0], replica=urls[1])
    assert asked(engine) in urls[1]
    with database.writing(engine) as session:
        assert str(session.scalar(text("SELECT current_database()"))) in urls[0]
    engine.dispose()


def test_who_wrote_reads_what_was_written(urls: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(replicas.time, "monotonic", lambda: now)
    engine = database.open_engine(urls[0], replica=urls[1])
    with database.writing(engine):
        pass
    assert asked(engine) in urls[0]
    now += replicas.OWN_SECONDS
    assert asked(engine) in urls[1]
    engine.dispose()


def test_a_replica_that_is_away_is_left_alone_for_a_while(
    urls: tuple[str, str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    engine = database.open_engine(urls[0], replica="postgresql+psycopg://127.0.0.1:1/none")
    assert asked(engine) in urls[0]
    assert asked(engine) in urls[0]
    assert caplog.text.count("the read replica is away") == 1
    engine.dispose()

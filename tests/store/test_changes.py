"""The mark of the data: the same while nothing is written, another one after every commit."""

from __future__ import annotations

from datetime import datetime

import pytest

from staycurrent.errors import StoreError
from staycurrent.query import Query
from staycurrent.store import engine as database
from staycurrent.store import saved_queries
from staycurrent.store.changes import Changes
from staycurrent.store.engine import Engine
from tests import build


def test_the_mark_stays_while_nothing_is_written(engine: Engine, now: datetime) -> None:
    build.store(engine, [build.arxiv("2605.00001")], now)
    changes = Changes(engine)
    first = changes.mark()
    with database.reading(engine) as session:
        saved_queries.every(session)
    assert changes.mark() == first
    changes.close()


def test_every_commit_changes_the_mark(engine: Engine, now: datetime) -> None:
    changes = Changes(engine)
    seen = {changes.mark()}
    for number in range(3):
        with database.writing(engine) as session:
            saved_queries.save(session, f"name-{number}", Query(), now)
        seen.add(changes.mark())
    assert len(seen) == 4
    changes.close()


def test_a_transaction_that_is_open_changes_the_mark_when_it_ends(engine: Engine, now: datetime) -> None:
    changes = Changes(engine)
    with database.writing(engine) as session:
        saved_queries.save(session, "open", Query(), now)
        session.flush()
        while_open = changes.mark()
    assert changes.mark() != while_open
    changes.close()


def test_a_lost_connection_is_a_store_error_once_and_opened_anew(engine: Engine) -> None:
    changes = Changes(engine)
    changes.mark()
    assert changes._connection is not None
    changes._connection.connection.driver_connection.close()  # type: ignore[union-attr]
    with pytest.raises(StoreError):
        changes.mark()
    assert changes.mark()
    changes.close()

"""Heartbeats: who lives, by the database's clock."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

import pytest
from sqlalchemy import update

from staycurrent.store import heartbeats
from staycurrent.store.engine import Engine, reading, writing
from staycurrent.store.process_models import Heartbeat


def test_a_process_lives_while_it_beats_and_is_forgotten_at_its_end(engine: Engine) -> None:
    with heartbeats.beating(engine, heartbeats.SCHEDULER, "1.2.3", every=0.05):
        first = wait_for(engine)
        time.sleep(0.2)
        (later,) = everybody(engine)
        assert (later.name, later.role, later.version) == (heartbeats.process_name("scheduler"), "scheduler", "1.2.3")
        assert later.started_at == first.started_at
        assert later.alive
        with reading(engine) as session:
            assert (heartbeats.silence(session, "scheduler") or 0) < 5
            assert heartbeats.silence(session, "worker") is None
    assert everybody(engine) == []


def wait_for(engine: Engine) -> heartbeats.Process:
    for _ in range(200):
        found = everybody(engine)
        if found:
            return found[0]
        time.sleep(0.02)
    raise AssertionError("no heartbeat")


def everybody(engine: Engine) -> list[heartbeats.Process]:
    with reading(engine) as session:
        return heartbeats.every(session)


def test_who_is_silent_for_too_long_does_not_live(engine: Engine) -> None:
    heartbeats.beat(engine, "worker", "1")
    with writing(engine) as session:
        past = heartbeats.database_time(session) - heartbeats.STALE - timedelta(seconds=1)
        session.execute(update(Heartbeat).values(at=past))
    (found,) = everybody(engine)
    assert not found.alive
    heartbeats.beat(engine, "worker", "1")
    assert everybody(engine)[0].alive


def test_a_database_that_is_away_ends_no_process(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    with writing(engine) as session:
        Heartbeat.__table__.drop(session.connection())  # type: ignore[attr-defined]
    with caplog.at_level(logging.WARNING), heartbeats.beating(engine, "worker", "1", every=0.02):
        time.sleep(0.1)
    assert "heartbeat: database:" in caplog.text

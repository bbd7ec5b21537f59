"""How many senders of mail an installation has at once."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from staycurrent.cli import jobs
from staycurrent.cli.context import App
from staycurrent.digest import addresses, enrolment, queueing
from staycurrent.digest.plans import Choice
from staycurrent.queue.types import Task
from staycurrent.settings import Settings
from staycurrent.store import heartbeats
from staycurrent.store.engine import Engine
from tests.digest.mailing import BEFORE, KEYS, MONDAY


def due(engine: Engine) -> list[Task]:
    settings = Settings(smtp_url=SecretStr("smtp://mail.example.org"))
    return list(jobs.Jobs(App(settings, engine, lambda: MONDAY)).mail_due())


@pytest.fixture
def waiting(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Five digests that are due, where two are worth a sender."""
    monkeypatch.setattr(jobs, "LETTERS", 2)
    for number in range(5):
        enrolment.enrol(engine, KEYS, addresses.mail(f"r{number}@example.org"), Choice(), origin="import", now=BEFORE)
    queueing.queue_due(engine, MONDAY)
    return engine


def test_there_is_a_sender_for_each_worker_as_far_as_there_is_work(waiting: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(due(waiting)) == 1
    for name in ("a", "b", "c", "d"):
        monkeypatch.setattr(heartbeats, "process_name", lambda role, name=name: f"{name}:{role}")
        heartbeats.beat(waiting, heartbeats.WORKER, "1")
        heartbeats.beat(waiting, heartbeats.SCHEDULER, "1")
    expected = 3 if waiting.dialect.name == "postgresql" else 1
    assert [dict(task.arguments) for task in due(waiting)] == [{"sender": n, "senders": expected} for n in range(expected)]


def test_no_letters_need_no_sender(engine: Engine) -> None:
    assert due(engine) == []


def test_a_process_has_one_sender_at_once() -> None:
    found = {queue: lane.slots for lane in jobs.lanes((), 6, 2) for queue in lane.queues}
    assert found == {"collect": 6, "mail": 1, "classify": 2, "upkeep": 2}

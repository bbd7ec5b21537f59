"""One pool for a process: its bound holds for all parts together, and a replica's readers see what the others wrote."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from dashboard.api.service import Service
from dashboard.mail.desk import Desk
from dashboard.mail.routes import Mail
from dashboard.marking import Marking
from dashboard.metrics import Metrics
from dashboard.web import Probes
from staycurrent import settings
from staycurrent.store import engine as database
from staycurrent.store import replicas
from staycurrent.store.engine import Engine
from staycurrent.store.sharing import primary_engine, shared_engine
from tests import databases
from tests.conftest import NOW
from tests.waiting import until

POOL = 3


@pytest.fixture
def urls(tmp_path: Path) -> Iterator[tuple[str, str]]:
    with databases.fresh_url("postgresql", tmp_path) as first, databases.fresh_url("postgresql", tmp_path) as second:
        yield first, second


def open_connections(url: str) -> int:
    engine = database.open_engine(url)
    question = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with database.reading(engine) as session:
        found = int(session.scalar(text(question)) or 0)
    engine.dispose()
    return found


def test_all_parts_of_a_web_process_keep_to_one_bound(urls: tuple[str, str]) -> None:
    url = urls[0]
    parts = (
        Service(url, read_url=urls[1], pool=POOL),
        Marking(url, is_loopback=True, clock=lambda: NOW, pool=POOL),
        Metrics(url, pool=POOL),
        Mail(url, Desk.of(settings.load()), lambda: NOW, pool=POOL),
        Probes(url, POOL),
    )

    def ask(number: int) -> None:
        with database.writing(parts[number % len(parts)]._engine) as session:
            session.execute(text("SELECT pg_sleep(0.02)"))

    with ThreadPoolExecutor(20) as threads:
        list(threads.map(ask, range(40)))
    assert 0 < open_connections(url) <= POOL
    assert shared_engine(url, pool=POOL, replica=urls[1]) is parts[0]._engine, "the page has the same"
    parts[-1].close()
    assert until(lambda: open_connections(url) == 0), "the server takes a moment"


def asked(engine: Engine) -> str:
    with database.reading(engine) as session:
        return str(session.scalar(text("SELECT current_database()")))


def test_what_any_part_wrote_its_readers_see(urls: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(replicas.time, "monotonic", lambda: now)
    plain, reader = primary_engine(urls[0]), shared_engine(urls[0], replica=urls[1])
    assert asked(plain) in urls[0], "links out of mails must not wait for a replica"
    assert asked(reader) in urls[1]
    with database.writing(plain):
        pass
    assert asked(reader) in urls[0]
    now += replicas.OWN_SECONDS
    assert asked(reader) in urls[1]
    plain.dispose()
    assert until(lambda: open_connections(urls[0]) + open_connections(urls[1]) == 0)

"""An installation on PostgreSQL that has everything to do at once, and what must be true when it is done.

A library whose levels are of an older model, papers at arXiv, posts of a lab, and readers whose digest is due.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import text

from staycurrent.cli.context import migrate_all
from staycurrent.queue.shared import SharedQueue
from staycurrent.queue.types import Status
from staycurrent.store import engine as database
from staycurrent.store.engine import Engine
from tests.bench import filling
from tests.bench.mail_cases import enrol
from tests.digest import mailserver
from tests.digest.mailserver import MailServer
from tests.drills.servers import Server
from tests.drills.sources import GRAIN, PAPERS, POSTS, Sources, answering
from tests.queue.processes import Installation, Lab, Process, installation
from tests.waiting import until

FILLED, READERS = 200, 200
TODAY = date(2025, 12, 17)
"""The day after that on which the digests of `enrol` were due."""
RECOVERY = 60.0
"""Seconds within which all is done, counted from the end of a fault."""
_numbers = count(1)


@dataclass
class Place:
    """What a drill plays with."""

    here: Installation
    engine: Engine
    sources: Sources
    mail: MailServer
    delay: float
    kills: int = 0
    """How often something died or was cut off; each may repeat one letter, under its id."""
    processes: list[Process] = field(default_factory=list)

    def start(self, *roles: str, extra: Mapping[str, str] | None = None) -> list[Process]:
        """Each role as `"worker"` or with its options, `"worker --queues mail"`; `extra` is added to the environment."""
        here = replace(self.here, environment={**self.here.environment, **(extra or {})})
        made = [here.start(*role.split()) for role in roles]
        self.processes += made
        return made

    def elsewhere(self, inside: tuple[str, ...], *roles: str) -> list[Process]:
        """On another machine."""
        made = [replace(self.here, inside=inside).start(*role.split()) for role in roles]
        self.processes += made
        return made

    def ask(self, statement: str) -> list[Any]:
        with database.reading(self.engine) as session:
            return list(session.execute(text(statement)).all())

    def number(self, statement: str) -> int:
        return int(self.ask(f"SELECT count(*) FROM {statement}")[0][0])

    def letters(self) -> int:
        return len(self.mail.receipts())

    def is_done(self) -> bool:
        """Nothing is left to collect, to classify or to send."""
        return (
            self.number("items") == FILLED + PAPERS + POSTS
            and not self.number("items WHERE model IS NULL OR model = 'bench-1'")
            and not self.number("deliveries WHERE state IN ('waiting', 'claimed')")
            and self.number("deliveries") == READERS
            and self.number("runs WHERE source = 'arxiv' AND outcome = 'ok'") > 0
            and not [q for q in SharedQueue(self.engine, []).listed(Status.RUNNING) if q.task.kind in ("collect", "mail")]
        )

    def recovered(self) -> float:
        """Seconds until all was done; fails after a minute."""
        began = time.monotonic()
        done = until(self._is_done_if_it_answers, RECOVERY, 0.1)
        assert done, self.told()
        return time.monotonic() - began

    def told(self) -> str:
        """What stands undone, and what all processes said last."""
        tables = ("SELECT state, count(*) FROM deliveries GROUP BY 1", "SELECT source, outcome, error FROM runs ORDER BY id")
        left = [q for q in SharedQueue(self.engine, []).listed() if q.status is not Status.DONE]
        logs = (f"--- {p.log.name}\n{p.said()[-4000:]}" for p in self.processes)
        return "\n".join([*(str(self.ask(t)) for t in tables), *map(str, left), *logs])

    def _is_done_if_it_answers(self) -> bool:
        try:
            return self.is_done()
        except database.StoreError:
            return False

    def assert_all_once(self) -> None:
        """No lost job, no double digest, manners at arXiv, clear logs."""
        items = FILLED + PAPERS + POSTS
        assert self.ask("SELECT count(*), count(DISTINCT uid) FROM items") == [(items, items)]
        assert self.ask("SELECT count(*) FROM item_keys") == [(items,)], "no key of an item is another's"
        self.assert_each_has_one_letter()
        self.assert_manners()
        assert SharedQueue(self.engine, []).listed(Status.DEAD) == [], "nothing died"
        open_runs = self.ask("SELECT source, count(*) FROM runs WHERE outcome IS NULL GROUP BY source")
        assert open_runs == [], "no run is left open"
        for process in self.processes:
            assert "Traceback" not in process.said(), process.said()
            assert "Exception" not in process.said(), process.said()

    def assert_each_has_one_letter(self) -> None:
        letters = self.mail.receipts()
        by_reader: dict[str, Counter[str]] = {}
        for letter in letters:
            by_reader.setdefault(letter.to[0], Counter())[letter.id] += 1
        assert len(by_reader) == READERS
        assert all(len(ids) == 1 for ids in by_reader.values()), "nobody has two messages"
        assert len(letters) - READERS <= self.kills, "a crash repeats one at most, under its id"
        assert self.number("deliveries WHERE state = 'sent'") == READERS

    def assert_manners(self) -> None:
        assert self.sources.harvested() >= 3
        assert min(self.sources.distances()) >= self.delay - GRAIN, self.sources.told()
        assert min(self.sources.gaps()) > 0, f"one connection at a time\n{self.sources.told()}"


@contextmanager
def template(server: Server) -> Iterator[str]:
    """The library before the day's work, to be copied."""
    name = "drill_template"
    server.administer(f"CREATE DATABASE {name}")
    engine = database.open_engine(server.url(name))
    migrate_all(engine)
    filling.fill(engine, FILLED)
    enrol(engine, READERS, queries=1)
    engine.dispose()
    yield name


@contextmanager
def place(
    server: Server,
    library: str,
    folder: Path,
    *,
    host: str = "127.0.0.1",
    delay: float = 1.0,
    today: date | None = TODAY,
    options: str = "",
) -> Iterator[Place]:
    """All of it, as an operator sets it up. `today` None is without replay; `options` is added to the database's address."""
    name = f"drill_{next(_numbers)}"
    server.administer(f"CREATE DATABASE {name} TEMPLATE {library}")
    with (
        answering(today or date.today(), host) as sources,  # noqa: DTZ011 (of this machine's clock, like the processes)
        mailserver.serving(folder, host=host) as mail,
        installation(server.url(name, host) + options, folder, Lab(sources.address), today=str(today or "")) as here,
    ):
        engine = database.open_engine(server.url(name, host))
        try:
            ours = {**here.environment, **settings_of(sources, mail.url, delay)}
            yield Place(replace(here, environment=ours), engine, sources, mail, delay)
        finally:
            engine.dispose()


def settings_of(sources: Sources, smtp_url: str, delay: float) -> dict[str, str]:
    """What leads to the stand-ins."""
    settings = {
        "ARXIV_OAI_URL": f"{sources.address}/arxiv/oai",
        "ARXIV_API_URL": f"{sources.address}/arxiv/api",
        "ARXIV_RSS_URL": f"{sources.address}/arxiv/rss",
        "ARXIV_CATEGORIES": "cs.LG",
        "ARXIV_DELAY": str(delay),
        "SECRET_KEY": "a-key-for-drills-of-forty-characters-or-so",
        "PUBLIC_URL": "https://papers.example.org",
        "MAIL_FROM": "digest@example.org",
        "SMTP_URL": smtp_url,
        "WORKER_BEAT": "1",  # a worker counts as dead after three seconds, a busy machine or not
        "MAIL_RATE": str(0.5 / delay) if delay else "0",  # to each of fifty domains: as long as arXiv takes
    }
    return {f"STAYCURRENT_{name}": value for name, value in settings.items()}

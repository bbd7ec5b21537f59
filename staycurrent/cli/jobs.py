"""The catalogue of jobs: what is done by itself, when, and how. One table for SQLite and PostgreSQL, for one process and many.

What is due is asked of the database by the database's clock and loads neither collectors nor the model; work that was
done meanwhile is found to be done, since a task may run twice.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from staycurrent import __version__, roadmap
from staycurrent import period as periods
from staycurrent.cli.backups import policy
from staycurrent.cli.context import App, known_sources, open_fetcher, register_sources, second_opinions
from staycurrent.errors import UsageError
from staycurrent.query import Query
from staycurrent.queue.types import Arguments, Kind, Lane, Queue, Retry, Task, Timing
from staycurrent.store import classifications, full_text, heartbeats, labelling, retention
from staycurrent.store import engine as database
from staycurrent.store import sources as source_store
from staycurrent.store.steady_clock import steady_clock

if TYPE_CHECKING:
    from classifier.model import Model

log = logging.getLogger("staycurrent.jobs")
COLLECT, CLASSIFY, MAIL, UPKEEP = "collect", "classify", "mail", "upkeep"
QUEUES = (COLLECT, CLASSIFY, MAIL, UPKEEP)
CHUNKS = 200
"""Stretches of a thousand items that wait for classification at most; the next look puts in more."""
LETTERS = 1000
"""How many letters make it worth while to have one more sender."""


def catalogue(app: App) -> tuple[Kind, ...]:
    """Every kind of job of this installation."""
    often = timedelta(seconds=app.settings.schedule_every)
    jobs = Jobs(app)
    return (
        Kind("sources", UPKEEP, timedelta(hours=1), jobs.always("sources"), jobs.register, priority=40, then=("collect",)),
        Kind("collect", COLLECT, often, jobs.sources_due, jobs.collect, priority=10, then=("classify",)),
        Kind("classify", CLASSIFY, often, jobs.stretches_due, jobs.classify, priority=20, then=("opinions",)),
        Kind(
            "opinions", CLASSIFY, timedelta(minutes=10), jobs.opinions_due, jobs.opinions,
            retry=Retry(tries=2), rest=timedelta(minutes=1),
        ),
        Kind("digests", UPKEEP, often, jobs.digests_due, jobs.queue_digests, priority=30, then=("mail",)),
        Kind("mail", MAIL, often, jobs.mail_due, jobs.send_mail),
        Kind("readings", UPKEEP, timedelta(hours=1), jobs.always("readings"), jobs.freeze_readings, rest=timedelta(minutes=50)),
        Kind("prune", UPKEEP, timedelta(hours=6), jobs.always("prune"), jobs.prune, priority=-10, rest=timedelta(hours=20)),
    )  # fmt: skip


class Jobs:
    """The functions of the table."""

    def __init__(self, app: App) -> None:
        self._app = app

    def _now(self) -> App:
        """The installation with the database's clock, unless the day is replayed."""
        app = self._app
        return app if app.settings.today else replace(app, clock=steady_clock(app.engine))

    @staticmethod
    def always(name: str) -> _Always:
        """Due whenever it is asked; the kind's rest sees to it that this is not too often."""
        return _Always(name)

    def register(self, _arguments: Arguments) -> None:
        """Operators' feeds may have changed since the start."""
        register_sources(self._app, known_sources(self._app))

    def sources_due(self) -> Iterable[Task]:
        app = self._now()
        with database.reading(app.engine) as session:
            names = source_store.due(session, app.clock())
        # Over the whole installation one task at a time talks to arXiv, and one to each other source.
        return [Task("collect", f"collect:{name}", {"source": name}, lock=f"source:{name}") for name in names]

    def collect(self, arguments: Arguments) -> None:
        from collector.run import collect

        app, name = self._now(), str(arguments["source"])
        with database.reading(app.engine) as session:
            if name not in source_store.due(session, app.clock()):
                return
        known = known_sources(app)
        if name not in known:
            log.warning("%s is due and not among this process' sources", name)
            return
        full_text.mend(app.engine)
        with open_fetcher(app) as fetcher:
            (report,) = collect(app.engine, {name: known[name]}, fetcher, app.clock)
        counts = f"{report.new} new, {report.changed} changed, {report.same} the same"
        log.info("%s: %s, %s%s", name, report.outcome, counts, f" ({report.error})" if report.error else "")

    def stretches_due(self) -> Iterable[Task]:
        from classifier import packaged

        model = packaged.version(self._app.settings.model_dir)
        labelling.note(self._app.engine, model)
        with database.reading(self._app.engine) as session:
            numbers = classifications.outdated_stretches(session, model, CHUNKS)
        return [Task("classify", f"classify:{n}", {"stretch": n, "model": model}) for n in numbers]

    def classify(self, arguments: Arguments) -> None:
        from classifier import packaged, run

        app = self._now()
        folder = app.settings.model_dir
        model = _model(folder, packaged.version(folder))
        if arguments["model"] != model.version:
            # While an installation is brought up to date, or a model was trained; the next look puts it in again.
            log.warning("left alone: to be classified by model %s, this process has another", arguments["model"])
            return
        done = run.classify_stretch(app.engine, model, app.clock, int(arguments["stretch"]))
        if done:
            log.info("%s items classified", f"{done:,}")

    def opinions_due(self) -> Iterable[Task]:
        asked = self._app.settings.llm_url and self._app.settings.llm_model
        return [Task("opinions", "opinions")] if asked else []

    def opinions(self, _arguments: Arguments) -> None:
        from classifier import packaged

        app = self._now()
        second_opinions(app, packaged.version(app.settings.model_dir))

    def digests_due(self) -> Iterable[Task]:
        from staycurrent.store import subscribers

        app = self._now()
        with database.reading(app.engine) as session:
            waiting = subscribers.due(session, app.clock(), 1)
        return [Task("digests", "digests")] if waiting else []

    def queue_digests(self, _arguments: Arguments) -> None:
        from staycurrent.digest import queueing

        app = self._now()
        noted = queueing.queue_due(app.engine, app.clock())
        if noted:
            log.info("%s digests are due", f"{noted:,}")

    def mail_due(self) -> Iterable[Task]:
        """A sender for each worker that lives, as far as there is work for them. Each claims what it sends."""
        from staycurrent.store import deliveries

        app = self._now()
        with database.reading(app.engine) as session:
            ready, _ = deliveries.open_ones(session, app.clock())
            workers = sum(p.alive for p in heartbeats.every(session) if p.role == heartbeats.WORKER)
        shared = app.engine.dialect.name == "postgresql" and app.settings.smtp_url.get_secret_value()
        senders = min(max(1, workers) if shared else 1, -(-ready // LETTERS))
        return [Task("mail", f"mail:{n}", {"sender": n, "senders": senders}) for n in range(senders)]

    def send_mail(self, arguments: Arguments) -> None:
        from staycurrent.cli import posting

        app = self._now()
        sender, senders = int(arguments.get("sender", 0)), int(arguments["senders"])
        share = app.settings.mail_rate / senders  # the bound is of all senders together
        posting.send_due(replace(app, settings=app.settings.model_copy(update={"mail_rate": share})), sender / senders)

    def freeze_readings(self, _arguments: Arguments) -> None:
        """Keep last month's reading, over all, over those of the roadmap as the dashboard asks, and for each level."""
        from staycurrent.reading import monthly

        app = self._now()
        today = app.clock().date()
        last = periods.previous_month(periods.month(today))
        for levels in ((), roadmap.ON_ROADMAP, *((n,) for n in roadmap.ON_ROADMAP)):
            monthly.freeze(app.engine, last, Query(levels=levels), today=today, clock=app.clock)

    def prune(self, _arguments: Arguments) -> None:
        app = self._now()
        gone = retention.prune(app.engine, policy(app.settings), app.clock())
        if any(gone.values()):
            log.info("pruned: %s", ", ".join(f"{n:,} {name}" for name, n in gone.items() if n))


class _Always:
    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self) -> Iterable[Task]:
        return [Task(self._name, self._name)]


@lru_cache(maxsize=1)
def _model(folder: Path | None, _version: str) -> Model:
    """Loaded when there is something to classify, and kept until another one lies there."""
    from classifier import model as models

    return models.load(folder)


def open_queue(app: App) -> Queue:
    """The installation's queue: in memory beside SQLite, in PostgreSQL where the installation is there."""
    if app.engine.dialect.name == "sqlite":
        from staycurrent.queue.local import LocalQueue

        return LocalQueue(app.engine, catalogue(app))
    from staycurrent.queue import schema
    from staycurrent.queue.shared import SharedQueue

    schema.check(app.engine)
    return SharedQueue(
        app.engine, catalogue(app), Timing(beat=app.settings.worker_beat, poll=min(5.0, app.settings.worker_beat))
    )


def lanes(queues: Sequence[str], collecting: int, others: int) -> tuple[Lane, ...]:
    """Collecting and mail apart from all else; one sender keeps a process busy. Raises `UsageError` for an unknown queue."""
    unknown = sorted(set(queues) - set(QUEUES))
    if unknown:
        raise UsageError(f"no queue {', '.join(unknown)}; there are {', '.join(QUEUES)}")
    wanted = set(queues or QUEUES)
    found = (
        Lane(frozenset(wanted & {COLLECT}), collecting),
        Lane(frozenset(wanted & {MAIL}), 1),
        Lane(frozenset(wanted - {COLLECT, MAIL}), others),
    )
    return tuple(lane for lane in found if lane.queues)


@contextmanager
def scheduling(app: App, queue: Queue) -> Iterator[None]:
    """What is due goes into the queue while the block lasts, and the process shows that it lives."""
    from staycurrent.schedule import running

    rescue = timedelta(seconds=app.settings.worker_beat)
    with (
        heartbeats.beating(app.engine, heartbeats.SCHEDULER, __version__),
        running(queue, catalogue(app), rescue=rescue),
    ):
        yield

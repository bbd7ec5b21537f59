"""The cases. Each prints one JSON line: rates a second, or percentiles of milliseconds."""

from __future__ import annotations

import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from collector.run import Order, collect
from collector.sources.arxiv import Arxiv
from collector.sources.base import Fetched, Validators
from staycurrent import period as periods
from staycurrent.query import Query
from staycurrent.reading import monthly
from staycurrent.store import catalog, facets, listing, suggest
from staycurrent.store import engine as database
from staycurrent.store.engine import Engine
from staycurrent.types import Document
from tests import build, databases
from tests.bench import browser_cases, filling, mail_cases, mix, personal_cases, scale_cases, trend_cases, web_cases
from tests.bench.papers import Papers, vocabulary

NOW = datetime(2025, 12, 31, 12, tzinfo=UTC)
TODAY = NOW.date()


class PageFetcher:
    """Answers OAI requests with generated pages and RSS with an empty feed; obeys `collector.sources.base.Fetcher`."""

    def __init__(self, total: int) -> None:
        self.seconds = 0.0
        """Time that making the pages took; it is no part of what is measured."""
        self._pages = Papers().pages(total)

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        validators: Validators | None = None,
        accept: tuple[str, ...] = (),
        public: bool = False,
    ) -> Fetched:
        if "rss" in url:
            body = b'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title><link>x</link></channel></rss>'
            return Fetched(url, 200, body, "application/rss+xml")
        started = time.perf_counter()
        body = next(self._pages)
        self.seconds += time.perf_counter() - started
        return Fetched(url, 200, body, "text/xml")


@contextmanager
def fresh_engine(kind: str) -> Iterator[Engine]:
    with tempfile.TemporaryDirectory() as folder, databases.fresh_url(kind, Path(folder)) as url:
        engine = database.open_engine(url)
        build.register(engine)
        yield engine
        engine.dispose()


def _collect(engine: Engine, total: int) -> float:
    fetcher = PageFetcher(total)
    source = Arxiv(
        "https://arxiv.invalid/oai", "https://arxiv.invalid/rss", "https://arxiv.invalid/api", ("cs.LG",), by_day=False
    )
    started = time.perf_counter()
    (report,) = collect(engine, {"arxiv": source}, fetcher, lambda: NOW, order=Order(since=date(2024, 1, 1)))
    if report.fetched != total:
        raise RuntimeError(f"stored {report.fetched} of {total}: {report}")
    return time.perf_counter() - started - fetcher.seconds


def intake(kind: str, items: int) -> dict[str, float]:
    """From OAI pages to rows, then to classified rows, then the same pages once more."""
    from classifier import model as models
    from classifier import run

    model = models.load()
    with fresh_engine(kind) as engine:
        stored = _collect(engine, items)
        started = time.perf_counter()
        run.classify(engine, model, lambda: NOW)
        classified = time.perf_counter() - started
        again = _collect(engine, items)
    return {
        "pages to rows, papers/s": items / stored,
        "rows to classified, papers/s": items / classified,
        "pages to classified rows, papers/s": items / (stored + classified),
        "second pass over the same pages, papers/s": items / again,
    }


def predict(kind: str, items: int) -> dict[str, float]:
    """The classifier alone."""
    started = time.perf_counter()
    from classifier import model as models

    imported = time.perf_counter()
    model = models.load()
    loaded = time.perf_counter()
    papers = Papers()
    documents = [Document(str(n), *papers.text(n), categories=("cs.LG",)) for n in range(items)]
    rates = {}
    for explain in (False, True):
        begun = time.perf_counter()
        model.predict(documents, explain=explain)
        rates[f"predict{' with explanation' if explain else ''}, documents/s"] = items / (time.perf_counter() - begun)
    times = {"import, ms": (imported - started) * 1000, "load, ms": (loaded - imported) * 1000}
    return rates | times | {"peak of a process of its own, MB": _peak_alone(documents)}


def _peak_alone(documents: Sequence[Document]) -> float:
    """Of `staycurrent predict --explain` over these documents: this process holds the libraries of all other cases too."""
    lines = "".join(json.dumps({"id": d.id, "title": d.title, "abstract": d.abstract}) + "\n" for d in documents)
    command = [sys.executable, "-m", "staycurrent", "predict", "--explain", "--linear"]
    subprocess.run(command, input=lines, text=True, check=True, stdout=subprocess.DEVNULL)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def queries(kind: str, items: int) -> dict[str, float]:
    """Lists, searches, counts, facets and suggestions over a filled library."""
    dice, words = random.Random(7), vocabulary()
    with filled_engine(kind, items) as engine:
        cases: dict[str, Callable[[], Any]] = {
            "newest page": lambda: _pages(engine, Query()),
            "filtered page": lambda: _pages(engine, mix.filtered(dice)),
            "search": lambda: _pages(engine, mix.search(dice, words)),
            "search, common word": lambda: _pages(engine, mix.common(dice)),
            "count": lambda: _ask(engine, listing.bounded_count, mix.filtered(dice)),
            "facets": lambda: _ask(engine, facets.facets, mix.filtered(dice)),
            "suggestions": lambda: _suggest(engine, dice.choice(words)),
        }
        return _percentiles(cases)


def reading(kind: str, items: int) -> dict[str, float]:
    """The reading of a month at one level, and over all levels."""
    dice = random.Random(7)
    with filled_engine(kind, items) as engine:

        def ask(query: Query, day: date) -> None:
            monthly.reading(engine, periods.month(day), query, today=TODAY)

        def at_a_level() -> None:
            level, day = mix.level_in_month(dice)
            ask(Query(levels=(level,)), day)

        return _percentiles(
            {"month, one level": at_a_level, "month, all levels": lambda: ask(Query(), mix.level_in_month(dice)[1])}
        )


@contextmanager
def filled_engine(kind: str, items: int) -> Iterator[Engine]:
    """A library of invented, classified items; the database that BENCH_DATABASE_URL names is filled once and kept."""
    kept = os.environ.get("BENCH_DATABASE_URL")
    if not kept:
        with fresh_engine(kind) as engine:
            filling.fill(engine, items)
            yield engine
        return
    engine = database.open_engine(kept)
    if database.is_empty(engine):
        database.migrate(engine)
        with database.writing(engine) as session:
            catalog.sync(session)
        filling.fill(engine, items)
    yield engine
    engine.dispose()


def _pages(engine: Engine, query: Query) -> list[float]:
    """Milliseconds of the first two pages."""
    taken, cursor = [], None
    for _ in range(2):
        with database.reading(engine) as session:
            started = time.perf_counter()
            found = listing.page(session, query, TODAY, limit=25, cursor=cursor)
            taken.append((time.perf_counter() - started) * 1000)
        cursor = found.cursor
        if cursor is None:
            break
    return taken


def _ask(engine: Engine, question: Callable[..., Any], query: Query) -> None:
    with database.reading(engine) as session:
        question(session, query, TODAY)


def _suggest(engine: Engine, word: str) -> None:
    with database.reading(engine) as session:
        suggest.suggest(session, word)


def _percentiles(cases: Mapping[str, Callable[[], Any]], times: int = 100) -> dict[str, float]:
    found = {}
    for name, case in cases.items():
        case()
        taken: list[float] = []
        for _ in range(times):
            started = time.perf_counter()
            of_pages = case()
            taken += of_pages or [(time.perf_counter() - started) * 1000]
        cuts = statistics.quantiles(taken, n=20)
        found |= {f"{name}, p50 ms": cuts[9], f"{name}, p95 ms": cuts[18]}
    return found


CASES: dict[str, Callable[[str, int], dict[str, float]]] = {
    "intake": intake,
    "predict": predict,
    "queries": queries,
    "reading": reading,
    "feeds": web_cases.feeds,
    "personal": personal_cases.personal,
    "mail": mail_cases.mail,
    "mail-memory": mail_cases.mail_memory,
    "mail-kill": mail_cases.mail_kill,
    "trends": trend_cases.trends,
    "pages": browser_cases.pages,
    "sessions": browser_cases.sessions,
    "scale": scale_cases.scale,
}

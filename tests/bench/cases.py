"""The cases. Each prints one JSON line: rates a second, or latencies in milliseconds."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from collector.run import Order, collect
from collector.sources.arxiv import Arxiv
from collector.sources.base import Fetched, Validators
from staycurrent import period as periods
from staycurrent.query import Query, Sort
from staycurrent.reading import monthly
from staycurrent.store import engine as database
from staycurrent.store import listing
from staycurrent.store.engine import Engine
from staycurrent.types import Document
from tests import build, databases
from tests.bench import archive as archive_case
from tests.bench.papers import Papers
from tests.bench.personal_cases import personal

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
    return rates | {"import, ms": (imported - started) * 1000, "load, ms": (loaded - imported) * 1000}


def queries(kind: str, items: int) -> dict[str, float]:
    """Filters, search and the month's reading over a filled database."""
    from classifier import model as models
    from classifier import run

    with fresh_engine(kind) as engine:
        _collect(engine, items)
        run.classify(engine, models.load(), lambda: NOW)
        month = periods.parse("2025-06")
        cases: dict[str, Callable[[], Any]] = {
            "newest page": lambda: _page(engine, Query()),
            "level and topic": lambda: _page(engine, Query(levels=(5,), topics=("rag",))),
            "level in a month": lambda: _page(engine, monthly.within(Query(levels=(5,)), month)),
            "search, rare word": lambda: _page(engine, Query(text="zafleru", sort=Sort.RELEVANCE)),
            "search, two words": lambda: _page(engine, Query(text="diffusion baselines", sort=Sort.RELEVANCE)),
            "search, common word": lambda: _page(engine, Query(text="model", sort=Sort.RELEVANCE)),
            "search, common word, newest": lambda: _page(engine, Query(text="model")),
            "month's reading": lambda: monthly.reading(engine, month, Query(), today=TODAY),
            "month's reading, level 5": lambda: monthly.reading(engine, month, Query(levels=(5,)), today=TODAY),
        }
        return {f"{name}, p50 ms": _median_ms(case) for name, case in cases.items()}


def _page(engine: Engine, query: Query) -> Any:
    with database.reading(engine) as session:
        return listing.page(session, query, TODAY, limit=25)


def _median_ms(case: Callable[[], Any], times: int = 15) -> float:
    case()
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        case()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1000


def archive(kind: str, items: int) -> dict[str, float]:
    """The archive's links to rows."""
    with fresh_engine(kind) as engine:
        return archive_case.measure(engine, items)


CASES: dict[str, Callable[[str, int], dict[str, float]]] = {
    "archive": archive,
    "intake": intake,
    "predict": predict,
    "queries": queries,
    "personal": personal,
}

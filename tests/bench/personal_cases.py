"""What is computed for one reader: similar items, recommendations, and what a query costs once it is narrowed."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

from staycurrent import roadmap
from staycurrent.query import Query
from staycurrent.reading import taste
from staycurrent.reading.progress import progress
from staycurrent.reading.recommend import recommend
from staycurrent.reading.similar import similar
from staycurrent.store import engine as database
from staycurrent.store import listing, marks
from staycurrent.store.engine import Engine
from staycurrent.store.marks import LOCAL, Dislike, Kind, Less
from tests import databases
from tests.bench.filling import fill
from tests.bench.papers import FIRST_DAY

TODAY = FIRST_DAY + timedelta(days=719)
NOW = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC)
TIMES = 25


def personal(kind: str, items: int) -> dict[str, float]:
    """One reader's answers over a filled database, at first and once the process is warm."""
    import sklearn.feature_extraction.text
    import sklearn.svm  # noqa: F401 - a second to import, and no part of what is measured

    with tempfile.TemporaryDirectory() as folder, databases.fresh_url(kind, Path(folder)) as url:
        engine = database.open_engine(url)
        fill(engine, items)
        ids = _leave(engine)
        names: Iterator[str] = cycle(ids[200:])
        cases: dict[str, Callable[[], Any]] = {
            "similar": lambda: similar(engine, [next(names)], today=TODAY, profile=LOCAL),
            "recommended for a tag": lambda: recommend(engine, LOCAL, today=TODAY, tag="bench"),
            "progress": lambda: progress(engine, LOCAL, today=TODAY),
            "newest page": lambda: _page(engine, Query()),
            "newest page, narrowed by 12 dislikes": lambda: _narrowed(engine),
        }
        figures: dict[str, float] = {}
        for name, case in cases.items():
            figures[f"{name}, first, ms"] = _ms(case)
            figures[f"{name}, p50 ms"] = statistics.median(_ms(case) for _ in range(TIMES))
        engine.dispose()
    return figures


def _leave(engine: Engine) -> list[str]:
    """Tag 40 items, hide 40 others, dislike twelve things; returns the ids of the newest items."""
    with database.writing(engine) as session:
        views = listing.page(session, Query(), TODAY, limit=500).items
        for view in views[:40]:
            marks.tag(session, LOCAL, view.row, ["bench"], NOW)
        marks.put(session, LOCAL, Kind.HIDDEN, [view.row for view in views[40:80]], NOW)
        marks.put(session, LOCAL, Kind.READ, [view.row for view in views[80:180]], NOW)
        for slug in list(roadmap.topics())[:4]:
            marks.less(session, LOCAL, Dislike(Less.TOPIC, slug), NOW)
        for slug in list(roadmap.labs())[:4]:
            marks.less(session, LOCAL, Dislike(Less.LAB, slug), NOW)
        for word in ("diffusion", "bandit", "survey of surveys", "zafleru"):
            marks.less(session, LOCAL, Dislike(Less.WORD, word), NOW)
    return [view.id for view in views]


def _page(engine: Engine, query: Query) -> Any:
    with database.reading(engine) as session:
        return listing.page(session, query, TODAY, limit=25)


def _narrowed(engine: Engine) -> Any:
    with database.reading(engine) as session:
        wanted = taste.narrow(Query(), marks.dislikes(session, LOCAL))
        return listing.page(session, wanted, TODAY, limit=25)


def _ms(case: Callable[[], Any]) -> float:
    started = time.perf_counter()
    case()
    return (time.perf_counter() - started) * 1000

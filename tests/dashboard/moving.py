"""A library in which something moves: ten weeks of sixty papers, and retrieval grows fourfold in the last four of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from staycurrent.query import Query
from staycurrent.store import listing
from staycurrent.store.engine import Engine, reading
from staycurrent.types import Classification, LabEvidence
from tests import build as papers
from tests.dashboard import build

WEEKS = 10
A_WEEK = 60
MONDAY = build.TODAY - timedelta(days=build.TODAY.weekday())
EVIL = "<img src=x onerror=alert(1)> & Sons"


def library(path: Path) -> None:
    """Fill it. A lab of an operator's feed has a name that is markup, and so has a title."""
    engine = build.empty(path)
    _register(engine)
    days = [MONDAY - timedelta(days=7 * back - n % 5) for back in range(WEEKS, 0, -1) for n in range(A_WEEK)]
    made = [papers.arxiv(f"2605.{n:05d}", _title(n), day=day.isoformat()) for n, day in enumerate(days)]
    made += [papers.arxiv("2605.09000", "The running week", day=build.TODAY.isoformat())]
    papers.store(engine, made, build.NOW)
    with reading(engine) as session:
        pages = [listing.page(session, Query(), build.TODAY, limit=500)]
        pages.append(listing.page(session, Query(), build.TODAY, limit=500, cursor=pages[0].cursor))
        rows = {view.id: view.row for page in pages for view in page.items}
    papers.classify(engine, [_answer(rows[f"2605.{n:05d}"], n) for n in range(len(days))], build.NOW)
    papers.classify(engine, [papers.answer(rows["2605.09000"], 5, topics=("rag",))], build.NOW)
    _register(engine)  # once more: what the papers came with is not this installation's
    engine.dispose()


def _register(engine: Engine) -> None:
    feed = build.SourceInfo("lab:evil", "lab", f"{EVIL} feed", "https://example.org/x.xml", "evil", EVIL, True, 14)
    with build.writing(engine) as session:
        build.sources.register(session, [*build.SOURCES, feed])


def _title(n: int) -> str:
    return f"Paper {n} <script>alert({n})</script>" if n == WEEKS * A_WEEK - 1 else f"Paper {n}"


def _answer(row: int, n: int) -> Classification:
    is_late = n >= (WEEKS - 4) * A_WEEK
    topics = ["rag"] if n % (4 if is_late else 16) == 0 else ["tool-use"] if n % 3 == 0 else ["open-llms"]
    ties = [LabEvidence("qwen", "organization", "tagged Qwen", 0.98)] if n % 9 == 0 else []
    ties += [LabEvidence("deepseek", "author-team", "signed by <i>DeepSeek-AI</i>", 0.95)] if n % 20 == 1 else []
    ties += [LabEvidence("evil", "official-feed", "stands in the feed", 1.0)] if n % 150 == 149 else []
    made = papers.answer(row, 5 if topics == ["rag"] else 1 + n % 8, topics=tuple(topics))
    return replace(made, labs=tuple(ties))

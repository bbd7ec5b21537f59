"""The data layer, on every kind of database: what it answers, and that it never writes."""

from __future__ import annotations

import pytest

from dashboard.data import Library
from staycurrent.clock import replay_clock
from staycurrent.errors import NotFound
from staycurrent.period import parse
from staycurrent.query import Query, QueryError
from staycurrent.store import sources
from staycurrent.store.engine import Engine, writing
from tests.dashboard import build


@pytest.fixture
def library(engine: Engine) -> Library:
    with writing(engine) as session:
        sources.register(session, build.SOURCES)
    papers = [build.paper(n) for n in range(1, 31)]
    build.collect(engine, [*papers, build.seen_elsewhere(papers[0], "huggingface", votes=5)])
    build.classify(engine, {p.title: build.Label(n % 3) for n, p in enumerate(papers)})
    build.run(engine, "arxiv", fetched=30, new=30)
    return Library(engine, replay_clock(build.TODAY))


def test_a_reading_without_levels_keeps_to_the_roadmap(library: Library) -> None:
    found = library.reading(parse("2026-05"), Query())
    assert {p.item.level for p in found.placed} == {1, 2}
    assert found.placed[0].item.level in (1, 2)
    assert library.reading(parse("2026-05"), Query(levels=(0,))).placed[0].item.votes == 5


def test_pages_follow_each_other(library: Library) -> None:
    first = library.found(Query(), None)
    second = library.found(Query(), first.cursor)
    assert (len(first.items), len(second.items), first.total, second.cursor) == (25, 5, 30, None)
    with pytest.raises(QueryError):
        library.found(Query(levels=(1,)), first.cursor)


def test_months_counts_news_health_and_runs(library: Library) -> None:
    assert [m.name for m in library.months()] == ["2026-05", "2026-04"]
    assert library.counts(Query()) == {0: 10, 1: 10, 2: 10}
    assert len(library.newest()[1]) == 3
    assert {h.name: h.stored for h in library.health()}["arxiv"] == 30
    assert [(r.source, r.outcome, r.seconds) for r in library.runs()] == [("arxiv", "ok", 41.0)]


def test_an_item_is_found_by_its_id(library: Library) -> None:
    assert len(library.detail("2605.00001").sightings) == 2
    with pytest.raises(NotFound):
        library.detail("2605.99999")

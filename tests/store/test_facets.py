"""Counts beside a list: each facet ignores its own filter, obeys the others, and says when it is a sample."""

from __future__ import annotations

from datetime import date

import pytest

from staycurrent.query import Query
from staycurrent.store import facets, marks
from staycurrent.store.engine import Engine, reading, writing
from staycurrent.store.facets import Facet
from staycurrent.types import Kind
from tests import build
from tests.conftest import NOW

TODAY = date(2026, 5, 20)


@pytest.fixture
def library(engine: Engine) -> Engine:
    papers = [
        build.arxiv("2605.00001", "Sparse attention", day="2026-05-11"),
        build.arxiv("2605.00002", "Speculative decoding", day="2026-05-12"),
        build.huggingface("2605.00002", day="2026-05-13"),
        build.post("gpt", "We announce attention", day="2026-05-14"),
    ]
    build.store(engine, papers, NOW)
    answers = [
        build.answer(1, 5, topics=("long-context", "rag")),
        build.answer(2, 8, topics=("rag",), labs=("qwen",)),
        build.answer(3, 5, topics=(), labs=("openai",)),
    ]
    build.classify(engine, answers, NOW)
    return engine


def facet(engine: Engine, name: str, query: Query) -> Facet:
    with reading(engine) as session:
        return facets.facets(session, query, TODAY)[name]


def test_every_facet_counts_what_its_values_would_show(library: Engine) -> None:
    with reading(library) as session:
        found = {name: dict(f.counts) for name, f in facets.facets(session, Query(), TODAY).items()}
    assert found == {
        "level": {"5": 2, "8": 1},
        "topic": {"rag": 2, "long-context": 1},
        "lab": {"openai": 1, "qwen": 1},
        "source": {"arxiv": 2, "huggingface": 1, "lab:openai": 1},
        "kind": {"paper": 2, "post": 1},
        "has_code": {"0": 3},
    }


def test_a_facet_ignores_its_own_filter_and_obeys_the_others(library: Engine) -> None:
    query = Query(levels=(5,), topics=("rag",))
    assert facet(library, "level", query).counts == {"5": 1, "8": 1}
    assert facet(library, "topic", query).counts == {"long-context": 1, "rag": 1}
    assert facet(library, "lab", query).counts == {}


def test_a_facet_obeys_the_text(library: Engine) -> None:
    assert facet(library, "kind", Query(text="attention")).counts == {"paper": 1, "post": 1}
    assert facet(library, "kind", Query(text="attention -sparse", kind=Kind.PAPER)).counts == {"post": 1}


def test_a_facet_of_more_items_than_are_counted_says_so(library: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not facet(library, "kind", Query()).capped
    monkeypatch.setattr(facets, "SAMPLE", 1)
    assert facet(library, "kind", Query()) == Facet({"paper": 2, "post": 1}, counted=3, capped=False)
    monkeypatch.setattr(facets, "WHOLE", 0)
    assert facet(library, "kind", Query()) == Facet({"post": 1}, counted=1, capped=True)


QUERIES = (
    Query(),
    Query(since=date(2026, 5, 12)),
    Query(until=date(2026, 5, 13)),
    Query(levels=(5,)),
    Query(topics=("rag",), levels=(5, 8)),
    Query(labs=("openai",)),
    Query(sources=("lab:*", "huggingface")),
    Query(kind=Kind.PAPER, has_code=False),
    Query(text="attention"),
    Query(exclude=("attention",)),
    Query(without_topics=("long-context",)),
    Query(reader="ada"),
)


@pytest.mark.parametrize("query", QUERIES, ids=Query.url_query)
def test_a_long_list_of_a_small_library_is_counted_to_its_end(
    library: Engine, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing(library) as session:
        marks.put(session, "ada", marks.Kind.HIDDEN, [2], NOW)
        marks.less(session, "ada", marks.Dislike(marks.Less.LAB, "openai"), NOW)
    with reading(library) as session:
        short = facets.facets(session, query, TODAY)
        assert not any(found.capped for found in short.values())
        monkeypatch.setattr(facets, "SAMPLE", 0)
        assert bool(query.text) or facets.facets(session, query, TODAY) == short

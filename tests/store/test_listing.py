"""Lists: every filter narrows, every order is total, and paging loses and repeats nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from staycurrent.query import Query, QueryError, Sort
from staycurrent.store import engine as database
from staycurrent.store import finding, listing, search
from staycurrent.store.engine import Engine, reading
from staycurrent.types import Kind
from tests import build, databases
from tests.conftest import NOW

TODAY = date(2026, 5, 20)


@pytest.fixture(scope="module", params=databases.kinds())
def library(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A small library that no test of this module changes."""
    with databases.fresh_url(request.param, tmp_path_factory.mktemp("library")) as url:
        engine = database.open_engine(url)
        _fill(engine, NOW)
        yield engine
        engine.dispose()


def _fill(engine: Engine, now: datetime) -> None:
    papers = [
        build.arxiv("2605.00001", "Sparse attention for long context", day="2026-05-11"),
        build.arxiv("2605.00002", "Speculative decoding", day="2026-05-12", abstract="Attention to drafts. Café."),
        build.arxiv("2605.00003", "Diffusion of images", day="2026-05-12", authors=("Grace Hopper",)),
        build.arxiv("2605.00004", "A post from the future", day="2026-05-29"),
        build.huggingface("2605.00002", day="2026-05-13", votes=99),
        build.huggingface("2605.00003", day="2026-05-13", votes=3),
        build.post("gpt", "We announce a model", day="2026-05-14"),
    ]
    build.store(engine, papers, now)
    rows = {title: row for row, title in _titles(engine)}
    build.classify(
        engine,
        [
            build.answer(rows["Sparse attention for long context"], 5, topics=("long-context",), confidence=0.95),
            build.answer(rows["Speculative decoding"], 8, topics=("efficient-inference",), labs=("qwen",)),
            build.answer(rows["Diffusion of images"], 6, topics=("diffusion-flow", "image-generation-editing")),
            build.answer(rows["We announce a model"], 5, labs=("openai",), unsure=True, confidence=0.3),
        ],
        now,
    )


def _titles(engine: Engine) -> list[tuple[int, str]]:
    with reading(engine) as session:
        return [(v.row, v.title) for v in listing.page(session, Query(), date(2026, 12, 31)).items]


def titles(engine: Engine, query: Query, **paging: int) -> list[str]:
    with reading(engine) as session:
        return [v.title.split()[0] for v in listing.page(session, query, TODAY, **paging).items]


@pytest.fixture(params=["few", "many", "sparse", "wanted"])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How large the library seems: with many items other ways lead to them, and the answer is the same."""
    if request.param != "few":
        monkeypatch.setattr(finding, "FEW", 0)
        monkeypatch.setattr(finding, "FEW_BY_SIGNAL", 0)
        monkeypatch.setattr(finding, "GATHERED", 0)
        monkeypatch.setattr(finding, "FIRST_WINDOW", 1)
        monkeypatch.setattr(finding, "SPARSE", 0)
        monkeypatch.setattr(finding, "WHOLE", 0)
    monkeypatch.setattr(finding, "WANTED", {"sparse": 1, "wanted": 0}.get(request.param, finding.WANTED))
    return str(request.param)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (Query(), ["We", "Diffusion", "Speculative", "Sparse"]),
        (Query(levels=(5,)), ["We", "Sparse"]),
        (Query(levels=(6, 8)), ["Diffusion", "Speculative"]),
        (Query(topics=("image-generation-editing",)), ["Diffusion"]),
        (Query(labs=("qwen", "openai")), ["We", "Speculative"]),
        (Query(sources=("huggingface",)), ["Diffusion", "Speculative"]),
        (Query(sources=("lab:*",)), ["We"]),
        (Query(kind=Kind.POST), ["We"]),
        (Query(since=date(2026, 5, 14)), ["We"]),
        (Query(until=date(2026, 5, 11)), ["Sparse"]),
        (Query(min_confidence=0.9), ["Sparse"]),
        (Query(sort=Sort.VOTES), ["Speculative", "Diffusion", "We", "Sparse"]),
        (Query(text="attention"), ["Speculative", "Sparse"]),
        (Query(text="attention", sort=Sort.RELEVANCE), ["Sparse", "Speculative"]),
        (Query(text="author:hopper"), ["Diffusion"]),
        (Query(text="title:attention"), ["Sparse"]),
        (Query(text='"long context"'), ["Sparse"]),
        (Query(text='"context long"'), []),
        (Query(text="specul*"), ["Speculative"]),
        (Query(text="attention -draft"), ["Sparse"]),
        (Query(text="decode"), ["Speculative"]),
        (Query(exclude=("long context", "images")), ["We", "Speculative"]),
        (Query(has_code=True), []),
        (Query(text="nothing like it"), []),
        (Query(sort=Sort.CONFIDENCE), ["Sparse", "Diffusion", "Speculative", "We"]),
        (Query(topics=("long-context", "diffusion-flow"), sort=Sort.VOTES), ["Diffusion", "Sparse"]),
        (Query(labs=("qwen", "openai"), levels=(5,)), ["We"]),
        (Query(sources=("arxiv",), sort=Sort.VOTES), ["Speculative", "Diffusion", "Sparse"]),
        (Query(levels=(5, 8), text="attention", sort=Sort.RELEVANCE), ["Sparse", "Speculative"]),
        (Query(text="-attention"), []),
    ],
    ids=lambda v: v.url_query() if isinstance(v, Query) else "",
)
def test_each_filter_narrows_the_list(library: Engine, size: str, query: Query, found: list[str]) -> None:
    assert titles(library, query) == found


def test_what_is_dated_after_today_waits_for_its_day(library: Engine) -> None:
    with reading(library) as session:
        assert "A post from the future" not in [v.title for v in listing.page(session, Query(), TODAY).items]
        assert "A post from the future" in [v.title for v in listing.page(session, Query(), date(2026, 5, 29)).items]


@pytest.mark.parametrize(
    "query",
    [
        *(Query(sort=s) for s in Sort),
        *(Query(sort=s, text="attention") for s in Sort),
        Query(levels=(5, 6), sort=Sort.VOTES),
        Query(topics=("diffusion-flow", "image-generation-editing", "long-context")),
        *(Query(sources=("arxiv",), sort=s) for s in Sort),
        Query(levels=(5, 8), kind=Kind.PAPER, sort=Sort.VOTES),
        Query(levels=(5, 8), kind=Kind.PAPER),
    ],
    ids=Query.url_query,
)
def test_paging_shows_each_item_once_and_in_order(library: Engine, size: str, query: Query) -> None:
    whole = titles(library, query)
    paged: list[str] = []
    cursor = None
    while True:
        with reading(library) as session:
            page = listing.page(session, query, TODAY, limit=1, cursor=cursor)
        paged += [v.title.split()[0] for v in page.items]
        cursor = page.cursor
        if cursor is None:
            break
    assert paged == whole


@pytest.mark.parametrize(
    "query",
    [
        Query(sort=Sort.VOTES),
        Query(sources=("arxiv", "lab:*")),
        Query(levels=(5, 8), kind=Kind.PAPER),
        Query(topics=("long-context", "diffusion-flow", "image-generation-editing")),
        Query(text="attention"),
        Query(exclude=("images",)),
        Query(sources=("huggingface",), kind=Kind.POST),
    ],
    ids=Query.url_query,
)
def test_a_count_is_the_length_of_the_list(library: Engine, size: str, query: Query) -> None:
    with reading(library) as session:
        assert listing.count(session, query, TODAY) == len(titles(library, query))


def test_a_family_of_sources_of_which_there_is_none_has_nothing(library: Engine, size: str) -> None:
    assert titles(library, Query(sources=("nobody:*",))) == []
    assert titles(library, Query(sources=("nobody:*", "lab:*"))) == ["We"]


def test_the_months_with_items_are_this_one_the_last_one_and_those_in_which_something_was_listed(engine: Engine) -> None:
    papers = [
        build.arxiv("2602.00001", "Winter", day="2026-02-27"),
        build.arxiv("2606.00001", "Not yet", day="2026-06-01"),
        build.arxiv("2410.00001", "Longer ago than is looked", day="2024-10-01"),
    ]
    build.store(engine, papers, NOW)
    with reading(engine) as session:
        assert [m.name for m in listing.months_with_items(session, TODAY, 12)] == ["2026-05", "2026-04", "2026-02"]


def test_a_cursor_of_another_query_is_refused(library: Engine) -> None:
    with reading(library) as session:
        cursor = listing.page(session, Query(), TODAY, limit=1).cursor
        with pytest.raises(QueryError, match="cursor"):
            listing.page(session, Query(levels=(5,)), TODAY, cursor=cursor)


@pytest.mark.parametrize("cursor", ["", "x", "%%%", "W10", "WzFd", "é", "bnVsbA"])
def test_nonsense_as_a_cursor_is_refused(library: Engine, cursor: str) -> None:
    with reading(library) as session:
        if cursor:
            with pytest.raises(QueryError, match="cursor"):
                listing.page(session, Query(), TODAY, cursor=cursor)


@pytest.mark.parametrize("sort", [Sort.NEWEST, Sort.VOTES, Sort.RELEVANCE])
@given(values=st.lists(st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("2026-05-12"), max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
def test_a_forged_cursor_is_refused_or_pages(library: Engine, sort: Sort, values: list[Any]) -> None:
    query = Query(text="attention", sort=sort)
    plain = json.dumps([listing._fingerprint(query), *values])
    with reading(library) as session, suppress(QueryError):
        cursor = base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")
        assert isinstance(listing.page(session, query, TODAY, cursor=cursor), listing.ItemPage)


@pytest.mark.parametrize("sort", [Sort.NEWEST, Sort.RELEVANCE])
def test_a_text_with_more_matches_than_are_looked_at_says_so(
    library: Engine, size: str, sort: Sort, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name in ((search, "MATCHES"), (search, "PROBES"), (listing, "RANKED")):
        monkeypatch.setattr(module, name, 1)
    with reading(library) as session:
        found = listing.page(session, Query(text="attention", sort=sort), TODAY, limit=1)
    assert found.capped == (size != "few" or sort is Sort.RELEVANCE)
    assert len(found.items) <= 1


def test_a_stop_word_among_others_hides_nothing(library: Engine) -> None:
    assert "Sparse" in titles(library, Query(text="and attention"))


def test_of_many_matches_the_newest_are_ranked(library: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "RANKED", 1)
    with reading(library) as session:
        found = listing.page(session, Query(text="attention", sort=Sort.RELEVANCE), TODAY)
    assert found.capped
    assert [v.title for v in found.items] == ["Speculative decoding"]


def test_a_day_that_changes_moves_the_item_in_lists_of_topics_and_labs(engine: Engine, size: str, now: datetime) -> None:
    build.store(engine, [build.arxiv("2605.00001", day="2026-05-11"), build.arxiv("2605.00002", day="2026-05-12")], now)
    build.classify(engine, [build.answer(row, topics=("rag",), labs=("qwen",)) for row in (1, 2)], now)
    build.store(engine, [build.huggingface("2605.00001", day="2026-05-13")], now)
    for query in (Query(topics=("rag",)), Query(labs=("qwen",)), Query(topics=("rag",), since=date(2026, 5, 13))):
        with reading(engine) as session:
            found = [v.arxiv_id for v in listing.page(session, query, TODAY).items]
        assert found == (["2605.00001"] if query.since else ["2605.00001", "2605.00002"])


@pytest.mark.parametrize("limit", [0, -1, 501])
def test_limits_have_bounds(library: Engine, limit: int) -> None:
    with reading(library) as session, pytest.raises(QueryError, match="limit"):
        listing.page(session, Query(), TODAY, limit=limit)


@pytest.mark.parametrize(
    "text",
    [
        "'",
        '"',
        '""',
        "*",
        "-",
        "a OR",
        "NEAR(a b)",
        "title:",
        "a AND NOT",
        "((",
        "^x",
        "{a b}:",
        "%",
        "\\",
        "a:b",
        ": :",
        "-only",
    ],
)
def test_search_syntax_of_the_database_is_only_text(library: Engine, text: str) -> None:
    for sort in (Sort.NEWEST, Sort.RELEVANCE):
        assert isinstance(titles(library, Query(text=text, sort=sort)), list)


def test_counts_go_no_further_than_their_bound(library: Engine, size: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with reading(library) as session:
        assert str(listing.bounded_count(session, Query(), TODAY)) == "4"
        monkeypatch.setattr(listing, "COUNTED", 3)
        assert str(listing.bounded_count(session, Query(), TODAY)) == "3+"


def test_counts_by_level_obey_the_text(library: Engine, size: str) -> None:
    with reading(library) as session:
        assert listing.count_by_level(session, Query(text="attention", levels=(5,)), TODAY) == {5: 1, 8: 1}


def test_counts_by_level_ignore_the_level_filter(library: Engine) -> None:
    with reading(library) as session:
        assert listing.count_by_level(session, Query(levels=(5,)), TODAY) == {5: 2, 6: 1, 8: 1}
        assert listing.count(session, Query(levels=(5,)), TODAY) == 2


@given(st.text(max_size=200))
def test_any_text_parses_to_terms_of_bare_words(text: str) -> None:
    for term in search.parse(text):
        assert term.words
        assert all(word.isidentifier() or any(c.isalnum() or c == "_" for c in word) for word in term.words)
    assert len(search.parse(text * 10)) <= search.MAX_TERMS


def test_views_keep_the_order_asked_for(library: Engine) -> None:
    rows = [row for row, _ in _titles(library)]
    with reading(library) as session:
        assert [v.row for v in listing.views(session, rows[::-1])] == rows[::-1]

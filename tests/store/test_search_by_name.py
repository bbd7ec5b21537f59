"""Searching by author: names have an index of their own on PostgreSQL, and are found as before."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text

from staycurrent.query import Query, Sort
from staycurrent.store import full_text, listing, search
from staycurrent.store.engine import Engine, reading, writing
from tests import build
from tests.conftest import NOW

INDEXES = ("item_texts_search_gin", "item_texts_search_authors")


@pytest.fixture
def library(engine: Engine) -> Engine:
    papers = [
        build.arxiv("2605.00001", "Compilers", authors=("Grace Hopper", "Ada Lovelace"), abstract="Of engines."),
        build.arxiv("2605.00002", "The hopper", authors=("Jean-Luc Müller",), abstract="A hopper feeds the mill of Lovelace."),
        build.arxiv("2605.00003", "Engines", authors=("Ada Hopper", "Grace King"), abstract="Of compilers."),
        build.arxiv("2605.00004", "Mills", authors=("To An",), abstract="Nothing else."),
    ]
    build.store(engine, papers, NOW)
    return engine


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("author:hopper", {"Compilers", "Engines"}),
        ("author:HOPP*", {"Compilers", "Engines"}),
        ("author:hopp", set()),
        ('author:"grace hopper"', {"Compilers"}),
        ('author:"grace hop"*', set()),
        ("author:lovelace", {"Compilers"}),
        ("author:jean-luc", {"The hopper"}),
        ("author:hopper author:king", {"Engines"}),
        ("author:hopper engine", {"Compilers", "Engines"}),
        ("author:hopper title:engines", {"Engines"}),
        ("author:hopper -compiler", set()),
        ("author:ada -author:king", {"Compilers"}),
        ("hopper -author:hopper", {"The hopper"}),
        ("-author:hopper", set()),
        ("author:an", {"Mills"}),
        ("hopper", {"Compilers", "The hopper", "Engines"}),
    ],
)
@pytest.mark.parametrize("sort", [Sort.NEWEST, Sort.RELEVANCE])
def test_a_name_is_looked_for_among_the_authors_only(library: Engine, typed: str, found: set[str], sort: Sort) -> None:
    with reading(library) as session:
        page = listing.page(session, Query(text=typed, sort=sort), date(2026, 5, 20))
    assert {item.title for item in page.items} == found


@pytest.fixture
def postgres(library: Engine) -> Engine:
    if library.dialect.name != "postgresql":
        pytest.skip("SQLite's full text knows its columns")
    return library


def test_a_stop_word_beside_a_name_is_passed_over(postgres: Engine) -> None:
    with reading(postgres) as session:
        page = listing.page(session, Query(text="author:king the"), date(2026, 5, 20))
    assert [item.title for item in page.items] == ["Engines"]


@pytest.mark.parametrize("typed", ["author:hopper", "author:hop*", "author:hopper engines", "author:hopper -mill"])
def test_the_index_of_names_serves_a_name(postgres: Engine, typed: str) -> None:
    with writing(postgres) as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = str(session.execute(search._Explain(search.matching(typed, "postgresql"))).scalar_one())
    assert "item_texts_search_authors" in plan


def indexes(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return [name for name in INDEXES if session.scalar(text("SELECT to_regclass(:n)"), {"n": name}) is not None]


def test_both_indexes_are_put_off_while_history_comes_in(postgres: Engine) -> None:
    with full_text.put_off(postgres):
        assert indexes(postgres) == []
    assert indexes(postgres) == [*INDEXES]


@pytest.mark.parametrize("lost", INDEXES)
def test_either_index_is_mended(postgres: Engine, lost: str) -> None:
    with writing(postgres) as session:
        session.execute(text(f"DROP INDEX {lost}"))
    assert full_text.mend(postgres) is True
    assert indexes(postgres) == [*INDEXES]
    assert full_text.mend(postgres) is False

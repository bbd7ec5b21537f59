"""Suggestions forgive typing errors, and make nothing of what is no word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staycurrent.store import suggest
from staycurrent.store.engine import Engine, reading
from tests import build
from tests.conftest import NOW


@pytest.fixture
def library(engine: Engine) -> Engine:
    papers = [
        build.arxiv("2605.00001", authors=("Grace Hopper", "Ada Lovelace")),
        build.arxiv("2605.00002", authors=("Grace Hopper", "José Müller")),
    ]
    build.store(engine, papers, NOW)
    return engine


@pytest.mark.parametrize(
    ("typed", "kind", "value"),
    [
        ("linear algbra", "topic", "linear-algebra"),
        ("regularizaton", "topic", "regularization"),
        ("deepsek", "lab", "deepseek"),
        ("OpenAl", "lab", "openai"),
        ("grace hoper", "author", "Grace Hopper"),
        ("hoppr", "author", "Grace Hopper"),
        ("lovelase", "author", "Ada Lovelace"),
    ],
)
def test_a_typing_error_still_leads_there(library: Engine, typed: str, kind: str, value: str) -> None:
    with reading(library) as session:
        found = suggest.suggest(session, typed)
    assert (found[0].kind, found[0].value) == (kind, value)


@pytest.mark.parametrize("typed", ["", "   ", "42", "%_*", "\x00", "<>", "xqzvwk"])
def test_what_is_no_word_or_like_nothing_suggests_nothing(library: Engine, typed: str) -> None:
    with reading(library) as session:
        assert suggest.suggest(session, typed) == ()


def test_a_very_long_text_is_cut(library: Engine) -> None:
    with reading(library) as session:
        assert isinstance(suggest.suggest(session, "linear algebra " * 10_000), tuple)


@given(st.text(max_size=60))
def test_any_text_may_be_compared(typed: str) -> None:
    for found in suggest.likest(typed, "topic", {"rag": "Retrieval-augmented generation"}):
        assert suggest.LEAST <= found.likeness <= 100


def test_of_equally_like_authors_the_same_are_suggested_every_time(engine: Engine) -> None:
    names = tuple(f"Grace {letter}son" for letter in "KDBLAHCFEGIJ")
    build.store(engine, [build.arxiv("2605.00001", authors=names)], NOW)
    with reading(engine) as session:
        found = [s.value for s in suggest.suggest(session, "grace", limit=5)]
    assert found == [f"Grace {letter}son" for letter in "ABCDE"]

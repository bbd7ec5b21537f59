"""A reader's own lists, on both databases: the newest first, page by page, narrowed as any list; the hidden is in them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from staycurrent.query import Query
from staycurrent.store import listing, marks, shelf
from staycurrent.store.engine import Engine, reading, writing
from staycurrent.store.marks import LOCAL, Kind
from tests import build
from tests.conftest import NOW

TODAY = NOW.date()


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """Five items, saved one after the other; two of them have a tag, one is hidden, and another reader has their own."""
    build.store(engine, [build.arxiv(f"2605.0000{n}", f"Paper {word}") for n, word in enumerate(WORDS)], NOW)
    with reading(engine) as session:
        rows = {view.title: view.row for view in listing.page(session, Query(), TODAY).items}
    with writing(engine) as session:
        for n, word in enumerate(WORDS):
            marks.put(session, LOCAL, Kind.SAVED, [rows[f"Paper {word}"]], NOW + timedelta(minutes=n))
        marks.put(session, LOCAL, Kind.HIDDEN, [rows["Paper two"]], NOW)
        marks.put(session, "oidc-other", Kind.STAR, [rows["Paper two"]], NOW)
        marks.tag(session, LOCAL, rows["Paper one"], ["rag", "to try"], NOW)
        marks.tag(session, LOCAL, rows["Paper two"], ["rag"], NOW + timedelta(minutes=1))
    return engine


WORDS = ("nought", "one", "two", "three", "four")


def test_the_newest_mark_comes_first_and_pages_lose_and_repeat_nothing(filled: Engine) -> None:
    with reading(filled) as session:
        pages = [shelf.marked(session, LOCAL, Kind.SAVED, Query(), TODAY, size=2, start=start) for start in (0, 2, 4, 6)]
    assert [view.title for page in pages for view in page] == [f"Paper {word}" for word in reversed(WORDS)]
    assert [len(page) for page in pages] == [2, 2, 1, 0]


def test_what_is_hidden_is_found_and_counted(filled: Engine) -> None:
    with reading(filled) as session:
        (hidden,) = shelf.marked(session, LOCAL, Kind.HIDDEN, Query(), TODAY, size=9)
        counted = shelf.counts(session, LOCAL, Query(), TODAY)
    assert hidden.title == "Paper two"
    assert counted.marks == {Kind.READ: 0, Kind.SAVED: 5, Kind.HIDDEN: 1, Kind.STAR: 0}
    assert list(counted.tags.items()) == [("rag", 2), ("to try", 1)]


def test_a_tag_has_its_items_the_newest_first(filled: Engine) -> None:
    with reading(filled) as session:
        titles = [view.title for view in shelf.tagged(session, LOCAL, "rag", Query(), TODAY, size=9)]
    assert titles == ["Paper two", "Paper one"]


def test_a_query_narrows_list_and_counts_alike(filled: Engine) -> None:
    wanted = Query(text="two")
    with reading(filled) as session:
        counted = shelf.counts(session, LOCAL, wanted, TODAY)
        found = shelf.marked(session, LOCAL, Kind.SAVED, wanted, TODAY, size=9)
        none = shelf.marked(session, LOCAL, Kind.SAVED, Query(levels=(5,)), TODAY, size=9)
    assert [view.title for view in found] == ["Paper two"]
    assert (counted.marks[Kind.SAVED], counted.marks[Kind.HIDDEN], counted.tags) == (1, 1, {"rag": 1})
    assert none == ()


def test_readers_do_not_see_each_others_lists(filled: Engine) -> None:
    with reading(filled) as session:
        assert shelf.marked(session, LOCAL, Kind.STAR, Query(), TODAY, size=9) == ()
        assert len(shelf.marked(session, "oidc-other", Kind.STAR, Query(), TODAY, size=9)) == 1

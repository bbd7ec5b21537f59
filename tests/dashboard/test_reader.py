"""Without logins the owner of the machine is the one reader: what is hidden is gone from the pages, and only from theirs."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st

from staycurrent.query import Query
from staycurrent.store import listing, marks
from staycurrent.store.engine import open_engine, reading, writing
from tests.dashboard import build
from tests.dashboard.conftest import Open, page_text

TITLE = "Hidden States of Nets"


@pytest.fixture
def hidden(bare: Path) -> None:
    """One paper, hidden by the local profile."""
    engine = open_engine(f"sqlite:///{bare}")
    paper = build.paper(7, TITLE)
    build.collect(engine, [paper, build.paper(8, "Another Paper")])
    build.classify(engine, {TITLE: build.Label(5, 0.9), "Another Paper": build.Label(5, 0.9)})
    with reading(engine) as session:
        (row,) = [v.row for v in listing.page(session, Query(), build.TODAY).items if v.title == TITLE]
    with writing(engine) as session:
        marks.put(session, marks.LOCAL, marks.Kind.HIDDEN, [row], build.NOW)
    engine.dispose()


@pytest.mark.usefixtures("hidden")
@pytest.mark.parametrize("page", ["explore", "this-month"])
def test_what_the_owner_hid_is_gone_from_their_pages(open_page: Open, page: str) -> None:
    text = page_text(open_page() if page == "this-month" else open_page(page))
    assert "Another Paper" in text
    assert TITLE not in text


@pytest.mark.usefixtures("hidden")
def test_a_server_that_others_reach_shows_it_unless_it_is_asked_as_that_reader(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAYCURRENT_HOST", "0.0.0.0")
    st.cache_data.clear()
    assert TITLE in page_text(open_page("explore"))
    assert TITLE not in page_text(open_page("explore", reader=["local"]))

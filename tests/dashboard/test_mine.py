"""The page of what the reader marked: each list in pages with the way back, narrowed by the filters of every page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from dashboard.reader import Reader
from staycurrent import roadmap
from staycurrent.query import Query
from staycurrent.reading.progress import landmark_name
from staycurrent.store import listing, marks
from staycurrent.store.engine import open_engine, reading
from staycurrent.store.marks import Kind
from tests.dashboard import build
from tests.dashboard.conftest import Open, page_text

HIDDEN = "2605.00100"


@pytest.fixture
def me(example: Path) -> Iterator[Reader]:
    """The reader of this machine, who saved thirty items and hid one."""
    engine = open_engine(f"sqlite:///{example}")
    reader = Reader(marks.LOCAL, engine, build.NOW)
    with reading(engine) as session:
        ids = [view.id for view in listing.page(session, Query(), build.TODAY, limit=31).items if view.id != HIDDEN]
    for public_id in ids[:30]:
        reader.mark(Kind.SAVED, public_id, on=True)
    reader.mark(Kind.HIDDEN, HIDDEN, on=True)
    yield reader
    engine.dispose()


def shown(text: str) -> set[str]:
    return set(re.findall(r"\./item\?id=([\w.]+)", text))


def test_a_list_comes_in_pages_that_lead_to_each_other(me: Reader, open_page: Open) -> None:
    first, second = page_text(open_page("mine")), page_text(open_page("mine", page="2"))
    assert (len(shown(first)), len(shown(second)), len(shown(first) | shown(second))) == (25, 5, 30)
    assert 'rel="next" href="./mine?mark=saved&amp;page=2"' in first
    assert 'rel="prev" href="./mine?mark=saved"' in second
    assert "The list is shorter" in page_text(open_page("mine", page="3"))


def test_what_was_hidden_is_shown_with_the_way_back(me: Reader, open_page: Open) -> None:
    text = page_text(open_page("mine", mark="hidden"))
    assert shown(text) == {HIDDEN}
    assert 'data-mark="hidden" data-on="1"' in text
    assert '<a aria-current="page" href="./mine?mark=hidden"><bdi>Hidden</bdi> <small>1</small></a>' in text


def test_a_tag_has_a_list_and_can_be_taken_back_there(me: Reader, open_page: Open) -> None:
    me.tag('to try & "keep"', HIDDEN, on=True)
    text = page_text(open_page("mine", tag='to try & "keep"'))
    assert shown(text) == {HIDDEN}
    assert 'name="tag" value="to try &amp; &quot;keep&quot;"' in text
    assert 'data-mark="tag" data-on="1"' in text
    assert "Nothing is here yet" in page_text(open_page("mine", tag="never used"))


def test_the_filters_of_every_page_narrow_it(me: Reader, open_page: Open) -> None:
    text = page_text(open_page("mine", kind="post"))
    assert len(shown(text)) == 1
    assert "./mine?mark=star&amp;kind=post" in text
    assert "Nothing fits" in page_text(open_page("mine", mark="hidden", text="zebra"))


def test_landmarks_stand_below_the_items(me: Reader, open_page: Open) -> None:
    paper = roadmap.landmarks(5)[0]
    me.mark_landmark(Kind.STAR, landmark_name(paper), on=True)
    assert "Landmark papers of the roadmap" in page_text(open_page("mine", mark="star"))
    assert "Landmark papers of the roadmap" not in page_text(open_page("mine"))


@pytest.mark.parametrize("wrong", [{"mark": "liked"}, {"page": "0"}, {"page": "9" * 5000}, {"page": "٣"}, {"tag": "a,b"}])
def test_a_wrong_address_is_a_plain_answer(me: Reader, open_page: Open, wrong: dict[str, str]) -> None:
    assert "This address cannot be shown" in page_text(open_page("mine", **wrong))


def test_where_nobody_is_known_the_page_says_so(me: Reader, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAYCURRENT_HOST", "0.0.0.0")
    st.cache_data.clear()
    text = page_text(open_page("mine", mark="hidden"))
    assert "No marks are kept" in text
    assert shown(text) == set()


def test_a_search_that_finds_only_what_was_hidden_leads_to_it(me: Reader, open_page: Open) -> None:
    with reading(me.engine) as session:
        (post,) = [
            v for v in listing.page(session, Query(), build.TODAY, limit=99).items if v.title.startswith("Agents that wait")
        ]
    me.mark(Kind.HIDDEN, post.id, on=True)
    text = page_text(open_page("explore", text=f'"{post.title}"', sort="votes"))
    assert "1 hidden item fits" in text
    assert re.search(r'href="\./mine\?mark=hidden&amp;text=[^"&]+"', text)
    assert "1 ausgeblendeter Eintrag passt" in page_text(open_page("explore", text=f'"{post.title}"', lang="de"))
    assert "hidden item" not in page_text(open_page("explore", text="zebra"))

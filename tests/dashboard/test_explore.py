"""Explore: search, filters, pages."""

from __future__ import annotations

import html
import re
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.reader import Reader
from staycurrent.store import marks
from staycurrent.store.engine import open_engine
from tests.dashboard import build
from tests.dashboard.conftest import Open, page_text


def _next(page: AppTest) -> str:
    found = re.search(r'rel="next" href="([^"]+)"', page_text(page))
    assert found
    return parse_qs(urlsplit(html.unescape(found[1])).query)["cursor"][0]


def test_lists_everything_in_pages_without_gaps_or_repeats(example: Path, open_page: Open) -> None:
    first = open_page("explore")
    assert "<b>61 items</b>" in page_text(first)
    second = open_page("explore", cursor=_next(first))
    third = open_page("explore", cursor=_next(second))
    ids = [re.findall(r"\./item\?id=([\w.]+)", page_text(p)) for p in (first, second, third)]
    assert [len(i) for i in ids] == [25, 25, 11]
    assert len({i for page in ids for i in page}) == 61
    assert 'rel="next"' not in page_text(third)


def test_the_url_presets_the_form(example: Path, open_page: Open) -> None:
    page = open_page("explore", text="agents", level=["7"], has_code="1", since="2026-05-01", sort="votes", source=["lab:*"])
    state = page.session_state
    assert (state["e_text"], state["e_levels"], state["e_code"]) == ("agents", [7], "1")
    assert state["e_since"] == date(2026, 5, 1)
    assert state["e_sources"] == ["lab:*"]
    text = page_text(page)
    assert "level 7 Agents" in text
    assert "most votes first" in text


def test_a_search_goes_into_the_url_and_leaves_the_old_cursor(example: Path, open_page: Open) -> None:
    page = open_page("explore", min_confidence="0.5")
    page = open_page("explore", min_confidence="0.5", cursor=_next(page))
    page.text_input[0].set_value("agents")
    page.multiselect[0].set_value([7])
    page.button[0].click().run()
    assert not page.exception
    assert dict(page.query_params) == {"text": "agents", "level": "7", "min_confidence": "0.5"}
    assert "Agents" in page_text(page)


def test_a_search_without_hits_offers_the_way_back(example: Path, open_page: Open) -> None:
    text = page_text(open_page("explore", text="zebrafish"))
    assert "<b>0 items</b>" in text
    assert "Nothing fits" in text


def test_an_empty_database_says_so(bare: Path, open_page: Open) -> None:
    assert "Nothing has been collected yet" in page_text(open_page("explore"))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"level": ["99"]}, "is not a level"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"since": "yesterday"}, "is not a day"),
        ({"since": "2026-05-02", "until": "2026-05-01"}, "is later than until"),
        ({"sort": "best"}, "is not one of"),
        ({"text": ["a", "b"]}, "given more than once"),
    ],
)
def test_a_wrong_address_is_explained(example: Path, open_page: Open, params: dict[str, str], message: str) -> None:
    assert message in page_text(open_page("explore", **params))


def test_applying_the_form_keeps_what_it_has_no_widget_for(example: Path, open_page: Open) -> None:
    page = open_page("explore", without_topic=["rag"], without_lab=["qwen"], reader=["local"], min_confidence=["0.5"])
    assert "without RAG" in page_text(page) or "without Retrieval" in page_text(page)
    page.button[0].click().run()
    assert {name: value if isinstance(value, str) else value[0] for name, value in page.query_params.items()} == {
        "without_topic": "rag",
        "without_lab": "qwen",
        "reader": "local",
        "min_confidence": "0.5",
    }


def test_the_list_can_be_narrowed_by_what_is_in_it(example: Path, open_page: Open) -> None:
    text = page_text(open_page("explore"))
    assert 'aria-label="Narrow the list"' in text
    assert re.search(r"explore\?level=\d[^>]*>[^<]+<small>\d+</small>", text)
    for name in ("topic=", "lab=", "source=", "kind=paper", "kind=post", "has_code=1", "has_code=0"):
        assert re.search(rf"explore\?{name}[^>]*>[^<]+<small>\d+</small>", text), name


def test_what_was_misspelled_is_guessed(example: Path, open_page: Open) -> None:
    text = page_text(open_page("explore", text=["retrival augmanted"]))
    assert "Nothing fits" in text
    assert "Did you mean" in text
    assert "explore?topic=rag" in text


def test_each_card_has_its_readers_marks_and_what_they_hid_a_moment_ago_is_gone(example: Path, open_page: Open) -> None:
    before = page_text(open_page("explore"))
    ids = re.findall(r'name="item" value="([\w.]+)"', before)
    assert len(ids) == 25
    me = Reader(marks.LOCAL, open_engine(f"sqlite:///{example}"), build.NOW)
    me.mark(marks.Kind.SAVED, ids[0], on=True)
    me.mark(marks.Kind.HIDDEN, ids[1], on=True)
    after = page_text(open_page("explore"))
    assert re.findall(r'name="item" value="([\w.]+)"', after)[:2] == [ids[0], ids[2]]
    assert after.count('data-mark="saved" data-on="1"') == 1


def test_who_may_not_mark_is_offered_no_marks(example: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAYCURRENT_HOST", "0.0.0.0")
    assert "sc-card" in page_text(open_page("explore"))
    assert "data-mark" not in page_text(open_page("explore"))


def test_a_list_as_another_reader_wants_it_stays_whole(example: Path, open_page: Open) -> None:
    (shown, *_rest) = re.findall(r'name="item" value="([\w.]+)"', page_text(open_page("explore", reader="ada")))
    Reader(marks.LOCAL, open_engine(f"sqlite:///{example}"), build.NOW).mark(marks.Kind.HIDDEN, shown, on=True)
    text = page_text(open_page("explore", reader="ada"))
    assert f'value="{shown}"' in text
    assert 'data-mark="hidden" data-on="1"' in text

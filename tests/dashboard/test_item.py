"""An item's page: all its evidence in time order, why this level, and what its reader does with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from classifier import doubt
from dashboard import course, item_sections, timeline
from dashboard.reader import Reader
from staycurrent.store import second_opinions
from staycurrent.store.engine import open_engine, reading, writing
from staycurrent.store.items import detail
from staycurrent.store.marks import LOCAL, Kind
from staycurrent.types import Document, ItemDetail, Opinion, Reason
from staycurrent.types import Kind as ItemKind
from tests.dashboard import build
from tests.dashboard.conftest import Open, page_text

ID = "2605.00007"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&{0}"


@pytest.fixture
def paper(bare: Path) -> Callable[..., ItemDetail]:
    """Stores a paper that two sources saw, on two days, and gives what is known of it."""

    def stored(title: str = "Hidden States of Nets", **facts: object) -> ItemDetail:
        engine = open_engine(f"sqlite:///{bare}")
        item = build.paper(7, title, versions=(), **facts)
        first, second = build.NOW - timedelta(days=1), build.NOW
        build.collect(engine, [item, build.seen_elsewhere(item, "huggingface", votes=3)], first)
        build.collect(engine, [build.seen_elsewhere(item, "huggingface", votes=9)], second)
        build.classify(engine, {title: build.Label(5, 0.44, unsure=True)})
        return known(bare)

    return stored


def known(path: Path) -> ItemDetail:
    with reading(open_engine(f"sqlite:///{path}")) as session:
        return detail(session, (ID,))


def me(path: Path) -> Reader:
    return Reader(LOCAL, open_engine(f"sqlite:///{path}"), build.NOW)


def test_the_timeline_tells_all_in_the_order_of_time(bare: Path, paper: Callable[..., ItemDetail]) -> None:
    before = paper()
    me(bare).correct(before.item.row, 6, "it is about images")
    told = [(e.day, e.html) for e in timeline.events(known(bare))]
    assert [day for day, _ in told] == sorted(day for day, _ in told)
    words = " ".join(html for _, html in told)
    for part in (
        "Published",
        "Listed by arXiv",
        "Listed by Hugging Face",
        "9 votes",
        "set by the reader local",
        "about images",
    ):
        assert part in words


def test_a_number_is_shown_by_day_as_bars_words_and_table() -> None:
    days = [("huggingface", "votes", date(2026, 5, n), 10 * n) for n in range(1, 5)]
    html = course.section([*days, ("arxiv", "votes", date(2026, 5, 4), 1), ("paperswithcode", "stars", date(2026, 5, 1), 7)])
    assert html.count("<figure") == 1
    assert html.count("<i style") == 4
    assert 'role="img" aria-label="Votes by day: 10 on 1 May 2026, 40 on 4 May 2026."' in html
    assert html.count("<tr>") == 5


def test_many_days_become_few_bars_with_first_and_last() -> None:
    values = list(range(1000))
    found = course.thinned(values, 60)
    assert (len(found), found[0], found[-1]) == (60, 0, 999)
    assert found == sorted(found)


def test_a_correction_is_made_shown_and_withdrawn(bare: Path, paper: Callable[..., ItemDetail], open_page: Open) -> None:
    paper()
    page = open_page("item", id=ID)
    assert "Level 5 Language models: the classifier is 44% sure." in page_text(page)
    page.selectbox[0].set_value(6)
    page.text_input[1].set_value("it is about images")
    page.button(key=_submit(page, "Set this level")).click().run()
    text = page_text(page)
    assert "Level set by the reader local: 6 Multimodal" in text
    assert "“it is about images”" in text
    assert "The classifier says 5 Language models, and is 44% sure." in text
    assert "100%" not in text
    page.button(key=f"withdraw-{known(bare).item.row}").click().run()
    assert known(bare).correction is None
    assert "the classifier is 44% sure" in page_text(page)


def _submit(page: object, label: str) -> str:
    return next(str(b.key) for b in page.button if b.label == label)  # type: ignore[attr-defined]


def test_note_and_tags_are_kept_and_taken_away(bare: Path, paper: Callable[..., ItemDetail], open_page: Open) -> None:
    row = paper().item.row
    page = open_page("item", id=ID)
    page.text_area[0].set_value("try section 3 <b>")
    page.text_input[0].set_value("RAG, to try,")
    page.button(key=_submit(page, "Keep")).click().run()
    left = me(bare).left([row])[row]
    assert (left.note, left.tags) == ("try section 3 <b>", ("rag", "to try"))
    page.text_area[0].set_value("")
    page.text_input[0].set_value("rag")
    page.button(key=_submit(page, "Keep")).click().run()
    left = me(bare).left([row])[row]
    assert (left.note, left.tags) == ("", ("rag",))


def test_a_tag_that_is_too_long_is_refused_and_changes_nothing(
    bare: Path, paper: Callable[..., ItemDetail], open_page: Open
) -> None:
    row = paper().item.row
    page = open_page("item", id=ID)
    page.text_area[0].set_value("a note")
    page.text_input[0].set_value("x" * 61)
    page.button(key=_submit(page, "Keep")).click().run()
    assert "a tag has 1 to 60 characters" in page.error[0].value
    assert me(bare).left([row]) == {}


def test_where_nobody_may_change_things_there_is_nothing_to_press(
    bare: Path, paper: Callable[..., ItemDetail], open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    me(bare).annotate(paper().item.row, "a secret note", ["private"])
    monkeypatch.setenv("STAYCURRENT_HOST", "0.0.0.0")
    page = open_page("item", id=ID)
    text = page_text(page)
    assert not page.button
    assert not page.text_input
    assert "sc-actions" not in text
    assert "secret" not in text
    assert "Why this level" in text


def test_marks_on_the_page_are_those_of_its_reader(bare: Path, paper: Callable[..., ItemDetail], open_page: Open) -> None:
    paper()
    me(bare).mark(Kind.STAR, ID, on=True)
    text = page_text(open_page("item", id=ID))
    assert 'data-mark="star" data-on="1"' in text
    assert 'data-mark="read" data-on="0"' in text


def test_a_second_opinion_is_called_one(bare: Path, paper: Callable[..., ItemDetail], open_page: Open) -> None:
    item = paper().item
    words = Document(str(item.row), item.title, item.abstract, item.categories, item.authors, item.comment)
    said = Opinion("llm:owl-1", 7, (), "it <plans> & acts")
    with writing(open_engine(f"sqlite:///{bare}")) as session:
        second_opinions.keep(session, second_opinions.content(words), said.llm, said, tries=1, now=build.NOW)
        second_opinions.apply(session, build.MODEL, [(item.row, said)])
    text = page_text(open_page("item", id=ID))
    assert "second opinion by owl-1" in text
    assert "Second opinion by owl-1: 7 Agents" in text
    assert "it &lt;plans&gt; &amp; acts" in text


def test_it_can_be_cited_in_both_forms(bare: Path, paper: Callable[..., ItemDetail], open_page: Open) -> None:
    paper()
    text = page_text(open_page("item", id=ID))
    assert "@misc{example2026hidden," in text
    assert "TY  - UNPD" in text


def test_similar_items_say_what_they_share(example: Path, open_page: Open) -> None:
    text = page_text(open_page("item", id="2605.00100"))
    assert "Similar" in text
    assert "Shares with it:" in text


def test_whatever_a_source_or_a_reader_writes_stays_text(bare: Path, paper: Callable[..., ItemDetail], open_page: Open) -> None:
    row = paper(HOSTILE, abstract=HOSTILE, authors=(HOSTILE,), comment=HOSTILE, categories=(HOSTILE,)).item.row
    reader = me(bare)
    reader.annotate(row, HOSTILE, ["<b>tag</b>"])
    reader.correct(row, 5, HOSTILE)
    for path, params in (
        ("item", {"id": ID}),
        ("this-month", {}),
        ("this-month", {"group": "topic"}),
        ("roadmap", {"view": "plan"}),
    ):
        text = page_text(open_page(**params) if path == "this-month" else open_page(path, **params))
        assert "<script" not in text
        assert "<img" not in text
        assert "<b>tag" not in text


@pytest.mark.parametrize(
    "document",
    [
        Document("1", "A post", "Some words.", kind=ItemKind.POST),
        Document("2", "A title without more"),
        Document("3", "A title", "Four words, not twenty."),
        Document("4", "Ein Titel", "Dieser Text ist auf Deutsch geschrieben, und das Modell hat kein Deutsch gelesen. " * 3),
    ],
    ids=["post", "no abstract", "short", "German"],
)
def test_each_rule_of_doubt_is_said_in_a_sentence_and_not_among_the_words(
    paper: Callable[..., ItemDetail], document: Document
) -> None:
    rule = Reason("rule", f"unsure: {doubt.reason(document)}", 0.0)
    shown = item_sections.level(replace(paper(), explanation=(rule, Reason("word", "loops", 0.5))))
    assert "unsure:" not in shown
    assert "take it as a guess" in shown
    assert "below the threshold" not in shown

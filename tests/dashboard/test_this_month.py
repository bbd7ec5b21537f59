"""The front page: the month's reading, its filters in the URL, and every empty state."""

from __future__ import annotations

import re
from datetime import timedelta
from html import escape
from pathlib import Path

import pytest
from sqlalchemy import text as text_of_sql

from dashboard.reader import Reader
from staycurrent import roadmap
from staycurrent.store.engine import open_engine, reading, writing
from staycurrent.store.items import find
from staycurrent.store.marks import LOCAL, Kind
from staycurrent.store.visits import look, since
from tests.dashboard import build
from tests.dashboard.conftest import Open, page_text


def test_shows_the_month_grouped_by_level_with_reasons(example: Path, open_page: Open) -> None:
    text = page_text(open_page())
    assert "May 2026" in text
    assert text.count('class="sc-card sc-ranked"') == 30
    assert 'id="level-5"' in text
    assert "Why here" in text
    assert "votes on Hugging Face" in text


def test_a_level_in_the_url_narrows_the_reading_and_presets_its_widget(example: Path, open_page: Open) -> None:
    page = open_page(level=["5"])
    text = page_text(page)
    assert 'id="level-5"' in text
    assert 'id="level-7"' not in text
    assert page.session_state["m_levels"] == [5]


def test_choosing_a_level_puts_it_into_the_url_beside_what_was_there(example: Path, open_page: Open) -> None:
    page = open_page(exclude="satellites")
    page.button_group[0].set_value([7]).run()
    assert dict(page.query_params) == {"month": "2026-05", "level": "7", "exclude": "satellites"}


def test_choosing_another_month_shows_it(example: Path, open_page: Open) -> None:
    page = open_page()
    page.selectbox[0].set_value("2026-04").run()
    assert dict(page.query_params) == {"month": "2026-04"}
    assert "April 2026" in page_text(page)


def test_an_empty_level_says_so_and_offers_landmark_papers(bare: Path, open_page: Open) -> None:
    engine = build.open_engine(f"sqlite:///{bare}")
    build.collect(engine, [build.paper(1, "Only paper")])
    build.classify(engine, {"Only paper": build.Label(5)})
    text = page_text(open_page(level=["3"]))
    assert "Nothing for level 3 in May 2026 yet" in text
    assert "Landmark papers of level 3" in text
    assert "sc-reason" in text


def test_an_empty_database_says_that_nothing_was_collected(bare: Path, open_page: Open) -> None:
    text = page_text(open_page())
    assert "Nothing has been collected yet" in text
    assert "Landmark papers of level 1" in text


def test_says_which_sources_are_missing_from_the_list(example: Path, open_page: Open) -> None:
    text = page_text(open_page())
    assert "Hugging Face Daily Papers could not be read" in text
    assert "Anthropic feed has not been read yet" in text


def test_a_shortened_level_leads_to_its_own_reading(example: Path, open_page: Open) -> None:
    text = page_text(open_page())
    found = re.search(r'href="\./\?month=2026-05&amp;level=(\d)">\d+ of \d+</a>', text)
    assert found
    assert " of " not in re.findall(r"<h2>.*?</h2>", page_text(open_page(level=found[1])))[0]


def test_says_nothing_of_sources_when_all_are_well(bare: Path, open_page: Open) -> None:
    engine = build.open_engine(f"sqlite:///{bare}")
    for source in build.SOURCES:
        build.run(engine, source.name)
    assert "may be incomplete" not in page_text(open_page())


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"month": "2026-13"}, "2026-13 is not a period"),
        ({"month": "2026-W21"}, "this page shows months"),
        ({"month": "2027-01"}, "has not begun yet"),
        ({"level": ["11"]}, "is not a level"),
        ({"lab": ["<script>alert(1)</script>"]}, "is not a lab"),
    ],
)
def test_a_wrong_address_is_explained(example: Path, open_page: Open, params: dict[str, str], message: str) -> None:
    text = page_text(open_page(**params))
    assert message in text
    assert "<script" not in text
    assert "Start over" in text


def test_filters_without_a_widget_are_shown_and_can_be_cleared(example: Path, open_page: Open) -> None:
    text = page_text(open_page(text="agents", level=["7"]))
    assert "“agents”" in text
    assert './?month=2026-05&amp;level=7">Clear all' in text


def test_a_database_that_was_never_migrated_gives_a_designed_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_page: Open
) -> None:
    monkeypatch.setenv("STAYCURRENT_DATABASE_URL", f"sqlite:///{tmp_path / 'none.db'}")
    text = page_text(open_page())
    assert "The library is being set up" in text
    assert "staycurrent migrate" in text


def test_a_database_that_cannot_be_used_is_named_in_the_log_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_page: Open, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"no database, but long enough to be looked at" * 40)
    monkeypatch.setenv("STAYCURRENT_DATABASE_URL", f"sqlite:///{broken}")
    text = page_text(open_page())
    assert "The library cannot be opened" in text
    assert "not a database" in caplog.text
    assert "not a database" not in text


def test_a_wrong_setting_is_named_in_the_log_only(
    example: Path, monkeypatch: pytest.MonkeyPatch, open_page: Open, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("STAYCURRENT_PORT", "many")
    assert "The library cannot be opened" in page_text(open_page())
    assert "STAYCURRENT_PORT" in caplog.text


def test_a_time_budget_in_the_url_bounds_the_reading(example: Path, open_page: Open) -> None:
    page = open_page(minutes="60")
    text = page_text(page)
    minutes = [int(n) for n in re.findall(r"<span>(\d+) min</span>", text.split('data-counts="reading"')[1])]
    assert 0 < sum(minutes) <= 60
    assert page.session_state["m_minutes"] == 60
    assert "minutes=60" in text


def test_choosing_a_budget_and_a_grouping_puts_both_into_the_url(example: Path, open_page: Open) -> None:
    page = open_page(level=["7"])
    page.selectbox[1].set_value(120).run()
    page.selectbox[2].set_value("topic").run()
    assert dict(page.query_params) == {"level": "7", "minutes": "120", "group": "topic"}
    page.button_group[0].set_value([5]).run()
    assert dict(page.query_params) == {"month": "2026-05", "level": "5", "minutes": "120", "group": "topic"}
    page.selectbox[1].set_value(0).run()
    assert "minutes" not in page.query_params


def test_grouped_by_topic_every_card_is_there_under_its_topic(example: Path, open_page: Open) -> None:
    by_level, by_topic = page_text(open_page()), page_text(open_page(group="topic"))
    card = re.compile(r'<article class="sc-card.*?</article>', re.DOTALL)
    assert len(card.findall(by_topic)) == len(card.findall(by_level)) == 30
    assert "Tool use<span" in by_topic
    assert 'id="level-7"' not in by_topic


def test_a_time_in_which_nothing_fits_is_said_so(example: Path, open_page: Open) -> None:
    assert "Nothing fits into 1 min" in page_text(open_page(minutes="1"))


def test_what_is_one_level_up_and_the_landmark_paper_stand_beside_the_list(example: Path, open_page: Open) -> None:
    text = page_text(open_page(level=["5"]))
    assert text.index("One level up") < text.index("The landmark paper")
    assert "sc-landmarks" in text


@pytest.mark.parametrize("level", range(1, 9))
def test_a_landmark_paper_stands_once_on_the_page(example: Path, open_page: Open, level: int) -> None:
    for month in ("2026-04", "2026-05"):
        text = page_text(open_page(month=month, level=[str(level)]))
        for paper in roadmap.landmarks(level):
            assert text.count(f'<div class="sc-title"><a href="{escape(paper.url)}"') <= 1, paper.title


def test_it_leads_to_feed_mail_and_files(example: Path, open_page: Open) -> None:
    text = page_text(open_page(level=["5"]))
    for address in (
        "./feeds/atom?level=5&amp;period=2026-05",
        "./digest?level=5",
        "./exports/ical?level=5",
        "./exports/bibtex?",
    ):
        assert f'href="{address}' in text


def reader(path: Path, **later: float) -> Reader:
    return Reader(LOCAL, open_engine(f"sqlite:///{path}"), build.NOW + timedelta(**later))


def test_what_was_read_is_counted_and_what_was_hidden_is_gone(example: Path, open_page: Open) -> None:
    shown = re.findall(r'name="item" value="([^"]+)"', page_text(open_page()))
    reader(example).mark(Kind.READ, shown[0], on=True)
    reader(example).mark(Kind.HIDDEN, shown[1], on=True)
    text = page_text(open_page())
    assert ">1 of 29 read<" in text
    assert f'value="{shown[1]}"' not in text


def test_what_came_since_the_last_visit_is_marked(bare: Path, open_page: Open) -> None:
    engine = open_engine(f"sqlite:///{bare}")
    old, new = build.paper(1, "Seen before"), build.paper(2, "Just in")
    build.collect(engine, [old], build.NOW - timedelta(days=3))
    build.collect(engine, [new], build.NOW - timedelta(days=1))
    build.classify(engine, {"Seen before": build.Label(5), "Just in": build.Label(5)})
    assert "since your last visit" not in page_text(open_page())
    with writing(engine) as session:
        session.execute(text_of_sql("DELETE FROM visits"))
        look(session, LOCAL, "month", "2026-05", build.NOW - timedelta(days=2))
    for _reload in range(2):
        text = page_text(open_page())
        assert "1 new since your last visit." in text
        assert text.count('class="sc-new"') == 1
        assert text.index('class="sc-new"') < text.index("Just in</bdi>")


def test_a_look_at_the_page_is_a_visit_of_its_reader_only(
    example: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAYCURRENT_HOST", "0.0.0.0")
    text = page_text(open_page())
    assert "<form" not in text
    later = build.NOW + timedelta(days=1)
    with reading(open_engine(f"sqlite:///{example}")) as session:
        assert since(session, LOCAL, "month", "2026-05", later) is None
    monkeypatch.delenv("STAYCURRENT_HOST")
    open_page()
    with reading(open_engine(f"sqlite:///{example}")) as session:
        assert since(session, LOCAL, "month", "2026-05", later) is not None


def test_the_level_that_a_reader_gave_is_called_so(example: Path, open_page: Open) -> None:
    name = re.findall(r'name="item" value="([^"]+)"', page_text(open_page(level=["7"])))[0]
    me = reader(example)
    with reading(me.engine) as session:
        row = find(session, (name,))
    me.correct(row, 5, "about language")
    text = page_text(open_page(level=["5"]))
    card = next(c for c in text.split("<article") if f'value="{name}"' in c)
    assert "set by a reader" in card
    assert "100%" not in card


@pytest.mark.parametrize("params", [{"minutes": "soon"}, {"minutes": "0"}, {"minutes": "999999999999"}, {"group": "<script>"}])
def test_a_wrong_budget_or_grouping_is_explained(example: Path, open_page: Open, params: dict[str, str]) -> None:
    text = page_text(open_page(**params))
    assert "This address cannot be shown" in text
    assert "<script" not in text

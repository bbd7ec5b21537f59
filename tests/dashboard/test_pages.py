"""Roadmap, sources and a single item."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from dashboard import app
from dashboard.data import Library
from staycurrent import roadmap
from tests.dashboard import build
from tests.dashboard.conftest import Open, page_text


def test_the_roadmap_shows_eight_levels_with_landmarks_and_news(example: Path, open_page: Open) -> None:
    text = page_text(open_page("roadmap"))
    assert text.count('class="sc-step"') == 8
    assert all(f">{p.title}<" in text for p in roadmap.landmarks(1) if "&" not in p.title and "'" not in p.title)
    assert "./explore?level=8" in text
    assert "./item?id=" in text


def test_a_level_in_the_url_opens_its_landmark_papers(example: Path, open_page: Open) -> None:
    text = page_text(open_page("roadmap", level=["4"]))
    assert text.index("Landmark papers of level 4") < text.index('id="level-1"')


def test_the_roadmap_refuses_a_level_that_it_does_not_have(example: Path, open_page: Open) -> None:
    assert "is not a level" in page_text(open_page("roadmap", level=["9"]))
    assert "levels 1 to 8" in page_text(open_page("roadmap", level=["0"]))


def test_sources_tell_their_health_in_words(example: Path, open_page: Open) -> None:
    text = page_text(open_page("sources"))
    assert "2 of 5 sources need attention" in text
    assert "timeout: no answer within 30 s" in text
    assert "Not read yet" in text
    assert "kept by a third party" in text
    assert "Recent runs" in text


def test_sources_of_an_empty_installation(tmp_path: Path, bare: Path, open_page: Open) -> None:
    engine = build.open_engine(f"sqlite:///{bare}")
    with build.writing(engine) as session:
        build.sources.register(session, [])
    assert "No source is set up yet" in page_text(open_page("sources"))


def test_an_item_shows_its_evidence(bare: Path, open_page: Open) -> None:
    engine = build.open_engine(f"sqlite:///{bare}")
    paper = build.paper(7, "Hidden States of $\\alpha$-Nets", comment="12 pages")
    build.collect(engine, [paper, build.seen_elsewhere(paper, "huggingface", votes=3)], build.NOW - timedelta(days=1))
    build.collect(engine, [build.seen_elsewhere(paper, "huggingface", votes=9)])
    lab = build.LabEvidence("google-deepmind", "author-team", "Gemini Team", 0.8)
    build.classify(engine, {paper.title: build.Label(5, 0.44, unsure=True, labs=(lab,))})
    text = page_text(open_page("item", id="2605.00007"))
    for words in (
        "α-Nets",
        "44% sure",
        "take it as a guess",
        "“tokens”",
        "Spoke against it",
        "inferred",
        "Gemini Team",
        "12 pages",
    ):
        assert words in text
    assert "3 on 19 May 2026, 9 on 20 May 2026." in text
    assert 'href="./api/v1/items/2605.00007?format=csv"' in text
    assert '<time datetime="2026-05-04">4 May 2026</time><div><b>Version 1 submitted</b>' in text


def test_an_unknown_item_is_a_plain_answer(example: Path, open_page: Open) -> None:
    assert "Not found" in page_text(open_page("item", id="9999.99999"))
    assert "follow a link" in page_text(open_page("item"))


def test_an_unclassified_item_is_not_given_a_level(bare: Path, open_page: Open) -> None:
    build.collect(build.open_engine(f"sqlite:///{bare}"), [build.paper(8)])
    text = page_text(open_page("item", id="2605.00008"))
    assert "Not classified yet" in text
    assert "The classifier has not read it yet" in text


def test_a_bug_is_logged_and_shown_as_a_page(
    example: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(library: Library) -> None:
        raise ZeroDivisionError

    shown: list[str] = []
    monkeypatch.setattr(app.st, "html", shown.append)
    app._page(broken, lambda: "./")()
    assert "Something went wrong here" in shown[0]
    assert "ZeroDivisionError" in caplog.text


def test_the_navigation_carries_the_chosen_levels_on(example: Path, open_page: Open) -> None:
    page = open_page("explore", level=["5", "0"], text="agents", lang="en")
    queries = {link.proto.page: link.proto.query_string for link in page.get("page_link")}
    assert queries.pop("roadmap") == "level=5&lang=en", "the roadmap has no level 0"
    assert set(queries.values()) == {"level=0&level=5&lang=en"}


@pytest.mark.parametrize("level", ["99", "five", ""])
def test_the_navigation_leads_away_from_a_wrong_level(example: Path, open_page: Open, level: str) -> None:
    assert {link.proto.query_string for link in open_page("explore", level=[level]).get("page_link")} == {""}

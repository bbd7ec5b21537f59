"""The roadmap's page: progress, marks of landmarks, and the plan from the day that the reader chose."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from dashboard.reader import Reader
from staycurrent import roadmap
from staycurrent.reading.progress import landmark_name
from staycurrent.store.engine import open_engine
from staycurrent.store.marks import LOCAL, Kind
from tests.dashboard import build
from tests.dashboard.conftest import Open, page_text


def me(path: Path) -> Reader:
    return Reader(LOCAL, open_engine(f"sqlite:///{path}"), build.NOW)


def test_progress_counts_the_landmarks_that_were_read(bare: Path, open_page: Open) -> None:
    paper = roadmap.landmarks(1)[0]
    me(bare).mark_landmark(Kind.READ, landmark_name(paper), on=True)
    text = page_text(open_page("roadmap"))
    total = len(roadmap.landmarks(1))
    assert "Your progress" in text
    assert f"1 of {total} read" in text
    assert f'value="{landmark_name(paper)}"><button type="submit" name="mark" value="read 0"' in text


def test_without_a_reader_there_is_no_progress_and_no_button(
    bare: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAYCURRENT_HOST", "0.0.0.0")
    for params in ({}, {"view": "plan"}):
        text = page_text(open_page("roadmap", **params))
        assert "Your progress" not in text
        assert "<button" not in text
        assert " read</span>" not in text


def test_a_start_in_the_address_lays_the_plan_out_and_keeps_nothing(example: Path, open_page: Open) -> None:
    page = open_page("roadmap", start="2026-04-01")
    text = page_text(page)
    assert all(month in text for month in ("April 2026", "May 2026", "March 2027"))
    assert text.count("sc-now") == 1
    assert "New for this month" in text
    assert "of the months before are still open" in text
    assert me(example).plan_start() is None


def test_the_chosen_start_is_kept_and_put_into_the_address(example: Path, open_page: Open) -> None:
    page = open_page("roadmap", view="plan")
    assert "This is how it would be" in page_text(page)
    page.date_input[0].set_value(date(2026, 2, 15)).run()
    assert dict(page.query_params) == {"view": "plan", "start": "2026-02-15"}
    assert me(example).plan_start() == date(2026, 2, 15)
    again = open_page("roadmap", view="plan")
    assert "15 Feb to 14 Mar 2026" in page_text(again)
    again.button[0].click().run()
    assert me(example).plan_start() is None


def test_an_address_with_another_start_tells_of_the_own_one(example: Path, open_page: Open) -> None:
    me(example).begin_plan(date(2026, 1, 1))
    text = page_text(open_page("roadmap", start="2026-03-01"))
    assert "yours begins on 1 Jan 2026" in text


@pytest.mark.parametrize("params", [{"start": "<script>"}, {"view": "<script>"}, {"start": "1066-10-14"}])
def test_a_wrong_address_is_explained(bare: Path, open_page: Open, params: dict[str, str]) -> None:
    text = page_text(open_page("roadmap", **params))
    assert "This address cannot be shown" in text
    assert "<script" not in text


def test_what_was_read_as_an_item_counts_in_the_plan(bare: Path, open_page: Open) -> None:
    engine = open_engine(f"sqlite:///{bare}")
    paper = next(p for p in roadmap.landmarks(1) if p.arxiv_id)
    assert paper.arxiv_id
    url = f"https://arxiv.org/abs/{paper.arxiv_id}"
    build.collect(
        engine, [build.paper(1, paper.title, arxiv_id=paper.arxiv_id, url=url, key=f"oai:arXiv.org:{paper.arxiv_id}")]
    )
    me(bare).mark(Kind.READ, paper.arxiv_id, on=True)
    assert "1 of " in page_text(open_page("roadmap", start="2026-05-01"))

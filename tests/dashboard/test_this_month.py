"""The front page: the month's reading, its filters in the URL, and every empty state."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

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

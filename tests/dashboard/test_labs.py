"""The labs: how each tie is known, what each works on, and the way to its items, feeds and mail."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.dashboard import moving
from tests.dashboard.conftest import Open, page_text, use


@pytest.fixture(scope="module")
def moving_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("moving") / "moving.db"
    moving.library(path)
    return path


@pytest.fixture
def library(moving_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "copy.db"
    shutil.copyfile(moving_file, path)
    use(path, monkeypatch)
    return path


def test_the_index_has_every_watched_lab_and_says_how_ties_are_known(library: Path, open_page: Open) -> None:
    text = page_text(open_page("labs"))
    for words in ("Watched labs", "67 stated", "30 inferred", "none yet", "no feed", "needs attention", "Other labs"):
        assert words in text
    assert "./labs?lab=qwen" in text
    assert text.index(">Qwen<") < text.index("Other labs")


def test_a_lab_has_its_items_with_stated_and_inferred_evidence_told_apart(library: Path, open_page: Open) -> None:
    stated, inferred = page_text(open_page("labs", lab="qwen")), page_text(open_page("labs", lab="deepseek"))
    assert "67 items" in stated
    assert '<span class="sc-lab">Stated</span>' in stated
    assert ">Inferred</span>" not in stated
    assert '<span class="sc-lab sc-inferred">Inferred</span>' in inferred
    assert "a team of the lab signs as author" in inferred
    assert "&lt;i&gt;DeepSeek-AI" in inferred


def test_a_lab_leads_to_its_feed_its_filter_its_trends_and_the_mail(library: Path, open_page: Open) -> None:
    text = page_text(open_page("labs", lab="qwen"))
    for link in ("./explore?lab=qwen", "./feeds/atom?lab=qwen", "./trends?by=month&amp;lab=qwen", "./digest?lab=qwen"):
        assert f'href="{link}"' in text
    for words in (
        "Topics of the last twelve months",
        "Levels of the last twelve months",
        "Month by month",
        "No feed of this lab",
    ):
        assert words in text


def test_a_lab_is_paged_by_links(library: Path, open_page: Open) -> None:
    first = page_text(open_page("labs", lab="qwen"))
    cursor = first.split("./labs?lab=qwen&amp;cursor=")[1].split('"')[0]
    second = page_text(open_page("labs", lab="qwen", cursor=cursor))
    assert "Papers and posts, continued" in second
    assert "Topics of the last twelve months" not in second
    assert "Paper 594<" in first
    assert "Paper 594<" not in second


def test_a_lab_of_an_operators_feed_shows_its_name_as_text_and_the_state_of_its_feed(library: Path, open_page: Open) -> None:
    index, text = page_text(open_page("labs")), page_text(open_page("labs", lab="evil"))
    for shown in (index, text):
        assert "&lt;img src=x onerror=alert(1)&gt; &amp; Sons" in shown
        assert "<img" not in shown
    assert "&lt;script&gt;alert(599)" in text
    assert "<script" not in text
    assert "needs attention" in text
    assert "has not been read yet" in text


def test_a_watched_lab_without_items_and_an_unknown_one(bare: Path, open_page: Open) -> None:
    assert "Nothing of this lab has been collected yet" in page_text(open_page("labs", lab="anthropic"))
    assert "Not found" in page_text(open_page("labs", lab="nobody"))
    assert "is not a lab" in page_text(open_page("labs", lab="<script>"))


def test_its_cards_have_the_readers_marks(library: Path, open_page: Open) -> None:
    text = page_text(open_page("labs", lab="qwen"))
    assert text.count('action="./marks"') == text.count('<article class="sc-card"') > 0

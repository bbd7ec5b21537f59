"""About: the figures are those of the model in use, and what others ask us to say is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from classifier import model
from classifier.published import published
from dashboard import model_figures, own_data
from dashboard.reader import Reader
from dashboard.views import about
from staycurrent import __version__
from staycurrent.errors import ModelError
from staycurrent.i18n import speaking
from staycurrent.reading.ranking_parts import PARTS
from staycurrent.store import marks
from staycurrent.store.engine import head_revision, open_engine
from staycurrent.store.erasing import NOTHING
from tests.dashboard import build
from tests.dashboard.conftest import Open, page_text


def test_the_figures_are_those_of_the_installed_model(example: Path, open_page: Open) -> None:
    text = page_text(open_page("about"))
    found = published()
    assert found.version == model.load().version
    assert found.version in text
    typical = found.typical
    assert f"<dd>{typical['papers']:,}</dd>" in text
    assert f"<dd>{typical['macro_f1']:.3f}</dd>" in text
    for row in typical["confusion"]:
        assert all(f">{count}</td>" in text for count in row if count)
    assert found.metrics
    for mistake in found.metrics["mistakes"]:
        assert f"https://arxiv.org/abs/{mistake['id']}" in text
    assert head_revision() in text
    assert __version__ in text


def test_arxiv_is_thanked_word_for_word_in_every_language(example: Path, open_page: Open) -> None:
    thanks = "Thank you to arXiv for use of its open access interoperability."
    assert thanks in page_text(open_page("about"))
    assert thanks in page_text(open_page("about", lang="de"))


def test_every_part_of_the_ranking_is_named_with_its_weight(example: Path, open_page: Open) -> None:
    assert set(about.PARTS_IN_WORDS) == set(PARTS)
    text = page_text(open_page("about"))
    assert all(f">{words}<" in text for words in about.PARTS_IN_WORDS.values())


def test_a_model_without_a_study_publishes_nothing(
    example: Path, open_page: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.json").write_text(json.dumps({"version": "own-1", "metrics": {}}))
    assert published(tmp_path).metrics is None
    monkeypatch.setenv("STAYCURRENT_MODEL_DIR", str(tmp_path))
    assert "nothing is published of it" in page_text(open_page("about"))


@pytest.mark.parametrize("content", ["", "[]", "{", '{"metrics": {}}'])
def test_a_damaged_file_of_the_model_is_an_error_of_one_line(tmp_path: Path, content: str) -> None:
    with pytest.raises(ModelError):
        published(tmp_path)
    (tmp_path / "model.json").write_text(content)
    with pytest.raises(ModelError):
        published(tmp_path)


def test_titles_of_the_mistakes_are_shown_as_text() -> None:
    row = {"id": "2605.00001", "title": "<script>alert(1)</script>", "level": 5, "answer": 7, "confidence": 0.9}
    html = model_figures.mistakes([row])
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_the_confidence_is_drawn_and_said_beside_it(example: Path, open_page: Open) -> None:
    page = open_page("about")
    (chart,) = page.get("vega_lite_chart")
    spec = json.loads(chart.proto.spec)
    points = [row for row in published().typical["calibration"] if row[2] >= model_figures.FEWEST]
    assert [(row["promised"], row["right"]) for row in spec["layer"][1]["data"]["values"]] == [(p, r) for p, r, _n in points]
    assert spec["description"] == "Confidence and accuracy; the numbers stand beside the chart"
    assert "Confidence and accuracy</caption>" in page_text(page)


def test_an_axis_has_the_numbers_of_the_language() -> None:
    with speaking("de"):
        spec = model_figures.calibration_chart(published().typical, dark=True)
    assert spec["config"]["locale"]["number"]["decimal"] == ","


def test_it_says_what_is_kept_of_the_reader_and_offers_to_erase_it(example: Path, open_page: Open) -> None:
    assert "Nothing is kept of you." in own_data.section(NOTHING)
    me = Reader(marks.LOCAL, open_engine(f"sqlite:///{example}"), build.NOW)
    me.mark(marks.Kind.SAVED, "2605.00100", on=True)
    me.annotate(1, "mine", ["a", "b"])
    text = page_text(open_page("about"))
    assert "Kept of you: 1 mark, 1 note, 2 tags and when you were here last." in text
    assert '<form method="post" action="./erase">' in text
    me.erase()
    assert me.kept() == NOTHING


def test_who_has_no_profile_is_told_nothing_of_one(example: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAYCURRENT_HOST", "0.0.0.0")
    text = page_text(open_page("about"))
    assert "Privacy" in text
    assert "What you left here" not in text

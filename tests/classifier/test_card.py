"""The model card is the committed model's own, and what it counts is counted right."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from classifier import card, figures, floors, labels, measure, study, teams
from classifier.agreement import agreement
from classifier.labels import Label
from classifier.model import Model
from staycurrent.types import Document

from .conftest import made_up, small_space

DOCS = Path(__file__).resolve().parents[2] / "docs"


def metrics(model: Model) -> dict[str, Any]:
    return cast("dict[str, Any]", model.about["metrics"])


def test_the_card_belongs_to_the_committed_model(packaged: Model) -> None:
    page = (DOCS / card.PAGE).read_text("utf-8")
    assert page == card.render(packaged), "write it anew: classifier.card.write(classifier.model.load(), Path('docs'))"
    assert packaged.version in page
    assert f"**{metrics(packaged)['cross_validation']['random']['macro_f1']:.3f}**" in page


def test_the_pictures_belong_to_the_committed_model(packaged: Model) -> None:
    drawn = card.figures(packaged)
    assert {name: (DOCS / "images" / name).read_text("utf-8") for name in drawn} == drawn
    for content in drawn.values():
        ET.fromstring(content)


def test_the_committed_figures_are_those_of_the_committed_labels(packaged: Model) -> None:
    rows = labels.read()
    assert metrics(packaged)["cross_validation"]["papers"] == len(rows)
    assert metrics(packaged)["agreement"] == agreement(rows, labels.read(labels.BLIND))


def test_the_model_beats_every_floor(packaged: Model) -> None:
    ours = metrics(packaged)["cross_validation"]["random"]["macro_f1"]
    assert set(metrics(packaged)["floors"]) == set(floors.FLOORS)
    assert all(one["random"]["macro_f1"] < ours - 0.02 for one in metrics(packaged)["floors"].values())


def test_a_study_measures_all_that_the_card_tells() -> None:
    rows, documents = made_up()
    told: list[str] = []
    found = study.run(rows, documents, blind=rows[:5], tagged={"none": []}, space=small_space(), progress=told.append)
    assert set(found) == {
        *("cross_validation", "mistakes", "fresh", "time_split", "year_before", "learning_curve"),
        *("floors", "agreement", "teams"),
    }
    assert told


def test_papers_of_another_time_are_tested_on_where_they_have_a_text() -> None:
    rows, documents = made_up()
    learned, apart = rows[:-6], [*rows[-6:], replace(rows[0], id="no-text")]
    found = study.another_time(learned, apart, documents, small_space(), lambda _: None)
    assert found
    assert found["papers"] == 6
    assert study.another_time(learned, apart[-1:], documents, small_space(), lambda _: None) is None


def test_the_fresh_sample_is_what_chance_drew_last_and_nothing_of_it_is_learned() -> None:
    rows, documents = made_up()
    passes = [
        replace(row, reading=2 if n % 4 == 0 else 1, drawn="random" if n % 8 == 0 else "uncertain")
        for n, row in enumerate(rows)
    ]
    found = study.fresh_sample(passes, documents, small_space(), lambda _: None)
    assert found
    assert found["papers"] == sum(row.reading == 2 and row.drawn == "random" for row in passes)
    assert found["learned_from"] == sum(row.reading == 1 for row in passes)
    assert study.fresh_sample(rows, documents, small_space(), lambda _: None) is None


def test_two_readings_agree_by_level_second_level_and_topic() -> None:
    first = [Label("1", 5, 8, ("rag",)), Label("2", 4, 3, ("time-series",)), Label("3", 0)]
    again = [Label("1", 5, None, ("rag",)), Label("2", 3, 4, ("cnn-vision",)), Label("3", 2), Label("unknown", 1)]
    assert agreement(first, again) == {
        "papers": 3,
        "level": 0.3333,
        "kappa": 0.25,
        "level_with_also": 0.6667,
        "primary_topic": 0.5,
    }
    assert agreement(first, []) == {"papers": 0}


@pytest.mark.parametrize(("given", "kappa"), [([1, 2, 3, 4], 1.0), ([4, 3, 2, 1], -1.0)])
def test_quadratic_kappa_counts_the_distance(given: list[int], kappa: float) -> None:
    confusion = np.zeros((4, 4), dtype=np.int64)
    np.add.at(confusion, (np.arange(4), np.array(given) - 1), 1)
    assert measure.quadratic_kappa(confusion) == pytest.approx(kappa)


def test_teams_are_scored_against_tags() -> None:
    papers = [("1", ["Qwen Team"], "Qwen"), ("2", ["Qwen Team"], "some-university"), ("3", ["Ann"], "deepseek-ai")]
    found = teams.score(papers)
    assert (found["given"], found["right"], found["precision"], found["recall"]) == (2, 1, 0.5, 0.5)
    assert found["wrong"] == ["2: qwen, tagged some-university"]
    assert teams.score([])["precision"] is None


def test_the_keyword_rule_reads_title_and_abstract() -> None:
    papers = [Document("1", "A benchmark of safety"), Document("2", "", "A random forest"), Document("3", "Nothing")]
    assert floors.keywords([], np.array([], dtype=np.int64), papers).tolist() == [8, 2, 0]


def test_pictures_are_well_formed_for_any_counts() -> None:
    for content in (figures.confusion([[0, 0], [3, 1]], "t"), figures.calibration([], "t")):
        ET.fromstring(content)

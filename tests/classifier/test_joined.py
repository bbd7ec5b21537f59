"""A model joined with an encoder answers for new papers; the linear one answers for the rest and whenever it cannot."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import select

from classifier import encoder as encoders
from classifier import evaluate, joined, joining, run, train
from classifier import gain as gains
from classifier.joining import Joined
from classifier.measure import Judged
from classifier.model import Model
from staycurrent.errors import ModelError
from staycurrent.store import classifications, second_opinions
from staycurrent.store.engine import Engine, reading, writing
from staycurrent.store.models import Item
from staycurrent.types import Classification, Document, Opinion
from tests import build
from tests.conftest import NOW

from .conftest import FIELDS, made_up, small_space


class FieldEncoder:
    """Sees of a text how many words of each field it has; obeys `classifier.space.Encoder`."""

    name = "fields sha256:0123456789abcdef"

    def embed(self, documents: Sequence[Document], progress: Callable[[str], None] = lambda _: None) -> NDArray[np.float32]:
        progress(f"encoding {len(documents)}")
        rows = [[1 + sum(word in one.abstract for word in words.split()) for _, words in FIELDS.values()] for one in documents]
        found = np.array(rows, dtype=np.float32)
        return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.fixture(scope="session")
def linear() -> Model:
    return train.train(*made_up(), space=small_space()).model


@pytest.fixture(scope="session")
def both(linear: Model) -> Joined:
    return joining.join(linear, *made_up(), FieldEncoder(), measured=True, progress=lambda _: None)


@pytest.fixture
def stored(both: Joined, tmp_path: Path) -> Path:
    joining.save(both, tmp_path, encoder=tmp_path / "fields")
    return tmp_path


@pytest.fixture
def at_hand(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The encoder on disk wherever one is looked for; the places that were looked at."""
    looked: list[Path] = []

    def load(place: Path) -> FieldEncoder:
        looked.append(place)
        return FieldEncoder()

    monkeypatch.setattr(encoders, "load", load)
    return looked


def answers(model: Model) -> list[Classification]:
    return model.predict(list(made_up()[1].values()), explain=True)


def test_the_joined_model_answers_as_it_did_before_it_was_stored(
    linear: Model, both: Joined, stored: Path, at_hand: list[Path]
) -> None:
    again = joined.open_model(linear, stored)
    assert at_hand == [stored / "fields"]
    assert answers(again) == answers(both.model)
    assert [one.level for one in answers(again)] == [row.level for row in made_up()[0]]


def test_its_version_says_which_model_it_was_joined_to(linear: Model, both: Joined) -> None:
    assert both.model.version.startswith(f"{linear.version}+encoder-")
    assert {one.model for one in answers(both.model)} == {both.model.version}


def test_the_encoder_speaks_where_words_are_unknown(linear: Model, both: Joined) -> None:
    unheard = Document("1", "Unheard", "images diffusions samplers latents videos guidances")
    with_encoder, without = (model.predict([unheard])[0] for model in (both.model, linear))
    assert with_encoder.level == 6
    assert with_encoder.probabilities[6] > without.probabilities[6] + 0.1


def test_no_answer_depends_on_the_papers_beside_it(both: Joined) -> None:
    documents = list(made_up()[1].values())
    assert [both.model.predict([one])[0] for one in documents] == both.model.predict(documents)


def test_a_name_given_goes_before_the_place_at_training(linear: Model, stored: Path, at_hand: list[Path]) -> None:
    joined.open_model(linear, stored, Path("elsewhere"))
    assert at_hand == [Path("elsewhere")]


def test_another_encoder_is_refused(linear: Model, stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = type("Other", (FieldEncoder,), {"name": "fields sha256:fedcba9876543210"})()
    monkeypatch.setattr(encoders, "load", lambda _: other)
    with pytest.raises(ModelError, match=r"needs the encoder fields sha256:0123\w+, this one is fields sha256:fedc"):
        joined.open_model(linear, stored)


def test_a_renamed_folder_is_the_same_encoder(linear: Model, stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = type("Other", (FieldEncoder,), {"name": "renamed sha256:0123456789abcdef"})()
    monkeypatch.setattr(encoders, "load", lambda _: other)
    assert joined.open_model(linear, stored).meanings is not None


def _gone(folder: Path) -> None:
    for file in (folder / joined.FOLDER).iterdir():
        file.unlink()


def _placeless(folder: Path) -> None:
    (folder / joined.FOLDER / joined.PLACE).write_text("[]")


def _broken(folder: Path) -> None:
    (folder / joined.FOLDER / "model.npz").write_bytes(b"no numbers")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_gone, "there is no model joined with an encoder"),
        (_placeless, "is not known; name it with --encoder"),
        (_broken, "cannot be used"),
        (lambda _: None, "no encoder in .*fields"),
    ],
)
def test_what_is_missing_is_said(linear: Model, stored: Path, change: Callable[[Path], None], why: str) -> None:
    pytest.importorskip("onnxruntime", reason="the extra `encoder` is not installed")
    pytest.importorskip("tokenizers", reason="the extra `encoder` is not installed")
    change(stored)
    with pytest.raises(Exception, match=why):
        joined.open_model(linear, stored)


def test_without_its_encoder_the_linear_model_answers_and_the_log_says_why(
    linear: Model, stored: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert joined.best(linear, stored) is linear
    assert "the linear model answers: " in caplog.text


def test_where_nothing_was_joined_nothing_is_said(linear: Model, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert joined.best(linear, tmp_path) is linear
    assert caplog.text == ""


def test_a_linear_model_that_was_trained_again_is_not_joined(linear: Model, stored: Path, at_hand: list[Path]) -> None:
    rows, documents = made_up()
    other = train.train(rows[:-2], documents, space=small_space()).model
    with pytest.raises(ModelError, match="run train --encoder again"):
        joined.open_model(other, stored)


def test_a_joined_model_does_not_answer_without_its_encoder(stored: Path) -> None:
    from classifier.storage import read

    with pytest.raises(ModelError, match="needs the encoder fields"):
        answers(read(stored / joined.FOLDER))


def test_the_gain_is_measured_on_the_same_folds_with_bounds(both: Joined) -> None:
    found: Any = both.metrics["gain"]
    assert set(found) == {"all", "random"}
    for name in ("macro_f1", "accuracy"):
        assert found["all"][name]["low"] <= found["all"][name]["gain"] <= found["all"][name]["high"]
    json.dumps(both.metrics)


def test_a_gain_is_the_difference_and_nothing_gains_over_itself() -> None:
    rows, documents = made_up()
    good = evaluate.out_of_fold(rows, documents, 4, space=small_space())
    bad = Judged(good.labels, (good.levels + 1) % 9, good.probabilities, good.sure, good.topics, good.best_topic)
    same: Any = gains.gain(good, good)
    more: Any = gains.gain(bad, good)
    assert same["all"]["accuracy"] == {"gain": 0.0, "low": 0.0, "high": 0.0}
    right = np.mean([level == row.level for level, row in zip(good.levels, rows, strict=True)])
    wrong = np.mean([level == row.level for level, row in zip(bad.levels, rows, strict=True)])
    assert more["all"]["accuracy"]["gain"] == pytest.approx(right - wrong, abs=1e-4)
    assert more["all"]["accuracy"]["low"] > 0


def models_of(engine: Engine) -> list[str | None]:
    with reading(engine) as session:
        return sorted(session.scalars(select(Item.model)).all(), key=str)


@pytest.fixture
def papers(engine: Engine) -> int:
    """Six papers that nobody has classified."""
    few = list(made_up()[1].values())[:6]
    build.register(engine)
    build.store(engine, [build.arxiv(one.id, one.title, abstract=one.abstract) for one in few], NOW)
    return len(few)


def test_new_papers_are_answered_by_the_joined_model_once(
    engine: Engine, papers: int, linear: Model, both: Joined, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "best", lambda _: both.model)
    assert run.classify(engine, linear, lambda: NOW) == papers
    assert models_of(engine) == [both.model.version] * papers
    assert run.classify(engine, linear, lambda: NOW) == 0


def test_a_back_fill_stays_linear(
    engine: Engine, papers: int, linear: Model, both: Joined, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "best", lambda _: both.model)
    monkeypatch.setattr(run, "MOST_NEW", papers - 1)
    assert run.classify(engine, linear, lambda: NOW) == papers
    assert models_of(engine) == [linear.version] * papers


def test_the_last_items_of_a_back_fill_stay_linear_too(
    engine: Engine, papers: int, linear: Model, both: Joined, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing(engine) as session:
        asked = classifications.outdated(session, linear.version)
        classifications.save(session, replace(linear, version="2025.01-00000000").predict(asked), NOW)
    monkeypatch.setattr(run, "best", lambda _: both.model)
    assert run.classify_stretch(engine, linear, lambda: NOW, 0) == papers
    assert models_of(engine) == [linear.version] * papers


def test_the_encoder_is_named_where_it_is_what_decided(linear: Model, both: Joined) -> None:
    paper = next(iter(made_up()[1].values()))
    [answer] = both.model.predict([paper], explain=True)
    assert "encoder" in {reason.kind for reason in answer.explanation}
    assert "encoder" not in {reason.kind for [one] in [linear.predict([paper], explain=True)] for reason in one.explanation}
    weights = [reason.weight for reason in answer.explanation]
    assert weights == sorted(weights, reverse=True)


def test_answers_of_a_model_joined_to_another_linear_one_are_outdated(
    engine: Engine, papers: int, linear: Model, both: Joined
) -> None:
    older = replace(both.model, version=f"2025.01-00000000+encoder-{both.model.version[-8:]}")
    with writing(engine) as session:
        asked = classifications.outdated(session, linear.version)
        classifications.save(session, older.predict(asked), NOW)
    assert run.classify(engine, linear, lambda: NOW) == papers


def test_papers_of_which_the_joined_model_is_unsure_wait_for_a_second_opinion_too(
    engine: Engine, papers: int, linear: Model, both: Joined
) -> None:
    unsure = replace(both.model, sure=2.0)
    with writing(engine) as session:
        classifications.save(session, unsure.predict(classifications.outdated(session, linear.version)), NOW)
    with reading(engine) as session:
        waiting = second_opinions.waiting(session, linear.version, limit=10)
    assert len(waiting) == papers
    said = unsure.predict(waiting)[0]
    with writing(engine) as session:
        second_opinions.apply(session, linear.version, [(int(said.id), Opinion("llm:some", 5, (), "so"))])
    with reading(engine) as session:
        item = session.get_one(Item, int(said.id))
        assert (item.level, item.origin) == (5, "llm:some")
        assert item.confidence == pytest.approx(said.probabilities[5], abs=1e-3)

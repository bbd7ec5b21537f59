"""Texts for the classifier's tests, all written for them, and a tiny model that learns in a second."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from classifier import model, space, train
from classifier.labels import Label
from classifier.model import Model
from classifier.space import Space
from classifier.train import TrainedModel
from staycurrent.types import Document

# Level, topic and some words of its field, for made-up papers that a machine can learn to tell apart.
FIELDS = {
    0: ("", "qubit lattice photon telescope galaxy plasma antenna voltage"),
    2: ("trees-ensembles", "forest boosting tabular decision tree split leaf bagging"),
    5: ("instruction-rlhf", "language pretraining corpus tuning preference reward instruction token"),
    6: ("diffusion-flow", "diffusion image sampler latent denoising video guidance generation"),
}
FILLER = "the of and we this method results with new data our show that paper study"


def made_up() -> tuple[list[Label], dict[str, Document]]:
    """Forty labelled papers of four levels, the same at each call."""
    chance = random.Random(7)
    labels, documents = [], {}
    for number in range(40):
        level = list(FIELDS)[number % len(FIELDS)]
        topic, words = FIELDS[level]
        abstract = " ".join(chance.choices(words.split(), k=30) + chance.choices(FILLER.split(), k=30))
        identity = f"2605.{number:05}"
        labels.append(Label(identity, level, None, (topic,) if topic else (), "random"))
        documents[identity] = Document(identity, " ".join(chance.choices(words.split(), k=4)), abstract, ("cs.LG",))
    return labels, documents


@pytest.fixture(scope="session")
def packaged() -> Model:
    return model.load()


def small_space() -> Space:
    return space.learn(list(made_up()[1].values()), rarest=3, dimensions=6)


@pytest.fixture(scope="session")
def tiny() -> TrainedModel:
    return train.train(*made_up(), space=small_space())


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small encoder; the test is skipped where the extra is not installed."""
    from . import small_bert

    if small_bert.MISSING:
        pytest.skip(f"the extra `encoder` is not installed: {', '.join(small_bert.MISSING)}")
    return small_bert.write(tmp_path_factory.mktemp("encoders") / "small")


@pytest.fixture(scope="session")
def upstream() -> Path:
    """The folder with the texts behind the committed labels; the test is skipped where it is missing."""
    default = Path(__file__).resolve().parents[3] / "shared" / "upstream"
    folder = Path(os.environ.get("UPSTREAM_DIR") or default)
    if not (folder / "pack" / "arxiv.jsonl.gz").is_file():
        pytest.skip("UPSTREAM_DIR is missing")
    return folder

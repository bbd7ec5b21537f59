"""Training a model joined with a sentence encoder (`joined`), and measuring what that gains."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from staycurrent.types import Document, Json

from . import storage, study
from .joined import FOLDER, PLACE
from .labels import Label
from .model import Model
from .space import Encoder, Progress
from .train import train


@dataclass(frozen=True, slots=True)
class Joined:
    model: Model
    metrics: Mapping[str, Json]
    """Empty where nothing was measured."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """An encoder that has read the documents already: cross-validation asks five times for each."""

    name: str
    vectors: Mapping[str, NDArray[np.float32]]

    def embed(self, documents: Sequence[Document], progress: Progress = lambda _: None) -> NDArray[np.float32]:
        return np.stack([self.vectors[document.id] for document in documents])


def remember(encoder: Encoder, documents: Sequence[Document], progress: Progress) -> Remembered:
    vectors = encoder.embed(documents, progress)
    return Remembered(encoder.name, dict(zip((document.id for document in documents), vectors, strict=True)))


def learn(
    linear: Model, labels: Sequence[Label], documents: Mapping[str, Document], encoder: Encoder, progress: Progress
) -> Model:
    """The joined model: `2026.05-1a2b3c4d+encoder-5e6f7a8b`, the version of the linear one before its own."""
    model = train(labels, documents, space=linear.space, encoder=encoder, progress=progress).model
    return replace(model, version=f"{linear.version}+encoder-{model.version.rsplit('-', 1)[1]}")


def save(joined: Joined, directory: Path, *, encoder: Path) -> None:
    """Write it beside the linear model in the directory, and where the encoder is."""
    storage.write(joined.model, directory / FOLDER, metrics=joined.metrics)
    place = json.dumps({"encoder": str(encoder.resolve())}) + "\n"
    (directory / FOLDER / PLACE).write_text(place, encoding="utf-8")


def join(
    linear: Model,
    labels: Sequence[Label],
    documents: Mapping[str, Document],
    encoder: Encoder,
    *,
    measured: bool,
    progress: Progress,
) -> Joined:
    """The joined model of the labels that `linear` learned from; `measured` in the folds of cross-validation, too."""
    read = remember(encoder, [documents[label.id] for label in labels if label.id in documents], progress)
    model = learn(linear, labels, documents, read, progress)
    metrics = study.with_encoder(labels, documents, read, space=linear.space, progress=progress) if measured else {}
    assert model.meanings
    return Joined(replace(model, meanings=replace(model.meanings, embed=encoder.embed)), metrics)

"""Training: labels and their texts in, a model out. The same input gives the same bytes.

Two ridge regressions score all levels and topics, one on a paper's terms and one on its nearness to other papers
(`space`); their leave-one-out scores calibrate (`ridge`, `calibrate`), and the result is folded into two matrices.
About 20 seconds for 7,900 labels on one core.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped, unused-ignore]

from staycurrent import roadmap
from staycurrent.errors import UsageError
from staycurrent.types import Document, Json

from . import calibrate, features, measure, ridge, storage
from .labels import LEVELS, Label
from .model import MEANING_NARROWNESS, Meanings, Model, load
from .space import NARROWNESS, Encoder, Space, kernel

Floats = NDArray[np.float64]
Progress = Callable[[str], None]

WORD_RIDGE = 1.0
NEARNESS_RIDGE = 0.3
ALSO = 0.2
"""Share of a paper that goes to its second level: +0.5 points of macro-F1 over none."""
COVERAGE = 0.9
FEWEST = 20


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A model, and the labelled papers for which there was no text."""

    model: Model
    missing: tuple[str, ...]


def train(
    labels: Sequence[Label],
    documents: Mapping[str, Document],
    *,
    space: Space | None = None,
    encoder: Encoder | None = None,
    progress: Progress | None = None,
) -> TrainedModel:
    """Learn from the labelled papers that have a text. Raises UsageError where there are too few of them.

    `space` is that of the packaged model where none is given; `space.learn` makes one from papers without labels.
    With an `encoder` the model has a third regression, and needs that encoder to predict.
    """
    tell = progress or (lambda _: None)
    known, missing = _with_text(labels, documents)
    # One thread: the order in which sums are taken, and so the last digit, would depend on the machine's cores.
    with threadpool_limits(limits=1):
        model = _fit(known, [documents[label.id] for label in known], space or load().space, encoder, tell)
    return TrainedModel(model, missing)


def save(trained: TrainedModel, directory: Path, *, metrics: Mapping[str, Json] | None = None) -> None:
    """Write the model into the directory in place of the one that is there; see `storage.write`."""
    storage.write(trained.model, directory, metrics=metrics)


def _with_text(labels: Sequence[Label], documents: Mapping[str, Document]) -> tuple[list[Label], tuple[str, ...]]:
    ordered = sorted(labels, key=lambda label: label.id)
    known = [label for label in ordered if label.id in documents]
    missing = tuple(label.id for label in ordered if label.id not in documents)
    if len(known) < COVERAGE * len(ordered):
        raise UsageError(f"texts for {len(missing)} of {len(ordered)} labelled papers are missing; {COVERAGE:.0%} are needed")
    counts = np.bincount([label.level for label in known], minlength=LEVELS)
    if len(known) < FEWEST or np.count_nonzero(counts) < 2 or counts.max() < calibrate.FOLDS:  # noqa: PLR2004
        raise UsageError(f"{len(known)} labelled papers are too few to learn from: {FEWEST} of two levels are the least")
    return known, missing


@dataclass(frozen=True, slots=True)
class _Fits:
    """The regressions, and the space's and the encoder's view of the papers from which they learned."""

    space: Space
    matrix: csr_array[np.float32, tuple[int, int]]
    points: NDArray[np.float32]
    meanings: Meanings | None
    all: tuple[ridge.Fit, ...]
    """On words, on nearness, and on nearness for the encoder if there is one."""


def _fit(
    labels: Sequence[Label], documents: Sequence[Document], space: Space, encoder: Encoder | None, tell: Progress
) -> Model:
    level = np.array([label.level for label in labels], dtype=np.int64)
    truth = topic_matrix(labels)
    typical = _typical(labels)
    tell(f"reading {len(documents)} papers")
    fits = _regressions(documents, space, encoder, np.hstack([_level_targets(labels), truth]).astype(np.float32), tell)
    tell("learning levels")
    left_out = [fit.left_out.astype(np.float64) for fit in fits.all]
    levels = calibrate.levels(np.hstack(left_out), level, typical)
    tell(f"learning {truth.shape[1]} topics")
    topics = calibrate.topics([own[:, LEVELS:] for own in left_out], levels.held_out, truth, _topic_levels())
    sure = calibrate.sure_threshold(levels.held_out, level, typical)
    model = _folded(fits, levels, topics, sure)
    about: dict[str, Json] = {
        "trained_on": {"labels": len(labels), "newest": labels[-1].id, "fingerprint": _fingerprint(labels, documents)},
        "settings": _settings(levels, topics),
        "metrics": {"out_of_fold": _metrics(levels, topics, labels, sure)},
        "libraries": {"python": python_version(), **{name: version(name) for name in ("numpy", "scipy", "scikit-learn")}},
    }
    return replace(model, version=_version(model, labels), about=about)


def _fingerprint(labels: Sequence[Label], documents: Sequence[Document]) -> str:
    """Of labels and texts, so that two models can be told to have learned from the same."""
    digest = hashlib.sha256()
    for label, document in zip(labels, documents, strict=True):
        said = [label.id, label.level, label.also, label.topics, label.drawn]
        digest.update(json.dumps([*said, document.title, document.abstract, document.categories]).encode())
    return digest.hexdigest()[:16]


def _regressions(
    documents: Sequence[Document], space: Space, encoder: Encoder | None, targets: NDArray[np.float32], tell: Progress
) -> _Fits:
    matrix = space.vocabulary.matrix(documents)
    if not matrix.nnz:
        raise UsageError("the model knows none of the words of the labelled papers: nothing can be learned from them")
    tell("comparing papers by their words")
    words = ridge.fit(np.asarray((matrix @ matrix.T).toarray(), dtype=np.float32), targets, penalty=WORD_RIDGE)
    tell("comparing papers by their places")
    points = space.place(matrix)[0].astype(np.float16).astype(np.float32)
    nearness = ridge.fit(kernel(points, points), targets, penalty=NEARNESS_RIDGE)
    if encoder is None:
        return _Fits(space, matrix, points, None, (words, nearness))
    seen = encoder.embed(documents, tell).astype(np.float16).astype(np.float32)
    meaning = ridge.fit(kernel(seen, seen, MEANING_NARROWNESS), targets, penalty=NEARNESS_RIDGE)
    meanings = Meanings(encoder.name, seen.astype(np.float64), np.empty(0), encoder.embed)
    return _Fits(space, matrix, points, meanings, (words, nearness, meaning))


def topic_matrix(labels: Sequence[Label]) -> calibrate.Bools:
    """Documents by topics in the roadmap's order."""
    column = {slug: place for place, slug in enumerate(roadmap.topics())}
    truth = np.zeros((len(labels), len(column)), dtype=np.bool_)
    for row, label in enumerate(labels):
        truth[row, [column[slug] for slug in label.topics]] = True
    return truth


def _level_targets(labels: Sequence[Label]) -> Floats:
    targets = np.zeros((len(labels), LEVELS))
    for row, label in enumerate(labels):
        targets[row, label.level] = 1.0
        if label.also is not None and label.also != label.level:
            targets[row, [label.level, label.also]] = 1 - ALSO, ALSO
    return targets


def _topic_levels() -> calibrate.Ints:
    return np.array([topic.level for topic in roadmap.topics().values()], dtype=np.int64)


def _typical(labels: Sequence[Label]) -> calibrate.Bools:
    """The papers drawn by chance: "uncertain" ones were picked for being hard, and a day's papers are not like that."""
    drawn = np.array([label.drawn == "random" for label in labels])
    return drawn if drawn.any() else np.ones(len(labels), dtype=np.bool_)


def _folded(fits: _Fits, levels: calibrate.Levels, topics: calibrate.Topics, sure: float) -> Model:
    """Both stages as one, rounded as it will be stored."""
    parts = list(zip(fits.all, np.split(levels.weights, len(fits.all)), topics.slopes, strict=True))
    words, *near = (np.hstack([fit.dual @ weights, fit.dual[:, LEVELS:] * slope]) for fit, weights, slope in parts)
    intercepts = (np.hstack([fit.intercepts @ weights, fit.intercepts[LEVELS:] * slope]) for fit, weights, slope in parts)
    return Model(
        space=fits.space,
        coefficients=_rounded(fits.matrix.T @ words).astype(np.float32),
        support=fits.points.astype(np.float64),
        dual=_rounded(near[0]),
        intercepts=np.asarray(sum(intercepts) + np.concatenate([levels.bias, topics.bias])),
        pull=topics.pull,
        topics=tuple(roadmap.topics()),
        topic_levels=tuple(_topic_levels().tolist()),
        topic_thresholds=topics.thresholds,
        sure=sure,
        version="",
        about={},
        meanings=replace(fits.meanings, dual=_rounded(near[1])) if fits.meanings else None,
    )


def _rounded(values: NDArray[Any]) -> Floats:
    return np.asarray(values).astype(np.float16).astype(np.float64)


def _version(model: Model, labels: Sequence[Label]) -> str:
    """The month of the newest labelled paper, and the fingerprint: `2026.05-1a2b3c4d`."""
    months = [match for label in labels if (match := re.match(r"(\d\d)(\d\d)\.\d{4,5}$", label.id))]
    newest = max((f"20{match[1]}.{match[2]}" for match in months), default="custom")
    return f"{newest}-{storage.fingerprint(storage.arrays_of(model), storage.words_of(model))}"


def _settings(levels: calibrate.Levels, topics: calibrate.Topics) -> dict[str, Json]:
    return {
        "title_weight": features.TITLE_WEIGHT,
        "category_weight": features.CATEGORY_WEIGHT,
        "rarest": features.RAREST,
        "word_ridge": WORD_RIDGE,
        "nearness_ridge": NEARNESS_RIDGE,
        "narrowness": NARROWNESS,
        "also": ALSO,
        "temperature": round(levels.temperature, 4),
        "topic_slopes": [round(slope, 4) for slope in topics.slopes.tolist()],
        "sure_precision": calibrate.SURE_PRECISION,
    }


def _metrics(levels: calibrate.Levels, topics: calibrate.Topics, labels: Sequence[Label], sure: float) -> dict[str, Json]:
    probabilities = np.exp(levels.held_out)
    judged = measure.Judged(
        labels=labels,
        levels=probabilities.argmax(axis=1),
        probabilities=probabilities,
        sure=probabilities.max(axis=1) >= sure,
        topics=topics.held_out >= topics.thresholds,
        best_topic=topics.held_out.argmax(axis=1),
    )
    return measure.report(judged).as_json()

"""Judging the classifier: by cross-validation on the labels, and by labelled papers that somebody brings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from staycurrent import roadmap
from staycurrent.errors import UsageError
from staycurrent.types import Classification, Document

from . import calibrate, texts
from .labels import Label, parse
from .measure import Judged, Report, report
from .model import Model
from .space import Encoder, Space
from .train import Progress, train

__all__ = ["Report", "cross_validate", "judged", "out_of_fold", "read", "score"]


def cross_validate(
    labels: Sequence[Label],
    documents: Mapping[str, Document],
    folds: int = 5,
    *,
    space: Space | None = None,
    progress: Progress | None = None,
) -> Report:
    """Train `folds` models, each judged on papers that neither its regressions nor its calibration has seen."""
    return report(out_of_fold(labels, documents, folds, space=space, progress=progress))


def out_of_fold(
    labels: Sequence[Label],
    documents: Mapping[str, Document],
    folds: int = 5,
    *,
    extra: Sequence[Label] = (),
    space: Space | None = None,
    encoder: Encoder | None = None,
    progress: Progress | None = None,
) -> Judged:
    """Every labelled paper with the answer of the model that has not learned from it; by id.

    `extra` papers are learned in each fold and judged in none.
    """
    known = sorted((label for label in labels if label.id in documents), key=lambda label: label.id)
    if len(known) < folds:
        raise UsageError(f"{len(known)} labelled papers with a text are too few for {folds} folds")
    level = np.array([label.level for label in known], dtype=np.int64)
    answers: dict[str, Classification] = {}
    for number, (learned, held_out) in enumerate(calibrate.folds(level, folds), 1):
        model = train([*(known[row] for row in learned), *extra], documents, space=space, encoder=encoder).model
        for answer in model.predict([documents[known[row].id] for row in held_out]):
            answers[answer.id] = answer
        if progress:
            progress(f"fold {number} of {folds}")
    return judged(known, [answers[label.id] for label in known])


def score(model: Model, labelled: Iterable[tuple[Document, Label]]) -> Report:
    """How the model does on labelled papers. It must not have learned from them: what it knows it scores too high."""
    pairs = list(labelled)
    if not pairs:
        raise UsageError("there are no labelled papers to score against")
    return report(judged([label for _, label in pairs], model.predict([document for document, _ in pairs])))


def read(path: Path) -> Iterator[tuple[Document, Label]]:
    """Labelled papers out of JSON lines with id, title, abstract, categories and level, optionally also and topics."""
    for where, row in texts.rows(path):
        yield texts.document(row, where=where), parse(row, where=where)


def judged(labels: Sequence[Label], answers: Sequence[Classification]) -> Judged:
    """Answers beside labels, in the same order."""
    column = {slug: place for place, slug in enumerate(roadmap.topics())}
    topics = np.zeros((len(answers), len(column)), dtype=np.bool_)
    for row, answer in enumerate(answers):
        topics[row, [column[topic.slug] for topic in answer.topics]] = True
    return Judged(
        labels=labels,
        levels=np.array([answer.level for answer in answers], dtype=np.int64),
        probabilities=np.array([answer.probabilities for answer in answers]),
        sure=np.array([not answer.unsure for answer in answers], dtype=np.bool_),
        topics=topics,
        best_topic=np.array([column[answer.topics[0].slug] if answer.topics else -1 for answer in answers], dtype=np.int64),
    )

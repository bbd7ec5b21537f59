"""The classifier: a `Document` in, a `Classification` with level, topics, labs and reasons out.

Nine level logits and 69 topic logits are the sum of two parts: a linear one in the document's terms, and one over its
nearness to the labelled papers. A model joined with a sentence encoder has a third one. All that training stacked and
calibrated is folded into their coefficients. Nothing here is random, and no answer depends on which documents were
asked about together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_softmax
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped, unused-ignore]

from staycurrent.errors import ModelError
from staycurrent.types import Classification, Document, Json, Reason, TopicScore

from . import doubt, labs
from .explain import Block, reasons
from .labels import LEVELS
from .packaged import PACKAGED
from .space import Space, kernel

Floats = NDArray[np.float64]
Embed = Callable[[Sequence[Document]], NDArray[np.float32]]

CHUNK = 1024
"""Documents whose terms are counted at a time."""
BLOCK = 64
"""Documents whose nearness is computed at a time: 4 MB of it."""
EXACT = 7
"""Digits of a score that count. Those of a product of matrices beyond the twelfth depend on where in it a document
stands, and an answer must not."""
MEANING_NARROWNESS = 1.0
"""Of the kernel over an encoder's vectors: 0.5 and 2 do as well, 4 loses half a point."""
MOST_TOPICS = 5
FLOOR = 0.08
"""The best topic is given below its threshold too, down to this score; under it "no topic" is the better answer."""


@dataclass(frozen=True, slots=True)
class Meanings:
    """The third part of a model that was joined with a sentence encoder: over the nearness of texts as that one sees it."""

    encoder: str
    """Name and fingerprint of the encoder."""
    support: Floats
    """The labelled papers' vectors, a row each."""
    dual: Floats
    """Labelled papers by levels, then topics."""
    embed: Embed | None = None
    """The encoder itself, which is no part of the stored model: see `joined.open_model`."""

    def scores(self, documents: Sequence[Document]) -> Floats:
        if self.embed is None:
            raise ModelError(f"this model needs the encoder {self.encoder}")
        near = kernel(self.embed(documents).astype(np.float64), self.support, MEANING_NARROWNESS)
        return np.asarray(near @ self.dual)


@dataclass(frozen=True)
class Model:
    """A trained model. `coefficients` (terms) and `dual` (labelled papers) have a column for each level, then each topic."""

    space: Space
    coefficients: NDArray[np.float32]
    support: Floats
    """The places of the labelled papers, a row each."""
    dual: Floats
    intercepts: Floats
    pull: float
    """How much a topic gains with the log probability of its level."""
    topics: tuple[str, ...]
    topic_levels: tuple[int, ...]
    topic_thresholds: Floats
    sure: float
    """From this confidence on the level is shown without reserve."""
    version: str
    about: Mapping[str, Json]
    """Settings, metrics and versions of libraries at training; for people and `evaluate`, not for predicting."""
    meanings: Meanings | None = None
    folder: Path | None = field(default=None, compare=False)
    """Where it was read from; a model joined with an encoder may lie below."""

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(self.space.vocabulary.columns)

    @property
    def levels(self) -> range:
        return range(LEVELS)

    def predict(self, documents: Sequence[Document], *, explain: bool = False) -> list[Classification]:
        """Classify, in the order given. `explain` fills `explanation` and costs half as much time again."""
        _one_thread()
        return [
            answer
            for start in range(0, len(documents), CHUNK)
            for answer in self._chunk(documents[start : start + CHUNK], with_reasons=explain)
        ]

    def _chunk(self, documents: Sequence[Document], *, with_reasons: bool) -> Iterator[Classification]:
        matrix = self.space.vocabulary.matrix(documents)
        points, lengths = self.space.place(matrix)
        linear = np.asarray(matrix @ self.coefficients, dtype=np.float64) + self.intercepts
        meant = self.meanings.scores(documents) if self.meanings else np.zeros_like(linear[:, :0])
        if self.meanings:
            linear += meant
        for start in range(0, len(documents), BLOCK):
            rows = slice(start, start + BLOCK)
            near = kernel(points[rows].astype(np.float64), self.support)
            scores = (linear[rows] + near @ self.dual).round(EXACT)
            block = Block(matrix[rows], near, points[rows], lengths[rows], meant[rows])
            yield from self._answers(documents[rows], scores, block if with_reasons else None)

    def _answers(self, documents: Sequence[Document], scores: Floats, block: Block | None) -> Iterator[Classification]:
        log_levels = log_softmax(scores[:, :LEVELS], axis=1)
        levels = np.exp(log_levels)
        ranked = np.argsort(-levels, axis=1, kind="stable")
        topics = self._topics(expit(scores[:, LEVELS:] + self.pull * log_levels[:, list(self.topic_levels)]))
        explained = reasons(self, block, ranked[:, 0], ranked[:, 1], self._names) if block else iter([()] * len(ranked))
        for document, row, best, found, because in zip(documents, levels, ranked[:, 0], topics, explained, strict=True):
            doubts = doubt.reason(document)
            yield Classification(
                id=document.id,
                level=int(best),
                confidence=float(row[best]),
                probabilities=tuple(row.tolist()),
                unsure=doubts is not None or bool(row[best] < self.sure),
                topics=found,
                labs=labs.evidence(document),
                explanation=(*_rule(doubts), *because) if block else (),
                model=self.version,
            )

    def _topics(self, scores: Floats) -> Iterator[tuple[TopicScore, ...]]:
        order = np.argsort(-scores, axis=1, kind="stable")[:, :MOST_TOPICS]
        for row, best in zip(scores, order, strict=True):
            yield tuple(
                TopicScore(self.topics[topic], float(row[topic]))
                for place, topic in enumerate(best)
                if row[topic] >= self.topic_thresholds[topic] or (place == 0 and row[topic] >= FLOOR)
            )


def _rule(doubts: str | None) -> tuple[Reason, ...]:
    return () if doubts is None else (Reason("rule", f"unsure: {doubts}", 0.0),)


@cache
def _one_thread() -> None:
    """Let this process multiply by one thread: the matrices are small, and threads would cost far more than they bring."""
    threadpool_limits(limits=1)


def load(path: Path | None = None) -> Model:
    """The model in a directory, the packaged one by default. Raises ModelError for anything but a whole model of ours."""
    from .storage import read

    return read(path or PACKAGED)

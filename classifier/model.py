"""The classifier: a `Document` in, a `Classification` with level, topics, labs and reasons out.

One sparse product gives nine level logits and 69 topic logits; everything that training stacked and calibrated is
folded into its coefficients. Nothing here is random, and no answer depends on which documents were asked about together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import expit, log_softmax

from staycurrent.types import Classification, Document, Json, Reason, TopicScore

from . import doubt, explain, labs
from .features import Vocabulary
from .labels import LEVELS

Floats = NDArray[np.float64]

PACKAGED = Path(__file__).parent / "data"
CHUNK = 1000
"""Documents at a time: 2 MB of features, and the vector code has enough to do."""
MOST_TOPICS = 5
FLOOR = 0.08
"""The best topic is given below its threshold too, down to this score; under it "no topic" is the better answer."""


@dataclass(frozen=True)
class Model:
    """A trained model. `coefficients` has a row for each term and a column for each level, then each topic."""

    vocabulary: Vocabulary
    coefficients: NDArray[np.float32]
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

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(self.vocabulary.columns)

    @property
    def levels(self) -> range:
        return range(LEVELS)

    def predict(self, documents: Sequence[Document], *, explain: bool = False) -> list[Classification]:
        """Classify, in the order given. `explain` fills `explanation` and costs about half as much time again."""
        return [
            answer
            for start in range(0, len(documents), CHUNK)
            for answer in self._chunk(documents[start : start + CHUNK], with_reasons=explain)
        ]

    def _chunk(self, documents: Sequence[Document], *, with_reasons: bool) -> Iterator[Classification]:
        matrix = self.vocabulary.matrix(documents)
        scores = np.asarray(matrix @ self.coefficients, dtype=np.float64) + self.intercepts
        log_levels = log_softmax(scores[:, :LEVELS], axis=1)
        levels = np.exp(log_levels)
        ranked = np.argsort(-levels, axis=1, kind="stable")
        topics = self._topics(expit(scores[:, LEVELS:] + self.pull * log_levels[:, list(self.topic_levels)]))
        reasons = self._reasons(matrix, ranked, with_reasons=with_reasons)
        for document, row, best, found, because in zip(documents, levels, ranked[:, 0], topics, reasons, strict=True):
            doubts = doubt.reason(document)
            yield Classification(
                id=document.id,
                level=int(best),
                confidence=float(row[best]),
                probabilities=tuple(row.tolist()),
                unsure=doubts is not None or bool(row[best] < self.sure),
                topics=found,
                labs=labs.evidence(document),
                explanation=(*_rule(doubts), *because) if with_reasons else (),
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

    def _reasons(
        self, matrix: csr_array[np.float32, tuple[int, int]], ranked: NDArray[np.intp], *, with_reasons: bool
    ) -> Iterator[tuple[Reason, ...]]:
        if not with_reasons:
            return iter([()] * len(ranked))
        return explain.reasons(matrix, self.coefficients, ranked[:, 0], ranked[:, 1], self._names)


def _rule(doubts: str | None) -> tuple[Reason, ...]:
    return () if doubts is None else (Reason("rule", f"unsure: {doubts}", 0.0),)


def load(path: Path | None = None) -> Model:
    """The model in a directory, the packaged one by default. Raises ModelError for anything but a whole model of ours."""
    from .storage import read

    return read(path or PACKAGED)

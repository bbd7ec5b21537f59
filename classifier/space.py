"""Where texts lie: known terms, and a space in which papers with related words are near.

Two things say what is related: which words the same papers have (latent semantic analysis, Deerwester et al. 1990; the
square root of the singular values, Caron 2001, serves best), and a sentence encoder, if there was one at learning
(`meaning`). Learned from papers *without* a label, so cross-validation cannot leak through it, and kept with the
model: training on labels alone finds it there, and predicting needs no encoder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped, unused-ignore]

from staycurrent.errors import UsageError
from staycurrent.types import Document

from . import features, meaning
from .features import Vocabulary
from .meaning import Matrix

Floats = NDArray[np.float32]
Float = TypeVar("Float", np.float32, np.float64)
Progress = Callable[[str], None]

DIMENSIONS = 100
"""Of the words alone. With 300 the kernel alone gains a point of macro-F1; beside the regression on words 100 do as well."""
WITH_MEANING = 160
"""Of both: 100 lose a point of coverage, 300 gain nothing that can be told from chance and make the model too large."""
NARROWNESS = 2.0
"""Of the Gaussian kernel exp(-narrowness * squared distance): 1 and 3 lose up to a point."""
SEED = 0


class Encoder(Protocol):
    """What learning needs of `encoder.Encoder`."""

    @property
    def name(self) -> str: ...
    def embed(self, documents: Sequence[Document], progress: Progress = ...) -> Floats: ...


@dataclass(frozen=True, slots=True)
class Space:
    """The terms, and the direction of each: `projection` is terms by dimensions."""

    vocabulary: Vocabulary
    projection: Floats
    papers: int
    """From how many papers it was learned."""
    encoder: str = ""
    """Name and fingerprint of the sentence encoder that took part, if any."""

    def place(self, matrix: csr_array[np.float32, tuple[int, int]]) -> tuple[Floats, Floats]:
        """Points of length 1 for rows of the vocabulary's matrix, and the lengths that they had (0 where nothing is known)."""
        points = np.asarray(matrix @ self.projection, dtype=np.float32)
        lengths = np.sqrt(np.square(points).sum(axis=1))
        return points / np.maximum(lengths, np.float32(1e-6))[:, None], lengths


def kernel(points: NDArray[Float], others: NDArray[Float], narrowness: float = NARROWNESS) -> NDArray[Float]:
    """How near each point is to each of the others, 1 for the same place; all have length 1."""
    # |a - b|^2 = 2 - 2ab
    near = points @ others.T
    near -= 1
    near *= 2 * narrowness
    np.exp(near, out=near)
    return near


def learn(
    documents: Sequence[Document],
    *,
    rarest: int = features.RAREST,
    dimensions: int | None = None,
    encoder: Encoder | None = None,
    progress: Progress = lambda _: None,
) -> Space:
    """The space of these documents, by id, the same at each call.

    26,900 abstracts take half a minute; with an encoder ten minutes on two cores, 25 on one.
    """
    ordered = sorted(documents, key=lambda document: document.id)
    wanted = dimensions or (WITH_MEANING if encoder else DIMENSIONS)
    embeddings = encoder.embed(ordered, progress) if encoder else None
    with threadpool_limits(limits=1):
        vocabulary = features.learn(ordered, rarest)
        if len(vocabulary.columns) <= wanted:
            raise UsageError(f"{len(ordered)} papers have only {len(vocabulary.columns)} words in common: too few")
        projection = _projection(vocabulary.matrix(ordered), wanted, embeddings)
    # As it will be stored, so that a model from memory and one from disk answer alike.
    stored = projection.astype(np.float16).astype(np.float32)
    return Space(vocabulary, stored, len(ordered), encoder.name if encoder else "")


def _projection(matrix: Matrix, dimensions: int, embeddings: Floats | None) -> Floats:
    if embeddings is None:
        return _related(matrix, dimensions)
    own = _related(matrix, min(DIMENSIONS, dimensions))
    return meaning.joined(matrix, own, meaning.directions(matrix, embeddings), dimensions)


def _related(matrix: Matrix, dimensions: int) -> Floats:
    """Latent semantic analysis: terms by directions."""
    from sklearn.utils.extmath import randomized_svd

    _, strengths, found = randomized_svd(matrix, dimensions, n_iter=3, random_state=SEED)
    return np.asarray(found.T / np.sqrt(np.maximum(strengths, 1e-6)), dtype=np.float32)

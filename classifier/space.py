"""Where texts lie: known terms, and a space in which papers with related words are near (latent semantic analysis).

Learned from papers *without* a label, so cross-validation cannot leak through it, and kept with the model: training
on labels alone finds it there. Deerwester et al. 1990; the square root of the singular values (Caron 2001) serves best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped, unused-ignore]

from staycurrent.errors import UsageError
from staycurrent.types import Document

from . import features
from .features import Vocabulary

Floats = NDArray[np.float32]
Float = TypeVar("Float", np.float32, np.float64)

DIMENSIONS = 100
"""With 300 the kernel alone gains a point of macro-F1; beside the regression on words 100 do as well."""
NARROWNESS = 2.0
"""Of the Gaussian kernel exp(-NARROWNESS * squared distance): 1 and 3 lose up to a point."""
SEED = 0


@dataclass(frozen=True, slots=True)
class Space:
    """The terms, and the direction of each: `projection` is terms by dimensions."""

    vocabulary: Vocabulary
    projection: Floats
    papers: int
    """From how many papers it was learned."""

    def place(self, matrix: csr_array[np.float32, tuple[int, int]]) -> tuple[Floats, Floats]:
        """Points of length 1 for rows of the vocabulary's matrix, and the lengths that they had (0 where nothing is known)."""
        points = np.asarray(matrix @ self.projection, dtype=np.float32)
        lengths = np.sqrt(np.square(points).sum(axis=1))
        return points / np.maximum(lengths, np.float32(1e-6))[:, None], lengths


def kernel(points: NDArray[Float], others: NDArray[Float]) -> NDArray[Float]:
    """How near each point is to each of the others, 1 for the same place; all have length 1."""
    # |a - b|^2 = 2 - 2ab
    near = points @ others.T
    near -= 1
    near *= 2 * NARROWNESS
    np.exp(near, out=near)
    return near


def learn(documents: Sequence[Document], *, rarest: int = features.RAREST, dimensions: int = DIMENSIONS) -> Space:
    """The space of these documents, by id, the same at each call. 19,500 abstracts take half a minute."""
    from sklearn.utils.extmath import randomized_svd

    ordered = sorted(documents, key=lambda document: document.id)
    with threadpool_limits(limits=1):
        vocabulary = features.learn(ordered, rarest)
        if len(vocabulary.columns) <= dimensions:
            raise UsageError(f"{len(ordered)} papers have only {len(vocabulary.columns)} words in common: too few")
        matrix = vocabulary.matrix(ordered)
        _, strengths, directions = randomized_svd(matrix, dimensions, n_iter=3, random_state=SEED)
        projection = directions.T / np.sqrt(np.maximum(strengths, 1e-6))
    # As it will be stored, so that a model from memory and one from disk answer alike.
    return Space(vocabulary, projection.astype(np.float16).astype(np.float32), len(ordered))

"""What a sentence encoder knows, written into directions of words.

A linear map from terms to the encoder's vectors, learned from papers without a label. It brings papers together that
say the same in other words, as the encoder does, and costs at predicting what any projection of words costs.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Floats: TypeAlias = NDArray[np.float32]
Matrix: TypeAlias = "csr_array[np.float32, tuple[int, int]]"

DIRECTIONS = 200
"""Of the encoder's, those in which the papers differ most: of 384, 200 hold 93 % of the variance."""
PENALTY = 5.0
"""Of the ridge regression: 1 loses a point of coverage, 10 nothing to speak of."""
ROUNDS = 40
SHARE = 1.4
"""Length of the encoder's part beside that of the words' own, before both become one."""


def directions(matrix: Matrix, embeddings: Floats) -> Floats:
    """Terms by directions: from a row of `matrix` to where its text lies for the encoder, the mean taken off."""
    centred = embeddings - embeddings.mean(axis=0)
    _, main = _principal(centred.T @ centred)
    targets = np.ascontiguousarray(centred @ main[:, :DIRECTIONS], dtype=np.float32)
    return _ridge(matrix, targets)


def joined(matrix: Matrix, own: Floats, learned: Floats, dimensions: int) -> Floats:
    """Two projections of words as one of `dimensions`: those in which the papers of `matrix` are longest."""
    parts = [own / _length(matrix @ own), SHARE * learned / _length(matrix @ learned)]
    both = np.hstack(parts)
    points = np.asarray(matrix @ both, dtype=np.float32)
    _, main = _principal(points.T @ points)
    return np.asarray(both @ main[:, :dimensions], dtype=np.float32)


def _length(points: Floats) -> np.float32:
    return np.float32(max(1e-6, np.sqrt(np.square(points).sum(axis=1).mean())))


def _principal(products: Floats) -> tuple[Floats, Floats]:
    """Values and vectors of a symmetric matrix, the largest first; the largest entry of each vector is positive."""
    values, vectors = np.linalg.eigh(products)
    values, vectors = values[::-1], vectors[:, ::-1]
    signs = np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])])
    return values, np.asarray(vectors * signs, dtype=np.float32)


def _ridge(matrix: Matrix, targets: Floats) -> Floats:
    """Conjugate gradients for each column by itself (Hestenes and Stiefel 1952): the products with the matrix are shared."""
    turned = matrix.T.tocsr()
    residual = np.asarray(turned @ targets, dtype=np.float32)
    found, direction = np.zeros_like(residual), residual.copy()
    size = np.square(residual).sum(axis=0)
    for _ in range(ROUNDS):
        changed = np.asarray(turned @ (matrix @ direction)) + np.float32(PENALTY) * direction
        step = size / np.maximum((direction * changed).sum(axis=0), np.float32(1e-20))
        found += step * direction
        residual -= step * changed
        last, size = size, np.square(residual).sum(axis=0)
        direction = residual + (size / np.maximum(last, np.float32(1e-20))) * direction
    return found

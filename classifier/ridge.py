"""Ridge regression on all targets at once, with exact leave-one-out scores.

Every level and every topic is one column of targets. With a few thousand labels the dual form needs one matrix inverse
for all of them, and the inverse gives each document's score by the model that did not see it (Allen 1974, PRESS) for
nothing. Those scores are what the calibration learns from, so no document judges itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array

Floats = NDArray[np.float64]

INTERCEPT = 0.1
"""Squared value of the constant feature: small, so that the terms explain what they can."""


@dataclass(frozen=True, slots=True)
class Fit:
    """`coefficients` (terms by targets) and `intercepts` for new documents, `left_out` (documents by targets)."""

    coefficients: Floats
    intercepts: Floats
    left_out: Floats


def gram(features: csr_array[np.float32, tuple[int, int]]) -> Floats:
    """Inner products of all pairs of documents, with the constant feature."""
    wide = features.astype(np.float64)
    return np.asarray((wide @ wide.T).toarray(), dtype=np.float64) + INTERCEPT


def fit(features: csr_array[np.float32, tuple[int, int]], products: Floats, targets: Floats, *, penalty: float) -> Fit:
    """Solve for all columns of `targets`; `products` is the features' `gram`."""
    size = len(products)
    factor = cho_factor(products + penalty * np.eye(size), lower=True)
    inverse = cho_solve(factor, np.eye(size))
    dual = inverse @ targets
    return Fit(
        coefficients=np.asarray(features.astype(np.float64).T @ dual),
        intercepts=INTERCEPT * dual.sum(axis=0),
        left_out=targets - dual / np.diag(inverse)[:, None],
    )

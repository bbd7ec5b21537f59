"""Ridge regression on all targets at once, with exact leave-one-out scores, over any table of inner products.

Every level and every topic is one column of targets. With a few thousand labels the dual form needs one matrix inverse
for all of them, and the inverse gives each document's score by the model that did not see it (Allen 1974, PRESS) for
nothing. Those scores are what the calibration learns from, so no document judges itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

Floats = NDArray[np.float32]

INTERCEPT = 0.1
"""Squared value of the constant feature: small, so that the terms explain what they can."""


@dataclass(frozen=True, slots=True)
class Fit:
    """`dual` (documents by targets) weighs inner products with new documents; `left_out` has the same shape."""

    dual: Floats
    left_out: Floats

    @property
    def intercepts(self) -> NDArray[np.float64]:
        return np.asarray(INTERCEPT * self.dual.sum(axis=0, dtype=np.float64))


def fit(products: Floats, targets: Floats, *, penalty: float) -> Fit:
    """Solve for all columns of `targets`. `products` are the documents' inner products; the call overwrites them."""
    products += np.float32(INTERCEPT)
    products[np.diag_indices(len(products))] += np.float32(penalty)
    inverse = _inverse(products)
    dual = inverse @ targets
    return Fit(dual, targets - dual / np.diag(inverse)[:, None])


def _inverse(matrix: Floats) -> Floats:
    """Of a symmetric positive definite matrix, in place: a third of the work of solving for the identity."""
    # The transpose of a symmetric matrix in C order is that matrix in the order of Fortran, without a copy.
    factor, failed = lapack.spotrf(matrix.T, lower=1, overwrite_a=1)
    if not failed:
        factor, failed = lapack.spotri(factor, lower=1, overwrite_c=1)
    if failed:
        raise np.linalg.LinAlgError(f"inner products of {len(matrix)} documents have no inverse ({failed})")
    lower = np.tril(factor)
    return np.asarray(lower + np.tril(factor, -1).T, dtype=np.float32)

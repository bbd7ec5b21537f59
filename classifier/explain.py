"""Why the level: the terms that speak for it against the runner-up. Exact, since the model is linear in its terms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from staycurrent.types import Reason

from .features import CATEGORY

MOST_REASONS = 6
CANDIDATES = 16
LEAST_SHARE = 0.05
"""Of the strongest reason's weight; what is weaker explains nothing."""


def reasons(
    matrix: csr_array[np.float32, tuple[int, int]],
    coefficients: NDArray[np.float32],
    chosen: NDArray[np.intp],
    runner_up: NDArray[np.intp],
    names: Sequence[str],
) -> Iterator[tuple[Reason, ...]]:
    """The reasons of each row, the strongest first."""
    for row, (start, end) in enumerate(zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True)):
        columns = matrix.indices[start:end]
        against = coefficients[columns, chosen[row]] - coefficients[columns, runner_up[row]]
        yield _strongest(matrix.data[start:end] * against, columns, names)


def _strongest(weights: NDArray[np.float32], columns: NDArray[np.int32], names: Sequence[str]) -> tuple[Reason, ...]:
    if not len(weights):
        return ()
    # By column where weights are equal, so that the answer does not depend on the sort.
    order = np.lexsort((columns, -weights))[:CANDIDATES]
    least = max(0.0, LEAST_SHARE * float(weights[order[0]]))
    kept: list[Reason] = []
    for place in order:
        weight = float(weights[place])
        if weight <= least or len(kept) == MOST_REASONS:
            break
        reason = _reason(names[columns[place]], weight)
        if not any(_overlap(reason.text, other.text) for other in kept):
            kept.append(reason)
    return tuple(kept)


def _reason(term: str, weight: float) -> Reason:
    if term.startswith(CATEGORY):
        primary = " (primary)" if term.startswith(CATEGORY * 2) else ""
        return Reason("category", term.lstrip(CATEGORY) + primary, round(weight, 4))
    return Reason("word", term, round(weight, 4))


def _overlap(one: str, other: str) -> bool:
    """Whether two terms share a word: "gaussian" beside "gaussian splatting" tells the reader nothing new."""
    return not set(one.split()).isdisjoint(other.split())

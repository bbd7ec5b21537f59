"""Why the level: the terms that speak for it against the runner-up.

The weight of a term is what it adds to the lead of the level over the runner-up: its own coefficients, and (to first
order) how far it moves the document towards labelled papers of the one and away from those of the other. A sentence
encoder that the model was joined with counts as one reason more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from staycurrent.types import Reason

from .features import CATEGORY
from .space import NARROWNESS, Space

Floats = NDArray[np.float32]
Places = NDArray[np.intp]

MOST_REASONS = 6
CANDIDATES = 16
LEAST_SHARE = 0.05
"""Of the strongest reason's weight; what is weaker explains nothing."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some documents as the model saw them; `near` is their nearness to the labelled papers."""

    matrix: csr_array[np.float32, tuple[int, int]]
    near: NDArray[np.float64]
    points: Floats
    lengths: Floats
    meant: NDArray[np.float64]
    """What a sentence encoder adds to each score; no columns without one."""


class Weights(Protocol):
    """What explaining needs of a model."""

    @property
    def space(self) -> Space: ...
    @property
    def coefficients(self) -> Floats: ...
    @property
    def support(self) -> NDArray[np.float64]: ...
    @property
    def dual(self) -> NDArray[np.float64]: ...


def reasons(
    model: Weights, block: Block, chosen: Places, runner_up: Places, names: Sequence[str]
) -> Iterator[tuple[Reason, ...]]:
    """The reasons of each row, the strongest first."""
    slopes = _slopes(model, block, chosen, runner_up)
    indptr, indices, data = block.matrix.indptr, block.matrix.indices, block.matrix.data
    for row, (start, end) in enumerate(pairwise(indptr)):
        columns = indices[start:end]
        own = model.coefficients[columns, chosen[row]] - model.coefficients[columns, runner_up[row]]
        found = _strongest(data[start:end] * (own + model.space.projection[columns] @ slopes[row]), columns, names)
        yield _with_encoder(block, row, chosen[row], runner_up[row], found)


def _with_encoder(block: Block, row: int, chosen: np.intp, runner_up: np.intp, found: tuple[Reason, ...]) -> tuple[Reason, ...]:
    """The encoder's part in the lead among the reasons, where it is one: it has no words to name."""
    if not block.meant.shape[1]:
        return found
    weight = round(float(block.meant[row, chosen] - block.meant[row, runner_up]), 4)
    if weight <= 0:
        return found
    said = Reason("encoder", "the text as a whole, as the sentence encoder reads it", weight)
    return tuple(sorted((*found, said), key=lambda reason: -reason.weight))[:MOST_REASONS]


def _slopes(model: Weights, block: Block, chosen: Places, runner_up: Places) -> Floats:
    """How the lead of the level grows with each coordinate of a document before it is brought to length 1."""
    lead = model.dual.T[chosen] - model.dual.T[runner_up]
    gradient = (block.near * lead) @ model.support * (2 * NARROWNESS)
    along = (gradient * block.points).sum(axis=1, keepdims=True) * block.points
    return np.asarray((gradient - along) / np.maximum(block.lengths, 1e-6)[:, None], dtype=np.float32)


def _strongest(weights: Floats, columns: NDArray[np.int32], names: Sequence[str]) -> tuple[Reason, ...]:
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

"""What one way of answering gains over another on the same papers: the difference, and its bounds by the paired bootstrap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from staycurrent.types import Json

from .measure import Judged, macro_f1

DRAWS = 1000
BOUNDS = (2.5, 97.5)
SEED = 0


def gain(before: Judged, after: Judged) -> dict[str, Json]:
    """Over all papers, and over those drawn by chance: macro-F1 and accuracy, each with 95 % bounds (Efron 1979)."""
    drawn = np.array([label.drawn == "random" for label in before.labels], dtype=np.bool_)
    sets = {"all": np.ones_like(drawn), **({"random": drawn} if drawn.any() else {})}
    return {name: _gain(before.subset(rows), after.subset(rows)) for name, rows in sets.items()}


def _gain(before: Judged, after: Judged) -> dict[str, Json]:
    truth = np.array([label.level for label in before.labels], dtype=np.int64)
    chance = np.random.default_rng(SEED)
    draws = [chance.integers(0, len(truth), len(truth)) for _ in range(DRAWS)]
    every = np.arange(len(truth))
    found: dict[str, Json] = {"papers": len(truth)}
    for name, score in (("macro_f1", macro_f1), ("accuracy", _accuracy)):
        differences = [score(truth[d], after.levels[d]) - score(truth[d], before.levels[d]) for d in draws]
        low, high = np.percentile(differences, BOUNDS)
        change = score(truth[every], after.levels) - score(truth[every], before.levels)
        found[name] = {"gain": round(change, 4), "low": round(float(low), 4), "high": round(float(high), 4)}
    return found


def _accuracy(truth: NDArray[np.int64], given: NDArray[np.int64]) -> float:
    return float((truth == given).mean())

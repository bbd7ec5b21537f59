"""How far two readings of the same papers agree: the ceiling of what a score against one of them can mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from staycurrent.types import Json

from .labels import LEVELS, Label

Ints = NDArray[np.int64]


def agreement(labels: Sequence[Label], blind: Sequence[Label]) -> dict[str, Json]:
    """Over the papers that have both readings: level (and Cohen's kappa), second readings that are
    the first one's level or second level, and primary topic."""
    first = {label.id: label for label in labels}
    pairs = [(first[again.id], again) for again in blind if again.id in first]
    if not pairs:
        return {"papers": 0}
    levels = np.array([(one.level, other.level) for one, other in pairs])
    with_topics = [(one, other) for one, other in pairs if one.topics and other.topics]
    return {
        "papers": len(pairs),
        "level": round(float((levels[:, 0] == levels[:, 1]).mean()), 4),
        "kappa": round(_kappa(levels[:, 0], levels[:, 1]), 4),
        "level_with_also": round(sum(again.level in {one.level, one.also} for one, again in pairs) / len(pairs), 4),
        "primary_topic": round(sum(one.topics[0] == other.topics[0] for one, other in with_topics) / len(with_topics), 4)
        if with_topics
        else None,
    }


def _kappa(one: Ints, other: Ints) -> float:
    """Cohen 1960: agreement beyond what both readers' habits give by chance."""
    chance = float((np.bincount(one, minlength=LEVELS) * np.bincount(other, minlength=LEVELS)).sum()) / len(one) ** 2
    same = float((one == other).mean())
    return 1.0 if chance == 1 else (same - chance) / (1 - chance)

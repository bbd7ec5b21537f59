"""From raw scores to probabilities, and from probabilities to decisions. Only for training; learns from scores of
documents that the scoring model has not seen.

Topics help levels, and two regressions know more than one: a second linear model over all their level and topic
scores finds the level (macro-F1 +4 points over the better of the two), and being logistic it is calibrated from the
start; a temperature does the rest. Being linear it folds into the first ones: nothing of it is left when predicting.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_array
from scipy.special import expit, log_softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from .labels import LEVELS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FOLDS = 5
SEED = 0
SCALE = 4.0
"""Brings ridge scores, which live within about 0 to 0.5, to where the penalty of the second model bites as tuned."""
LEVEL_PENALTY = 0.1
TOPIC_PENALTY = 1.0
NEVER = -20.0
"""Logit of a level that no label has."""
SURE_PRECISION = 0.92
"""How often the level is right where the classifier says that it is sure."""
GRID = np.arange(0.05, 0.75, 0.01)
PRIOR_COUNT = 30
"""A topic's own threshold counts half when so many labels carry the topic; rarer ones lean on the common threshold."""


@dataclass(frozen=True, slots=True)
class Levels:
    """`weights` (scores by levels) and `bias` give logits; `held_out` are log probabilities from folds not seen."""

    weights: Floats
    bias: Floats
    held_out: Floats
    temperature: float


@dataclass(frozen=True, slots=True)
class Topics:
    """Logit of a topic: `slopes` times its scores, `pull` times the log probability of its level, and its `bias`."""

    slopes: Floats
    pull: float
    bias: Floats
    thresholds: Floats
    held_out: Floats


def folds(level: Ints, count: int = FOLDS) -> Iterator[tuple[Ints, Ints]]:
    """Train and test rows of each fold, with the levels spread evenly."""
    splitter = StratifiedKFold(count, shuffle=True, random_state=SEED)
    with warnings.catch_warnings():
        # A level with fewer labels than folds is missing in some of them, which costs it accuracy and nothing else.
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        yield from splitter.split(level, level)


def levels(scores: Floats, level: Ints, typical: Bools) -> Levels:
    """Fit the second model, and its temperature on folds that it has not seen.

    The temperature is that of the `typical` documents: the others were picked for being rare or hard. To learn the
    weights all count alike: with typical ones counting double or fourfold nothing gets better.
    """
    held_out = np.empty((len(level), LEVELS))
    for train, test in folds(level):
        weights, bias = _logistic(scores[train], level[train])
        held_out[test] = scores[test] @ weights + bias
    temperature = _temperature(held_out[typical], level[typical])
    weights, bias = _logistic(scores, level)
    return Levels(weights / temperature, bias / temperature, log_softmax(held_out / temperature, axis=1), temperature)


def _logistic(scores: Floats, level: Ints) -> tuple[Floats, Floats]:
    model = LogisticRegression(C=LEVEL_PENALTY, max_iter=5000).fit(scores * SCALE, level)
    weights = np.zeros((scores.shape[1], LEVELS))
    bias = np.full(LEVELS, NEVER)
    if len(model.classes_) == 2:  # noqa: PLR2004 - scikit-learn then keeps one row for the two of them
        weights[:, model.classes_[1]] = model.coef_[0] * SCALE
        bias[model.classes_] = 0.0, model.intercept_[0]
    else:
        weights[:, model.classes_] = model.coef_.T * SCALE
        bias[model.classes_] = model.intercept_
    return weights, bias


def _temperature(logits: Floats, level: Ints) -> float:
    def loss(log_temperature: float) -> float:
        chosen = log_softmax(logits / np.exp(log_temperature), axis=1)[np.arange(len(level)), level]
        return -float(chosen.mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-2.0, 2.0), method="bounded").x))


def sure_threshold(held_out: Floats, level: Ints, typical: Bools) -> float:
    """The lowest confidence from which on the level is right often enough, counted on the `typical` documents."""
    confidence = np.exp(held_out.max(axis=1))[typical]
    order = np.argsort(-confidence, kind="stable")
    right = (held_out.argmax(axis=1) == level)[typical][order]
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    enough = np.flatnonzero(precision >= SURE_PRECISION)
    return float(confidence[order][enough[-1]]) if len(enough) else 1.0


def topics(scores: Sequence[Floats], log_levels: Floats, truth: Bools, level_of_topic: Ints) -> Topics:
    """One logistic model for all pairs of document and topic: a common slope for each of `scores`, a bias per topic."""
    if not truth.any():
        return _no_topics(truth, len(scores))
    pull = log_levels[:, level_of_topic]
    values = np.stack([*(own * SCALE for own in scores), pull], axis=-1)
    model = LogisticRegression(C=TOPIC_PENALTY, max_iter=5000, solver="newton-cholesky").fit(_pairs(values), truth.ravel())
    slopes, bias = model.coef_[0, : values.shape[-1]], model.coef_[0, values.shape[-1] :] + model.intercept_[0]
    held_out = expit(values @ slopes + bias)
    return Topics(slopes[:-1] * SCALE, float(slopes[-1]), bias, _thresholds(held_out, truth), held_out)


def _no_topics(truth: Bools, scores: int) -> Topics:
    """Labels without topics, as somebody's own may be: no topic is ever given."""
    size = truth.shape[1]
    return Topics(np.zeros(scores), 0.0, np.full(size, NEVER), np.ones(size), np.zeros(truth.shape))


def _pairs(values: Floats) -> csr_array[np.float64, tuple[int, int]]:
    """A row for each pair of document and topic: its values, and a 1 in the column of its topic."""
    count, size, width = values.shape
    data = np.concatenate([values.reshape(-1, width), np.ones((count * size, 1))], axis=1)
    columns = np.concatenate(
        [np.tile(np.arange(width), (count * size, 1)), width + np.tile(np.arange(size), count)[:, None]], axis=1
    )
    starts = np.arange(0, (width + 1) * count * size + 1, width + 1)
    return csr_array((data.ravel(), columns.ravel(), starts), shape=(count * size, width + size))


def _thresholds(probability: Floats, truth: Bools) -> Floats:
    """The thresholds of best F1: between the topic's own and the one that is best for all together."""
    hits = np.stack([((probability >= cut) & truth).sum(axis=0) for cut in GRID])
    given = np.stack([(probability >= cut).sum(axis=0) for cut in GRID])
    real = truth.sum(axis=0)
    common = GRID[np.argmax(2 * hits.sum(axis=1) / np.maximum(1, given.sum(axis=1) + real.sum()))]
    own = GRID[np.argmax(2 * hits / np.maximum(1, given + real), axis=0)]
    trust = real / (real + PRIOR_COUNT)
    return np.asarray(trust * own + (1 - trust) * common)

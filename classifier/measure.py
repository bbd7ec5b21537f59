"""How good answers are: counts and scores over judged papers. Values in, a `Report` out; renders nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from staycurrent import roadmap
from staycurrent.types import Json

from .labels import LEVELS, Label

Bools = NDArray[np.bool_]
BINS = 15
"""Of the calibration error, as in Guo et al. 2017 (arXiv 1706.04599)."""
SHARES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Of the papers, at which the most confident answers are scored on their own."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Answers beside the labels, one row each; topics by columns in the roadmap's order, `best_topic` -1 for none."""

    labels: Sequence[Label]
    levels: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    sure: Bools
    topics: Bools
    best_topic: NDArray[np.int64]

    def subset(self, rows: Bools) -> Judged:
        chosen = [label for label, keep in zip(self.labels, rows, strict=True) if keep]
        return Judged(
            chosen, self.levels[rows], self.probabilities[rows], self.sure[rows], self.topics[rows], self.best_topic[rows]
        )


@dataclass(frozen=True, slots=True)
class LevelScore:
    level: int
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class TopicsScore:
    """Over the papers that carry a topic label; `macro_f1` over the topics that occur in labels or answers."""

    micro_f1: float
    macro_f1: float
    precision_at_one: float
    papers: int


@dataclass(frozen=True, slots=True)
class Report:
    """All scores of one set of papers; `random` are the same scores over the papers drawn by chance."""

    papers: int
    accuracy: float
    macro_f1: float
    accuracy_with_also: float
    """Counting the second level of a label as right too."""
    within_one: float
    """At most one level away; off the roadmap is near nothing."""
    quadratic_kappa: float
    """Agreement beyond chance, a miss counting as the square of its distance; over papers that both put on the roadmap."""
    calibration_error: float
    calibration: tuple[tuple[float, float, int], ...]
    """Mean confidence, accuracy and number of papers of each bin that is not empty."""
    sure_coverage: float
    sure_precision: float | None
    sure_precision_with_also: float | None
    coverage: tuple[tuple[float, float, float], ...]
    """Share of the papers, most confident first; how many of these are right; and with the second level counted."""
    levels: tuple[LevelScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    """Rows are the labels' levels, columns the answers'."""
    topics: TopicsScore | None
    random: Report | None = None

    def as_json(self) -> dict[str, Json]:
        """A plain dict, fractions to four digits."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def _plain(value: object) -> Json:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    assert value is None or isinstance(value, (bool, int, str))
    return value


def report(judged: Judged) -> Report:
    """Score all papers, and once more those drawn by chance where these are a part of them."""
    drawn = np.array([label.drawn == "random" for label in judged.labels], dtype=np.bool_)
    inner = _scores(judged.subset(drawn)) if drawn.any() and not drawn.all() else None
    return _scores(judged, inner)


def _scores(judged: Judged, inner: Report | None = None) -> Report:
    truth = np.array([label.level for label in judged.labels], dtype=np.int64)
    also = np.array([-1 if label.also is None else label.also for label in judged.labels])
    right = judged.levels == truth
    with_also = right | (judged.levels == also)
    bins = _calibration(judged.probabilities.max(axis=1), right)
    near = right | ((np.abs(judged.levels - truth) <= 1) & (judged.levels > 0) & (truth > 0))
    confusion = _confusion(truth, judged.levels)
    return Report(
        papers=len(truth),
        accuracy=float(right.mean()),
        macro_f1=macro_f1(truth, judged.levels),
        accuracy_with_also=float(with_also.mean()),
        within_one=float(near.mean()),
        quadratic_kappa=quadratic_kappa(confusion[1:, 1:]),
        calibration_error=float(sum(count * abs(mean - share) for mean, share, count in bins) / len(truth)),
        calibration=bins,
        sure_coverage=float(judged.sure.mean()),
        sure_precision=float(right[judged.sure].mean()) if judged.sure.any() else None,
        sure_precision_with_also=float(with_also[judged.sure].mean()) if judged.sure.any() else None,
        coverage=_coverage(judged.probabilities.max(axis=1), right, with_also),
        levels=tuple(_level_score(confusion, level) for level in range(LEVELS)),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        topics=_topics_score(judged),
        random=inner,
    )


def macro_f1(truth: NDArray[np.int64], given: NDArray[np.int64]) -> float:
    """Mean F1 of the levels that occur in either."""
    confusion = _confusion(truth, given)
    occurring = [level for level in range(LEVELS) if confusion[level].any() or confusion[:, level].any()]
    return float(np.mean([_level_score(confusion, level).f1 for level in occurring]))


def _confusion(truth: NDArray[np.int64], given: NDArray[np.int64]) -> NDArray[np.int64]:
    confusion = np.zeros((LEVELS, LEVELS), dtype=np.int64)
    np.add.at(confusion, (truth, given), 1)
    return confusion


def _level_score(confusion: NDArray[np.int64], level: int) -> LevelScore:
    hits, given, real = confusion[level, level], confusion[:, level].sum(), confusion[level].sum()
    return LevelScore(
        level=level,
        precision=float(hits / given) if given else 0.0,
        recall=float(hits / real) if real else 0.0,
        f1=float(2 * hits / (given + real)) if given + real else 0.0,
        support=int(real),
    )


def quadratic_kappa(confusion: NDArray[np.int64]) -> float:
    """Cohen's weighted kappa (1968) with quadratic weights; 1 where there is nothing to disagree about."""
    places = np.arange(len(confusion))
    distance = np.square(places[:, None] - places[None, :])
    chance = np.outer(confusion.sum(axis=1), confusion.sum(axis=0)) / max(1, confusion.sum())
    expected = float((distance * chance).sum())
    return 1 - float((distance * confusion).sum()) / expected if expected else 1.0


def _calibration(confidence: NDArray[np.float64], right: Bools) -> tuple[tuple[float, float, int], ...]:
    """Confidence beside accuracy, bin by bin; their mean distance is the expected calibration error."""
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    inside = [bins == number for number in np.unique(bins)]
    return tuple((float(confidence[rows].mean()), float(right[rows].mean()), int(rows.sum())) for rows in inside)


def _coverage(confidence: NDArray[np.float64], right: Bools, with_also: Bools) -> tuple[tuple[float, float, float], ...]:
    order = np.argsort(-confidence, kind="stable")
    counts = [(share, max(1, round(share * len(order)))) for share in SHARES]
    return tuple((share, float(right[order[:count]].mean()), float(with_also[order[:count]].mean())) for share, count in counts)


def _topics_score(judged: Judged) -> TopicsScore | None:
    rows = [row for row, label in enumerate(judged.labels) if label.topics]
    if not rows:
        return None
    slugs = list(roadmap.topics())
    truth = np.array([[slug in judged.labels[row].topics for slug in slugs] for row in rows])
    given = judged.topics[rows]
    best = judged.best_topic[rows]
    hits, total = (truth & given).sum(axis=0), truth.sum(axis=0) + given.sum(axis=0)
    occurring = total > 0
    return TopicsScore(
        micro_f1=float(2 * hits.sum() / total.sum()),
        macro_f1=float((2 * hits[occurring] / total[occurring]).mean()),
        precision_at_one=float((truth[np.arange(len(rows)), best] & (best >= 0)).mean()),
        papers=len(rows),
    )

"""How well readings find what an independent weekly list picked. Pure: candidates and picks in, shares out.

A month's share counts the picks that stood on Hugging Face's daily list in that month, as far as they are found among the
first 30 and 50 of the month's reading over all levels, with the quotas of the product. Two things stand beside it: votes
alone under the same quotas, and a random order of the papers of that list.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from staycurrent.reading import rank
from staycurrent.reading.rank import Scored
from staycurrent.reading.select import select
from staycurrent.types import Candidate, DayNumbers

DEPTHS = (30, 50)
RIDGE = 1.0
"""How strongly a fitted weight is held back: a part needs evidence to gain weight from some 40 picks."""
DEVIATIONS = 1.96
"""Of a 95 % interval."""


@dataclass(frozen=True, slots=True)
class MonthData:
    """A month as the database shows it: who competes for its reading, and the rows of the picks on that month's list."""

    name: str
    candidates: tuple[Candidate, ...]
    counted: tuple[DayNumbers, ...]
    listed: int
    """Papers on Hugging Face's list."""
    picks: frozenset[int]


@dataclass(frozen=True, slots=True)
class Found:
    """How many of `picks` stand among the first 30 and the first 50; a random order finds fractions of a pick."""

    picks: int
    found: tuple[float, ...]

    def share(self, depth: int) -> float:
        return self.found[DEPTHS.index(depth)] / self.picks if self.picks else 0.0


@dataclass(frozen=True, slots=True)
class MonthFound:
    """A month's shares: by the weights in use, by weights fitted to the other months, by votes alone, by chance."""

    name: str
    listed: int
    in_use: Found
    left_out: Found
    votes: Found
    random: Found


def measure(months: Sequence[MonthData]) -> list[MonthFound]:
    """Every month; a month without picks says nothing and is left out."""
    told = [m for m in months if m.picks]
    return [
        MonthFound(
            name=month.name,
            listed=month.listed,
            in_use=found(month, rank.weights()),
            left_out=found(month, fit([m for m in told if m is not month])),
            votes=_by_votes(month),
            random=_by_chance(month),
        )
        for month in told
    ]


def without(months: Sequence[MonthData]) -> dict[str, Found]:
    """What all months together find when one part weighs nothing, for every part."""
    return {name: pooled([found(m, rank.weights() | {name: 0.0}) for m in months if m.picks]) for name in rank.PARTS}


def pooled(parts: Sequence[Found]) -> Found:
    """All months as one."""
    return Found(sum(p.picks for p in parts), tuple(sum(p.found[n] for p in parts) for n in range(len(DEPTHS))))


def found(month: MonthData, weights: Mapping[str, float]) -> Found:
    """What the reading of the month finds under these weights."""
    return _among_first(rank.rank(month.candidates, month.counted, by=weights), month.picks)


def _by_votes(month: MonthData) -> Found:
    ordered = sorted(month.candidates, key=lambda c: (-(c.votes or 0), c.id))
    return _among_first([Scored(c, 0.0, {}, {}) for c in ordered], month.picks)


def _by_chance(month: MonthData) -> Found:
    many = len(month.picks)
    return Found(many, tuple(many * min(1.0, depth / max(month.listed, 1)) for depth in DEPTHS))


def _among_first(ranked: Sequence[Scored], picks: Collection[int]) -> Found:
    tops = ({e.item_id for e in select(ranked, limit=depth)} for depth in DEPTHS)
    return Found(len(picks), tuple(float(len(top & set(picks))) for top in tops))


def interval(share: float, of: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share: honest for small numbers, where the usual one is not."""
    if not of:
        return 0.0, 1.0
    z2 = DEVIATIONS**2
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    reach = DEVIATIONS / (1 + z2 / of) * sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def fit(months: Sequence[MonthData]) -> dict[str, float]:
    """Weights that tell the picks of these months from the rest of Hugging Face's list.

    A logistic regression with a ridge and no negative weight, then scaled to sum to 1 as the weights in use do; without a
    single pick it is the weights in use. It sees the values of the parts and nothing else of a paper.
    """
    import numpy as np
    from scipy.optimize import minimize
    from scipy.special import expit

    names = list(rank.PARTS)
    rows, answers = _examples(months)
    if not any(answers):
        return rank.weights()
    x, y = np.array(rows), np.array(answers, dtype=float)

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        z = x @ w[:-1] + w[-1]
        value = float(np.logaddexp(0, z).sum() - y @ z + RIDGE / 2 * (w[:-1] @ w[:-1]))
        error = expit(z) - y
        return value, np.append(x.T @ error + RIDGE * w[:-1], error.sum())

    limits = [(0.0, None)] * len(names) + [(None, None)]
    fitted = minimize(loss, np.zeros(len(names) + 1), jac=True, method="L-BFGS-B", bounds=limits).x[:-1]
    # Every example is on the list, so nothing can be learned of what a second source is worth: that weight stays.
    fixed = {n: rank.PARTS[n].weight for n in names if x[:, names.index(n)].std() < 1e-9 or n == "sources"}  # noqa: PLR2004
    free = {n: float(w) for n, w in zip(names, fitted, strict=True) if n not in fixed}
    scale = (1 - sum(fixed.values())) / (sum(free.values()) or 1.0)
    return {n: fixed[n] if n in fixed else free[n] * scale for n in names} | {"post_factor": rank.POST_FACTOR}


def _examples(months: Sequence[MonthData]) -> tuple[list[list[float]], list[bool]]:
    rows, answers = [], []
    for month in months:
        rivals = rank.crowd(month.candidates, month.counted)
        for candidate in month.candidates:
            if "huggingface" in candidate.sources:
                values = rank.values(candidate, rivals)
                rows.append([values.get(name, 0.0) for name in rank.PARTS])
                answers.append(candidate.id in month.picks)
    return rows, answers

"""What a classifier must beat: four simpler ways to a level, judged on the same folds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from staycurrent.types import Document

from . import calibrate, features
from .labels import Label

Levels = NDArray[np.int64]
Floor = Callable[[Sequence[Document], Levels, Sequence[Document]], Levels]
"""Documents and levels to learn from, then documents to answer for."""

KEYWORDS: Mapping[int, str] = {
    1: "convex stochastic gradient convergence rate zeroth order numerical matrix tensor decomposition compiler estimator",
    2: "random forest boosting kernel gaussian process clustering bandit regret causal tabular conformal regression",
    3: "neural networks generalization federated continual learning adversarial robustness pinn neural operator optimizer",
    4: "segmentation detection graph neural transformer convolutional time series forecasting medical tracking recognition",
    5: "language models llm llms fine tuning pretraining rlhf grpo lora tokens corpus quantization multilingual",
    6: "diffusion flow matching generation video image vision language clip gaussian splatting speech synthesis vla",
    7: "agent agents multi agent tool retrieval augmented rag planning memory prompting workflow coding gui",
    8: "benchmark safety jailbreak alignment speculative decoding kv cache world model multimodal understanding judge",
}
"""Written before looking at any result, from the guide's own words."""
_WORDS = {level: frozenset(words.split()) for level, words in KEYWORDS.items()}


def majority(learned: Sequence[Document], levels: Levels, asked: Sequence[Document]) -> Levels:
    return np.full(len(asked), np.bincount(levels).argmax())


def category(learned: Sequence[Document], levels: Levels, asked: Sequence[Document]) -> Levels:
    """The most common level of the paper's primary category."""
    seen: dict[str, Counter[int]] = {}
    for document, level in zip(learned, levels.tolist(), strict=True):
        seen.setdefault(_primary(document), Counter())[level] += 1
    other = int(np.bincount(levels).argmax())
    best = {name: max(sorted(counts), key=counts.__getitem__) for name, counts in seen.items()}
    return np.array([best.get(_primary(document), other) for document in asked], dtype=np.int64)


def keywords(learned: Sequence[Document], levels: Levels, asked: Sequence[Document]) -> Levels:
    """The level whose words occur most, the title counting three times; without any the paper is off the roadmap."""
    return np.array([_by_keywords(document) for document in asked], dtype=np.int64)


def logistic(learned: Sequence[Document], levels: Levels, asked: Sequence[Document]) -> Levels:
    """Tf-idf over words and pairs of the papers to learn from, and logistic regression."""
    vocabulary = features.learn(learned, rarest=3)
    model = LogisticRegression(C=5.0, max_iter=300).fit(vocabulary.matrix(learned), levels)
    return np.asarray(model.predict(vocabulary.matrix(asked)), dtype=np.int64)


FLOORS: Mapping[str, Floor] = {
    "majority": majority,
    "category rule": category,
    "keyword rule": keywords,
    "tf-idf + logistic regression": logistic,
}


def answers(floor: Floor, labels: Sequence[Label], documents: Sequence[Document], folds: int = 5) -> Levels:
    """The floor's level for each document, learned from the other folds."""
    level = np.array([label.level for label in labels], dtype=np.int64)
    found = np.empty_like(level)
    for train, test in calibrate.folds(level, folds):
        found[test] = floor([documents[row] for row in train], level[train], [documents[row] for row in test])
    return found


def _primary(document: Document) -> str:
    return document.categories[0] if document.categories else ""


def _by_keywords(document: Document) -> int:
    words = features.words(document.title) * features.TITLE_WEIGHT + features.words(document.abstract)
    hits = {level: sum(word in known for word in words) for level, known in _WORDS.items()}
    best = max(hits, key=hits.__getitem__)
    return best if hits[best] else 0

"""Papers of the same field lie together, and ridge regression judges no paper by itself."""

from __future__ import annotations

import numpy as np
import pytest

from classifier import ridge, space
from staycurrent.errors import UsageError
from staycurrent.types import Document

from .conftest import made_up, small_space


def test_papers_of_one_field_lie_nearer_than_those_of_two() -> None:
    rows, documents = made_up()
    learned = small_space()
    points, _ = learned.place(learned.vocabulary.matrix([documents[row.id] for row in rows]))
    near = space.kernel(points, points)
    same = np.equal.outer([row.level for row in rows], [row.level for row in rows])
    assert near[same].mean() > near[~same].mean() + 0.2
    assert np.diag(near) == pytest.approx(1, abs=1e-5)


def test_the_space_is_the_same_in_any_order() -> None:
    documents = list(made_up()[1].values())
    one, other = (space.learn(some, rarest=3, dimensions=6) for some in (documents, documents[::-1]))
    assert list(one.vocabulary.columns) == list(other.vocabulary.columns)
    assert np.array_equal(one.projection, other.projection)
    assert one.papers == len(documents)


def test_a_text_without_known_words_lies_nowhere() -> None:
    learned = small_space()
    points, lengths = learned.place(learned.vocabulary.matrix([Document("1", "xyzzy")]))
    assert not points.any()
    assert not lengths.any()


def test_too_few_papers_make_no_space() -> None:
    with pytest.raises(UsageError, match="too few"):
        space.learn([Document("1", "one title")])


def test_left_out_scores_are_those_of_a_model_without_the_paper() -> None:
    chance = np.random.default_rng(1)
    features = chance.standard_normal((12, 5)).astype(np.float32)
    targets = chance.standard_normal((12, 2)).astype(np.float32)
    whole = ridge.fit(features @ features.T, targets, penalty=0.7)
    for row in range(12):
        others = np.delete(np.arange(12), row)
        part = ridge.fit(features[others] @ features[others].T, targets[others], penalty=0.7)
        alone = features[row] @ features[others].T @ part.dual + part.intercepts
        assert whole.left_out[row] == pytest.approx(alone, abs=1e-3)

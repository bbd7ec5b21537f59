"""Recommended to a reader: a linear support vector machine over what they tagged, starred, saved and hid.

What was liked stands against what was hidden and a random sample of the rest. The machine is trained when it is asked;
the competitors are bounded, and their vectors are kept in the process.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from staycurrent import roadmap
from staycurrent.errors import UsageError
from staycurrent.query import Query
from staycurrent.reading import taste, vectors
from staycurrent.reading.progress import landmark_name
from staycurrent.roadmap import Landmark
from staycurrent.store import listing, marks, texts
from staycurrent.store.engine import Engine, Session
from staycurrent.store.engine import reading as read_session
from staycurrent.store.marks import Kind
from staycurrent.types import ItemView

if TYPE_CHECKING:
    from staycurrent.reading.vectors import Matrix

MAX_LIMIT = 100
DAYS = 60
"""How far back items compete, unless the query says since when."""
POOL = 3_000
"""How many compete: those with the most evidence."""
MOST_LIKED = 300
MOST_HIDDEN = 300
RANDOM_REST = 600
HIDDEN_WEIGHT = 3.0
"""A hidden item is surely unwanted, one of the random rest only probably."""
STRICTNESS = 0.1
"""C of the machine: below 1, since a handful of examples must not be learned by heart."""


@dataclass(frozen=True, slots=True)
class Recommended:
    """An item, how much it is like what was liked (comparable within one list), and the words that decided."""

    item: ItemView
    score: float
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Examples:
    """What a reader liked and hid, and what they know already."""

    liked: tuple[int, ...]
    landmarks: tuple[Landmark, ...]
    hidden: tuple[int, ...]
    known: frozenset[int]


def recommend(
    engine: Engine,
    profile: str,
    *,
    today: date,
    tag: str | None = None,
    landmarks: Iterable[str] = (),
    limit: int = 20,
    query: Query | None = None,
) -> tuple[Recommended, ...]:
    """Recent items for a reader, or for one of their tags, the best first; empty as long as nothing was liked.

    `landmarks` are further examples, by arXiv id or address: three clicks are enough to begin. Raises `UsageError`.
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise UsageError(f"limit: must be from 1 to {MAX_LIMIT}")
    known = vectors.of(engine)
    with read_session(engine) as session:
        examples = _examples(session, profile, tag, tuple(landmarks))
        if not (examples.liked or examples.landmarks):
            return ()
        wanted = taste.narrow(_recent(query or Query(), today), marks.dislikes(session, profile))
        pool = texts.recent(session, wanted, today, profile=profile, limit=POOL)
        open_to = [n for n, edition in enumerate(pool) if edition.row not in examples.known]
        if not open_to:
            return ()
        rarity = known.rarity(session, today)
        competing = known.matrix(session, pool, rarity)
        liked = known.matrix(session, texts.editions(session, examples.liked), rarity)
        told = vectors.weighted(vectors.count(map(_told, examples.landmarks)), rarity)
        hidden = known.matrix(session, texts.editions(session, examples.hidden), rarity)
        rest = competing[_sample(open_to, seed=f"{profile} {tag} {today}")]
        weights = _learn([liked, told], [hidden, rest])
        scores = competing @ weights
        best = sorted(open_to, key=lambda n: (-scores[n], n))[:limit]
        shown = {view.row: view for view in listing.views(session, [pool[n].row for n in best])}
    return tuple(
        Recommended(view, round(float(scores[n]), 4), _why(view, weights * vectors.dense(competing, n)))
        for n in best
        if (view := shown.get(pool[n].row))
    )


def _why(view: ItemView, weights: NDArray[np.float32]) -> tuple[str, ...]:
    words = sorted(set(vectors.terms(view.title, view.abstract)))
    return vectors.telling(words, weights[vectors.columns(words)])


def _recent(query: Query, today: date) -> Query:
    return query if query.since else replace(query, since=today - timedelta(days=DAYS))


def _examples(session: Session, profile: str, tag: str | None, landmarks: tuple[str, ...]) -> Examples:
    hidden = marks.marked(session, profile, Kind.HIDDEN)
    starred, saved = (marks.marked(session, profile, kind) for kind in (Kind.STAR, Kind.SAVED))
    tagged = marks.tagged(session, profile, marks.tag_name(tag) if tag is not None else None)
    liked = tagged if tag is not None else tuple(dict.fromkeys((*starred, *tagged, *saved)))
    names = set(landmarks)
    if tag is None:
        names |= {name for name, kinds in marks.landmarks(session, profile).items() if {Kind.STAR, Kind.SAVED} & set(kinds)}
    known = {*liked, *starred, *saved, *marks.marked(session, profile, Kind.READ)}
    return Examples(
        liked=tuple(i for i in liked if i not in set(hidden))[:MOST_LIKED],
        landmarks=tuple(mark for mark in roadmap.landmarks() if landmark_name(mark) in names),
        hidden=hidden[:MOST_HIDDEN],
        known=frozenset(known),
    )


def _told(landmark: Landmark) -> tuple[str, str]:
    """A landmark as title and abstract: why it matters, and its topics by name."""
    known = roadmap.topics()
    return landmark.title, ". ".join([landmark.why.en, *(known[slug].name.en for slug in landmark.topics)])


def _sample(places: Sequence[int], seed: str) -> list[int]:
    """A random sample of what the reader said nothing about; the same on one day, so that lists stay put. It is no secret."""
    return sorted(random.Random(seed).sample(places, min(RANDOM_REST, len(places))))  # noqa: S311  # nosec B311


def _learn(liked: Sequence[Matrix], unwanted: Sequence[Matrix]) -> NDArray[np.float32]:
    """One weight for each column: how much its words speak for an item."""
    from scipy.sparse import vstack
    from sklearn.svm import LinearSVC

    hidden, rest = unwanted
    sizes = [sum(m.shape[0] for m in liked), hidden.shape[0], rest.shape[0]]
    examples = vstack([*liked, *unwanted], format="csr")
    used = np.unique(examples.indices)  # the machine works with dense weights, a quarter of a million of them otherwise
    machine = LinearSVC(C=STRICTNESS, class_weight="balanced", dual=False, tol=1e-3, random_state=0)
    machine.fit(
        examples[:, used],
        np.repeat([1, 0, 0], sizes),
        sample_weight=np.repeat([1.0, HIDDEN_WEIGHT, 1.0], sizes),
    )
    weights = np.zeros(vectors.COLUMNS, dtype=np.float32)
    weights[used] = machine.coef_.ravel()
    return weights

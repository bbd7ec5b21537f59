"""Items like an item: those that share its rare words, by the angle between their weighted words.

Full text finds a few hundred candidates, so the cost does not grow with the store; only those are compared.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from heapq import nlargest

import numpy as np

from staycurrent.errors import UsageError
from staycurrent.query import Query
from staycurrent.reading import vectors
from staycurrent.reading.vectors import Rarity
from staycurrent.store import items, listing, texts
from staycurrent.store.engine import Engine, Session
from staycurrent.store.engine import reading as read_session
from staycurrent.types import ItemView

MAX_LIMIT = 100
CANDIDATES = 200
"""How many are compared: those that share the most, by the rarity of what they share."""
EXPECTED = 4_000
"""How many items the chosen words may occur in, all together, as the sample says."""
MOST_WORDS = 16
FEWEST_WORDS = 3
"""That many are asked for even where every word is common."""


@dataclass(frozen=True, slots=True)
class Alike:
    """An item, how near it is (0 to 1), and the words that decided."""

    item: ItemView
    score: float
    words: tuple[str, ...]


def similar(
    engine: Engine,
    names: Sequence[str],
    *,
    today: date,
    limit: int = 10,
    profile: str | None = None,
    query: Query | None = None,
) -> tuple[Alike, ...]:
    """Items like the one that bears one of `names`, the nearest first, without what the reader hid.

    Raises `NotFound` for an unknown item, `UsageError` for a limit out of bounds.
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise UsageError(f"limit: must be from 1 to {MAX_LIMIT}")
    known = vectors.of(engine)
    with read_session(engine) as session:
        row = items.find(session, names)
        rarity = known.rarity(session, today)
        terms = vectors.terms(*texts.words(session, [row]).get(row, ("", "")))
        near = [i for i in _sharing(session, terms, rarity) if i != row]
        found = texts.fitting(session, near, query or Query(), today, profile=profile)
        own = vectors.dense(known.matrix(session, texts.editions(session, [row]), rarity), 0)
        others = known.matrix(session, found, rarity)
        scores = others @ own
        best = [int(n) for n in np.argsort(-scores, kind="stable")[:limit] if scores[n] > 0]
        words = sorted(set(terms))
        columns = vectors.columns(words)
        shown = {view.row: view for view in listing.views(session, [found[n].row for n in best])}
    return tuple(
        Alike(shown[i], round(float(scores[n]), 4), vectors.telling(words, own[columns] * vectors.dense(others, n)[columns]))
        for n in best
        if (i := found[n].row) in shown
    )


def _sharing(session: Session, terms: Sequence[str], rarity: Rarity) -> list[int]:
    """Row ids of the items that share the most of the rare words, the most first."""
    shared: defaultdict[int, float] = defaultdict(float)
    for word, weight in _distinctive(terms, rarity, texts.highest_row(session)):
        for row in texts.holding(session, word, limit=EXPECTED):
            shared[row] += weight
    return nlargest(CANDIDATES, shared, key=lambda row: (shared[row], row))


def _distinctive(terms: Sequence[str], rarity: Rarity, total: int) -> list[tuple[str, float]]:
    """The single words that say most about a text, with their weight, as long as they find few enough items."""
    counted = Counter(term for term in terms if " " not in term)
    names = list(counted)
    columns = vectors.columns(names)
    by_weight = sorted(
        ((1 + np.log(counted[name])) * float(rarity.idf[column]), name, int(rarity.holding[column]))
        for name, column in zip(names, columns, strict=True)
    )
    chosen: list[tuple[str, float]] = []
    expected = 0.0
    for weight, name, holding in reversed(by_weight):
        expected += holding / max(rarity.sampled, 1) * total
        if len(chosen) == MOST_WORDS or (expected > EXPECTED and len(chosen) >= FEWEST_WORDS):
            break
        chosen.append((name, weight))
    return chosen

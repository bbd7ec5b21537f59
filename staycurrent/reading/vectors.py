"""Items as weighted words, so that nearness can be computed: tf-idf over hashed words and pairs of words.

Hashing needs no vocabulary, so nothing is trained, stored or kept in step. How rare a word is comes from a sample of the
newest items. What was counted for an item is kept in the process, bounded, as long as its words stay the same.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from staycurrent.store import texts
from staycurrent.store.engine import Engine, Session
from staycurrent.store.texts import Edition

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    Matrix = csr_array[np.float32, tuple[int, int]]

COLUMNS = 2**18
"""230 words and pairs an abstract, 3,000 abstracts at a time: two that share a column by chance are rare."""
SAMPLE = 1_000
"""Items out of which the rarity of words is estimated; a word that none of them has is as rare as can be told."""
KEPT = 12_000
"""Items whose counts stay in memory, at 2 kB each."""
TITLE_WEIGHT = 2
MOST_CHARACTERS = 6_000
"""Three times a long abstract; a post of a lab may be a book."""
MOST_WORDS_SHOWN = 5

_COMMAND = re.compile(r"\\[A-Za-z]+")
"""TeX's commands; `\\textbf` says nothing about a paper."""

Row = tuple[NDArray[np.int32], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Rarity:
    """How many of `sampled` items hold the words of a column, and how much a column says (idf)."""

    sampled: int
    holding: NDArray[np.int64]
    idf: NDArray[np.float32]


class Vectors:
    """The vectors of one database's items."""

    def __init__(self) -> None:
        self._rows: OrderedDict[Edition, Row] = OrderedDict()
        self._rarity: tuple[object, Rarity] | None = None
        self._lock = threading.Lock()

    def rarity(self, session: Session, today: date) -> Rarity:
        """Taken anew each day and whenever the number of items has doubled."""
        state = (today, texts.highest_row(session).bit_length())
        known = self._rarity
        if known is None or known[0] != state:
            known = (state, _rarity(self.counts(session, texts.newest(session, SAMPLE))))
            self._rarity = known
        return known[1]

    def matrix(self, session: Session, editions: Sequence[Edition], rarity: Rarity) -> Matrix:
        """One row of length 1 for each item."""
        return weighted(self.counts(session, editions), rarity)

    def counts(self, session: Session, editions: Sequence[Edition]) -> Matrix:
        """How often each column occurs in each item."""
        with self._lock:
            rows = {e: self._rows[e] for e in editions if e in self._rows}
        missing = [e for e in editions if e not in rows]
        found = texts.words(session, [e.row for e in missing])
        rows |= zip(missing, _rows(count(found.get(e.row, ("", "")) for e in missing)), strict=True)
        with self._lock:
            for edition in editions:
                self._rows[edition] = rows[edition]
                self._rows.move_to_end(edition)
            while len(self._rows) > KEPT:
                self._rows.popitem(last=False)
        return _stack([rows[e] for e in editions])


_OF: WeakKeyDictionary[Engine, Vectors] = WeakKeyDictionary()


def of(engine: Engine) -> Vectors:
    """The vectors of a database, kept as long as its engine."""
    return _OF.setdefault(engine, Vectors())


def count(items: Iterable[tuple[str, str]]) -> Matrix:
    """The counted terms of titles and abstracts, one row each."""
    from scipy.sparse import csr_array

    rows = [terms(*item) for item in items]
    counted: Matrix = csr_array(_hasher().transform(rows) if rows else (0, COLUMNS), dtype=np.float32)
    return counted


def weighted(counts: Matrix, rarity: Rarity) -> Matrix:
    """Counts as tf-idf with sublinear tf, each row of length 1; all zero where there are no words."""
    from sklearn.preprocessing import normalize

    if not counts.shape[0]:
        return counts
    made = counts.copy()
    made.data = ((1 + np.log(made.data)) * rarity.idf[made.indices]).astype(np.float32)
    result: Matrix = normalize(made, copy=False)
    return result


def dense(matrix: Matrix, row: int) -> NDArray[np.float32]:
    """One row with all its columns."""
    return np.asarray(matrix[[row]].toarray().ravel(), dtype=np.float32)


def terms(title: str, abstract: str) -> list[str]:
    """Words and pairs of neighbouring words without function words, each as often as it counts."""
    analyze = _analyzer()
    plain_title, plain_abstract = (_COMMAND.sub(" ", text[:MOST_CHARACTERS]) for text in (title, abstract))
    return analyze(plain_title) * TITLE_WEIGHT + analyze(plain_abstract)


def columns(names: Sequence[str]) -> NDArray[np.int32]:
    """The column of each term."""
    if not names:
        return np.zeros(0, np.int32)
    found: NDArray[np.int32] = _hasher().transform([[name] for name in names]).indices
    return found


def telling(names: Sequence[str], values: NDArray[np.float32]) -> tuple[str, ...]:
    """The terms with the highest values, one for each name; a word of a chosen pair is not said twice, nor a number."""
    weight = {names[int(n)]: float(values[n]) for n in np.flatnonzero(values > 0)}
    # A pair says what its words say, if both say it: "speculative decoding" rather than "decoding" and "speculative".
    pairs = {name: w + sum(weight.get(word, 0.0) for word in name.split()) / 2 for name, w in weight.items() if " " in name}
    chosen: list[str] = []
    said: set[str] = set()
    for name, _ in sorted((weight | pairs).items(), key=lambda pair: (-pair[1], pair[0])):
        words = name.split()
        if said.isdisjoint(words) and not all(word.isdigit() for word in words):
            chosen.append(name)
            said.update(words)
        if len(chosen) == MOST_WORDS_SHOWN:
            break
    return tuple(chosen)


@cache
def _analyzer() -> Callable[[str], list[str]]:
    from sklearn.feature_extraction.text import CountVectorizer

    made: Callable[[str], list[str]] = CountVectorizer(stop_words="english", ngram_range=(1, 2)).build_analyzer()
    return made


@cache
def _hasher() -> Any:
    from sklearn.feature_extraction import FeatureHasher

    return FeatureHasher(COLUMNS, input_type="string", dtype=np.float32, alternate_sign=False)


def _rarity(counts: Matrix) -> Rarity:
    sampled = counts.shape[0]
    holding = np.bincount(counts.indices, minlength=COLUMNS)
    return Rarity(sampled, holding, (np.log((1 + sampled) / (1 + holding)) + 1).astype(np.float32))


def _rows(counts: Matrix) -> list[Row]:
    pairs = zip(counts.indptr[:-1], counts.indptr[1:], strict=True)
    return [(counts.indices[a:b].astype(np.int32), counts.data[a:b].astype(np.float32)) for a, b in pairs]


def _stack(rows: Sequence[Row]) -> Matrix:
    from scipy.sparse import csr_array

    ends = np.cumsum([0, *(len(indices) for indices, _ in rows)], dtype=np.int32)  # what scikit-learn takes
    indices = np.concatenate([i for i, _ in rows]) if rows else np.zeros(0, np.int32)
    data = np.concatenate([d for _, d in rows]) if rows else np.zeros(0, np.float32)
    return csr_array((data, indices, ends), shape=(len(rows), COLUMNS))

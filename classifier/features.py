"""Text to features: a `Document` becomes weighted terms, and many become one matrix. Pure and deterministic.

Terms are words, pairs of neighbouring words, and the arXiv categories. Splitting at hyphens, the title counted three
times and the categories each gave half a point to a point of macro-F1; three words in a row, stems, the comment field
and words marked by the place where they stand gave nothing (docs/classifier.md has the table).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from staycurrent.types import Document

TITLE_WEIGHT = 3
CATEGORY_WEIGHT = 2
RAREST = 15
"""A term that fewer of the 26,900 unlabelled papers have is left out: 30,000 terms stay; half as many more gain nothing
that can be told from chance, and make the model larger than 20 MB."""
MOST_CHARACTERS = 20_000
"""Ten times a long abstract; bounds the work for a text that is something else."""
CATEGORY = "@"
"""First character of a category's term; doubled for the primary one. No word contains it."""

_WORD = re.compile(r"[a-z0-9]+")
FUNCTION_WORDS = frozenset(
    word
    for line in (
        "a all also an and any are as at be been being both but by can could did do does each for from had has have he her",
        "here his how however if in into is it its may might more most must no nor not of on only or other our over per s",
        "shall she should so some such t than that the their them then there these they this those thus to under us very",
        "via was we were what when where which while who whom whose why will with without would yet you your",
    )
    for word in line.split()
)


def words(text: str) -> list[str]:
    """The words in lower case, accents taken off, in the order of the text."""
    text = text[:MOST_CHARACTERS]
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return _WORD.findall(text.lower())


def terms(document: Document) -> list[str]:
    """The terms of a document, each as often as it counts."""
    categories = [CATEGORY + name for name in document.categories]
    categories += [CATEGORY + name for name in categories[:1]]
    return _with_pairs(document.abstract) + _with_pairs(document.title) * TITLE_WEIGHT + categories * CATEGORY_WEIGHT


def _with_pairs(text: str) -> list[str]:
    single = [word for word in words(text) if word not in FUNCTION_WORDS]
    return single + [f"{first} {second}" for first, second in pairwise(single)]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The known terms with their columns, and how much each says (inverse document frequency)."""

    columns: Mapping[str, int]
    idf: NDArray[np.float32]

    def matrix(self, documents: Sequence[Document]) -> csr_array[np.float32, tuple[int, int]]:
        """One row per document, tf-idf with sublinear tf, of Euclidean length 1; all zero where no term is known."""
        lookup = self.columns.get
        rows = [[column for column in map(lookup, terms(document)) if column is not None] for document in documents]
        ends = np.cumsum([0, *map(len, rows)])
        indices = np.fromiter(chain.from_iterable(rows), dtype=np.int32, count=int(ends[-1]))
        ones = np.ones(len(indices), dtype=np.float32)
        counted = csr_array((ones, indices, ends), shape=(len(documents), len(self.idf)))
        counted.sum_duplicates()
        counted.data = (1 + np.log(counted.data)) * self.idf[counted.indices]
        return _of_length_one(counted)


def learn(documents: Iterable[Document], rarest: int = RAREST) -> Vocabulary:
    """The terms that at least `rarest` of these documents have, in alphabetical order."""
    seen: Counter[str] = Counter()
    total = 0
    for document in documents:
        total += 1
        seen.update(set(terms(document)))
    known = sorted(term for term, count in seen.items() if count >= rarest)
    frequency = np.array([seen[term] for term in known], dtype=np.float64)
    idf = np.log((1 + total) / (1 + frequency)) + 1
    return Vocabulary({term: column for column, term in enumerate(known)}, idf.astype(np.float32))


def _of_length_one(
    matrix: csr_array[np.float32, tuple[int, int]],
) -> csr_array[np.float32, tuple[int, int]]:
    row_of = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    squares = np.bincount(row_of, weights=matrix.data.astype(np.float64) ** 2, minlength=matrix.shape[0])
    matrix.data = (matrix.data / np.sqrt(squares)[row_of]).astype(np.float32)
    return matrix

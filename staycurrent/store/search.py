"""Full text: one function, `matching`, turns what a person types into a condition on items, on either database.

A person may type words, `"phrases"`, `prefix*`, `-without` and `title:`, `author:` or `abstract:` before any of them.
Everything else is text: no operator of FTS5 or tsquery can be smuggled in, since every term is quoted or bound.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Float, Select, cast, column, func, literal, literal_column, select, table
from sqlalchemy.dialects.postgresql import REGCONFIG, TSVECTOR

from staycurrent.store.models import ItemText

_TERM = re.compile(
    r'(?P<minus>-)?(?:(?P<field>title|author|authors|abstract):)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))', re.IGNORECASE
)
_WORD = re.compile(r"\w+", re.UNICODE)
_COLUMNS = {"title": "title", "author": "authors", "authors": "authors", "abstract": "abstract"}
_WEIGHTS = {"title": "A", "authors": "B", "abstract": "C"}
MAX_TERMS = 32


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase (its bare words), perhaps a prefix, perhaps unwanted, perhaps in one field."""

    words: tuple[str, ...]
    prefix: bool = False
    negative: bool = False
    field: str | None = None


def parse(text: str) -> tuple[Term, ...]:
    """The terms of a search text; marks that belong to no term are dropped, so any text is a valid search."""
    terms = []
    for match in _TERM.finditer(text):
        raw = match["phrase"] if match["phrase"] is not None else match["word"]
        words = tuple(_WORD.findall(raw))
        if words:
            field = _COLUMNS[match["field"].lower()] if match["field"] else None
            terms.append(Term(words, raw.endswith("*"), bool(match["minus"]), field))
    return tuple(terms[:MAX_TERMS])


def matching(text: str, dialect: str) -> Select[Any]:
    """A select of (item_id, relevance) of the items whose words match `text`; higher relevance is better.

    A text without a single positive word matches nothing.
    """
    terms = parse(text)
    positive = [t for t in terms if not t.negative]
    if not positive:
        return select(ItemText.item_id, cast(literal(0.0), Float).label("relevance")).where(literal(1) == 0)
    return _postgresql(terms) if dialect == "postgresql" else _sqlite(terms)


def containing_any(phrases: tuple[str, ...], dialect: str) -> Select[Any]:
    """A select of the item_ids in whose words any of the phrases occurs."""
    terms = tuple(Term(words) for p in phrases if (words := tuple(_WORD.findall(p))))
    if not terms:
        return select(ItemText.item_id).where(literal(1) == 0)
    if dialect == "postgresql":
        return select(ItemText.item_id).where(_vector().op("@@")(_any_tsquery(terms)))
    fts = _fts_table()
    return select(fts.c.rowid.label("item_id")).where(fts.c.item_texts_fts.op("MATCH")(" OR ".join(map(_fts_term, terms))))


def _fts_table() -> Any:
    return table("item_texts_fts", column("rowid"), column("item_texts_fts"), column("rank"))


def _sqlite(terms: tuple[Term, ...]) -> Select[Any]:
    fts = _fts_table()
    expression = " AND ".join(_fts_term(t) for t in terms if not t.negative)
    unwanted = [_fts_term(t) for t in terms if t.negative]
    if unwanted:
        expression = f"({expression}) NOT ({' OR '.join(unwanted)})"
    relevance = -func.bm25(literal_column("item_texts_fts"), 10.0, 5.0, 1.0)
    return select(fts.c.rowid.label("item_id"), relevance.label("relevance")).where(
        fts.c.item_texts_fts.op("MATCH")(expression)
    )


def _fts_term(term: Term) -> str:
    quoted = '"' + " ".join(term.words) + '"' + ("*" if term.prefix else "")
    return f"{{{term.field}}} : {quoted}" if term.field else quoted


def _vector() -> ColumnElement[Any]:
    return literal_column("item_texts.item_texts_search", TSVECTOR)


def _postgresql(terms: tuple[Term, ...]) -> Select[Any]:
    wanted: Any = None
    for term in terms:
        query = _tsquery(term)
        query = func.tsquery_not(query) if term.negative else query
        wanted = query if wanted is None else wanted.op("&&")(query)
    relevance = func.ts_rank_cd(_vector(), wanted)
    return select(ItemText.item_id, relevance.label("relevance")).where(_vector().op("@@")(wanted))


def _any_tsquery(terms: tuple[Term, ...]) -> Any:
    """The tsquery that any of the terms satisfies."""
    wanted: Any = None
    for term in terms:
        wanted = _tsquery(term) if wanted is None else wanted.op("||")(_tsquery(term))
    return wanted


def _tsquery(term: Term) -> Any:
    """Words are stemmed as the index stems them; names are not, so a term may match either way."""
    weights = _WEIGHTS[term.field] if term.field else ""
    if term.prefix or weights:
        suffix = (":" + ("*" if term.prefix else "") + weights) if term.prefix or weights else ""
        text = " <-> ".join(f"'{w}'{suffix if i == len(term.words) - 1 or weights else ''}" for i, w in enumerate(term.words))
        variants = [func.to_tsquery(cast(literal(c), REGCONFIG), text) for c in ("english", "simple")]
    else:
        variants = [func.phraseto_tsquery(cast(literal(c), REGCONFIG), " ".join(term.words)) for c in ("english", "simple")]
    return variants[0].op("||")(variants[1])

"""Full text: what a person types, as a condition on items, on either database.

A person may type words, `"phrases"`, `prefix*`, `-without` and `title:`, `author:` or `abstract:` before any of them.
Everything else is text: no operator of FTS5 or tsquery can be smuggled in, since every term is quoted or bound.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Float,
    Integer,
    Select,
    bindparam,
    case,
    cast,
    column,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import REGCONFIG, TSQUERY, TSVECTOR
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import ClauseElement, Executable

from staycurrent.store.models import Item, ItemText

_TERM = re.compile(
    r'(?P<minus>-)?(?:(?P<field>title|author|authors|abstract):)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))', re.IGNORECASE
)
_WORD = re.compile(r"\w+", re.UNICODE)
_COLUMNS = {"title": "title", "author": "authors", "authors": "authors", "abstract": "abstract"}
_WEIGHTS = {"title": "A", "authors": "B", "abstract": "C"}
_NAMES: Any = literal_column("to_tsvector('simple', left(item_texts.authors, 100000))", TSVECTOR)
"""What `item_texts_search_authors` holds, to the letter, and names are split as in the index of all words."""
_FTS: Any = table("item_texts_fts", column("rowid"), column("item_texts_fts"))
MAX_TERMS = 32
MATCHES = 20_000
"""SQLite: of more matches than that, those that came last into the library are looked at."""
MATCHES_AMONG_FEW = 200_000
"""The same where another filter leaves few items, so that a match costs no more than a look into a set."""
_SHARE_OF_KNOWN = 0.02
"""Twice what PostgreSQL takes for either of two queries of which it knows nothing (DEFAULT_TS_MATCH_SEL, 0.005)."""
PROBES = 10_000
"""PostgreSQL: of a text with many matches, so many of the newest items that fit the filters are looked at."""


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


def has_wanted(text: str) -> bool:
    """Whether the text asks for anything. One without a single positive word matches nothing."""
    return any(not t.negative for t in parse(text))


def matching(text: str, dialect: str) -> Select[Any]:
    """A select of the item_ids whose words match `text`, by way of the full-text index."""
    if not has_wanted(text):
        return select(ItemText.item_id).where(literal(1) == 0)
    if dialect == "postgresql":
        return select(ItemText.item_id).where(*_indexed(parse(text)))
    return select(_FTS.c.rowid.label("item_id")).where(_match(_expression(parse(text))))


def _indexed(terms: tuple[Term, ...]) -> list[ColumnElement[bool]]:
    """PostgreSQL: that all of the terms match, names by way of an index of their own.

    The index of all words holds no fields, so of a name that is also a word every item with the word would be looked at.
    """
    names = tuple(replace(t, field=None) for t in terms if t.field == "authors" and not t.negative)
    others = tuple(t for t in terms if t.field != "authors" or t.negative)
    found = [_matches(_NAMES, _all_tsquery(names, skip_stop_words=False))] if names else []
    if others:
        query = _all_tsquery(others, skip_stop_words=len(terms) > 1)
        # Nothing but stop words beside a name: they are passed over, while an empty query would match nothing.
        found.append(or_(func.numnode(query) == 0, _matches(_vector(), query)) if names else _matches(_vector(), query))
    return found


def probe(text: str) -> ColumnElement[bool]:
    """PostgreSQL: whether the words of one `Item` match `text`, by way of the item."""
    matches = _matches(_vector(), _all_tsquery(parse(text)))
    # coalesce() keeps the full-text index out: one look at each item is asked for, not all matches of the word.
    return exists().where(ItemText.item_id == Item.id, func.coalesce(matches, False))


def containing_any(phrases: Sequence[str], dialect: str) -> Select[Any]:
    """A select of the item_ids in whose words any of the phrases occurs."""
    terms = tuple(Term(words) for p in phrases if (words := tuple(_WORD.findall(p))))
    if not terms:
        return select(ItemText.item_id).where(literal(1) == 0)
    if dialect == "postgresql":
        return select(ItemText.item_id).where(_matches(_vector(), _any_tsquery(terms)))
    return select(_FTS.c.rowid.label("item_id")).where(_match(" OR ".join(map(_fts_term, terms))))


def lacking(phrases: Sequence[str], dialect: str) -> ColumnElement[bool]:
    """That none of the phrases occurs in the words of an `Item`."""
    unwanted = containing_any(phrases, dialect)
    if dialect == "postgresql":  # asked of each item, since a common word's items would have to be gathered first
        # Correlated with the item alone: a statement that reads the words itself must not lend its own.
        return ~unwanted.where(ItemText.item_id == Item.id).correlate(Item).exists()
    return Item.id.not_in(unwanted)


def scores(session: Session, text: str, ids: Sequence[int], *, common: bool) -> dict[int, float]:
    """How relevant these matches are; higher is better, an id that is left out has 0.

    Of a text that is `common`, a word's rarity tells nothing and costs a walk over all its matches on SQLite; there,
    those score that have all of it in the title.
    """
    if not ids:
        return {}
    if session.get_bind().dialect.name == "postgresql":
        rank = func.ts_rank_cd(_vector(), _all_tsquery(parse(text)))
        statement = select(ItemText.item_id, cast(rank, Float)).where(ItemText.item_id.in_(among(ids, "postgresql")))
        return {i: round(score, 9) for i, score in session.execute(statement)}
    terms = tuple(replace(t, field=t.field or "title") if common and not t.negative else t for t in parse(text))
    relevance = literal(1.0) if common else -func.bm25(literal_column("item_texts_fts"), 10.0, 5.0, 1.0)
    row = literal_column("+item_texts_fts.rowid", Integer)  # the plus keeps FTS5 from one search for each id
    statement = select(_FTS.c.rowid, relevance).where(
        _match(_expression(terms)), _FTS.c.rowid.between(min(ids), max(ids)), row.in_(among(ids, "sqlite"))
    )
    return {i: round(score, 9) for i, score in session.execute(statement)}


def among(ids: Sequence[int], dialect: str) -> Select[Any]:
    """These ids as a select, in one parameter whatever their number."""
    if dialect == "postgresql":
        return select(func.unnest(bindparam(None, list(ids), ARRAY(BigInteger))))
    return select(func.json_each(json.dumps(list(ids))).table_valued("value").c.value)


class _Explain(Executable, ClauseElement):
    inherit_cache = False

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement


@compiles(_Explain, "postgresql")
def _compile_explain(element: _Explain, compiler: Any, **options: Any) -> str:
    return "EXPLAIN (FORMAT JSON) " + str(compiler.process(element.statement, **options))


def estimate(session: Session, ids: Select[Any]) -> int:
    """PostgreSQL's own guess of the number of rows, out of its statistics of words; counting would take longer."""
    (plan,) = session.execute(_Explain(ids)).one()
    return int(plan[0]["Plan"]["Plan Rows"])


def is_known(session: Session, text: str, guess: int) -> bool:
    """Whether PostgreSQL's guess comes from what it knows. Of a prefix without common words it takes 1% of all items."""
    if not any(t.prefix for t in parse(text)):
        return True
    return guess > estimate(session, select(ItemText.item_id)) * _SHARE_OF_KNOWN


def _match(expression: str) -> ColumnElement[bool]:
    matches: ColumnElement[bool] = _FTS.c.item_texts_fts.op("MATCH", return_type=Boolean())(expression)
    return matches


def _expression(terms: tuple[Term, ...]) -> str:
    wanted = " AND ".join(_fts_term(t) for t in terms if not t.negative)
    unwanted = [_fts_term(t) for t in terms if t.negative]
    return f"({wanted}) NOT ({' OR '.join(unwanted)})" if unwanted else wanted


def _fts_term(term: Term) -> str:
    quoted = '"' + " ".join(term.words) + '"' + ("*" if term.prefix else "")
    return f"{{{term.field}}} : {quoted}" if term.field else quoted


def _vector() -> ColumnElement[Any]:
    return literal_column("item_texts.item_texts_search", TSVECTOR)


def _matches(vector: ColumnElement[Any], query: Any) -> ColumnElement[bool]:
    matches: ColumnElement[bool] = vector.op("@@", return_type=Boolean())(query)
    return matches


def _all_tsquery(terms: tuple[Term, ...], *, skip_stop_words: bool | None = None) -> Any:
    """The tsquery that all of the terms satisfy. A stop word among others is passed over, as the index does."""
    skip = len(terms) > 1 if skip_stop_words is None else skip_stop_words
    wanted: Any = None
    for term in terms:
        query = _tsquery(term, skip_stop_words=skip)
        query = func.tsquery_not(query) if term.negative else query
        wanted = query if wanted is None else wanted.op("&&")(query)
    return wanted


def _any_tsquery(terms: tuple[Term, ...]) -> Any:
    """The tsquery that any of the terms satisfies."""
    wanted: Any = None
    for term in terms:
        wanted = _tsquery(term) if wanted is None else wanted.op("||")(_tsquery(term))
    return wanted


def _tsquery(term: Term, *, skip_stop_words: bool = False) -> Any:
    """Words are stemmed as the index stems them; names are not, so a term may match either way."""
    stemmed, plain = (_variant(term, c) for c in ("english", "simple"))
    either = stemmed.op("||")(plain)
    if not skip_stop_words or term.field == "authors":
        return either
    return case((func.numnode(stemmed) == 0, literal_column("''::tsquery", TSQUERY)), else_=either)


def _variant(term: Term, configuration: str) -> Any:
    # A constant, not a parameter: PostgreSQL computes the query once then, and can estimate how many rows it has.
    config = literal_column(f"'{configuration}'::regconfig", REGCONFIG)
    weights = _WEIGHTS[term.field] if term.field else ""
    if not (term.prefix or weights):
        return func.phraseto_tsquery(config, " ".join(term.words))
    last = len(term.words) - 1
    marks = [weights + ("*" if term.prefix and n == last else "") for n in range(len(term.words))]
    text = " <-> ".join(f"'{w}'" + (f":{mark}" if mark else "") for w, mark in zip(term.words, marks, strict=True))
    return func.to_tsquery(config, text)

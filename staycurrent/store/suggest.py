"""Suggestions while a person types: topics, labs and authors, typing errors forgiven.

Topics and labs are few and are compared with all. Authors are found through the full-text index: candidates share the
first letters of a word that was typed, and comparing them is pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz, process, utils
from sqlalchemy import select
from sqlalchemy.orm import Session

from staycurrent import roadmap
from staycurrent.store import search
from staycurrent.store.models import ItemText, Lab

MAX_TYPED = 80
LEAST = 72.0
"""Least likeness in percent: "atention" and "attention" have 94, "rag" and "rlhf" 57."""
PREFIX = 3
"""Letters of a name that must be right."""
CANDIDATES = 400
"""Items whose authors are compared for each word."""
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A value that may have been meant. `kind` is topic, lab or author; `value` is what a filter or `author:` takes."""

    kind: str
    value: str
    name: str
    likeness: float
    """In percent."""


def suggest(session: Session, typed: str, *, limit: int = 8) -> tuple[Suggestion, ...]:
    """The likeliest topics, labs and authors for what was typed, best first; none for what is no word."""
    typed = " ".join(typed[:MAX_TYPED].split())
    if not _WORD.search(typed):
        return ()
    topics = {t.slug: t.name.en for t in roadmap.topics().values()}
    labs = {lab.slug: lab.name for lab in session.execute(select(Lab.slug, Lab.name))}
    authors = {name: name for name in sorted(_authors(session, typed))}  # of equally like ones the same come every time
    found = [s for kind, known in (("topic", topics), ("lab", labs), ("author", authors)) for s in likest(typed, kind, known)]
    return tuple(sorted(found, key=lambda s: (-s.likeness, s.kind, s.name))[:limit])


def likest(typed: str, kind: str, known: Mapping[str, str], limit: int = 8) -> list[Suggestion]:
    """Those of the known values (value → name) that are like what was typed, by name or by value. Pure."""
    best: dict[str, float] = {}
    for spellings in (known, {value: value.replace("-", " ") for value in known}):
        for _, likeness, value in process.extract(
            typed, spellings, scorer=_likeness, processor=utils.default_process, limit=limit, score_cutoff=LEAST
        ):
            best[value] = max(likeness, best.get(value, 0.0))
    ranked = sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]
    return [Suggestion(kind, value, known[value], round(likeness, 1)) for value, likeness in ranked]


def _likeness(typed: str, name: str, *, score_cutoff: float | None = None) -> float:
    """Of the whole, or a little less of the words: a person types the start of a name, or one word of it."""
    whole = fuzz.ratio(typed, name)
    start = fuzz.ratio(typed, name[: len(typed)]) * 0.95
    words = fuzz.token_sort_ratio(typed, name)
    one = max((fuzz.ratio(typed, word) for word in name.split()), default=0.0) * 0.92
    return max(whole, start, words, one)


def _authors(session: Session, typed: str) -> set[str]:
    """Names of authors who share the first letters of a typed word."""
    dialect = session.get_bind().dialect.name
    found: set[str] = set()
    for word in _WORD.findall(typed)[:3]:
        if len(word) < PREFIX:
            continue
        ids = search.matching(f"author:{word[:PREFIX]}*", dialect).limit(CANDIDATES).subquery()
        for names in session.scalars(select(ItemText.authors).where(ItemText.item_id.in_(select(ids.c[0])))):
            found.update(_with_start(names, word[:PREFIX].lower()))
    return found


def _with_start(names: Iterable[str], start: str) -> set[str]:
    return {name for name in names if any(part.lower().startswith(start) for part in name.split())}

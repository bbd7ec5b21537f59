"""Counts beside a list: what each value of a filter would show, with the other filters as they are.

The cost is bounded: the newest `SAMPLE` items that fit are counted. Where more fit, the counts are those of that sample
and `capped` says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from staycurrent.query import Query, Sort
from staycurrent.store import finding, search
from staycurrent.store.models import Item, ItemLab, ItemTopic, Sighting

SAMPLE = 4_000
FACETS: dict[str, dict[str, Any]] = {
    "level": {"levels": ()},
    "topic": {"topics": ()},
    "lab": {"labs": ()},
    "source": {"sources": ()},
    "kind": {"kind": None},
    "has_code": {"has_code": None},
}
"""Each facet, by its name in URLs, with what the query is without its filter."""
_TABLES: dict[str, tuple[Any, Any]] = {
    "topic": (ItemTopic.topic, ItemTopic.item_id),
    "lab": (ItemLab.lab, ItemLab.item_id),
    "source": (Sighting.source, Sighting.item_id),
}
_COLUMNS: dict[str, Any] = {"level": Item.level, "kind": Item.kind, "has_code": Item.has_code}


@dataclass(frozen=True, slots=True)
class Facet:
    """How many items each value has, most first, among the `counted` newest that fit the other filters.

    `capped` tells that more items fit than were counted, so the counts tell proportions.
    """

    counts: Mapping[str, int]
    counted: int
    capped: bool


def facets(session: Session, query: Query, today: date, names: Sequence[str] = tuple(FACETS)) -> dict[str, Facet]:
    """The facets of a query by their names in URLs. A facet ignores the filter of its own name."""
    samples: dict[Query, finding.Found] = {}
    found = {}
    for name in names:
        others = replace(query, sort=Sort.NEWEST, **FACETS[name])
        if others not in samples:
            samples[others] = finding.find(session, others, today, limit=SAMPLE + 1)
        found[name] = _facet(session, name, samples[others])
    return found


def _facet(session: Session, name: str, sample: finding.Found) -> Facet:
    ids = [row[-1] for row in sample.rows[:SAMPLE]]
    counts = _counts(session, name, ids) if ids else Counter()
    ordered = dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
    return Facet(ordered, len(ids), sample.capped or len(sample.rows) > SAMPLE)


def _counts(session: Session, name: str, ids: list[int]) -> Counter[str]:
    wanted = search.among(ids, session.get_bind().dialect.name)
    if name in _TABLES:
        value, owner = _TABLES[name]
        statement = select(value, func.count(owner.distinct())).where(owner.in_(wanted)).group_by(value)
    else:
        value = _COLUMNS[name]
        statement = select(value, func.count()).where(Item.id.in_(wanted), value.is_not(None)).group_by(value)
    return Counter({_shown(value): n for value, n in session.execute(statement)})


def _shown(value: Any) -> str:
    """The value as the filter of that name takes it."""
    return ("1" if value else "0") if isinstance(value, bool) else str(value)

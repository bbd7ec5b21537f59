"""Counts beside a list: what each value of a filter would show, with the other filters as they are.

In a library of at most `WHOLE` items, and where at most `SAMPLE` items fit, the counts are exact. Of a larger list the newest
`SAMPLE` items that fit are counted, so the cost is bounded; then the counts are those of that sample and `capped` says so.
So it is with a text of which more items fit, whatever the library.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Select, func, literal_column, select
from sqlalchemy.orm import Session

from staycurrent.query import Query, Sort
from staycurrent.store import finding, search
from staycurrent.store.filters import conditions
from staycurrent.store.marks import Kind as Mark
from staycurrent.store.marks import marked
from staycurrent.store.models import Item, ItemLab, ItemTopic, Sighting
from staycurrent.types import Kind

WHOLE = 50_000
"""Reading so many items to the end for each facet takes about as long as the samples of a library of a million."""
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
_IS_POST: Any = literal_column("items.kind = 'post'")
"""Spelled out, since SQLite takes a partial index for a constant only."""
_DAYS: dict[str, Any] = {"topic": ItemTopic.listed_on, "lab": ItemLab.listed_on}
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
    is_small = (session.scalar(select(func.max(Item.id))) or 0) <= WHOLE
    counted: dict[Query, _Newest | _All] = {}
    found = {}
    for name in names:
        others = replace(query, sort=Sort.NEWEST, **FACETS[name])
        if others not in counted:
            counted[others] = _counted(session, others, today, is_small=is_small)
        found[name] = counted[others].facet(name)
    return found


def _counted(session: Session, query: Query, today: date, *, is_small: bool) -> _Newest | _All:
    newest = _Newest(session, query, today)
    return _All(session, query, today) if newest.capped and is_small and not query.text else newest


class _Newest:
    """The newest items that fit, `SAMPLE` at most."""

    def __init__(self, session: Session, query: Query, today: date) -> None:
        self.session = session
        found = finding.find(session, query, today, limit=SAMPLE + 1)
        self.ids = [row[-1] for row in found.rows[:SAMPLE]]
        self.capped = found.capped or len(found.rows) > SAMPLE

    def facet(self, name: str) -> Facet:
        counts = _counts(self.session, name, self.ids) if self.ids else Counter()
        return Facet(_ordered(counts), len(self.ids), self.capped)


class _All:
    """All items that fit, where they are many: their ids are read from the index that holds all of `_COLUMNS` but the kind."""

    def __init__(self, session: Session, query: Query, today: date) -> None:
        self.session = session
        self.days = _only_days(session, query, today)
        wanted = finding.resolved(session, query)
        self.fitting = conditions(wanted, session.get_bind().dialect.name, today, by_id=True)
        columns = (Item.level, Item.has_code)
        self.rows = session.execute(select(func.count(), *columns).where(*self.fitting).group_by(*columns)).all()
        self.total = sum(row[0] for row in self.rows)

    def facet(self, name: str) -> Facet:
        counts: Counter[str] = Counter()
        if name in _TABLES:
            counts.update({_shown(value): n for value, n in self.session.execute(self._around(name))})
        elif name == "kind":
            posts = self.session.scalar(select(func.count()).select_from(Item).where(_IS_POST, *self.fitting)) or 0
            counts.update({kind: n for kind, n in ((Kind.PAPER, self.total - posts), (Kind.POST, posts)) if n})
        else:
            for n, level, has_code in self.rows:
                value = level if name == "level" else has_code
                counts.update({} if value is None else {_shown(value): n})
        return Facet(_ordered(counts), self.total, capped=False)

    def _around(self, name: str) -> Select[Any]:
        value, owner = _TABLES[name]
        statement = select(value, func.count(owner.distinct())).group_by(value)
        if self.days and name in _DAYS:  # the index of paging holds all of it
            return statement.where(_DAYS[name].between(*self.days))
        return statement.where(owner.in_(select(Item.id).where(*self.fitting)))


def _only_days(session: Session, query: Query, today: date) -> tuple[date, date] | None:
    """The days of a query that asks for nothing else, None for any other."""
    wanted = finding.resolved(session, query)
    if wanted.reader and not marked(session, wanted.reader, Mark.HIDDEN):
        wanted = replace(wanted, reader=None)
    if wanted != Query(since=wanted.since, until=wanted.until, sort=wanted.sort):
        return None
    return wanted.since or date.min, min(wanted.until or today, today)


def _ordered(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


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

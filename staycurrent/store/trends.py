"""How many items there were, week by week or month by month: by topic, by level, and by lab and topic.

Nothing is kept for it. Each number is a range of an index that is there for paging (`ix_item_topics_topic_listed_on_item_id`,
`ix_items_level_listed_on_id`), so a year of a million items is counted in some 0.1 s, and is right at every moment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import CTE, Date, Integer, Select, column, func, select, true, values
from sqlalchemy.orm import Session

from staycurrent import period as periods_of
from staycurrent import roadmap
from staycurrent.period import Period
from staycurrent.query import Query
from staycurrent.store.models import Item, ItemLab, ItemTopic, Lab, Topic

EARLIEST = date(1991, 1, 1)
"""arXiv's first year; no range begins before it."""
MOST = 120
"""Periods in one answer: two years of weeks, ten of months. Of a longer range the newest are shown."""


class Step(StrEnum):
    """What a number stands for."""

    WEEK = "week"
    MONTH = "month"


USUAL = {Step.WEEK: 26, Step.MONTH: 12}
"""Periods before the running one, where no range is asked for."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Classified items by period: those that fit in all, by topic (an item has several), and by level.

    `totals` and `topics` obey levels and labs of the query; `levels` obeys the labs only, so that levels can be compared.
    """

    periods: tuple[Period, ...]
    totals: tuple[int, ...]
    topics: Mapping[str, tuple[int, ...]]
    levels: Mapping[int, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class LabCounts:
    """Items by lab in a range of days, most first, and how many of them have which topic."""

    totals: Mapping[str, int]
    topics: Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class LabLine:
    """A lab that items are tied to, or that the roadmap watches. `ties` counts items by method, over all time."""

    slug: str
    name: str
    watched: bool
    newest: date | None
    recent: int
    """Items since the day that was asked for."""
    ties: Mapping[str, int]


def week(day: date) -> Period:
    """The ISO week that a day lies in."""
    year, number, weekday = day.isocalendar()
    first = day - timedelta(days=weekday - 1)
    return Period(first, first + timedelta(days=6), f"{year:04}-W{number:02}")


def periods(step: Step, since: date | None, until: date | None, today: date, most: int = MOST) -> tuple[Period, ...]:
    """The whole weeks or months that touch the range, oldest first; none is in the future, and `most` at most."""
    of_day = week if step is Step.WEEK else periods_of.month
    first, last = max(since or EARLIEST, EARLIEST), min(until or today, today)
    if first > last:
        return ()
    wanted, found = most if since else USUAL[step] + 1, [of_day(last)]
    while len(found) < wanted and found[-1].first > first:
        found.append(of_day(found[-1].first - timedelta(days=1)))
    return tuple(reversed(found))


def counts(session: Session, shown: Sequence[Period], query: Query, today: date) -> Counts:
    """Classified items of each period; of the query, levels and labs count. What bears a later date waits for its day."""
    if not shown:
        return Counts((), (), {}, {})
    bounds, size = _bounds(shown, today), len(shown)
    levels = _table(session, _levels(bounds, query.labs), size)
    wanted = query.levels or tuple(roadmap.LEVELS)
    totals = tuple(sum(levels[n][i] for n in wanted if n in levels) for i in range(size))
    return Counts(tuple(shown), totals, _table(session, _topics(bounds, query), size), levels)


def _bounds(shown: Sequence[Period], today: date) -> CTE:
    """The periods as rows: position, first and last day."""
    rows = [(n, p.first, min(p.last, today)) for n, p in enumerate(shown)]
    return values(column("n", Integer), column("first", Date), column("last", Date), name="bounds").data(rows).cte("bounds")


def _table(session: Session, statement: Select[Any], size: int) -> dict[Any, tuple[int, ...]]:
    """Rows of (position, value, count) as one tuple for each value that occurs."""
    found: dict[Any, list[int]] = {}
    for position, value, n in session.execute(statement):
        if n:
            found.setdefault(value, [0] * size)[position] = n
    return {value: tuple(numbers) for value, numbers in sorted(found.items())}


def _within(day: Any, bounds: CTE) -> Any:
    return day.between(bounds.c.first, bounds.c.last)


def _levels(bounds: CTE, labs: Sequence[str]) -> Select[Any]:
    if labs:
        tied = select(bounds.c.n, Item.level, func.count(Item.id.distinct())).select_from(bounds)
        tied = tied.join(ItemLab, ItemLab.lab.in_(labs) & _within(ItemLab.listed_on, bounds))
        return tied.join(Item, Item.id == ItemLab.item_id).where(Item.level.is_not(None)).group_by(bounds.c.n, Item.level)
    every = values(column("level", Integer), name="levels").data([(n,) for n in roadmap.LEVELS]).cte("levels")
    n = select(func.count()).where(Item.level == every.c.level, _within(Item.listed_on, bounds))
    return select(bounds.c.n, every.c.level, n.correlate(bounds, every).scalar_subquery()).join_from(bounds, every, true())


def _topics(bounds: CTE, query: Query) -> Select[Any]:
    if not query.labs and not query.levels:
        n = select(func.count()).where(ItemTopic.topic == Topic.slug, _within(ItemTopic.listed_on, bounds))
        return select(bounds.c.n, Topic.slug, n.correlate(bounds, Topic).scalar_subquery()).join_from(bounds, Topic, true())
    found = select(bounds.c.n, ItemTopic.topic, func.count(Item.id.distinct() if query.labs else Item.id))
    found = found.select_from(bounds)
    if query.labs:
        found = found.join(ItemLab, ItemLab.lab.in_(query.labs) & _within(ItemLab.listed_on, bounds))
        found = found.join(Item, Item.id == ItemLab.item_id)
    else:
        found = found.join(Item, Item.level.in_(query.levels) & _within(Item.listed_on, bounds))
    narrowed = [Item.level.in_(query.levels)] if query.levels else [Item.level.is_not(None)]
    found = found.join(ItemTopic, ItemTopic.item_id == Item.id).where(*narrowed)
    return found.group_by(bounds.c.n, ItemTopic.topic)


def labs(session: Session, first: date, last: date, query: Query) -> LabCounts:
    """Items of each lab from `first` to `last`; of the query, levels and labs count."""
    n = func.count(ItemLab.item_id.distinct())
    tied = _of_labs(select(ItemLab.lab, n), first, last, query).group_by(ItemLab.lab)
    by_topic = select(ItemLab.lab, ItemTopic.topic, n).join(ItemTopic, ItemTopic.item_id == ItemLab.item_id)
    by_topic = _of_labs(by_topic, first, last, query).group_by(ItemLab.lab, ItemTopic.topic)
    totals = [(lab, int(found)) for lab, found in session.execute(tied)]
    ordered = dict(sorted(totals, key=lambda pair: (-pair[1], pair[0])))
    return LabCounts(ordered, {(lab, topic): int(found) for lab, topic, found in session.execute(by_topic)})


def _of_labs(statement: Any, first: date, last: date, query: Query) -> Any:
    """Kept to the range and the query. The classifier writes the evidence for labs, so a tied item is a classified one."""
    kept = statement.where(ItemLab.listed_on.between(first, last))
    if query.labs:
        kept = kept.where(ItemLab.lab.in_(query.labs))
    return kept.join(Item, Item.id == ItemLab.item_id).where(Item.level.in_(query.levels)) if query.levels else kept


def lab_lines(session: Session, since: date, today: date) -> tuple[LabLine, ...]:
    """Every watched lab, and every other lab with items: the watched ones first, then those with most items since a day."""
    by_method = select(ItemLab.lab, ItemLab.method, func.count(), func.max(ItemLab.listed_on))
    by_method = by_method.where(ItemLab.listed_on <= today).group_by(ItemLab.lab, ItemLab.method)
    ties: dict[str, dict[str, int]] = {}
    newest: dict[str, date] = {}
    for lab, method, n, day in session.execute(by_method):
        ties.setdefault(lab, {})[method] = n
        if day:
            newest[lab] = max(day, newest.get(lab, day))
    fresh = select(ItemLab.lab, func.count(ItemLab.item_id.distinct())).where(ItemLab.listed_on.between(since, today))
    recent = {lab: int(n) for lab, n in session.execute(fresh.group_by(ItemLab.lab))}
    lines = [
        LabLine(row.slug, row.name, row.watched, newest.get(row.slug), recent.get(row.slug, 0), ties.get(row.slug, {}))
        for row in session.scalars(select(Lab))
        if row.watched or row.slug in ties
    ]
    return tuple(sorted(lines, key=lambda line: (not line.watched, -line.recent, line.name.casefold(), line.slug)))

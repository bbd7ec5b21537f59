"""The rows that fit a query, in its order, at a cost that does not grow with the library.

A filter with few items is read whole and sorted here. Of one with many, or of none, an index in the list's order is read
in windows that grow until the page is full. So the database never has to choose between two indexes, which it does
by statistics that it may not have; SQLite has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Select, func, literal, select, text, tuple_
from sqlalchemy.orm import Session

from staycurrent.query import Query, Sort
from staycurrent.store import search
from staycurrent.store.filters import Posting, conditions, postings
from staycurrent.store.for_reader import for_reader
from staycurrent.store.models import Item

FEW = 5_000
"""A filter with at most so many items is read whole."""
FEW_BY_SIGNAL = 12_000
"""The same in a list by votes, stars or confidence, whose index leads all over the table when it is read far."""
GATHERED = 20_000
"""PostgreSQL: of more estimated matches than that, the estimate is taken for the truth."""
MAX_BRANCHES = 8
"""With more values than that in one filter, the next index is read; each value is a scan of its own."""
FIRST_WINDOW = 200
SIGNALS = {Sort.VOTES: Item.votes, Sort.STARS: Item.stars, Sort.CONFIDENCE: Item.confidence}
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Rows `(signal, day, id)` in the query's order, best first; the signal is None where the order has none.

    `capped` tells that the text fits so many items that not all of them were looked at.
    """

    rows: list[Row]
    capped: bool = False


@dataclass(slots=True)
class Finder:
    """One search: the query, where it goes on, and how many rows it wants."""

    session: Session
    query: Query
    today: date
    limit: int
    after: Row | None = None
    capped: bool = False
    dialect: str = ""
    fitting: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dialect = self.session.get_bind().dialect.name
        self.fitting = conditions(self.query, self.dialect, self.today, by_id=True)

    def find(self) -> Found:
        if self.query.text and not search.has_wanted(self.query.text):
            return Found([])
        if self.dialect == "postgresql":
            _plan_for_these_values(self.session)
        few = self._few()
        if few is not None:
            rows = self._below(self.session.execute(self._rows(few)))
        elif self.query.text and self.dialect == "sqlite":
            rows = self._below(self.session.execute(self._rows(self._newest_matches(search.MATCHES))))
        else:
            rows = self._read_in_order()
        return Found(rows[: self.limit], self.capped)

    def _few(self) -> Select[Any] | None:
        """The ids that the filter with the fewest items leaves, None where each has many."""
        known = [p.ids() for p in postings(self.query, self.today)]
        if self.query.text and self.dialect == "sqlite":
            known.append(search.matching(self.query.text, self.dialect))
        bound = min(FEW, FEW_BY_SIGNAL) if self.query.sort not in SIGNALS or self.query.text else FEW_BY_SIGNAL
        sizes = list(self.session.execute(select(*(_size(ids, bound) for ids in known))).one())
        if self.query.text and self.dialect == "postgresql":
            known.append(search.matching(self.query.text, self.dialect))
            sizes.append(self._matches_on_postgresql(known[-1]))
        size, best = min(zip(sizes, range(len(known)), strict=True))
        if size > bound:
            return None
        if self.query.text and best < len(known) - 1:
            self.fitting.append(self._matches_among_few())
        return known[best]

    def _matches_on_postgresql(self, ids: Select[Any]) -> int:
        """How many matches there are; estimated where they are many, since gathering those would take too long."""
        guess = search.estimate(self.session, ids)
        if guess <= FEW or (guess > GATHERED and not search.is_guessed(self.query.text)):
            return guess
        return self.session.scalar(select(_size(ids))) or 0

    def _matches_among_few(self) -> Any:
        if self.dialect == "postgresql":
            return search.probe(self.query.text)
        return Item.id.in_(self._newest_matches(search.MATCHES_AMONG_FEW))

    def _newest_matches(self, bound: int) -> Select[Any]:
        """The ids of the matches that came last into the library, at most `bound`."""
        ids = search.matching(self.query.text, self.dialect)
        self.capped = (self.session.scalar(select(_size(ids, bound))) or 0) > bound
        return select(ids.order_by(ids.selected_columns[0].desc()).limit(bound).subquery().c.item_id)

    def _rows(self, ids: Any) -> Select[Any]:
        return select(self._signal(), Item.listed_on, Item.id).where(Item.id.in_(ids), *self.fitting)

    def _signal(self) -> Any:
        return SIGNALS.get(self.query.sort, text("NULL"))

    def _below(self, rows: Any) -> list[Row]:
        found = [tuple(row) for row in rows]
        if self.after is not None:
            bound = rank_of(self.after)
            found = [row for row in found if rank_of(row) < bound]
        return sorted(found, key=rank_of, reverse=True)

    def _read_in_order(self) -> list[Row]:
        if self.query.text:
            self.fitting.append(search.probe(self.query.text))
        signal = SIGNALS.get(self.query.sort)
        if signal is None:
            return self._read_by_day(self.after, [])
        rows: list[Row] = []
        if self.after is None or self.after[0] is not None:
            rows = self._read_by_signal(signal)
        if len(rows) < self.limit:
            after = self.after if self.after is not None and self.after[0] is None else None
            rows += self._read_by_day(after, [signal.is_(None)])
        return rows

    def _read_by_signal(self, signal: Any) -> list[Row]:
        ordered = select(Item.id.label("item_id")).where(signal.is_not(None), Item.listed_on <= self.today)
        if self.after is not None:
            ordered = ordered.where(tuple_(signal, Item.listed_on, Item.id) < tuple_(*self.after))
        keys = (signal.desc(), Item.listed_on.desc(), Item.id.desc())
        return self._windows(ordered.order_by(*keys), [])

    def _read_by_day(self, after: Row | None, more: list[Any]) -> list[Row]:
        """From the newest on, along the index with the fewest items; each of a filter's values by itself."""
        posting = next(p for p in postings(self.query, self.today) if p.day is not None and len(p.values) <= MAX_BRANCHES)
        found: set[Row] = set()
        for value in posting.values:
            found.update(self._windows(_newest(posting, value, after), more))
        return sorted(found, key=rank_of, reverse=True)

    def _windows(self, ordered: Select[Any], more: list[Any]) -> list[Row]:
        rows: list[Row] = []
        start, size = 0, max(FIRST_WINDOW, self.limit)
        while True:
            statement = self._rows(select(ordered.offset(start).limit(size).subquery().c.item_id)).where(*more)
            rows += sorted((tuple(r) for r in self.session.execute(statement)), key=rank_of, reverse=True)
            start += size
            if len(rows) >= self.limit or self.session.scalar(ordered.offset(start).limit(1)) is None:
                return rows
            if self.query.text and start >= search.PROBES:
                self.capped = True
                return rows
            size = _next_window(size, start, len(rows), self.limit)


def _next_window(size: int, seen: int, found: int, wanted: int) -> int:
    """As many rows as the page still needs at the rate so far, at most four times the window before."""
    needed = (wanted - found) * seen * 5 // (found * 4) if found else size * 4
    return max(FIRST_WINDOW, min(needed, size * 4))


def rank_of(row: Row) -> tuple[Any, ...]:
    """What rows are sorted by: those with a signal before those without, then by day and id."""
    return (row[0] is not None, row[0] or 0, *row[1:])


def _newest(posting: Posting, value: Any, after: Row | None) -> Select[Any]:
    ordered = select(posting.item.label("item_id")).where(value, *posting.bounds)
    if after is not None:
        ordered = ordered.where(tuple_(posting.day, posting.item) < tuple_(*after[1:]))
    return ordered.order_by(posting.day.desc(), posting.item.desc())


def _size(ids: Select[Any], bound: int = FEW) -> Any:
    """How many there are, counted no further than one over the bound."""
    entries = ids.with_only_columns(literal(1).label("entry"), maintain_column_froms=True)  # what the index holds is enough
    return select(func.count()).select_from(entries.limit(bound + 1).subquery()).scalar_subquery()


def _plan_for_these_values(session: Session) -> None:
    """PostgreSQL would settle for one plan after five executions, for rare and common words alike.

    It would also read whole indexes rather than look up thousands of rows, as if they stood on a spinning disk.
    """
    settings = {"plan_cache_mode": "force_custom_plan", "jit": "off", "random_page_cost": "1.1"}
    settings["max_parallel_workers_per_gather"] = "0"
    session.execute(select(*(func.set_config(name, value, True) for name, value in settings.items())))


def find(session: Session, query: Query, today: date, *, limit: int, after: Sequence[Any] | None = None) -> Found:
    """The first `limit` rows that fit, after the row `after`."""
    return Finder(session, for_reader(session, query), today, limit, None if after is None else tuple(after)).find()

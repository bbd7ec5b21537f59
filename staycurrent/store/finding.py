"""The rows that fit a query, in its order, at a cost that does not grow with the library.

A filter with few items is read whole and sorted here. Of one with many, or of none, an index in the list's order is read
in windows that grow until the page is full. So the database need not choose between two indexes, which it does by
statistics that it may not have; SQLite has none. PostgreSQL does choose where many rows are wanted, or where the first
windows held few: then its choice is between ways to all rows, and a wrong guess costs little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import Select, func, literal, or_, select, text, tuple_
from sqlalchemy.orm import Session

from staycurrent.query import Query, Sort
from staycurrent.store import search
from staycurrent.store.filters import Posting, conditions, named, postings
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
WANTED = 1_000
"""PostgreSQL: so many rows of a list without words are asked for at once."""
WHOLE = 4
"""A filter in no order of days is read whole up to so many times the rows that are wanted."""
SPARSE = 200
"""PostgreSQL: the same is done where not one in so many of the first `WANTED` items fits; then all that fit are few."""
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
    sparse: bool = False

    def __post_init__(self) -> None:
        self.dialect = self.session.get_bind().dialect.name
        self.fitting = conditions(self.query, self.dialect, self.today, by_id=True)

    def find(self) -> Found:
        if self.query.text and not search.has_wanted(self.query.text):
            return Found([])
        if self.dialect == "postgresql":
            _plan_for_these_values(self.session)
        if self._is_planned() and self.limit >= WANTED:
            return Found(self._planned())
        few = self._few()
        if few is not None:
            rows = self._below(self.session.execute(self._rows(few)))
        elif self.query.text and self.dialect == "sqlite":
            rows = self._below(self.session.execute(self._rows(self._newest_matches(search.MATCHES))))
        else:
            rows = self._read_in_order()
        return Found(self._planned() if self.sparse else rows[: self.limit], self.capped)

    def _is_planned(self) -> bool:
        """Words are another matter: PostgreSQL takes a look at an item's words for as cheap as one at its day."""
        return self.dialect == "postgresql" and not self.query.text and not self.query.exclude

    def _planned(self) -> list[Row]:
        """The rows in one statement, by the indexes that PostgreSQL chooses."""
        signal = SIGNALS.get(self.query.sort)
        # As many as many: of few it hopes to meet them soon on the way along the days, and walks to the end.
        wanted = self.limit if signal is not None else max(self.limit, WANTED)
        order: list[Any] = [] if signal is None else [signal.desc().nulls_last()]
        order += [Item.listed_on.desc(), Item.id.desc()]
        statement = select(self._signal(), Item.listed_on, Item.id).where(*self.fitting, *self._behind(signal))
        return [tuple(row) for row in self.session.execute(statement.order_by(*order).limit(wanted))][: self.limit]

    def _behind(self, signal: Any) -> list[Any]:
        """That a row comes after `self.after`."""
        if self.after is None:
            return []
        known, *place = self.after
        later = tuple_(Item.listed_on, Item.id) < tuple_(*place)
        if signal is None:
            return [later]
        if known is None:
            return [signal.is_(None), later]
        return [or_(signal.is_(None), tuple_(signal, Item.listed_on, Item.id) < tuple_(*self.after))]

    def _few(self) -> Select[Any] | None:
        """The ids that the filter with the fewest items leaves, None where each has many."""
        listed = postings(self.query, self.today)
        known = [p.ids() for p in listed]
        if self.query.text and self.dialect == "sqlite":
            known.append(search.matching(self.query.text, self.dialect))
        bound = min(FEW, FEW_BY_SIGNAL) if self.query.sort not in SIGNALS or self.query.text else FEW_BY_SIGNAL
        # What is in no order of days is read whole rather than that many rows are looked for among all items.
        bounds = [bound if self.query.text or p.day is not None else max(bound, self.limit * WHOLE) for p in listed]
        bounds += [bound] * (len(known) - len(listed))
        sizes = list(self.session.execute(select(*map(_size, known, bounds))).one())
        if self.query.text and self.dialect == "postgresql":
            size, ids = self._matches_on_postgresql()
            known.append(ids)
            sizes.append(size)
            bounds.append(bound)
        few = [(size, n) for n, size in enumerate(sizes) if size <= bounds[n]]
        if not few:
            return None
        _, best = min(few)
        if self.query.text and best < len(known) - 1:
            self.fitting.append(self._matches_among_few())
        return known[best]

    def _matches_on_postgresql(self) -> tuple[int, Select[Any]]:
        """How many matches there are, and which; estimated where they are many, since gathering those would take too long."""
        ids = search.matching(self.query.text, self.dialect)
        guess = search.estimate(self.session, ids)
        if guess <= FEW or (guess > GATHERED and search.is_known(self.session, self.query.text, guess)):
            return guess, ids
        found = self.session.scalars(ids.limit(FEW + 1)).all()
        return len(found), search.among(found, self.dialect)  # gathered, so the next statement need not gather them again

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
        listed = select(Item.id.label("item_id")).where(signal.is_not(None), Item.listed_on <= self.today)
        if self.after is not None:
            listed = listed.where(tuple_(signal, Item.listed_on, Item.id) < tuple_(*self.after))
        return self._windows(listed, (signal, Item.listed_on, Item.id), [])

    def _read_by_day(self, after: Row | None, more: list[Any]) -> list[Row]:
        """From the newest on, along the index with the fewest items; each of a filter's values by itself."""
        posting = next(p for p in postings(self.query, self.today) if p.day is not None and len(p.values) <= MAX_BRANCHES)
        found: set[Row] = set()
        for value in posting.values:
            found.update(self._windows(_newest(posting, value, after), (posting.day, posting.item), more))
        return sorted(found, key=rank_of, reverse=True)

    def _windows(self, listed: Select[Any], keys: tuple[Any, ...], more: list[Any]) -> list[Row]:
        """Of `listed`, which has an index in the order of its keys, as many from the end on as make the page full."""
        ordered = listed.with_only_columns(*keys).order_by(*(key.desc() for key in keys))
        rows: list[Row] = []
        left: list[Any] = []
        seen, size = 0, max(FIRST_WINDOW, self.limit)
        while True:
            beyond = self.session.execute(ordered.where(*left).offset(size).limit(1)).one_or_none()
            bound = [] if beyond is None else [tuple_(*keys) > tuple_(*beyond)]
            statement = self._fitting_of(listed.where(*left, *bound)).where(*more)
            rows += sorted((tuple(r) for r in self.session.execute(statement)), key=rank_of, reverse=True)
            seen += size
            if len(rows) >= self.limit or beyond is None:
                return rows
            if self._is_planned() and seen >= WANTED and len(rows) * SPARSE <= seen:
                self.sparse = True
                return rows
            if self.query.text and seen >= search.PROBES:
                self.capped = True
                return rows
            size = _next_window(size, seen, len(rows), self.limit)
            left = [tuple_(*keys) <= tuple_(*beyond)]

    def _fitting_of(self, listed: Select[Any]) -> Select[Any]:
        """Rows of what is listed that fit; of items themselves without looking each up once more."""
        if listed.get_final_froms() != [Item.__table__]:
            return self._rows(listed)
        return listed.with_only_columns(self._signal(), Item.listed_on, Item.id).where(*self.fitting)


def _next_window(size: int, seen: int, found: int, wanted: int) -> int:
    """As many rows as the page still needs at the rate so far, at most four times the window before."""
    needed = (wanted - found) * seen * 5 // (found * 4) if found else size * 4
    return max(FIRST_WINDOW, min(needed, size * 4))


def rank_of(row: Row) -> tuple[Any, ...]:
    """What rows are sorted by: those with a signal before those without, then by day and id."""
    return (row[0] is not None, row[0] or 0, *row[1:])


def _newest(posting: Posting, value: Any, after: Row | None) -> Select[Any]:
    listed = select(posting.item.label("item_id")).where(value, *posting.bounds)
    return listed if after is None else listed.where(tuple_(posting.day, posting.item) < tuple_(*after[1:]))


def _size(ids: Select[Any], bound: int = FEW) -> Any:
    """How many there are, counted no further than one over the bound."""
    entries = ids.with_only_columns(literal(1).label("entry"), maintain_column_froms=True)  # what the index holds is enough
    return select(func.count()).select_from(entries.limit(bound + 1).subquery()).scalar_subquery()


def _plan_for_these_values(session: Session) -> None:
    """PostgreSQL would settle for one plan after five executions, for rare and common words alike.

    It would also read whole indexes rather than look up thousands of rows, as if they stood on a spinning disk. And in
    4 MB it notes of a prefix with many matches only the pages on which they are, and looks through those.
    """
    settings = {"plan_cache_mode": "force_custom_plan", "jit": "off", "random_page_cost": "1.1"}
    settings |= {"max_parallel_workers_per_gather": "0", "work_mem": "32MB"}
    session.execute(select(*(func.set_config(name, value, True) for name, value in settings.items())))


def resolved(session: Session, query: Query) -> Query:
    """The query as it is asked of the database: without its reader's dislikes, and with the names of families of sources."""
    return named(session, for_reader(session, query))


def count(session: Session, query: Query, today: date, *, most: int) -> tuple[int, bool]:
    """How many rows fit, counted no further than `most`, and whether a common text kept from looking at all of them."""
    dialect = session.get_bind().dialect.name
    query = resolved(session, replace(query, sort=Sort.NEWEST))
    if query.text or dialect == "sqlite":
        found = Finder(session, query, today, most).find()
        return len(found.rows), found.capped
    _plan_for_these_values(session)  # the order costs more than the number, which needs none
    fitting = select(literal(1).label("entry")).select_from(Item).where(*conditions(query, dialect, today))
    return session.scalar(select(func.count()).select_from(fitting.limit(most).subquery())) or 0, False


def find(session: Session, query: Query, today: date, *, limit: int, after: Sequence[Any] | None = None) -> Found:
    """The first `limit` rows that fit, after the row `after`."""
    return Finder(session, resolved(session, query), today, limit, None if after is None else tuple(after)).find()

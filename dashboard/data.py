"""The one data layer of the dashboard: reads the store, caches for a short while, returns frozen values.

Views never touch the store. Cached answers are keyed by the database, the query's canonical form and the day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import streamlit as st

from dashboard.login import refuse_foreign
from dashboard.mail.desk import Desk
from dashboard.reader import Reader
from dashboard.reader_panel import Mine
from staycurrent import roadmap
from staycurrent.clock import Clock
from staycurrent.period import Period
from staycurrent.query import Query
from staycurrent.reading import monthly
from staycurrent.reading.monthly import ReadingList
from staycurrent.store import engine as store
from staycurrent.store import facets, health, items, listing, sources, suggest, whole
from staycurrent.store.engine import Engine
from staycurrent.store.facets import Facet
from staycurrent.store.health import Health
from staycurrent.store.marks import Kind, Left
from staycurrent.store.models import Run
from staycurrent.store.suggest import Suggestion
from staycurrent.types import ItemDetail, ItemView

if TYPE_CHECKING:
    from staycurrent.reading.similar import Alike

PAGE_SIZE = 25
NARROWING = ("level", "topic", "lab", "source", "kind", "has_code")
READING_SIZE = 30
ROADMAP_LEVELS = roadmap.ON_ROADMAP
MONTHS_BACK = 24
NEWEST = 3
RUNS = 30
SIMILAR = 6
KEPT_ENTRIES = 400
FRESH = 5
"""Seconds that an answer is kept: long enough for the reruns of one reader and for many readers at once, short enough that
a collection shows as soon as it ends."""
LONG = 300
"""Seconds for what changes by the day and takes long to find."""
P = ParamSpec("P")
R = TypeVar("R")


def kept(seconds: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Cache answers for some seconds, by the database's address and the query's canonical form."""

    names: dict[Any, Any] = {Engine: lambda engine: engine.url.render_as_string(), Query: Query.url_query}
    return st.cache_data(ttl=seconds, max_entries=KEPT_ENTRIES, show_spinner=False, hash_funcs=names)


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a query's items, where the next page begins, and how many items there are in all."""

    items: tuple[ItemView, ...]
    cursor: str | None
    total: int
    is_more: bool = False
    """Whether there are more than `total`: counting stops at some thousands."""
    facets: Mapping[str, Facet] = field(default_factory=dict)
    """What the list could be narrowed to, with counts."""
    meant: tuple[Suggestion, ...] = ()
    """What may have been meant where nothing was found."""


@dataclass(frozen=True, slots=True)
class RunView:
    """One collector run."""

    source: str
    started: datetime
    seconds: float | None
    outcome: str | None
    fetched: int
    new: int
    changed: int
    error: str | None


@dataclass(frozen=True, slots=True)
class Citation:
    """An item as reference managers read it."""

    bibtex: str
    ris: str


@dataclass(frozen=True, slots=True)
class Library:
    """What the pages may ask. Every method raises `StoreError` when the database cannot answer."""

    engine: Engine
    clock: Clock
    reader: str | None = None
    """Profile whose marks act on lists and readings where the address names none."""
    desk: Desk | None = None
    """What is done about mail; None where the page of the digest is not drawn."""
    is_admin: bool = False
    """Whether the reader may look at how the installation does."""
    model_dir: Path | None = None
    """Folder of the model in use where it is not the packaged one."""

    @property
    def now(self) -> datetime:
        return self.clock()

    @property
    def today(self) -> date:
        return self.now.date()

    def months(self) -> tuple[Period, ...]:
        """This month and the last one, and every month before them that has items; newest first."""
        return _months(self.engine, self.today)

    @property
    def me(self) -> Reader | None:
        """The reader, who may mark and correct; None where nobody may."""
        return Reader(self.reader, self.engine, self.now) if self.reader else None

    def reading(self, period: Period, query: Query, minutes: int | None = None) -> ReadingList:
        """The reading of a period, of so many minutes; without levels in the query, of all levels of the roadmap."""
        return _reading(self.engine, period, on_roadmap(self._mine(query)), self.today, minutes)

    @staticmethod
    def changed() -> None:
        """Forget every answer in which the level of an item shows: the reader who just changed it looks at it."""
        answers: tuple[Any, ...] = (_detail, _reading, _counts, _found, _newest)
        for answer in answers:
            answer.clear()

    def similar(self, public_id: str) -> tuple[Alike, ...]:
        """Items like an item, without what the reader hid. Raises `NotFound`."""
        return _similar(self.engine, public_id, self.reader, self.today)

    def citation(self, row: int) -> Citation:
        """An item as reference managers read it."""
        return _citation(self.engine, row)

    def counts(self, query: Query) -> dict[int, int]:
        """Items by level, whatever levels the query names."""
        return _counts(self.engine, self._mine(query), self.today)

    def found(self, query: Query, cursor: str | None) -> Found:
        """A page of items. Raises `QueryError` for a cursor of another query."""
        asked = (self.engine, self._mine(query), cursor, self.today)
        answer = _found(*asked)
        if self.reader and not answer.items:
            cached: Any = _found
            cached.clear(*asked)  # not kept: a reader who brings back what they hid looks for it here
        return answer

    def mine(self, listed: Sequence[ItemView], query: Query) -> dict[int, Mine | None]:
        """What the cards of a query's items show of the reader, by row id of the items to be shown.

        What they hid a moment ago is gone, though the list is a few seconds old; a list as another reader wants it is whole.
        """
        me = self.me
        if me is None:
            return {item.row: None for item in listed}
        left = me.left([item.row for item in listed])
        gone = frozenset({Kind.HIDDEN}) if query.reader in (None, me.name) else frozenset()
        kinds = {item.row: left.get(item.row, Left()).kinds for item in listed}
        return {row: Mine(marked) for row, marked in kinds.items() if not marked & gone}

    def hidden(self, query: Query) -> int:
        """How many items fit a query that its reader hid; what another reader hid is not told."""
        me = self.me
        return me.counts(replace(query, reader=None)).marks[Kind.HIDDEN] if me and query.reader in (None, me.name) else 0

    def _mine(self, query: Query) -> Query:
        refuse_foreign(query.reader, self.reader)
        return query if query.reader or not self.reader else replace(query, reader=self.reader)

    def newest(self) -> dict[int, tuple[ItemView, ...]]:
        """The newest items of each level of the roadmap."""
        return _newest(self.engine, self.today)

    def health(self) -> tuple[Health, ...]:
        return _health(self.engine)

    def runs(self) -> tuple[RunView, ...]:
        return _runs(self.engine)

    def detail(self, public_id: str) -> ItemDetail:
        """One item with its evidence. Raises `NotFound`."""
        return _detail(self.engine, public_id)


def on_roadmap(query: Query) -> Query:
    """The query, kept to the levels of the roadmap if it names no level."""
    return query if query.levels else replace(query, levels=ROADMAP_LEVELS)


@kept(FRESH)
def _months(engine: Engine, today: date) -> tuple[Period, ...]:
    with store.reading(engine) as session:
        return listing.months_with_items(session, today, MONTHS_BACK)


@kept(FRESH)
def _reading(engine: Engine, period: Period, query: Query, today: date, minutes: int | None) -> ReadingList:
    return monthly.reading(engine, period, query, today=today, limit=READING_SIZE, minutes=minutes)


@kept(LONG)
def _similar(engine: Engine, public_id: str, profile: str | None, today: date) -> tuple[Alike, ...]:
    from staycurrent.reading.similar import similar  # brings numpy along, which the other pages do without

    return similar(engine, (public_id,), today=today, limit=SIMILAR, profile=profile)


@kept(LONG)
def _citation(engine: Engine, row: int) -> Citation:
    from staycurrent.exchange import bibtex, ris

    with store.reading(engine) as session:
        record = next(whole.records(session, [row]))
    key = bibtex.keys([bibtex.cited(record)])[record.id]
    return Citation(bibtex.entry(record, key), ris.entry(record, key))


@kept(FRESH)
def _counts(engine: Engine, query: Query, today: date) -> dict[int, int]:
    with store.reading(engine) as session:
        return listing.count_by_level(session, query, today)


@kept(FRESH)
def _found(engine: Engine, query: Query, cursor: str | None, today: date) -> Found:
    with store.reading(engine) as session:
        page = listing.page(session, query, today, limit=PAGE_SIZE, cursor=cursor)
        total = listing.bounded_count(session, query, today)
        found = facets.facets(session, query, today, NARROWING) if page.items else {}
        meant = suggest.suggest(session, query.text, limit=5) if query.text and not page.items else ()
        return Found(page.items, page.cursor, total.n, total.capped, found, meant)


@kept(FRESH)
def _newest(engine: Engine, today: date) -> dict[int, tuple[ItemView, ...]]:
    with store.reading(engine) as session:
        return {n: listing.page(session, Query(levels=(n,)), today, limit=NEWEST).items for n in ROADMAP_LEVELS}


@kept(FRESH)
def _health(engine: Engine) -> tuple[Health, ...]:
    with store.reading(engine) as session:
        return tuple(health.health(session))


@kept(FRESH)
def _runs(engine: Engine) -> tuple[RunView, ...]:
    with store.reading(engine) as session:
        return tuple(run_view(run) for run in sources.recent_runs(session, RUNS))


def run_view(run: Run) -> RunView:
    """A run as pages show it."""
    return RunView(
        source=run.source,
        started=run.started_at,
        seconds=(run.finished_at - run.started_at).total_seconds() if run.finished_at else None,
        outcome=run.outcome,
        fetched=run.fetched,
        new=run.new,
        changed=run.changed,
        error=run.error,
    )


@kept(FRESH)
def _detail(engine: Engine, public_id: str) -> ItemDetail:
    with store.reading(engine) as session:
        return items.detail(session, (public_id,))

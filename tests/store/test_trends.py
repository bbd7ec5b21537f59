"""Counts by week, month, level, topic and lab are those that a count by hand finds, on both databases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staycurrent.period import Period
from staycurrent.query import Query
from staycurrent.store import engine as database
from staycurrent.store import listing, trends
from staycurrent.store.engine import Engine, reading
from staycurrent.store.trends import Step
from tests import build, databases
from tests.conftest import NOW

TODAY = date(2026, 5, 20)
TOPICS = ("rag", "long-context", "tool-use", "open-llms")
LABS = ("qwen", "openai", "deepseek")
FIRST = date(2026, 2, 20)


@dataclass(frozen=True)
class Made:
    """An item as the test knows it."""

    day: date
    level: int | None
    topics: tuple[str, ...]
    labs: tuple[str, ...]


def made() -> list[Made]:
    """120 items over 100 days, some of them in the future; every tenth is not classified."""
    return [
        Made(
            FIRST + timedelta(days=n * 37 % 100),
            None if n % 10 == 9 else n * 7 % 9,
            tuple(t for i, t in enumerate(TOPICS) if (n >> i) % 3 == 0) if n % 10 != 9 else (),
            tuple(lab for i, lab in enumerate(LABS) if (n >> i) % 4 == 1) if n % 10 != 9 else (),
        )
        for n in range(120)
    ]


ITEMS = made()


@pytest.fixture(scope="module", params=databases.kinds())
def library(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with databases.fresh_url(request.param, tmp_path_factory.mktemp("trends")) as url:
        engine = database.open_engine(url)
        papers = [build.arxiv(f"2605.{n:05d}", f"Paper {n}", day=item.day.isoformat()) for n, item in enumerate(ITEMS)]
        build.store(engine, papers, NOW)
        with reading(engine) as session:
            rows = {v.id: v.row for v in listing.page(session, Query(), date(2027, 1, 1), limit=500).items}
        answers = [
            build.answer(rows[f"2605.{n:05d}"], item.level, topics=item.topics, labs=item.labs)
            for n, item in enumerate(ITEMS)
            if item.level is not None
        ]
        build.classify(engine, answers, NOW)
        yield engine
        engine.dispose()


def fitting(period: Period, query: Query) -> Iterable[Made]:
    last = min(period.last, TODAY)
    return (
        item
        for item in ITEMS
        if item.level is not None
        and period.first <= item.day <= last
        and (not query.labs or set(item.labs) & set(query.labs))
        and (not query.levels or item.level in query.levels)
    )


queries = st.builds(
    Query,
    levels=st.lists(st.integers(0, 8), unique=True, max_size=4).map(lambda v: tuple(sorted(v))),
    labs=st.lists(st.sampled_from(LABS), unique=True, max_size=3).map(lambda v: tuple(sorted(v))),
)
days = st.none() | st.dates(date(2026, 1, 1), date(2026, 7, 1))


@settings(max_examples=25, deadline=None)
@given(query=queries, step=st.sampled_from(Step), since=days, until=days)
def test_counts_are_those_of_a_count_by_hand(
    library: Engine, query: Query, step: Step, since: date | None, until: date | None
) -> None:
    shown = trends.periods(step, since, until, TODAY)
    with reading(library) as session:
        found = trends.counts(session, shown, query, TODAY)
    by_hand = [list(fitting(p, query)) for p in shown]
    assert found.totals == tuple(len(items) for items in by_hand)
    topics = {t for items in by_hand for item in items for t in item.topics}
    assert found.topics == {t: tuple(sum(t in item.topics for item in items) for items in by_hand) for t in topics}
    every = [list(fitting(p, Query(labs=query.labs))) for p in shown]
    levels = {item.level for items in every for item in items}
    assert found.levels == {n: tuple(sum(item.level == n for item in items) for items in every) for n in levels}


@settings(max_examples=25, deadline=None)
@given(query=queries, first=st.dates(FIRST, TODAY), length=st.integers(0, 90))
def test_labs_by_topic_are_those_of_a_count_by_hand(library: Engine, query: Query, first: date, length: int) -> None:
    span = Period(first, min(first + timedelta(days=length), TODAY), "span")
    with reading(library) as session:
        found = trends.labs(session, span.first, span.last, query)
    chosen = query.labs or LABS
    totals, topics = Counter[str](), Counter[tuple[str, str]]()
    for item in fitting(span, query):
        ties = [lab for lab in item.labs if lab in chosen]
        totals.update(ties)
        topics.update((lab, topic) for lab in ties for topic in item.topics)
    assert found.totals == totals
    assert list(found.totals.values()) == sorted(totals.values(), reverse=True)
    assert found.topics == topics


def test_a_lab_line_tells_the_newest_item_and_how_the_ties_are_known(library: Engine) -> None:
    with reading(library) as session:
        lines = {line.slug: line for line in trends.lab_lines(session, date(2026, 5, 1), TODAY)}
    of_qwen = [item for item in ITEMS if "qwen" in item.labs and item.day <= TODAY]
    qwen = lines["qwen"]
    assert (qwen.newest, qwen.ties) == (max(item.day for item in of_qwen), {"organization": len(of_qwen)})
    assert qwen.recent == sum(item.day >= date(2026, 5, 1) for item in of_qwen)
    assert lines["anthropic"].newest is None, "a watched lab stands there before its first item"
    assert "mistral" not in lines, "another lab does not"


@given(step=st.sampled_from(Step), since=st.none() | st.dates(), until=st.none() | st.dates())
def test_periods_are_whole_in_order_and_without_gaps(step: Step, since: date | None, until: date | None) -> None:
    found = trends.periods(step, since, until, TODAY)
    assert len(found) <= trends.MOST
    assert all(b.first - a.last == timedelta(days=1) for a, b in pairwise(found))
    last = min(until or TODAY, TODAY)
    if found:
        assert found[-1].contains(last)
        assert since is None or found[0].last >= since
    else:
        assert last < max(since or trends.EARLIEST, trends.EARLIEST)


def test_without_a_range_there_are_half_a_year_of_weeks_or_a_year_of_months() -> None:
    weeks, months = (trends.periods(step, None, None, TODAY) for step in (Step.WEEK, Step.MONTH))
    assert (weeks[0].name, weeks[-1].name, len(weeks)) == ("2025-W47", "2026-W21", 27)
    assert (months[0].name, months[-1].name, len(months)) == ("2025-05", "2026-05", 13)


def test_the_week_is_the_iso_week() -> None:
    assert trends.week(date(2027, 1, 3)) == Period(date(2026, 12, 28), date(2027, 1, 3), "2026-W53")

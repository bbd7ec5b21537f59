"""What a reader hid or wants less of is gone from every list alike, and from nobody else's."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from staycurrent import period as periods
from staycurrent.query import Query, Sort
from staycurrent.reading import monthly
from staycurrent.store import listing, marks
from staycurrent.store.engine import Engine, reading, writing
from staycurrent.store.marks import Dislike, Kind, Less
from tests import build

TODAY = date(2026, 5, 20)
MAY = periods.parse("2026-05")


@pytest.fixture
def library(engine: Engine, now: datetime) -> Engine:
    names = ("Hidden gem", "Quantum gravity of nets", "Agents at work", "Made by Qwen", "Plain paper")
    build.store(engine, [build.arxiv(f"2605.0000{n}", name) for n, name in enumerate(names)], now)
    with reading(engine) as session:
        rows = {v.title: v.row for v in listing.page(session, Query(), TODAY).items}
    topics = {"Agents at work": ("multi-agent",)}
    labs = {"Made by Qwen": ("qwen",)}
    answers = [
        build.answer(row, topics=topics.get(title, ("open-llms",)), labs=labs.get(title, ())) for title, row in rows.items()
    ]
    build.classify(engine, answers, now)
    with writing(engine) as session:
        marks.put(session, "local", Kind.HIDDEN, [rows["Hidden gem"]], now)
        for kind, value in ((Less.TOPIC, "multi-agent"), (Less.LAB, "qwen"), (Less.WORD, "quantum")):
            marks.less(session, "local", Dislike(kind, value), now)
    return engine


def page(engine: Engine, query: Query) -> set[str]:
    with reading(engine) as session:
        found = {v.title for v in listing.page(session, query, TODAY).items}
        assert listing.count(session, query, TODAY) == len(found)
        assert sum(listing.count_by_level(session, query, TODAY).values()) == len(found)
    return found


def shown(engine: Engine, query: Query, today: date = TODAY) -> set[str]:
    return {p.item.title for p in monthly.reading(engine, MAY, query, today=today).placed}


def test_lists_and_readings_leave_out_what_a_reader_does_not_want(library: Engine) -> None:
    mine = Query(reader="local")
    assert page(library, mine) == shown(library, mine) == {"Plain paper"}


def test_search_by_relevance_leaves_it_out_too(library: Engine) -> None:
    mine = Query(reader="local", text="look", sort=Sort.RELEVANCE)
    with reading(library) as session:
        assert [v.title for v in listing.page(session, mine, TODAY).items] == ["Plain paper"]


def test_nobody_elses_list_changes(library: Engine) -> None:
    assert len(page(library, Query())) == len(page(library, Query(reader="somebody"))) == 5


def test_what_is_asked_for_by_name_is_shown(library: Engine) -> None:
    assert page(library, Query(reader="local", topics=("multi-agent",))) == {"Agents at work"}


def test_one_reading_is_frozen_for_all_and_shown_to_each_in_their_way(library: Engine) -> None:
    june = date(2026, 6, 10)
    mine = monthly.freeze(library, MAY, Query(reader="local"), today=june)
    whole = monthly.reading(library, MAY, Query(), today=june)
    assert (mine.frozen, whole.frozen) == (True, True)
    assert {p.item.title for p in mine.placed} == {"Plain paper"}
    assert len(whole.placed) == 5

"""What is in a digest: new to the subscriber, the best of the whole period, and what changed since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from staycurrent import period, roadmap
from staycurrent.digest import edition
from staycurrent.digest.changes import MOST
from staycurrent.digest.edition import MOST_ITEMS
from staycurrent.digest.types import Changed, Edition, Sent, Wish
from staycurrent.query import Query
from staycurrent.reading.progress import landmark_name
from staycurrent.store import completeness, listing, marks, sources
from staycurrent.store import engine as database
from staycurrent.store import items as item_store
from staycurrent.store.engine import Engine
from staycurrent.store.models import Item, Source
from staycurrent.types import DayCount, ItemView, Kind, Outcome, Repository, Role, RunReport, Version
from tests import build
from tests.conftest import NOW

WEEK = period.parse("2026-W20")
MONDAY, FRIDAY = "2026-05-11", "2026-05-15"
AFTER = build.moment("2026-05-18", hour=6)
LEVEL_5 = Query(levels=(5,))


def bring(engine: Engine, numbers: Iterable[int], day: str = MONDAY, level: int = 5, **facts: Any) -> list[int]:
    """Papers collected and classified; their rows."""
    names = [f"2605.{n:05}" for n in numbers]
    build.store(engine, [build.arxiv(name, f"Paper {name}", day=day, **facts) for name in names], NOW)
    rows = [view.row for view in everything(engine) if view.id in names]
    build.classify(engine, [build.answer(row, level) for row in rows], NOW)
    return rows


def everything(engine: Engine) -> list[ItemView]:
    with database.reading(engine) as session:
        return [view for view, _, _ in item_store.every(session)]


def item(engine: Engine, row: int) -> ItemView:
    with database.reading(engine) as session:
        return listing.views(session, [row])[0]


def choose(
    engine: Engine,
    sent: Sequence[Sent] = (),
    query: Query = LEVEL_5,
    of: period.Period = WEEK,
    now: datetime = AFTER,
    last: datetime | None = None,
    suggested: Collection[str] = (),
    **wish: Any,
) -> Edition:
    with database.reading(engine) as session:
        return edition.choose(session, Wish(query, **wish), of, sent, now, last=last, suggested=suggested)


def got(engine: Engine, rows: Iterable[int], at: datetime = AFTER) -> list[Sent]:
    """What a subscriber has who was sent these items."""
    return [Sent.of(item(engine, row), at) for row in rows]


def test_the_week_is_ranked_as_a_whole_and_not_day_by_day(engine: Engine) -> None:
    bring(engine, [1, 2], MONDAY)
    late = bring(engine, [3], FRIDAY)
    build.store(engine, [build.huggingface("2605.00003", day=FRIDAY, votes=90)], NOW)
    found = choose(engine)
    assert found.item_ids[0] == late[0]
    assert [p.rank for p in found.placed] == [1, 2, 3]


def test_what_was_sent_leaves_its_place_to_what_is_new(engine: Engine) -> None:
    rows = bring(engine, range(1, 31))
    first = choose(engine)
    assert len(first.placed) == MOST_ITEMS
    second = choose(engine, got(engine, first.item_ids))
    assert set(second.item_ids) == set(rows) - set(first.item_ids)
    assert (first.considered, second.considered) == (30, 10)
    third = choose(engine, got(engine, rows))
    assert third.is_empty
    assert third.considered == 0


def test_an_item_that_comes_back_in_a_later_week_is_not_sent_again(engine: Engine) -> None:
    rows = bring(engine, [1])
    build.store(engine, [build.huggingface("2605.00001", day="2026-05-19")], NOW)
    next_week = period.parse("2026-W21")
    later = build.moment("2026-05-25")
    assert choose(engine, of=next_week, now=later).item_ids == tuple(rows)
    assert choose(engine, got(engine, rows), of=next_week, now=later).is_empty


def test_a_time_budget_is_kept_and_filled_with_what_is_new(engine: Engine) -> None:
    bring(engine, range(1, 10))
    first = choose(engine, minutes=60)
    assert sum(p.minutes for p in first.placed) == 60
    second = choose(engine, got(engine, first.item_ids), minutes=60)
    assert sum(p.minutes for p in second.placed) == 60
    assert not set(first.item_ids) & set(second.item_ids)


def test_a_look_at_the_next_level_belongs_to_the_edition_and_is_never_repeated(engine: Engine) -> None:
    own, above = bring(engine, [1, 2, 3]), bring(engine, [4], level=6)
    found = choose(engine)
    assert [p.item.row for p in found.placed if p.role is Role.ONE_LEVEL_UP] == above
    again = choose(engine, got(engine, above))
    assert set(again.item_ids) == set(own)


def test_withdrawn_papers_are_not_sent(engine: Engine) -> None:
    submitted = build.moment(MONDAY)
    bring(engine, [1], versions=(Version(1, submitted), Version(2, submitted, withdrawn=True)))
    assert choose(engine).is_empty


def test_equal_arguments_give_equal_editions(engine: Engine) -> None:
    rows = bring(engine, range(1, 9))
    history = got(engine, rows[:2])
    assert choose(engine, history) == choose(engine, history)


def revise(engine: Engine, number: int, submitted: datetime, *, withdrawn: bool = False) -> None:
    versions = (Version(1, build.moment(MONDAY)), Version(2, submitted, withdrawn=withdrawn))
    paper = build.arxiv(f"2605.{number:05}", f"Paper 2605.{number:05}", day=MONDAY, updated=submitted, versions=versions)
    build.store(engine, [paper], NOW)


NEXT = build.moment("2026-05-25", hour=6)
NEXT_WEEK = period.parse("2026-W21")


def test_a_new_version_a_withdrawal_and_new_code_are_told_once(engine: Engine) -> None:
    rows = bring(engine, [1, 2, 3, 4])
    history = got(engine, rows)
    revise(engine, 1, build.moment("2026-05-20"))
    revise(engine, 2, build.moment("2026-05-21"), withdrawn=True)
    code = (Repository("https://github.com/example/code", 12),)
    build.store(engine, [build.huggingface("2605.00003", day=MONDAY, repositories=code)], NOW)
    found = choose(engine, history, of=NEXT_WEEK, now=NEXT)
    told = [(c.item.row, c.kind, c.version, c.sent_on) for c in found.changed]
    assert told == [
        (rows[1], Changed.WITHDRAWN, 1, AFTER.date()),
        (rows[2], Changed.CODE, 1, AFTER.date()),
        (rows[0], Changed.REVISED, 1, AFTER.date()),
    ]
    assert not found.placed
    assert not found.is_empty
    after = [*history, *got(engine, [c.item.row for c in found.changed], NEXT)]
    assert choose(engine, after, of=NEXT_WEEK, now=NEXT).is_empty


def test_what_happened_twice_to_one_paper_stands_together(engine: Engine) -> None:
    rows = bring(engine, [1])
    history = got(engine, rows)
    revise(engine, 1, build.moment("2026-05-20"))
    code = (Repository("https://github.com/example/code", 12),)
    build.store(engine, [build.huggingface("2605.00001", day=MONDAY, repositories=code)], NOW)
    found = choose(engine, history, of=NEXT_WEEK, now=NEXT)
    assert [c.kind for c in found.changed] == [Changed.CODE, Changed.REVISED]


def test_a_version_that_was_there_long_before_the_mail_is_not_told_as_news(engine: Engine) -> None:
    rows = bring(engine, [1])
    history = got(engine, rows, at=build.moment("2026-05-25"))
    revise(engine, 1, build.moment("2026-05-12"))
    assert not choose(engine, history, of=NEXT_WEEK, now=NEXT).changed


def test_changes_beyond_the_bound_wait_for_the_next_edition(engine: Engine) -> None:
    rows = bring(engine, range(1, MOST + 4))
    history = got(engine, rows)
    for number in range(1, MOST + 4):
        revise(engine, number, build.moment("2026-05-20"))
    first = choose(engine, history, of=NEXT_WEEK, now=NEXT)
    assert len(first.changed) == MOST
    told = [c.item.row for c in first.changed]
    rest = choose(engine, [*history, *got(engine, told, NEXT)], of=NEXT_WEEK, now=NEXT)
    assert {c.item.row for c in rest.changed} == set(rows) - set(told)


def test_an_item_that_is_no_longer_there_disturbs_nothing(engine: Engine) -> None:
    rows = bring(engine, [1])
    gone = Sent(987_654, AFTER, 1, withdrawn=False, has_code=False)
    assert choose(engine, [gone]).item_ids == tuple(rows)


def test_thousands_of_sent_items_are_no_trouble(engine: Engine) -> None:
    rows = bring(engine, [1, 2])
    history = [Sent(n, AFTER, 1, withdrawn=False, has_code=False) for n in range(10_000, 45_000)]
    assert set(choose(engine, history).item_ids) == set(rows)


def poll(engine: Engine, **facts: Any) -> None:
    """Every source was read, save for the facts given by source."""
    build.register(engine)
    with database.writing(engine) as session:
        session.execute(update(Source).values(last_success_at=AFTER, next_check_at=AFTER - timedelta(hours=1)))
        for name, values in facts.items():
            session.execute(update(Source).where(Source.name == name).values(**values))


def test_a_day_of_which_a_source_delivered_too_little_is_a_gap(engine: Engine) -> None:
    poll(engine)
    thursday, before = date(2026, 5, 14), date(2026, 5, 7)
    with database.writing(engine) as session:
        completeness.record(session, "huggingface", [DayCount(before, 9, 8), DayCount(thursday, 10, 7)], NOW)
        completeness.record(session, "arxiv", [DayCount(thursday, 10, 10)], NOW)
    found = choose(engine)
    assert [(g.source, g.days) for g in found.gaps] == [("huggingface", (thursday,))]
    assert found.complete == ("arxiv", "paperswithcode", "lab:openai", "lab:qwen")


def test_the_days_since_a_source_was_last_read_are_a_gap(engine: Engine) -> None:
    stopped = build.moment("2026-05-15")
    poll(engine, arxiv={"last_success_at": stopped, "error": "timeout"}, paperswithcode={"last_success_at": None})
    gaps = {g.source: g.days for g in choose(engine).gaps}
    assert gaps["arxiv"] == (date(2026, 5, 16), date(2026, 5, 17))
    assert len(gaps["paperswithcode"]) == 7
    assert set(gaps) == {"arxiv", "paperswithcode"}


def collect(engine: Engine, source: str, since: str, until: str, outcome: Outcome = Outcome.OK) -> None:
    """A run of a source over these days."""
    at = build.moment(until)
    with database.writing(engine) as session:
        run = sources.start_run(session, source, date.fromisoformat(since), date.fromisoformat(until), at)
        sources.finish_run(session, run, RunReport(source, outcome, 1, 0, 0, 0), at)


def test_days_before_the_first_that_was_read_are_a_gap_and_not_complete(engine: Engine) -> None:
    poll(engine)
    collect(engine, "arxiv", "2026-05-13", "2026-05-17")
    collect(engine, "huggingface", "2026-06-06", "2026-06-07")
    collect(engine, "paperswithcode", "2026-05-01", "2026-05-17")
    collect(engine, "paperswithcode", "2026-01-01", "2026-05-17", Outcome.FAILED)
    found = {g.source: g for g in choose(engine).gaps}
    assert (found["arxiv"].unread, found["arxiv"].since) == ((date(2026, 5, 11), date(2026, 5, 12)), date(2026, 5, 13))
    assert len(found["huggingface"].unread) == 7
    assert set(found) == {"arxiv", "huggingface"}
    april = {g.source for g in choose(engine, of=period.parse("2026-04")).gaps}
    assert april == {"arxiv", "huggingface", "paperswithcode"}


def test_a_week_of_which_no_source_was_read_is_known_as_such(engine: Engine) -> None:
    never = {name: {"last_success_at": None} for name in ("arxiv", "huggingface", "paperswithcode")}
    poll(engine, **never)
    assert choose(engine).is_blind
    sunday_evening = build.moment("2026-05-17", hour=19)
    assert choose(engine, now=sunday_evening).is_blind, "of Auckland's Monday the last day is not judged"
    assert not choose(engine, query=replace(LEVEL_5, kind=Kind.POST)).is_blind
    poll(engine, arxiv={"last_success_at": None})
    assert not choose(engine).is_blind
    assert choose(engine, query=replace(LEVEL_5, sources=("arxiv",))).is_blind


def test_what_is_collected_after_its_digest_comes_with_the_next_one(engine: Engine) -> None:
    """Also what was listed on the Sunday on which Auckland's Monday begins."""
    rows = bring(engine, [1, 2])
    late = bring(engine, [3, 4], day="2026-05-17")
    old = bring(engine, [5], day="2026-04-19")
    with database.writing(engine) as session:
        seen = {rows[0]: AFTER - timedelta(days=3), **dict.fromkeys((rows[1], *late, *old), AFTER + timedelta(days=1))}
        for row, at in seen.items():
            session.execute(update(Item).where(Item.id == row).values(first_seen_at=at))
    new = bring(engine, [6], day="2026-05-20")
    found = choose(engine, of=NEXT_WEEK, now=NEXT, last=AFTER)
    assert set(found.item_ids) == {rows[1], *late, *new}
    assert (found.considered, found.late) == (4, 3)
    assert set(choose(engine, of=NEXT_WEEK, now=NEXT).item_ids) == set(new), "who is new gets the week alone"
    rest = choose(engine, got(engine, late), of=NEXT_WEEK, now=NEXT, last=AFTER)
    assert set(rest.item_ids) == {rows[1], *new}
    budget = choose(engine, of=NEXT_WEEK, now=NEXT, last=AFTER, minutes=40)
    assert len(budget.placed) == 2


def test_a_source_whose_turn_is_still_to_come_is_no_gap(engine: Engine) -> None:
    slow = {"last_success_at": build.moment("2026-05-10"), "next_check_at": AFTER + timedelta(days=1)}
    poll(engine, arxiv=slow)
    assert not choose(engine).gaps


def test_a_day_that_is_not_over_is_not_judged(engine: Engine) -> None:
    poll(engine)
    wednesday = build.moment("2026-05-13")
    with database.writing(engine) as session:
        completeness.record(session, "huggingface", [DayCount(wednesday.date(), 10, 7)], NOW)
    assert not choose(engine, now=wednesday).gaps


@pytest.mark.parametrize(("week", "opens"), [("2026-W18", True), ("2026-W19", False), ("2026-W23", True), ("2026-W01", True)])
def test_last_months_reading_is_in_the_first_digest_of_a_month_only(engine: Engine, week: str, opens: bool) -> None:
    of = period.parse(week)
    before = period.previous_month(period.month(of.last))
    bring(engine, [1, 2], day=before.first.isoformat())
    found = choose(engine, of=of, now=build.moment(of.last.isoformat()) + timedelta(days=1))
    assert (found.monthly is not None) == opens
    assert found.may_stay_unsent != opens, "who wants no empty mail gets the reading"
    if found.monthly:
        assert (found.monthly.period, len(found.monthly.placed)) == (before, 2)
        first = replace(got(engine, [found.monthly.placed[0].item.row])[0], period="2026-W17")
        again = choose(engine, [first], of=of, now=build.moment(of.last.isoformat()) + timedelta(days=1))
        assert again.mailed == ((first.item_id, "2026-W17"),)


def test_every_month_has_exactly_one_first_digest() -> None:
    weeks = [period.parse(f"2026-W{n:02}") for n in range(1, 54)]
    opened = [period.previous_month(period.month(w.last)).name for w in weeks if edition.opens_a_month(w)]
    assert opened == ["2025-12", *(f"2026-{n:02}" for n in range(1, 13))]
    assert not edition.opens_a_month(period.parse("2026-05"))


def test_a_monthly_digest_is_the_month_itself(engine: Engine) -> None:
    bring(engine, [1], MONDAY)
    found = choose(engine, of=period.parse("2026-05"), now=build.moment("2026-06-04"))
    assert len(found.placed) == 1
    assert found.monthly is None


def test_where_there_is_little_a_landmark_of_the_readers_level_is_suggested(engine: Engine) -> None:
    empty = choose(engine)
    assert empty.is_empty
    assert empty.landmark is not None
    assert empty.landmark.level <= 5
    assert choose(engine) == empty
    bring(engine, range(1, 8))
    assert choose(engine).landmark is None


def test_a_landmark_does_not_follow_where_the_budget_is_what_bounds_the_list(engine: Engine) -> None:
    bring(engine, range(1, 8))
    bounded = choose(engine, minutes=60)
    assert (len(bounded.placed), bounded.landmark) == (3, None)


def test_a_landmark_fits_into_what_is_left_of_the_budget(engine: Engine) -> None:
    rows = bring(engine, [1, 2])
    shortest = min(mark.minutes for mark in roadmap.landmarks() if mark.level == 5)
    for minutes in (40, 40 + shortest, 400):
        found = choose(engine, minutes=minutes)
        assert set(found.item_ids) == set(rows)
        assert (found.landmark is not None) == (minutes > 40)
        assert found.landmark is None or found.landmark.minutes <= minutes - 40


def test_no_landmark_comes_twice_nor_one_that_was_sent_or_read(engine: Engine) -> None:
    told: list[str] = []
    for _ in range(4):
        found = choose(engine, suggested=told).landmark
        assert found
        assert found.url not in told
        told.append(found.url)
    first = choose(engine, query=replace(LEVEL_5, reader="ada")).landmark
    assert first
    with database.writing(engine) as session:
        marks.put_landmark(session, "ada", marks.Kind.READ, [landmark_name(first)], NOW)
    assert choose(engine, query=replace(LEVEL_5, reader="ada")).landmark != first
    assert choose(engine, query=replace(LEVEL_5, reader="bob")).landmark == first


def test_a_landmark_that_came_as_a_paper_is_not_suggested(engine: Engine) -> None:
    found = choose(engine, query=replace(LEVEL_5, topics=("open-llms",))).landmark
    assert found
    assert found.arxiv_id
    build.store(engine, [build.arxiv(found.arxiv_id, found.title, day="2026-04-01")], NOW)
    (view,) = everything(engine)
    again = choose(engine, got(engine, [view.row]), query=replace(LEVEL_5, topics=("open-llms",))).landmark
    assert again != found


def test_a_budget_below_the_shortest_paper_leaves_the_list_empty_but_counts_what_there_is(engine: Engine) -> None:
    bring(engine, [1])
    found = choose(engine, minutes=5)
    assert (found.placed, found.considered) == ((), 1)


def test_what_the_reader_hid_and_words_that_the_query_excludes_are_left_out(engine: Engine) -> None:
    rows = bring(engine, [1, 2])
    build.store(engine, [build.arxiv("2605.00002", "Adding integers", day=MONDAY)], NOW)
    build.classify(engine, [build.answer(rows[1])], NOW)
    assert choose(engine, query=replace(LEVEL_5, exclude=("integers",))).item_ids == (rows[0],)
    with database.writing(engine) as session:
        marks.put(session, "ada", marks.Kind.HIDDEN, [rows[0]], NOW)
    assert choose(engine, query=replace(LEVEL_5, reader="ada")).item_ids == (rows[1],)

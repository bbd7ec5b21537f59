"""Progress: what was read, by level and month; a landmark counts once, however it was marked."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from staycurrent import roadmap
from staycurrent.query import Query
from staycurrent.reading.progress import LevelProgress, Progress, count, landmark_name, progress
from staycurrent.store import listing, marks
from staycurrent.store.engine import Engine, writing
from staycurrent.store.marks import LOCAL, Kind, Read
from tests import build
from tests.conftest import NOW

TODAY = NOW.date()
APRIL = NOW - timedelta(days=40)
LANDMARKS = roadmap.landmarks()
FIRST = LANDMARKS[0]


def of(found: Progress, level: int) -> LevelProgress:
    return next(p for p in found.levels if p.level == level)


def item(level: int | None, at: datetime = NOW, *names: str) -> Read:
    return Read(names or ("2605.00001",), level, at)


def test_one_who_read_nothing_has_everything_before_them() -> None:
    found = count((), {}, LANDMARKS, TODAY)
    assert [p.level for p in found.levels] == list(range(1, 9))
    assert all(p.read == p.landmarks_read == 0 < p.landmarks for p in found.levels)
    assert sum(p.minutes_left for p in found.levels) == sum(mark.minutes for mark in LANDMARKS)
    assert found.months == ()


def test_items_count_at_their_level_and_in_their_month() -> None:
    found = count((item(5, APRIL), item(5), item(7), item(None)), {}, LANDMARKS, TODAY)
    assert (of(found, 5).read, of(found, 7).read, of(found, 1).read, found.unclassified) == (2, 1, 0, 1)
    assert [(m.month, m.read) for m in found.months] == [("2026-04", 1), ("2026-05", 3)]
    assert found.months[1].by_level == {5: 1, 7: 1, None: 1}


def test_months_without_reading_stand_there_empty() -> None:
    found = count((item(5, APRIL),), {}, LANDMARKS, date(2026, 7, 1))
    assert [(m.month, m.read) for m in found.months] == [("2026-04", 1), ("2026-05", 0), ("2026-06", 0), ("2026-07", 0)]


@pytest.mark.parametrize("name", [landmark_name(FIRST), FIRST.url])
def test_a_landmark_counts_once_at_its_own_level(name: str) -> None:
    found = count((item(8, NOW, name),), {landmark_name(FIRST): APRIL}, LANDMARKS, TODAY)
    assert (of(found, FIRST.level).read, of(found, FIRST.level).landmarks_read, of(found, 8).read) == (1, 1, 0)
    assert found.landmarks == {landmark_name(FIRST)}
    assert [(m.month, m.read) for m in found.months] == [("2026-04", 1), ("2026-05", 0)]
    whole = sum(mark.minutes for mark in LANDMARKS if mark.level == FIRST.level)
    assert of(found, FIRST.level).minutes_left == whole - FIRST.minutes


def test_what_is_no_longer_a_landmark_is_forgotten() -> None:
    assert count((), {"1111.11111": NOW}, LANDMARKS, TODAY).landmarks == frozenset()


def test_what_is_off_the_roadmap_has_a_line_only_when_it_was_read() -> None:
    assert of(count((item(0),), {}, LANDMARKS, TODAY), 0).read == 1


def test_progress_comes_out_of_the_store(engine: Engine) -> None:
    known = next(mark for mark in LANDMARKS if mark.arxiv_id and mark is not FIRST)
    assert known.arxiv_id
    build.store(engine, [build.arxiv("2605.00001", "One"), build.arxiv(known.arxiv_id, "A landmark")], NOW)
    with writing(engine) as session:
        rows = {v.title: v.row for v in listing.page(session, Query(), TODAY).items}
        marks.put(session, LOCAL, Kind.READ, rows.values(), NOW)
        marks.put_landmark(session, LOCAL, Kind.READ, [landmark_name(FIRST)], NOW)
        marks.put_landmark(session, LOCAL, Kind.STAR, [landmark_name(LANDMARKS[2])], NOW)
    build.classify(engine, [build.answer(rows["One"], 6)], NOW)
    found = progress(engine, LOCAL, today=TODAY)
    assert of(found, 6).read == 1
    assert found.landmarks == {landmark_name(FIRST), known.arxiv_id}
    assert progress(engine, "ada", today=TODAY).months == ()

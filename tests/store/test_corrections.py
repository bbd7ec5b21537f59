"""Corrections: they count before every model, stay apart from what models say, and follow an item that is merged."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from staycurrent.errors import StoreError, UsageError
from staycurrent.query import Query
from staycurrent.store import classifications, corrections, items, listing
from staycurrent.store.engine import Engine, reading, writing
from staycurrent.types import Correction, ItemDetail, ItemView
from tests import build
from tests.conftest import NOW

LATER = NOW + timedelta(hours=1)
PAPER = "2605.00001"


@pytest.fixture
def row(engine: Engine) -> int:
    """The row of a paper that the model puts at level 5."""
    build.store(engine, [build.arxiv(PAPER)], NOW)
    found = view(engine).row
    build.classify(engine, [build.answer(found, 5, unsure=True, confidence=0.4)], NOW)
    return found


def detail(engine: Engine, name: str = PAPER) -> ItemDetail:
    with reading(engine) as session:
        return items.detail(session, [name])


def view(engine: Engine) -> ItemView:
    return detail(engine).item


def correct(engine: Engine, row: int, level: int, *, who: str = "ada", why: str = "", now: datetime = NOW) -> None:
    with writing(engine) as session:
        corrections.correct(session, row, level, who=who, why=why, now=now)


def take_back(engine: Engine, row: int, who: str = "ada") -> bool:
    with writing(engine) as session:
        return corrections.take_back(session, row, who)


def test_a_corrected_level_is_shown_as_such_with_who_when_and_why(engine: Engine, row: int) -> None:
    correct(engine, row, 7, why="It plans\nby tools\x1b[0m")
    found = detail(engine)
    assert (found.item.level, found.item.corrected, found.item.unsure) == (7, True, False)
    assert found.correction == Correction("ada", 7, "It plans by tools [0m", NOW)
    assert found.said == 5, "what the model said stays beside it"
    assert found.probabilities[5] == 0.84


def test_filters_go_by_the_corrected_level(engine: Engine, row: int) -> None:
    correct(engine, row, 7)
    with reading(engine) as session:
        assert [v.row for v in listing.page(session, Query(levels=(7,)), NOW.date()).items] == [row]
        assert listing.page(session, Query(levels=(5,)), NOW.date()).items == ()


def test_no_model_overwrites_a_correction(engine: Engine, row: int) -> None:
    correct(engine, row, 7)
    with writing(engine) as session:
        classifications.forget_all(session)
    build.classify(engine, [build.answer(row, 6, topics=("diffusion-flow",), model="test-2")], LATER)
    found = detail(engine)
    assert (found.item.level, found.item.corrected, found.said, found.model) == (7, True, 6, "test-2")
    assert [t.slug for t in found.item.topics] == ["diffusion-flow"]
    assert take_back(engine, row)
    assert (view(engine).level, view(engine).corrected) == (6, False), "the newer model's answer was kept all the while"


def test_only_the_corrected_items_of_a_batch_keep_their_level(engine: Engine, row: int) -> None:
    build.store(engine, [build.arxiv("2605.00002", "Two"), build.arxiv("2605.00003", "Three")], NOW)
    rows = [detail(engine, f"2605.0000{n}").item.row for n in (1, 2, 3)]
    correct(engine, rows[1], 2)
    build.classify(engine, [build.answer(r, 6, model="test-2") for r in rows], NOW)
    assert [detail(engine, f"2605.0000{n}").item.level for n in (1, 2, 3)] == [6, 2, 6]


def test_an_item_that_no_model_has_read_can_be_corrected_and_forgets_it(engine: Engine) -> None:
    build.store(engine, [build.arxiv(PAPER)], NOW)
    found = view(engine).row
    correct(engine, found, 3)
    assert (view(engine).level, detail(engine).said) == (3, None)
    assert take_back(engine, found)
    assert (view(engine).level, view(engine).confidence, view(engine).unsure) == (None, None, True)


def test_taken_back_while_the_item_waits_for_a_model_the_last_answer_counts(engine: Engine, row: int) -> None:
    correct(engine, row, 7)
    with writing(engine) as session:
        classifications.forget_all(session)
    assert take_back(engine, row)
    assert (view(engine).level, view(engine).confidence, view(engine).unsure) == (5, 0.4, True)


def test_taking_back_what_nobody_said_is_told(engine: Engine, row: int) -> None:
    correct(engine, row, 7)
    assert not take_back(engine, row, "bob")
    assert view(engine).level == 7


def test_each_reader_has_one_correction_and_the_newest_counts(engine: Engine, row: int) -> None:
    correct(engine, row, 7)
    correct(engine, row, 6, who="bob", now=LATER)
    correct(engine, row, 8, now=NOW + timedelta(minutes=1))
    assert view(engine).level == 6
    with reading(engine) as session:
        found = corrections.every(session)
    assert [(c.id, c.correction.who, c.correction.level, c.said) for c in found] == [(PAPER, "bob", 6, 5), (PAPER, "ada", 8, 5)]
    assert take_back(engine, row, "bob")
    assert view(engine).level == 8
    assert take_back(engine, row)
    assert (view(engine).level, view(engine).corrected) == (5, False)


@pytest.mark.parametrize(("level", "why"), [(9, ""), (-1, ""), (5, "x" * 1001)])
def test_what_is_no_correction_is_refused(engine: Engine, row: int, level: int, why: str) -> None:
    with pytest.raises(UsageError):
        correct(engine, row, level, why=why)
    assert not view(engine).corrected


def test_an_item_that_there_is_not_cannot_be_corrected(engine: Engine) -> None:
    with pytest.raises(StoreError):
        correct(engine, 4711, 5)


@given(why=st.text(max_size=100))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
def test_a_reason_is_one_printable_line(engine: Engine, why: str) -> None:
    build.store(engine, [build.arxiv(PAPER)], NOW)
    correct(engine, view(engine).row, 5, why=why)
    found = detail(engine).correction
    assert found is not None
    assert found.why.isprintable()


@pytest.mark.parametrize(("home_at", "merged_at", "level"), [(NOW, LATER, 7), (LATER, NOW, 6)])
def test_corrections_follow_an_item_that_is_merged(
    engine: Engine, row: int, home_at: datetime, merged_at: datetime, level: int
) -> None:
    paper, post = build.arxiv(PAPER), build.post("one", "One, announced")
    build.store(engine, [post], NOW)
    merged = detail(engine, f"url:{post.url}").item.row
    correct(engine, row, 6, now=home_at)
    correct(engine, merged, 7, now=merged_at)
    correct(engine, merged, 4, who="bob", now=NOW - timedelta(days=1))
    build.store(engine, [replace(post, doi="10.1000/one", title="One, as announced")], LATER)
    build.store(engine, [replace(paper, doi="10.1000/one", comment="Now with a DOI")], LATER)
    assert detail(engine, f"url:{post.url}").item.row == row
    assert (view(engine).level, view(engine).corrected) == (level, True), "of a reader's two the newer one stays"
    with reading(engine) as session:
        said = {(c.correction.who, c.correction.level) for c in corrections.every(session)}
    assert said == {("ada", level), ("bob", 4)}


def test_a_correction_of_the_merged_item_alone_is_the_level_of_the_one_that_stays(engine: Engine, row: int) -> None:
    paper, post = build.arxiv(PAPER), build.post("one", "One, announced")
    build.store(engine, [post], NOW)
    correct(engine, detail(engine, f"url:{post.url}").item.row, 7)
    build.store(engine, [replace(post, doi="10.1000/one", title="One, as announced")], LATER)
    build.store(engine, [replace(paper, doi="10.1000/one", comment="Now with a DOI")], LATER)
    assert (view(engine).row, view(engine).level, view(engine).corrected) == (row, 7, True)


def test_papers_to_learn_from_have_the_level_that_counts_and_posts_are_none(engine: Engine, row: int) -> None:
    build.store(engine, [build.post("one"), build.arxiv("2605.00009", "Empty", abstract="")], NOW)
    for name in (f"url:{build.post('one').url}", "2605.00009"):
        correct(engine, detail(engine, name).item.row, 3)
    correct(engine, row, 7)
    correct(engine, row, 6, who="bob", now=LATER)
    with reading(engine) as session:
        ((document, level),) = corrections.papers(session)
    assert (document.id, document.title, level) == (PAPER, "A study of loops", 6)

"""What readers left: kept by profile, idempotent, and never lost when two items prove to be one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staycurrent.errors import StoreError, UsageError
from staycurrent.query import Query
from staycurrent.store import items, listing, marks, texts
from staycurrent.store.engine import Engine, reading, writing
from staycurrent.store.marks import LOCAL, Dislike, Kind, Less
from tests import build
from tests.conftest import NOW

LATER = NOW + timedelta(hours=1)


def rows(engine: Engine, *titles: str) -> list[int]:
    with reading(engine) as session:
        found = {v.title: v.row for v in listing.page(session, Query(), NOW.date()).items}
    return [found[title] for title in titles]


@pytest.fixture
def two(engine: Engine) -> tuple[int, int]:
    """Rows of two items."""
    build.store(engine, [build.arxiv("2605.00001", "One"), build.arxiv("2605.00002", "Two")], NOW)
    first, second = rows(engine, "One", "Two")
    return first, second


def test_marking_twice_is_marking_once_and_keeps_the_first_time(engine: Engine, two: tuple[int, int]) -> None:
    for now in (NOW, LATER):
        with writing(engine) as session:
            marks.put(session, LOCAL, Kind.STAR, two, now)
    with reading(engine) as session:
        assert set(marks.marked(session, LOCAL, Kind.STAR)) == set(two)
        assert {left.at for left in marks.of_items(session, LOCAL).values()} == {NOW}


def test_a_mark_can_be_taken_back_and_taken_back_again(engine: Engine, two: tuple[int, int]) -> None:
    with writing(engine) as session:
        marks.put(session, LOCAL, Kind.READ, two, NOW)
        for _ in range(2):
            marks.take_back(session, LOCAL, Kind.READ, two[:1])
        assert marks.marked(session, LOCAL, Kind.READ) == two[1:]


def test_the_newest_mark_comes_first(engine: Engine, two: tuple[int, int]) -> None:
    with writing(engine) as session:
        marks.put(session, LOCAL, Kind.SAVED, two[1:], LATER)
        marks.put(session, LOCAL, Kind.SAVED, two[:1], NOW)
        assert marks.marked(session, LOCAL, Kind.SAVED) == (two[1], two[0])


def test_readers_do_not_see_each_others_marks(engine: Engine, two: tuple[int, int]) -> None:
    with writing(engine) as session:
        marks.put(session, "ada", Kind.HIDDEN, two, NOW)
        marks.tag(session, "ada", two[0], ["mine"], NOW)
        marks.note(session, "ada", two[0], "private", NOW)
        marks.less(session, "ada", Dislike(Less.WORD, "hype"), NOW)
        assert marks.of_items(session, LOCAL) == {}
        assert marks.hidden_ids(session, LOCAL) == frozenset()
        assert marks.dislikes(session, LOCAL) == ()
        assert marks.tags(session, LOCAL) == {}
        assert marks.hidden_ids(session, "ada") == frozenset(two)


def test_what_a_reader_left_on_an_item_is_told_together(engine: Engine, two: tuple[int, int]) -> None:
    with writing(engine) as session:
        marks.put(session, LOCAL, Kind.READ, two[:1], NOW)
        marks.put(session, LOCAL, Kind.STAR, two[:1], LATER)
        marks.tag(session, LOCAL, two[0], ["To Try", " rag "], NOW)
        marks.note(session, LOCAL, two[0], "See section 3.\n", NOW)
        left = marks.of_items(session, LOCAL, two)
    assert left == {two[0]: marks.Left(frozenset({Kind.READ, Kind.STAR}), ("rag", "to try"), "See section 3.", LATER)}


def test_a_note_takes_the_place_of_the_one_before_and_an_empty_one_takes_it_away(engine: Engine, two: tuple[int, int]) -> None:
    with writing(engine) as session:
        for text, kept in (("first", "first"), ("second\x00", "second"), (" \n", "")):
            marks.note(session, LOCAL, two[0], text, NOW)
            assert marks.of_items(session, LOCAL).get(two[0], marks.Left()).note == kept


@given(st.text())
def test_a_tag_has_one_form(text: str) -> None:
    try:
        name = marks.tag_name(text)
    except UsageError:
        return
    assert marks.tag_name(name) == name
    assert 0 < len(name) <= marks.MAX_TAG
    assert name.isprintable()


@pytest.mark.parametrize("text", ["", "   ", "a, b", "x" * 61])
def test_what_cannot_be_a_tag_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="tag"):
        marks.tag_name(text)


@pytest.mark.parametrize("name", ["", "two words", "x" * 81, "<b>", "-x", "a\nb"])
def test_what_cannot_be_a_profile_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="profile"):
        marks.profile_name(name)


def test_a_login_can_be_a_profile() -> None:
    assert marks.profile_name("Ada@Example.org") == "ada@example.org"
    assert marks.profile_name("auth0|4f2a") == "auth0|4f2a"


def test_tags_are_counted_and_taken_off(engine: Engine, two: tuple[int, int]) -> None:
    with writing(engine) as session:
        for row in two:
            marks.tag(session, LOCAL, row, ["rag", "Rag"], NOW)
        marks.tag(session, LOCAL, two[0], ["agents"], NOW)
        assert marks.tags(session, LOCAL) == {"rag": 2, "agents": 1}
        assert marks.tagged(session, LOCAL, "agents") == two[:1]
        assert set(marks.tagged(session, LOCAL)) == set(two)
        marks.untag(session, LOCAL, two[0], ["RAG", "nosuch"])
        assert marks.tags(session, LOCAL) == {"agents": 1, "rag": 1}


def test_dislikes_have_a_bound(engine: Engine) -> None:
    with writing(engine) as session:
        for n in range(marks.MAX_DISLIKES):
            marks.less(session, LOCAL, Dislike(Less.WORD, f"w{n}"), NOW)
        marks.less(session, LOCAL, Dislike(Less.WORD, "w0"), NOW)
        marks.less(session, LOCAL, Dislike(Less.LAB, "openai"), NOW)
        with pytest.raises(UsageError, match="at most"):
            marks.less(session, LOCAL, Dislike(Less.WORD, "one more"), NOW)
        marks.no_longer_less(session, LOCAL, Dislike(Less.WORD, "w0"))
        assert len(marks.dislikes(session, LOCAL)) == marks.MAX_DISLIKES


def test_a_hidden_item_leaves_the_lists_of_its_reader_only(engine: Engine, two: tuple[int, int]) -> None:
    with writing(engine) as session:
        marks.put(session, LOCAL, Kind.HIDDEN, two[:1], NOW)
        for profile, left in ((LOCAL, two[1:]), ("ada", two), (None, two)):
            found = texts.fitting(session, two, Query(), NOW.date(), profile=profile)
            assert tuple(e.row for e in found) == left
            recent = texts.recent(session, Query(), NOW.date(), profile=profile, limit=10)
            assert {e.row for e in recent} == set(left)


def test_landmarks_are_marked_by_name_and_never_hidden(engine: Engine) -> None:
    with writing(engine) as session:
        marks.put_landmark(session, LOCAL, Kind.READ, ["1706.03762"], NOW)
        marks.put_landmark(session, LOCAL, Kind.STAR, ["1706.03762"], LATER)
        assert marks.landmarks(session, LOCAL) == {"1706.03762": {Kind.READ: NOW, Kind.STAR: LATER}}
        marks.take_back_landmark(session, LOCAL, Kind.READ, ["1706.03762"])
        assert marks.landmarks(session, LOCAL) == {"1706.03762": {Kind.STAR: LATER}}
        with pytest.raises(UsageError, match="hidden"):
            marks.put_landmark(session, LOCAL, Kind.HIDDEN, ["1706.03762"], NOW)


def test_an_item_that_there_is_not_cannot_be_marked(engine: Engine) -> None:
    with pytest.raises(StoreError), writing(engine) as session:
        marks.put(session, LOCAL, Kind.READ, [4711], NOW)


def _leave(engine: Engine, row: int, kinds: tuple[Kind, ...], tags: list[str], text: str, now: datetime) -> None:
    with writing(engine) as session:
        for kind in kinds:
            marks.put(session, LOCAL, kind, [row], now)
        marks.tag(session, LOCAL, row, tags, now)
        marks.note(session, LOCAL, row, text, now)


def test_nothing_that_readers_left_is_lost_when_two_items_prove_to_be_one(engine: Engine) -> None:
    paper = build.arxiv("2605.00001", "One")
    announcement = build.post("one", "One, announced")
    build.store(engine, [paper, announcement], NOW)
    home, merged = rows(engine, "One", "One, announced")
    _leave(engine, home, (Kind.READ, Kind.STAR), ["both", "home"], "The newer note", LATER)
    _leave(engine, merged, (Kind.READ, Kind.SAVED), ["both", "merged"], "The older note", NOW)
    with writing(engine) as session:
        marks.put(session, "ada", Kind.HIDDEN, [merged], NOW)
        marks.note(session, "ada", merged, "Ada's note", NOW)
    # Hugging Face says that the post's DOI is the paper's: one key of each, so both are one.
    with_doi = replace(announcement, doi="10.1000/one", title="One, announced")
    build.store(engine, [with_doi], LATER)
    build.store(engine, [replace(paper, doi="10.1000/one", comment="Now with a DOI")], LATER)
    with reading(engine) as session:
        assert items.find(session, [announcement.url, f"url:{announcement.url}"]) == home
        left = marks.of_items(session, LOCAL)
        theirs = marks.of_items(session, "ada")
    assert left == {
        home: marks.Left(
            frozenset({Kind.READ, Kind.STAR, Kind.SAVED}), ("both", "home", "merged"), "The older note\n\nThe newer note", LATER
        )
    }
    assert theirs == {home: marks.Left(frozenset({Kind.HIDDEN}), (), "Ada's note", NOW)}
    with reading(engine) as session:
        (read,) = marks.reads(session, LOCAL)
    assert read.at == NOW, "it was read when it was first marked as read"
    assert "2605.00001" in read.names


def test_the_same_note_on_both_stays_one(engine: Engine) -> None:
    from staycurrent.store.following import follow

    build.store(engine, [build.arxiv("2605.00001", "One"), build.arxiv("2605.00002", "Two")], NOW)
    home, merged = rows(engine, "One", "Two")
    _leave(engine, home, (), ["t"], "Same", NOW)
    _leave(engine, merged, (), ["t"], "Same", LATER)
    with writing(engine) as session:
        follow(session, home, merged)
        left = marks.of_items(session, LOCAL)
    assert {row: (x.note, x.tags) for row, x in left.items()} == {home: ("Same", ("t",))}

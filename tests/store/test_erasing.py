"""A reader who wants to be forgotten is: nothing that bears their name stays, and nobody else loses anything."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from staycurrent.query import Query
from staycurrent.store import corrections, erasing, listing, marks, models, reader_models, visits
from staycurrent.store.engine import Engine, reading, writing
from staycurrent.store.marks import Kind
from tests import build
from tests.conftest import NOW

ME, OTHER = "oidc-1", "oidc-2"


def leave_everything(engine: Engine, who: str, row: int) -> None:
    with writing(engine) as session:
        marks.put(session, who, Kind.SAVED, [row], NOW)
        marks.put_landmark(session, who, Kind.READ, ["1706.03762"], NOW)
        marks.note(session, who, row, "mine", NOW)
        marks.tag(session, who, row, ["rag"], NOW)
        marks.less(session, who, marks.Dislike(marks.Less.LAB, "openai"), NOW)
        visits.look(session, who, "month", "2026-05", NOW)
        visits.begin_plan(session, who, date(2026, 6, 1), NOW)


def correct(engine: Engine, who: str, row: int, level: int) -> None:
    with writing(engine) as session:
        corrections.correct(session, row, level, who=who, why="so it is", now=NOW)


def one_item(engine: Engine) -> int:
    build.store(engine, [build.arxiv("2605.00001")], NOW)
    with reading(engine) as session:
        return listing.page(session, Query(), NOW.date()).items[0].row


def test_nothing_stays_of_who_is_erased_and_all_of_the_others(engine: Engine) -> None:
    row = one_item(engine)
    for who, level in ((OTHER, 6), (ME, 7)):
        leave_everything(engine, who, row)
        correct(engine, who, row, level)
    before = erasing.Kept(marks=2, notes=1, tags=1, dislikes=1, corrections=1, visits=1, has_plan=True)
    with reading(engine) as session:
        assert erasing.kept(session, ME) == before
    with writing(engine) as session:
        erasing.erase(session, ME)
    with reading(engine) as session:
        assert erasing.kept(session, ME) == erasing.NOTHING
        assert erasing.kept(session, OTHER) == before
        assert session.get(reader_models.Profile, ME) is None
        assert session.scalar(select(models.Item.level)) == 6


def test_erasing_twice_or_a_stranger_is_no_fault(engine: Engine) -> None:
    for _ in range(2):
        with writing(engine) as session:
            erasing.erase(session, "nobody")


def test_every_table_that_names_a_profile_goes_with_it() -> None:
    """A new table of readers must not be forgotten: its rows go with the profile, and by the database itself."""
    keys = [key for table in models.Base.metadata.tables.values() for key in table.foreign_keys]
    to_profiles = [key for key in keys if key.column.table.name == "profiles"]
    assert len(to_profiles) >= 6
    assert all(key.ondelete == "CASCADE" for key in to_profiles)

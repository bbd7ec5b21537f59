"""Saved queries: canonical, unique by name, and found as they were saved."""

from __future__ import annotations

from datetime import datetime

import pytest

from staycurrent.errors import NotFound, UsageError
from staycurrent.query import Query, Sort
from staycurrent.store import engine as database
from staycurrent.store import saved_queries
from staycurrent.store.engine import Engine


def test_a_query_comes_back_as_it_was(engine: Engine, now: datetime) -> None:
    query = Query(levels=(5, 6), topics=("rag",), text='"a & b" c=d', exclude=("x y",), has_code=True, sort=Sort.VOTES)
    with database.writing(engine) as session:
        assert saved_queries.save(session, "all-of-it", query, now)
    with database.reading(engine) as session:
        kept = saved_queries.find(session, "all-of-it")
        assert (kept.query(), kept.created_at) == (query, now)
        assert saved_queries.every(session) == (kept,)


def test_a_name_keeps_its_query_until_it_is_removed(engine: Engine, now: datetime) -> None:
    with database.writing(engine) as session:
        assert saved_queries.save(session, "one", Query(levels=(5,)), now)
        assert not saved_queries.save(session, "one", Query(levels=(5,)), now)
        with pytest.raises(UsageError):
            saved_queries.save(session, "one", Query(levels=(6,)), now)
        assert saved_queries.remove(session, "one")
        assert not saved_queries.remove(session, "one")
        assert saved_queries.save(session, "one", Query(levels=(6,)), now)


@pytest.mark.parametrize("name", ["nosuch", "", "\x00", "x" * 1000])
def test_what_is_not_there_is_not_found(engine: Engine, name: str) -> None:
    with database.reading(engine) as session, pytest.raises(NotFound):
        saved_queries.find(session, name)

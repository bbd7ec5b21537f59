"""Recommendations: what is like the liked and unlike the hidden comes first, with the words that decided."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from staycurrent.errors import UsageError
from staycurrent.query import Query
from staycurrent.reading.recommend import Recommended, recommend
from staycurrent.store import items, marks
from staycurrent.store.engine import Engine, writing
from staycurrent.store.marks import LOCAL, Dislike, Kind, Less
from tests import build
from tests.conftest import NOW

TODAY = NOW.date()
THEMES = {
    "0": ("Retrieval for language models", "retrieval augmented generation finds passages in a corpus of documents"),
    "1": ("Diffusion of images", "denoising diffusion makes pictures out of noise with a score network"),
    "2": ("Robots that grasp", "a robot arm learns manipulation by imitation of demonstrations"),
}


def number(theme: str, n: int) -> str:
    return f"2605.{theme}{n:04}"


@pytest.fixture
def library(engine: Engine) -> Engine:
    """Three themes of ten papers."""
    papers = [
        build.arxiv(number(theme, n), f"{title} {n}", abstract=f"We show that {text}. Experiment number {n}.")
        for theme, (title, text) in THEMES.items()
        for n in range(10)
    ]
    build.store(engine, papers, NOW)
    return engine


def mark(engine: Engine, kind: Kind, *names: str) -> None:
    with writing(engine) as session:
        marks.put(session, LOCAL, kind, [items.find(session, [name]) for name in names], NOW)


def asked(engine: Engine, **options: Any) -> tuple[Recommended, ...]:
    return recommend(engine, LOCAL, today=TODAY, **options)


def themes(found: tuple[Recommended, ...]) -> set[str]:
    return {f.item.id.removeprefix("2605.")[0] for f in found}


def test_nothing_is_recommended_before_anything_was_liked(library: Engine) -> None:
    assert asked(library) == ()
    mark(library, Kind.HIDDEN, number("0", 1))
    mark(library, Kind.READ, number("0", 2))
    assert asked(library) == ()


@pytest.mark.parametrize("kind", [Kind.STAR, Kind.SAVED])
def test_what_is_like_the_liked_comes_first(library: Engine, kind: Kind) -> None:
    mark(library, kind, number("1", 0), number("1", 1))
    found = asked(library, limit=8)
    assert themes(found) == {"1"}
    assert not {number("1", 0), number("1", 1)} & {f.item.id for f in found}, "what is known is not news"
    assert [f.score for f in found] == sorted((f.score for f in found), reverse=True)


def test_the_words_that_decided_are_told(library: Engine) -> None:
    mark(library, Kind.STAR, number("1", 0), number("1", 1))
    words = " ".join(asked(library, limit=1)[0].words)
    assert "diffusion" in words
    assert "robot" not in words


def test_a_tag_has_recommendations_of_its_own(library: Engine) -> None:
    with writing(library) as session:
        for theme, tag in (("0", "search"), ("2", "robots")):
            marks.tag(session, LOCAL, items.find(session, [number(theme, 0)]), [tag], NOW)
    assert themes(asked(library, tag="Robots", limit=5)) == {"2"}
    assert themes(asked(library, tag="search", limit=5)) == {"0"}
    assert asked(library, tag="nosuch") == ()


def test_what_was_hidden_pushes_its_like_down(library: Engine) -> None:
    mark(library, Kind.STAR, number("0", 0), number("2", 0))
    mark(library, Kind.HIDDEN, *(number("2", n) for n in range(1, 5)))
    found = asked(library, limit=8)
    assert themes(found) == {"0"}
    assert not {f.item.id for f in asked(library, limit=30)} & {number("2", n) for n in range(1, 5)}


def test_less_of_this_holds_for_recommendations(library: Engine) -> None:
    mark(library, Kind.STAR, number("1", 0))
    with writing(library) as session:
        marks.less(session, LOCAL, Dislike(Less.WORD, "denoising"), NOW)
    assert "1" not in themes(asked(library, limit=30))


def test_three_clicks_on_landmarks_are_enough_to_begin(library: Engine) -> None:
    with writing(library) as session:
        marks.put_landmark(session, LOCAL, Kind.STAR, ["2005.11401"], NOW)  # retrieval-augmented generation
    assert themes(asked(library, limit=5)) == {"0"}
    assert themes(recommend(library, "ada", today=TODAY, landmarks=["2006.11239"], limit=5)) == {"1"}  # diffusion


def test_old_items_do_not_compete_unless_the_query_says_so(library: Engine) -> None:
    mark(library, Kind.STAR, number("1", 0))
    later = TODAY + timedelta(days=90)
    assert recommend(library, LOCAL, today=later) == ()
    assert recommend(library, LOCAL, today=later, query=Query(since=TODAY - timedelta(days=30))) != ()


def test_a_query_narrows_what_competes(library: Engine) -> None:
    mark(library, Kind.STAR, number("1", 0))
    assert themes(asked(library, query=Query(text="robot"))) == {"2"}


def test_one_day_gives_one_list(library: Engine) -> None:
    mark(library, Kind.STAR, number("1", 0))
    assert asked(library) == asked(library)


def test_a_limit_out_of_bounds_is_refused(library: Engine) -> None:
    for limit in (0, 101):
        with pytest.raises(UsageError, match="limit"):
            asked(library, limit=limit)

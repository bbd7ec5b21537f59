"""Less of this: one query leaves out topics, labs and words wherever it is asked."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staycurrent import roadmap
from staycurrent.errors import UsageError
from staycurrent.query import Query
from staycurrent.reading import taste
from staycurrent.store import listing
from staycurrent.store.engine import Engine, reading
from staycurrent.store.marks import Dislike, Less
from tests import build
from tests.conftest import NOW

DISLIKES = st.lists(
    st.builds(Dislike, st.just(Less.TOPIC), st.sampled_from(sorted(roadmap.topics())))
    | st.builds(Dislike, st.just(Less.LAB), st.sampled_from(["openai", "qwen"]))
    | st.builds(Dislike, st.just(Less.WORD), st.sampled_from(["hype", "quantum", "state of the art"])),
    max_size=6,
)


@given(DISLIKES)
def test_a_narrowed_query_comes_back_from_its_url(dislikes: list[Dislike]) -> None:
    narrowed = taste.narrow(Query(levels=(5,)), dislikes)
    params: dict[str, list[str]] = {}
    for name, value in narrowed.params():
        params.setdefault(name, []).append(value)
    assert Query.from_params(params) == narrowed
    assert taste.narrow(narrowed, dislikes) == narrowed


def test_without_dislikes_a_query_stays_as_it_is() -> None:
    assert taste.narrow(Query(text="x"), ()) == Query(text="x")


def test_what_a_query_asks_for_by_name_is_not_taken_from_it() -> None:
    unwanted = [Dislike(Less.TOPIC, "rag"), Dislike(Less.LAB, "qwen"), Dislike(Less.WORD, "hype")]
    asked = Query(topics=("rag",), labs=("qwen",), text="Hype cycles")
    assert taste.narrow(asked, unwanted) == asked


def test_a_topic_that_left_the_roadmap_makes_no_address_that_cannot_be_read() -> None:
    assert taste.narrow(Query(), [Dislike(Less.TOPIC, "nosuch")]) == Query()


@pytest.mark.parametrize(
    ("unwanted", "left"),
    [
        (Dislike(Less.TOPIC, "rag"), {"Two", "Three"}),
        (Dislike(Less.LAB, "qwen"), {"One", "Three"}),
        (Dislike(Less.WORD, "loops of three"), {"One", "Two"}),
        (Dislike(Less.WORD, "!"), {"One", "Two", "Three"}),
    ],
    ids=lambda v: v.value if isinstance(v, Dislike) else "",
)
def test_a_list_is_without_what_is_disliked(engine: Engine, unwanted: Dislike, left: set[str]) -> None:
    papers = [build.arxiv(f"2605.0000{n}", t) for n, t in enumerate(("One", "Two", "Three"), start=1)]
    papers[2] = build.arxiv("2605.00003", "Three", abstract="On loops of three.")
    build.store(engine, papers, NOW)
    with reading(engine) as session:
        rows = {v.title: v.row for v in listing.page(session, Query(), NOW.date()).items}
    build.classify(engine, [build.answer(rows["One"], topics=("rag",)), build.answer(rows["Two"], labs=("qwen",))], NOW)
    with reading(engine) as session:
        found = listing.page(session, taste.narrow(Query(), [unwanted]), date(2026, 5, 20)).items
    assert {v.title for v in found} == left


@pytest.mark.parametrize(
    ("kind", "value"),
    [(Less.TOPIC, "nosuch"), (Less.TOPIC, " "), (Less.LAB, "No Lab!"), (Less.WORD, "!!"), (Less.WORD, "x" * 500)],
)
def test_what_is_no_topic_lab_or_word_is_refused(kind: Less, value: str) -> None:
    with pytest.raises(UsageError):
        taste.dislike(kind, value)


def test_a_dislike_has_one_form() -> None:
    assert taste.dislike(Less.WORD, "  State of\tthe ART ") == Dislike(Less.WORD, "state of the art")
    assert taste.dislike(Less.TOPIC, "gone-topic", known_only=False) == Dislike(Less.TOPIC, "gone-topic")

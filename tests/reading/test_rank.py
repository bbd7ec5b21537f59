"""Ranking: every part in [0, 1], the same order whatever comes first, and reasons only for what spoke."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staycurrent import roadmap
from staycurrent.reading.rank import PARTS, POST_FACTOR, crowd, percentile, rank, values, weights
from staycurrent.reading.ranking_reach import CENTRAL, NEAR
from staycurrent.types import Candidate, DayNumbers, Kind

TOPICS = sorted(roadmap.topics())
LABS = [*sorted(roadmap.labs()), "a-lab-of-the-operator"]
SOURCES = ["arxiv", "huggingface", "paperswithcode", "lab:openai", "lab:qwen", "lab:unknown", "another"]


def candidate(number: int = 1, **facts: Any) -> Candidate:
    known: dict[str, Any] = {
        "level": 5,
        "confidence": 0.8,
        "unsure": False,
        "topics": (),
        "labs": (),
        "sources": ("arxiv",),
        "kind": Kind.PAPER,
        "listed_on": date(2026, 5, 12),
        "votes": None,
        "stars": None,
        "has_code": False,
    }
    return Candidate(id=number, **(known | facts))


CANDIDATES = st.lists(
    st.builds(
        Candidate,
        id=st.integers(1, 10**9),
        level=st.integers(0, 8),
        confidence=st.floats(0, 1),
        unsure=st.booleans(),
        topics=st.lists(st.sampled_from(TOPICS) | st.just("gone"), max_size=3, unique=True).map(tuple),
        labs=st.lists(st.sampled_from(LABS), max_size=3, unique=True).map(tuple),
        sources=st.lists(st.sampled_from(SOURCES), min_size=1, unique=True).map(tuple),
        kind=st.sampled_from(Kind),
        listed_on=st.dates(date(2026, 5, 1), date(2026, 5, 31)),
        votes=st.none() | st.integers(0, 10**6),
        stars=st.none() | st.integers(0, 10**7),
        has_code=st.booleans(),
        inferred_labs=st.lists(st.sampled_from(LABS), max_size=3, unique=True).map(tuple),
        comments=st.none() | st.integers(-1, 10**6),
        votes_gained=st.integers(-10, 10**6),
        stars_gained=st.integers(-10, 10**6),
        title=st.text(max_size=60) | st.just("Loops: A Survey"),
        abstract=st.text(max_size=60) | st.just("We train an LLM."),
    ),
    max_size=20,
    unique_by=lambda c: c.id,
)


def parts(item: Candidate, *rivals: Candidate) -> dict[str, tuple[float, str]]:
    scored = next(s for s in rank([item, *rivals]) if s.candidate is item)
    return {p.name: (p.value, p.words) for p in scored.parts}


def test_the_weights_sum_to_one() -> None:
    assert sum(part.weight for part in PARTS.values()) == pytest.approx(1.0)
    assert weights() == {name: part.weight for name, part in PARTS.items()} | {"post_factor": POST_FACTOR}


def test_every_topic_that_counts_for_reach_is_one_of_the_roadmap() -> None:
    assert set(TOPICS) >= CENTRAL | NEAR
    assert not CENTRAL & NEAR


@given(CANDIDATES)
def test_every_part_and_every_score_lies_between_0_and_1(found: list[Candidate]) -> None:
    rivals = crowd(found)
    for item in found:
        for part in PARTS.values():
            value = part.value(item, rivals)
            assert value is None or (0 <= value <= 1 and part.words(item))
        assert all(0 <= value <= 1 for value in values(item, rivals).values())
    assert all(0 <= scored.score <= 1 for scored in rank(found))


@given(CANDIDATES, st.data())
def test_the_order_is_total(found: list[Candidate], data: st.DataObject) -> None:
    assert rank(data.draw(st.permutations(found))) == rank(found)


@given(CANDIDATES)
def test_a_score_is_the_sum_of_its_parts(found: list[Candidate]) -> None:
    for scored in rank(found):
        total = sum(p.value * p.weight for p in scored.parts)
        factor = POST_FACTOR if scored.candidate.kind is Kind.POST else 1
        assert scored.score == pytest.approx(total * factor, abs=1e-6)
        strength = [p.value * p.weight for p in scored.parts]
        assert strength == sorted(strength, reverse=True), "the strongest reason first"


@given(st.lists(st.integers(1, 50), min_size=1).map(sorted), st.integers(0, 60), st.integers(0, 60))
def test_more_is_never_a_lower_percentile(ordered: list[int], one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert 0 <= percentile(low, ordered) <= percentile(high, ordered) <= 1
    assert percentile(max(ordered) + 1, ordered) == 1


def test_a_percentile_among_nobody_is_nothing() -> None:
    assert percentile(5, ()) == 0


def test_what_did_not_speak_gives_no_reason() -> None:
    assert parts(candidate()) == {"fit": (0.8, "level 5, 80% sure")}
    assert parts(candidate(votes=0, stars=0, comments=0)).keys() == {"fit"}


def test_the_reasons_in_words() -> None:
    item = candidate(
        topics=("rag",),
        labs=("qwen",),
        votes=1234,
        stars=5678,
        has_code=True,
        sources=("arxiv", "huggingface", "lab:qwen"),
        comments=2,
        votes_gained=1,
        stars_gained=30,
        title="Loops: A Survey",
    )
    said = {name: words for name, (_, words) in parts(item, candidate(2, listed_on=date(2026, 5, 2))).items()}
    assert said == {
        "reach": f"of wide interest: {roadmap.topics()['rag'].name.en}",
        "votes": "1,234 votes on Hugging Face's list",
        "sources": f"seen by 3 sources: arXiv, Hugging Face, {roadmap.labs()['qwen'].name} feed",
        "code": "code with 5,678 stars",
        "lab": f"from {roadmap.labs()['qwen'].name}",
        "discussion": "2 comments",
        "form": "a survey",
        "growth": "1 more vote and 30 more stars since it was first seen",
        "fit": "level 5, 80% sure",
        "novelty": f"topic: {roadmap.topics()['rag'].name.en}",
        "age": "listed on 12 May",
    }


def test_one_is_one() -> None:
    said = parts(candidate(votes=1, comments=1, has_code=True, stars=1, title="Loops Technical Report"))
    words = [said[name][1] for name in ("votes", "discussion", "code", "form")]
    assert words == ["1 vote on Hugging Face's list", "1 comment", "code with 1 star", "a technical report"]


def test_two_feeds_of_labs_are_one_kind_of_source() -> None:
    assert "sources" not in parts(candidate(sources=("lab:openai", "lab:qwen")))


def test_code_without_stars_counts_for_less_than_code_with_stars() -> None:
    bare, starred = candidate(1, has_code=True), candidate(2, has_code=True, stars=10)
    assert parts(bare, starred)["code"] == (0.4, "code available")
    assert parts(starred, bare)["code"][0] > 0.4


def test_doubt_about_the_level_weighs_against_an_item() -> None:
    assert parts(candidate(unsure=True))["fit"] == (0.24, "level 5, unsure (80%)")


def test_a_watched_lab_counts_for_more_than_another_and_an_unknown_for_nothing() -> None:
    other = next(slug for slug, lab in roadmap.labs().items() if not lab.watched)
    watched = next(slug for slug, lab in roadmap.labs().items() if lab.watched)
    assert parts(candidate(labs=(watched,)))["lab"][0] == 1.0
    assert parts(candidate(labs=(other,)))["lab"][0] == 0.6
    assert "lab" not in parts(candidate(labs=("a-lab-of-the-operator",)))


def test_an_inferred_lab_is_never_stated_as_fact_and_counts_for_less() -> None:
    value, words = parts(candidate(labs=("qwen",), inferred_labs=("qwen",)))["lab"]
    assert words == f"probably from {roadmap.labs()['qwen'].name}"
    assert value < parts(candidate(labs=("qwen",)))["lab"][0]


def test_what_speaks_of_language_models_reaches_more_readers_than_what_does_not() -> None:
    central, aside, plain = (
        parts(candidate(topics=(topic,), abstract=text)).get("reach", (0.0, ""))[0]
        for topic, text in (("rag", "An LLM reads."), ("diffusion-flow", "A language model."), ("diffusion-flow", "Images."))
    )
    assert (central, aside, plain) == (1.0, 0.25, 0.0)


def test_the_topic_that_is_named_is_the_one_that_counts() -> None:
    image, rag = "diffusion-flow", roadmap.topics()["rag"].name.en
    assert parts(candidate(topics=(image, "rag")))["reach"][1] == f"of wide interest: {rag}"
    assert parts(candidate(topics=(image,), abstract="An LLM."))["reach"][1] == "about language models"


def test_a_rare_topic_is_more_novel_than_a_common_one() -> None:
    rivals = [candidate(n, topics=("rag",)) for n in range(2, 12)]
    assert parts(candidate(1, topics=("open-llms",)), *rivals)["novelty"] > parts(rivals[0], *rivals[1:])["novelty"]


def test_votes_count_against_the_votes_of_the_period() -> None:
    quiet = parts(candidate(1, votes=10), candidate(2, votes=5))["votes"][0]
    busy = parts(candidate(1, votes=10), candidate(2, votes=500))["votes"][0]
    assert quiet > busy


def test_votes_count_against_those_of_their_own_day_where_it_has_enough() -> None:
    busy, quiet = date(2026, 5, 12), date(2026, 5, 13)
    counted = [DayNumbers(busy, votes=(90,) * 10), DayNumbers(quiet, votes=(5,) * 10)]
    ranked = rank([candidate(1, votes=20, listed_on=busy), candidate(2, votes=10, listed_on=quiet)], counted)
    assert {s.candidate.id: s.values["votes"] for s in ranked} == {1: 0.0, 2: 1.0}


def test_stars_count_against_those_of_their_own_week() -> None:
    early, late = date(2026, 5, 4), date(2026, 5, 25)
    counted = [DayNumbers(early, stars=(900,) * 10), DayNumbers(late, stars=(5,) * 10)]
    ranked = rank([candidate(n, has_code=True, stars=50, listed_on=d) for n, d in ((1, early), (2, late))], counted)
    assert {s.candidate.id: s.values["code"] for s in ranked} == {1: 0.4, 2: 1.0}


def test_ties_go_to_the_newer_and_then_to_the_older_row() -> None:
    tied = [candidate(3), candidate(1), candidate(2, listed_on=date(2026, 5, 13))]
    assert [s.candidate.id for s in rank(tied)] == [2, 1, 3]


def test_a_post_competes_at_a_discount() -> None:
    assert [s.candidate.id for s in rank([candidate(1, kind=Kind.POST), candidate(2)])] == [2, 1]


def test_other_weights_can_be_tried() -> None:
    voted, listed = candidate(1, votes=10), candidate(2, sources=("arxiv", "huggingface"))
    zero = dict.fromkeys(weights(), 0.0)
    assert [s.candidate.id for s in rank([listed, voted], by=zero | {"votes": 1.0})] == [1, 2]
    assert [s.candidate.id for s in rank([listed, voted], by=zero | {"sources": 1.0})] == [2, 1]


def test_an_empty_crowd_is_a_crowd() -> None:
    assert crowd([]).size == 0
    assert rank([]) == []

"""Reasons in the reader's language, also those that were frozen in English."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staycurrent import i18n, roadmap
from staycurrent.reading import reasons
from staycurrent.reading.ranking_parts import PARTS

FROZEN = [
    ("reach", "about language models", "über Sprachmodelle"),
    ("votes", "1 vote on Hugging Face's list", "1 Stimme in der Liste von Hugging Face"),
    ("votes", "1,234 votes on Hugging Face's list", "1.234 Stimmen in der Liste von Hugging Face"),
    (
        "sources",
        "seen by 3 sources: arXiv, Hugging Face, Qwen feed",
        "von 3 Quellen gesehen: arXiv, Hugging Face, Feed von Qwen",
    ),
    ("lab", "from Google DeepMind", "von Google DeepMind"),
    ("lab", "probably from Qwen", "wahrscheinlich von Qwen"),
    ("discussion", "2 comments", "2 Kommentare"),
    ("code", "code available", "Code verfügbar"),
    ("code", "code with 12,345 stars", "Code mit 12.345 Sternen"),
    ("fit", "level 5, 93% sure", "Ebene 5, zu 93\xa0% sicher"),
    ("fit", "level 5, unsure (41%)", "Ebene 5, unsicher (41\xa0%)"),
    ("fit", "level 5, a second opinion by tiny:1b", "Ebene 5, eine Zweitmeinung von tiny:1b"),
    ("form", "a survey", "ein Überblick"),
    ("growth", "1 more vote since it was first seen", "1 Stimme mehr, seit es zuerst gesehen wurde"),
    (
        "growth",
        "3 more votes and 1,000 more stars since it was first seen",
        "3 Stimmen mehr und 1.000 Sterne mehr, seit es zuerst gesehen wurde",
    ),
    ("age", "listed on 4 May", "gelistet am 4. Mai"),
    ("age", "listed on 29 Feb", "gelistet am 29. Feb."),
]


@pytest.mark.parametrize(("part", "said", "german"), FROZEN)
def test_a_frozen_reason_is_shown_in_german(part: str, said: str, german: str) -> None:
    with i18n.speaking("de"):
        assert reasons.shown(part, said) == german
    assert reasons.shown(part, said) == said


@pytest.mark.parametrize("slug", roadmap.topics())
def test_the_name_of_a_topic_is_told_in_german(slug: str) -> None:
    name = roadmap.topics()[slug].name
    with i18n.speaking("de"):
        assert reasons.shown("novelty", f"topic: {name.en}") == f"Thema: {name.de}"
        assert reasons.shown("reach", f"of wide interest: {name.en}") == f"von breitem Interesse: {name.de}"


def test_a_reader_is_told_what_does_not_stand_around_the_entry_anyway() -> None:
    why = {
        "reach": f"of wide interest: {roadmap.topics()['rag'].name.en}",
        "votes": "42 votes on Hugging Face's list",
        "lab": "from Qwen",
        "code": "code with 12 stars",
        "fit": "level 5, 93% sure",
        "novelty": "topic: RAG",
        "age": "listed on 4 May",
    }
    assert reasons.telling(why, ["rag"]) == [why["votes"], "its topic is of use to everyone who learns AI"]
    assert reasons.telling({part: why[part] for part in ("lab", "code", "fit")}, ["rag"]) == ["from Qwen", "code with 12 stars"]
    assert reasons.telling({"reach": "about language models"}, ["rag"]) == ["its abstract speaks of language models"]
    assert reasons.telling({part: why[part] for part in ("fit", "novelty", "age")}, ["rag"]) == []


@pytest.mark.parametrize(
    ("topic", "topics", "told", "german"),
    [
        ("rag", ("rag",), "its topic is of use to everyone who learns AI", "sein Thema nützt allen, die KI lernen"),
        (
            "world-models",
            ("world-models",),
            "its topic is of use to many who learn AI",
            "sein Thema nützt vielen, die KI lernen",
        ),
        (
            "rag",
            ("diffusion-flow", "rag"),
            "also about {en}, of use to everyone who learns AI",
            "auch über {de}, was allen nützt, die KI lernen",
        ),
        (
            "world-models",
            ("diffusion-flow",),
            "also about {en}, of use to many who learn AI",
            "auch über {de}, was vielen nützt, die KI lernen",
        ),
        ("diffusion-flow", ("diffusion-flow",), "of use beyond its own topic", "nützlich über das eigene Thema hinaus"),
    ],
)
def test_of_wide_interest_is_told_as_of_use_to_whom(topic: str, topics: tuple[str, ...], told: str, german: str) -> None:
    """Also of what was frozen."""
    name = roadmap.topics()[topic].name
    why = {"reach": f"of wide interest: {name.en}"}
    assert reasons.telling(why, topics) == [told.format(en=name.en)]
    with i18n.speaking("de"):
        assert reasons.telling(why, topics) == [german.format(de=name.de)]


def test_every_part_of_a_score_has_its_wordings_in_german() -> None:
    assert set(reasons.WORDINGS) == set(PARTS)
    with i18n.speaking("de"):
        for wordings in reasons.WORDINGS.values():
            for wording in wordings:
                values = {"topic": "t", "sources": "s", "lab": "l", "level": "5", "model": "m", "share": "50%", "day": "4 May"}
                said = wording.say(2, gained="3 more votes", gained_too="2 more stars", **values)
                assert wording.shown(said) not in (None, said)


def test_a_reason_of_another_edition_stands_as_it_was() -> None:
    with i18n.speaking("de"):
        assert reasons.shown("votes", "liked by many") == "liked by many"
        assert reasons.shown("gone", "2 comments") == "2 comments"
        assert reasons.shown("age", "listed on 31 Feb") == "gelistet am 31 Feb"
        assert reasons.shown("fit", "level 5, very sure") == "Ebene 5, zu very sicher"


def test_days_are_told_in_english_whatever_the_locale_of_the_process() -> None:
    assert [reasons.day_text(date(2026, n, 1)) for n in (1, 9, 12)] == ["1 Jan", "1 Sep", "1 Dec"]


@given(st.sampled_from(sorted(reasons.WORDINGS)), st.text(max_size=80))
def test_no_words_break_a_page(part: str, said: str) -> None:
    with i18n.speaking("de"):
        assert isinstance(reasons.shown(part, said), str)


@given(st.integers(0, 10**9), st.text(min_size=1, max_size=30))
def test_what_a_wording_says_it_finds_again(n: int, name: str) -> None:
    with i18n.speaking("en"):
        assert reasons.VOTES.shown(reasons.VOTES.say(n)) == reasons.VOTES.say(n)
        assert reasons.LAB.shown(reasons.LAB.say(lab=name)) == reasons.LAB.say(lab=name)

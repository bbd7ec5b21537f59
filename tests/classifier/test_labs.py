"""Labs are tagged by what sources and authors say of themselves, and by nothing else."""

from __future__ import annotations

import pytest

from classifier.labs import evidence
from staycurrent.types import Document


def test_a_lab_that_is_only_named_in_the_text_is_not_tagged() -> None:
    paper = Document(
        "1",
        "How good are OpenAI, DeepSeek, Qwen, Anthropic and Google DeepMind at chess?",
        "We evaluate GPT, Claude, Gemini and Llama by Meta FAIR. DeepSeek-AI wins against the Qwen Team.",
        authors=("Ann Example", "Bob Example"),
        comment="Not by OpenAI",
    )
    assert evidence(paper) == ()


@pytest.mark.parametrize(
    ("author", "lab"), [("Qwen Team", "qwen"), ("DeepSeek-AI", "deepseek"), ("qwen  team", "qwen"), ("OpenAI", "openai")]
)
def test_a_team_that_signs_as_author_is_its_lab(author: str, lab: str) -> None:
    [found] = evidence(Document("1", "A technical report", authors=(author, "Ann Example")))
    assert (found.lab, found.method, found.confidence) == (lab, "author-team", 0.95)
    assert author in found.evidence


@pytest.mark.parametrize("author", ["Qwen Smith", "Anna Meta", "The team that beat Qwen Team", "", "Claude Shannon"])
def test_a_person_is_no_team(author: str) -> None:
    assert evidence(Document("1", "A paper", authors=(author,))) == ()


def test_the_organization_of_a_source_is_its_lab() -> None:
    [found] = evidence(Document("1", "A paper", organizations=("Qwen", "some-university")))
    assert (found.lab, found.method, found.confidence) == ("qwen", "organization", 0.98)


def test_evidence_comes_strongest_first_and_once_per_lab_and_method() -> None:
    paper = Document(
        "1",
        "A paper",
        authors=("Qwen Team", "Qwen"),
        organizations=("Qwen", "qwen"),
        official_feeds=("qwen",),
        community_feeds=("anthropic", "anthropic"),
    )
    assert [(found.lab, found.method) for found in evidence(paper)] == [
        ("qwen", "official-feed"),
        ("qwen", "organization"),
        ("qwen", "author-team"),
        ("anthropic", "community-feed"),
    ]

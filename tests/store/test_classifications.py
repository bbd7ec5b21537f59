"""Answers of the classifier: kept for each model, shown for the newest, and asked for until they are there."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import func, select

from staycurrent.store import classifications
from staycurrent.store import items as item_store
from staycurrent.store.engine import Engine, reading, writing
from staycurrent.store.models import Classification, ItemLab, ItemTopic
from staycurrent.types import Document, ItemDetail, Kind, LabEvidence
from tests import build


def rows(engine: Engine) -> list[int]:
    with reading(engine) as session:
        return [view.row for view, _, _ in item_store.every(session)]


def detail(engine: Engine, name: str = "2605.00001") -> ItemDetail:
    with reading(engine) as session:
        return item_store.detail(session, [name])


def outdated(engine: Engine, model: str = "test-1", **paging: int) -> list[Document]:
    with reading(engine) as session:
        return classifications.outdated(session, model, **paging)


def count(engine: Engine, table: type) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.fixture
def row(engine: Engine, now: datetime) -> int:
    build.store(engine, [build.arxiv("2605.00001")], now)
    return rows(engine)[0]


def test_two_models_answers_are_both_kept_and_the_newer_shows(engine: Engine, now: datetime, row: int) -> None:
    build.classify(engine, [build.answer(row, 5, topics=("open-llms", "rag"), labs=("qwen",))], now)
    build.classify(engine, [build.answer(row, 6, topics=("diffusion-flow",), labs=("openai",), model="test-2")], now)
    assert count(engine, Classification) == 2
    found = detail(engine)
    assert (found.item.level, found.model) == (6, "test-2")
    assert [t.slug for t in found.item.topics] == ["diffusion-flow"]
    assert [e.lab for e in found.item.labs] == ["openai"]
    assert (count(engine, ItemTopic), count(engine, ItemLab)) == (1, 1)


def test_one_models_second_answer_replaces_its_first(engine: Engine, now: datetime, row: int) -> None:
    for level in (5, 6):
        build.classify(engine, [build.answer(row, level)], now)
    assert count(engine, Classification) == 1
    assert detail(engine).item.level == 6
    assert detail(engine).probabilities[6] == 0.84


def test_an_answer_without_topics_or_labs_takes_the_old_ones_away(engine: Engine, now: datetime, row: int) -> None:
    build.classify(engine, [build.answer(row, 5, labs=("qwen",))], now)
    build.classify(engine, [build.answer(row, 0, topics=())], now)
    assert detail(engine).item.topics == ()
    assert detail(engine).item.labs == ()


def test_a_lab_that_the_roadmap_does_not_know_is_taken_in(engine: Engine, now: datetime, row: int) -> None:
    build.classify(engine, [build.answer(row, 5, labs=("a-new-lab", "qwen"))], now)
    assert {e.lab for e in detail(engine).item.labs} == {"a-new-lab", "qwen"}


def test_one_lab_by_two_methods_is_two_pieces_of_evidence(engine: Engine, now: datetime, row: int) -> None:
    evidence = (LabEvidence("qwen", "organization", "tagged", 0.98), LabEvidence("qwen", "author-team", "signed", 0.95))
    build.classify(engine, [replace(build.answer(row), labs=evidence)], now)
    assert detail(engine).item.labs == evidence


def test_an_answer_for_an_item_that_is_gone_is_dropped(engine: Engine, now: datetime, row: int) -> None:
    build.classify(engine, [build.answer(row + 1000), build.answer(row)], now)
    assert detail(engine).item.level == 5
    build.classify(engine, [build.answer(row + 1000)], now)
    assert count(engine, Classification) == 1


def test_no_answers_are_no_error(engine: Engine, now: datetime) -> None:
    build.classify(engine, [], now)


def test_the_order_and_scores_of_topics_come_back(engine: Engine, now: datetime, row: int) -> None:
    topics = ("rag", "open-llms", "diffusion-flow")
    build.classify(engine, [build.answer(row, topics=topics)], now)
    shown = detail(engine).item.topics
    assert tuple(t.slug for t in shown) == topics
    assert [t.score for t in shown] == [0.9, 0.8, 0.7]


def test_paging_by_one_sees_everything_once(engine: Engine, now: datetime) -> None:
    build.store(engine, [build.arxiv(f"2605.{n:05}") for n in range(1, 8)], now)
    build.classify(engine, [build.answer(rows(engine)[3])], now)
    seen: list[str] = []
    while documents := outdated(engine, after=int(seen[-1]) if seen else 0, limit=1):
        seen += [d.id for d in documents]
    assert seen == [str(r) for n, r in enumerate(rows(engine)) if n != 3]


def test_what_another_model_classified_is_outdated(engine: Engine, now: datetime, row: int) -> None:
    assert [d.id for d in outdated(engine)] == [str(row)]
    build.classify(engine, [build.answer(row)], now)
    assert outdated(engine) == []
    assert [d.id for d in outdated(engine, "test-2")] == [str(row)]
    with reading(engine) as session:
        assert classifications.count_outdated(session, "test-2") == 1
        assert classifications.count_outdated(session, "test-1") == 0


def test_forgetting_asks_for_all_and_keeps_what_is_shown(engine: Engine, now: datetime, row: int) -> None:
    build.classify(engine, [build.answer(row)], now)
    with writing(engine) as session:
        classifications.forget_all(session)
    assert len(outdated(engine)) == 1
    found = detail(engine)
    assert (found.item.level, found.said, found.model) == (5, 5, None)
    assert found.probabilities


def test_a_document_carries_the_evidence_of_all_sightings(engine: Engine, now: datetime) -> None:
    said = [
        build.arxiv("2605.00001", comment="12 pages"),
        build.huggingface("2605.00001", organization="Qwen"),
        build.post("loops", url="https://arxiv.org/abs/2605.00001"),
        build.post("loops", source="lab:qwen", lab="qwen", lab_official=False, url="https://arxiv.org/abs/2605.00001"),
    ]
    build.store(engine, said, now)
    (document,) = outdated(engine)
    assert document == Document(
        id=document.id,
        title="A study of loops",
        abstract="We look into a study of loops and report what we saw.",
        categories=("cs.LG", "cs.CL"),
        authors=("Ada Example", "Béla Beispiel"),
        comment="12 pages",
        organizations=("Qwen",),
        official_feeds=("openai",),
        community_feeds=("qwen",),
        kind=Kind.PAPER,
    )


def test_new_evidence_of_a_lab_asks_again_and_votes_do_not(engine: Engine, now: datetime, row: int) -> None:
    build.classify(engine, [build.answer(row)], now)
    build.store(engine, [build.huggingface("2605.00001", votes=3)], now)
    assert outdated(engine) == []
    build.store(engine, [build.huggingface("2605.00001", votes=3, organization="Qwen")], now)
    assert len(outdated(engine)) == 1

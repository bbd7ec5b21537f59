"""Invented papers and the shortest way of a parsed item into a database, for tests of the store and above."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from collector.run import batches, store_batch
from staycurrent.store import classifications
from staycurrent.store import sources as source_store
from staycurrent.store.engine import Engine, writing
from staycurrent.store.sources import SourceInfo
from staycurrent.types import Classification, Kind, LabEvidence, ParsedItem, Reason, TopicScore, Version

SOURCES = (
    SourceInfo("arxiv", "arxiv", "arXiv", "https://arxiv.org"),
    SourceInfo("huggingface", "huggingface", "Hugging Face Daily Papers", "https://huggingface.co/papers"),
    SourceInfo("paperswithcode", "paperswithcode", "Papers with Code", "https://paperswithcode.co"),
    SourceInfo("lab:openai", "lab", "OpenAI News", "https://openai.com/news/rss.xml", lab="openai", lab_name="OpenAI"),
    SourceInfo("lab:qwen", "lab", "Qwen Blog", "https://qwenlm.github.io/blog/index.xml", lab="qwen", lab_name="Qwen"),
)


def moment(day: str, hour: int = 12) -> datetime:
    """An hour of a day, UTC."""
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC) + timedelta(hours=hour)


def arxiv(number: str, title: str = "A study of loops", *, day: str = "2026-05-12", **facts: Any) -> ParsedItem:
    """What arXiv says of an invented paper with one version."""
    submitted = moment(day) - timedelta(days=1)
    paper = ParsedItem(
        source="arxiv",
        key=f"oai:arXiv.org:{number}",
        kind=Kind.PAPER,
        title=title,
        url=f"https://arxiv.org/abs/{number}",
        abstract=f"We look into {title.lower()} and report what we saw.",
        authors=("Ada Example", "Béla Beispiel"),
        arxiv_id=number,
        published=submitted,
        updated=submitted,
        listed_on=date.fromisoformat(day),
        versions=(Version(1, submitted),),
        categories=("cs.LG", "cs.CL"),
    )
    return replace(paper, **facts)


def huggingface(number: str, title: str = "A Study of Loops", *, day: str = "2026-05-13", **facts: Any) -> ParsedItem:
    """What Hugging Face's daily list says of the same paper."""
    paper = ParsedItem(
        source="huggingface",
        key=number,
        kind=Kind.PAPER,
        title=title,
        url=f"https://huggingface.co/papers/{number}",
        abstract="A summary by somebody else.",
        authors=("Ada Example",),
        arxiv_id=number,
        published=moment(day),
        listed_on=date.fromisoformat(day),
        votes=42,
    )
    return replace(paper, **facts)


def post(slug: str, title: str = "Announcing a thing", *, day: str = "2026-05-14", **facts: Any) -> ParsedItem:
    """A post of a lab's own feed."""
    entry = ParsedItem(
        source="lab:openai",
        key=f"https://openai.com/index/{slug}",
        kind=Kind.POST,
        title=title,
        url=f"https://openai.com/index/{slug}",
        published=moment(day),
        listed_on=date.fromisoformat(day),
        lab="openai",
        lab_official=True,
    )
    return replace(entry, **facts)


def register(engine: Engine) -> None:
    """Make the rows of the sources."""
    with writing(engine) as session:
        source_store.register(session, SOURCES)


def store(engine: Engine, items: Iterable[ParsedItem], now: datetime) -> dict[str, int]:
    """Bring items in as the collector does; returns how many were new, changed and the same."""
    register(engine)
    counts: dict[str, int] = {"new": 0, "changed": 0, "same": 0}
    by_source: dict[str, list[ParsedItem]] = {}
    for item in items:
        by_source.setdefault(item.source, []).append(item)
    for source, entries in by_source.items():
        for batch in batches(entries):
            with writing(engine) as session:
                for change, n in store_batch(session, source, batch, now).items():
                    counts[change.value] += n
    return counts


def answer(
    row: int,
    level: int = 5,
    *,
    topics: tuple[str, ...] = ("open-llms",),
    labs: tuple[str, ...] = (),
    **facts: Any,
) -> Classification:
    """A classifier's answer for the item in a row."""
    probabilities = tuple(0.84 if n == level else 0.02 for n in range(9))
    made = Classification(
        id=str(row),
        level=level,
        confidence=0.84,
        probabilities=probabilities,
        unsure=False,
        topics=tuple(TopicScore(t, 0.9 - 0.1 * n) for n, t in enumerate(topics)),
        labs=tuple(LabEvidence(lab, "organization", f"tagged {lab}", 0.98) for lab in labs),
        explanation=(Reason("word", "language model", 1.5),),
        model="test-1",
    )
    return replace(made, **facts)


def classify(engine: Engine, answers: Iterable[Classification], now: datetime) -> None:
    """Store answers."""
    with writing(engine) as session:
        classifications.save(session, list(answers), now)

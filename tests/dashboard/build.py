"""Databases for the dashboard's tests, made the way the product makes them: migrations, registry, decide, intake, classify.

All papers are invented. `python tests/dashboard/build.py FILE` writes the example database to look at.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from collector import identity
from collector.decide import decide
from staycurrent import roadmap
from staycurrent.store import catalog, classifications, intake, sources
from staycurrent.store.engine import migrate, open_engine, writing
from staycurrent.store.sources import SourceInfo
from staycurrent.types import (
    Classification,
    Kind,
    LabEvidence,
    Outcome,
    ParsedItem,
    Reason,
    Repository,
    RunReport,
    TopicScore,
    Version,
)

TODAY = date(2026, 5, 20)
NOW = datetime(2026, 5, 20, 9, 0, tzinfo=UTC)
MODEL = "test-1"
SOURCES = (
    SourceInfo("arxiv", "arxiv", "arXiv", "https://oaipmh.arxiv.org/oai"),
    SourceInfo("huggingface", "huggingface", "Hugging Face Daily Papers", "https://huggingface.co/papers"),
    SourceInfo("paperswithcode", "paperswithcode", "Papers with Code", "https://paperswithcode.co"),
    SourceInfo("lab:openai", "lab", "OpenAI feed", "https://openai.com/news/rss.xml", "openai", "OpenAI", True, 14),
    SourceInfo(
        "lab:anthropic", "lab", "Anthropic feed", "https://example.org/anthropic.xml", "anthropic", "Anthropic", False, 30
    ),
)


def empty(place: Path | str) -> Engine:
    """A migrated database with the roadmap and the sources registered, and nothing collected; in a file, or at an address."""
    engine = open_engine(place if isinstance(place, str) else f"sqlite:///{place}")
    migrate(engine)
    with writing(engine) as session:
        catalog.sync(session)
        sources.register(session, SOURCES)
    return engine


def paper(number: int, title: str = "", **facts: object) -> ParsedItem:
    """An arXiv paper; its number makes its id."""
    values: dict[str, object] = {
        "source": "arxiv",
        "key": f"oai:arXiv.org:2605.{number:05d}",
        "kind": Kind.PAPER,
        "title": title or f"Paper number {number}",
        "url": f"https://arxiv.org/abs/2605.{number:05d}",
        "abstract": f"We study problem {number}.",
        "authors": ("Ada Example", "Ben Sample"),
        "arxiv_id": f"2605.{number:05d}",
        "published": datetime(2026, 5, 4, 17, tzinfo=UTC),
        "listed_on": date(2026, 5, 5),
        "versions": (Version(1, datetime(2026, 5, 4, 17, tzinfo=UTC)),),
        "categories": ("cs.LG",),
    }
    return ParsedItem(**{**values, **facts})  # type: ignore[arg-type]


def seen_elsewhere(item: ParsedItem, source: str, **facts: object) -> ParsedItem:
    """What another source says about the same paper."""
    values: dict[str, object] = {
        "source": source,
        "key": item.arxiv_id,
        "kind": item.kind,
        "title": item.title,
        "url": f"https://huggingface.co/papers/{item.arxiv_id}",
        "arxiv_id": item.arxiv_id,
        "listed_on": item.listed_on,
    }
    return ParsedItem(**{**values, **facts})  # type: ignore[arg-type]


def collect(engine: Engine, items: Iterable[ParsedItem], now: datetime = NOW) -> None:
    """Take the items in, one after the other."""
    for item in items:
        with writing(engine) as session:
            keys = identity.keys(item)
            stored = intake.find(session, item.source, [(item.key, keys)])[0]
            intake.apply(session, [decide(item, stored)], now)


@dataclass(frozen=True)
class Label:
    """What the classifier is to have said."""

    level: int
    confidence: float = 0.9
    unsure: bool = False
    topics: tuple[str, ...] = ()
    labs: tuple[LabEvidence, ...] = ()


def classify(engine: Engine, labels: dict[str, Label], now: datetime = NOW) -> None:
    """Give items, by title, their labels."""
    with writing(engine) as session:
        by_title = {d.title: d.id for d in classifications.outdated(session, MODEL)}
        answers = [_answer(by_title[title], label) for title, label in labels.items() if title in by_title]
        classifications.save(session, answers, now)


def _answer(row: str, label: Label) -> Classification:
    rest = (1 - label.confidence) / 8
    return Classification(
        id=row,
        level=label.level,
        confidence=label.confidence,
        probabilities=tuple(label.confidence if n == label.level else rest for n in range(9)),
        unsure=label.unsure,
        topics=tuple(TopicScore(slug, round(0.9 - 0.2 * n, 2)) for n, slug in enumerate(label.topics)),
        labs=label.labs,
        explanation=(
            Reason("word", "tokens", 1.9),
            Reason("category", "cs.CL", 0.8),
            Reason("word", "gradient", -0.4),
        ),
        model=MODEL,
    )


def run(engine: Engine, source: str, *, error: str | None = None, hours_ago: float = 2, fetched: int = 0, new: int = 0) -> None:
    """One finished run of a source."""
    then = NOW - timedelta(hours=hours_ago)
    report = RunReport(
        source, Outcome.FAILED if error else Outcome.OK, fetched=fetched, new=new, same=fetched - new, error=error
    )
    with writing(engine) as session:
        started = sources.start_run(session, source, TODAY - timedelta(days=1), TODAY, then)
        sources.finish_run(session, started, report, then + timedelta(seconds=41), reason="timeout" if error else None)


_SUBJECTS = {
    1: ["Subgradient Methods Revisited", "Concentration Bounds for Heavy Tails", "A Short Proof of the Chain Rule"],
    2: ["Boosting with Honest Trees", "Kernel Ridge Regression at Scale", "Calibrated Forests for Tabular Data"],
    3: ["Batch Statistics without Batches", "On the Spectra of Residual Networks", "Adam in $O(\\sqrt{n})$ Memory"],
    4: ["Linear Attention Is a Slow Gate", "Recurrent Depth for Long Sequences", "Do Convolutions Still Matter?"],
    5: ["Retrieval Before Generation", "Small Vocabularies, Large Gains", "Instruction Tuning with 1{,}000 Words"],
    6: ["Video Diffusion in 4 Steps", "One Tokenizer for Image, Audio and Text", "Scene Graphs from Speech"],
    7: ["Planning with Tools under a Budget", "Agents that Ask First", "Memory for Agents: What to Keep"],
    8: ["Reasoning Traces Are Not Explanations", "Scaling Laws for Verification", "Circuits in $\\alpha$-Sparse Models"],
    0: ["A Survey of Crop Yields from Satellites"],
}
_SUFFIXES = ["", ": An Empirical Study", " without Labels", " for Low-Resource Settings", ", Revisited at Scale"]
_NAMES = (
    "Mira Okafor|Jonas Lindqvist|Wei-Ling Chen|Priya Raghunathan|Tomás Herrera|Aiko Tanaka|Lena Hoffmann|Samuel Adeyemi|"
    "Nour El-Sayed|Katarzyna Wójcik|David Ben-Ami|Sofia Rossi"
)
_ABSTRACT = (
    "Long inputs are expensive, and much of what is read is never used. We ask how little of it a model needs, and "
    "measure the answer on twelve public tasks. Our method keeps a budget of $O(\\log n)$ states, decides locally which "
    "of them to drop, and needs no further training. It matches the full model on ten of the tasks at a quarter of the "
    "cost; on the other two, both of them arithmetic, it falls behind by 3.1\\% and 4.7\\%. We release code and all logs."
)
_LABS = [
    LabEvidence("qwen", "organization", "Hugging Face: Qwen", 0.98),
    LabEvidence("google-deepmind", "author-team", "Gemini Team", 0.8),
    LabEvidence("deepseek", "organization", "Hugging Face: deepseek-ai", 0.98),
]


def example(place: Path | str, count: int = 60) -> Engine:
    """Some sixty varied items over two months, from five sources, one of which fails and one never ran."""
    chance = random.Random(7)
    engine, labels = empty(place), {}
    for number in range(count):
        item, label = _example_item(number, chance)
        labels[item.title] = label
        collect(engine, [item, *_example_echoes(item, number, chance)])
    collect(engine, [_post()])
    feed = LabEvidence("openai", "official-feed", "openai.com/news", 1.0)
    labels[_post().title] = Label(7, 0.83, topics=tuple(_topics_of(7)[:1]), labs=(feed,))
    classify(engine, labels)
    run(engine, "arxiv", fetched=412, new=58)
    run(engine, "huggingface", error="timeout: no answer within 30 s", hours_ago=1)
    run(engine, "paperswithcode", fetched=40, new=3, hours_ago=3)
    run(engine, "lab:openai", fetched=20, new=1, hours_ago=5)
    return engine


def _example_item(number: int, chance: random.Random) -> tuple[ParsedItem, Label]:
    level = chance.choice([1, 2, 3, 4, 5, 5, 5, 6, 6, 7, 7, 7, 8, 8, 8, 0])
    title = f"{chance.choice(_SUBJECTS[level])}{_SUFFIXES[number % 5]}" + (f" ({number})" if number > 30 else "")
    listed = TODAY - timedelta(days=chance.choice([0, 1, 1, 2, 3, 4, 6, 8, 9, 12, 15, 18, 25, 33]))
    moment = datetime(listed.year, listed.month, listed.day, 17, tzinfo=UTC) - timedelta(days=1)
    history = tuple(Version(n, moment + timedelta(days=n - 1), withdrawn=number == 11) for n in range(1, 2 + number % 3 // 2))
    item = paper(
        number + 100,
        title,
        authors=tuple(chance.sample(_NAMES.split("|"), chance.choice([1, 2, 3, 5, 9]))),
        abstract=_ABSTRACT,
        listed_on=listed,
        published=moment,
        updated=history[-1].submitted,
        versions=history,
        categories=chance.choice([("cs.CL", "cs.LG"), ("cs.LG",), ("cs.CV", "cs.AI"), ("stat.ML",)]),
        comment="Accepted at a workshop; 14 pages, 6 figures" if number % 4 == 0 else None,
    )
    own = _topics_of(level)
    topics = tuple(chance.sample(own, min(len(own), chance.choice([1, 2, 3]))))
    unsure = number % 9 == 4
    labs = (chance.choice(_LABS),) if number % 5 == 0 else ()
    return item, Label(level, 0.43 if unsure else round(chance.uniform(0.62, 0.98), 2), unsure, topics, labs)


def _topics_of(level: int) -> list[str]:
    return [slug for slug, topic in roadmap.topics().items() if topic.level == level]


def _example_echoes(item: ParsedItem, number: int, chance: random.Random) -> list[ParsedItem]:
    echoes = []
    if number % 2 == 0:
        echoes.append(seen_elsewhere(item, "huggingface", votes=int(chance.paretovariate(0.9) * 6), comments=number % 7))
    if number % 3 == 0:
        stars = int(chance.paretovariate(0.7) * 20)
        code = Repository(f"https://github.com/example/project-{number}", stars, official=True)
        echoes.append(seen_elsewhere(item, "paperswithcode", repositories=(code,), stars=stars))
    return echoes


def _post() -> ParsedItem:
    return ParsedItem(
        source="lab:openai",
        key="https://openai.com/index/agents-that-wait",
        kind=Kind.POST,
        title="Agents that wait: how we let models pause for people",
        url="https://openai.com/index/agents-that-wait",
        abstract="Today we describe how our agents hand work back to people, and what we learned from six months of it.",
        published=datetime(2026, 5, 18, 10, tzinfo=UTC),
        listed_on=date(2026, 5, 18),
        lab="openai",
        lab_official=True,
    )


if __name__ == "__main__":
    example(Path(sys.argv[1])).dispose()

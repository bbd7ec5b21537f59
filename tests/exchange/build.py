"""Whole records, invented: one with every fact, and what hypothesis makes of its texts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from staycurrent.store import whole
from staycurrent.store.engine import Engine, reading
from staycurrent.store.records import Record, SightingRecord
from staycurrent.types import Kind, Repository
from tests import build
from tests.conftest import NOW

SEEN = datetime(2026, 5, 13, 8, 0, 0, 123456, tzinfo=UTC)
HOSTILE = (
    "=cmd|'/C calc'!A0",
    "@SUM(1+1)",
    "-2+3",
    "a\r\nER  - \r\nTY  - BOOK",
    "} @misc{evil, title={x}",
    "{{{ \\ } % # $ & _ ^ ~",
    '"quoted", with; separators\tand tabs',
    "\u05e9\u05dc\u05d5\u05dd \u202eolleh\u202c",
    "BEGIN:VEVENT\r\nEND:VCALENDAR",
    "$5 and $10 for 50% less",
    "\x00\x1b[31m red \ud800",
    "\u2028 line \u2029 paragraph \x85 next",
)

unhurried = settings(deadline=None)
"""Readers of others take their time where many tests run side by side."""
texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60))


def record(**facts: Any) -> Record:
    """A paper that arXiv listed."""
    seen = SightingRecord(
        source="arxiv",
        key="oai:arXiv.org:2605.00001",
        url="https://arxiv.org/abs/2605.00001",
        seen=SEEN,
        listed=date(2026, 5, 13),
        announce_type="new",
        organization=None,
        votes=None,
        stars=None,
        comments=None,
        lab=None,
        official=None,
        changed=SEEN,
        hash="s1",
        extra=None,
    )
    made = Record(
        id="2605.00001",
        arxiv_id="2605.00001",
        kind=Kind.PAPER,
        title="Sparse attention for LoRA",
        authors=("Ada Example", "Béla van Beispiel"),
        url="https://arxiv.org/abs/2605.00001",
        published=SEEN,
        updated=SEEN,
        listed=date(2026, 5, 13),
        version=1,
        withdrawn=False,
        level=None,
        confidence=None,
        unsure=True,
        votes=None,
        stars=None,
        abstract="We look into $O(n)$ attention.",
        doi=None,
        categories=("cs.LG", "cs.CL"),
        comment="12 pages",
        journal_ref=None,
        license=None,
        content_source="arxiv",
        content_hash="c1",
        first_seen=SEEN,
        changed=SEEN,
        model=None,
        keys=("arxiv:2605.00001",),
        sightings=(seen,),
        versions=(),
        repositories=(),
        metrics=(),
        topic_scores=(),
        lab_evidence=(),
        classifications=(),
    )
    return replace(made, **facts)


def library(engine: Engine) -> None:
    """A store with a paper of two sources, one that is withdrawn, one merged out of two, and a post; all but one classified."""
    code = (Repository("https://github.com/example/loops", stars=7, official=True), Repository("https://github.com/x/y"))
    build.store(
        engine,
        [
            build.arxiv("2605.00001", "Sparse attention", doi="10.1000/a", comment="12 pages", journal_ref="J. Ex. 1 (2026)"),
            build.huggingface("2605.00001", organization="qwen", extra={"zeta": 1.5, "alpha": [1, {"b": None, "a": "é"}]}),
            build.arxiv("2605.00002", "Diffusion of $x_0$ & images", repositories=code, license="CC BY 4.0"),
            build.post("gpt", "We announce\u00a0“things”", url="https://openai.com/index/gpt"),
            build.arxiv("2604.00003", "An April paper", day="2026-04-14"),
            build.post("doi", "A paper that came as a post", arxiv_id=None, doi="10.1000/b"),
        ],
        NOW,
    )
    later = NOW.replace(day=21)
    build.store(
        engine,
        [build.huggingface("2605.00001", votes=90, organization="qwen"), build.arxiv("2605.00009", "B", doi="10.1000/b")],
        later,
    )
    rows = {r.title: n for n, r in numbered(engine)}
    titles = [t for t in rows if t != "An April paper"]
    build.classify(engine, [build.answer(rows[t], 5, labs=("qwen",), topics=("open-llms", "rag")) for t in titles], NOW)
    newer = build.answer(rows["Sparse attention"], 6, model="test-2", labs=("a-new-lab",))
    build.classify(engine, [newer], later)


def numbered(engine: Engine) -> list[tuple[int, Record]]:
    """Row ids and records of all items."""
    from staycurrent.query import Query
    from staycurrent.store import items

    with reading(engine) as session:
        rows = [view.row for view, _, _ in items.every(session)]
        found = list(whole.every(session, Query(), NOW.date()))
    return list(zip(rows, found, strict=True))


def records(engine: Engine) -> list[Record]:
    """All items of a store."""
    return [r for _, r in numbered(engine)]

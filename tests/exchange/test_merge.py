"""Merging two records of one item: nothing is lost, and once is as good as twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from collector.decide import authority
from staycurrent.exchange.merge import merged
from staycurrent.store.records import (
    ClassificationRecord,
    MetricRecord,
    Record,
    RepositoryRecord,
    RepositorySource,
    VersionRecord,
)
from tests.exchange import build
from tests.exchange.build import unhurried

BASE = build.record()
moments = st.integers(0, 3).map(lambda n: build.SEEN + timedelta(hours=n))
counts = st.none() | st.integers(0, 9)
names = st.sampled_from(["arxiv", "huggingface", "lab:openai"])


@st.composite
def said(draw: st.DrawFn) -> Record:
    """What a store may hold of the one item."""
    source, changed = draw(names), draw(moments)
    sightings = [
        replace(
            BASE.sightings[0],
            source=name,
            key=draw(st.sampled_from(["k1", "k2"])),
            seen=draw(moments),
            changed=draw(moments),
            votes=draw(counts),
            organization=draw(st.none() | st.just("qwen")),
            listed=draw(st.none() | st.dates(date(2026, 5, 1), date(2026, 5, 3))),
            announce_type=draw(st.none() | st.sampled_from(["new", "cross"])),
        )
        for name in draw(st.sets(names))
    ]
    models = [
        ClassificationRecord(m, draw(st.integers(0, 8)), 0.5, False, (), (), draw(moments))
        for m in sorted(draw(st.sets(st.sampled_from(["m1", "m2"]))))
    ]
    newest = max(models, key=lambda c: c.classified, default=None)
    return build.record(
        id=draw(st.sampled_from(["2605.00001", "p1"])),
        arxiv_id=draw(st.none() | st.just("2605.00001")),
        content_source=source,
        title=draw(st.sampled_from(["A", "B"])),
        comment=draw(st.none() | st.just("12 pages")),
        version=draw(st.integers(1, 3)),
        changed=changed,
        first_seen=draw(moments),
        votes=draw(counts),
        stars=draw(counts),
        listed=draw(st.dates(date(2026, 5, 1), date(2026, 5, 3))),
        keys=tuple(sorted(draw(st.sets(st.sampled_from(["arxiv:2605.00001", "doi:1", "url:x"]))))),
        sightings=tuple(sorted(sightings, key=lambda s: (s.seen, s.source, s.key))),
        versions=tuple(VersionRecord(n, draw(moments), draw(st.booleans())) for n in draw(st.sets(st.integers(1, 2)))),
        metrics=tuple(
            MetricRecord("arxiv", "votes", date(2026, 5, d), draw(st.integers(0, 9))) for d in draw(st.sets(st.integers(1, 3)))
        ),
        repositories=tuple(
            RepositoryRecord(url, draw(counts), (RepositorySource(draw(names), draw(st.none() | st.booleans())),))
            for url in sorted(draw(st.sets(st.sampled_from(["https://github.com/a", "https://github.com/b"]))))
        ),
        level=newest.level if newest else None,
        model=newest.model if newest and draw(st.booleans()) else None,
        classifications=tuple(sorted(models, key=lambda c: (c.classified, c.model))),
    )


@unhurried
@given(said())
def test_a_record_merged_with_itself_is_itself(record: Record) -> None:
    itself = merged(record, record, authority)
    assert replace(itself, id=record.id, keys=record.keys) == record


@unhurried
@given(said(), said())
def test_merging_in_again_changes_nothing(stored: Record, other: Record) -> None:
    once = merged(stored, other, authority)
    assert merged(once, other, authority) == once
    assert merged(once, stored, authority) == once


@unhurried
@given(said(), said())
def test_nothing_is_lost(stored: Record, other: Record) -> None:
    both = merged(stored, other, authority)
    for record in (stored, other):
        assert set(record.keys) <= set(both.keys)
        assert {(s.source, s.key) for s in record.sightings} <= {(s.source, s.key) for s in both.sightings}
        assert {v.version for v in record.versions} <= {v.version for v in both.versions}
        assert {c.model for c in record.classifications} <= {c.model for c in both.classifications}
        assert {r.url for r in record.repositories} <= {r.url for r in both.repositories}
        assert (record.votes or 0) <= (both.votes or 0)
        assert record.id in (both.id, *(k.removeprefix("uid:") for k in both.keys))


def test_new_words_and_new_evidence_ask_for_a_new_classification() -> None:
    answer = ClassificationRecord("m1", 5, 0.9, False, (), (), build.SEEN)
    stored = build.record(level=5, model="m1", classifications=(answer,))
    assert merged(stored, build.record(title="New words", version=2), authority).model is None
    tagged = replace(BASE.sightings[0], source="huggingface", organization="qwen")
    known = merged(stored, build.record(sightings=(tagged,)), authority)
    assert (known.level, known.model) == (5, None)

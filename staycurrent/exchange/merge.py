"""Two records of one item become one, and nothing of either is lost. Pure.

Merging in the same record again changes nothing, so an import may be repeated, or go on after it was cut off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeAlias, TypeVar

from staycurrent.store.records import Record, RepositoryRecord, RepositorySource, SightingRecord
from staycurrent.types import Kind

Authority: TypeAlias = Callable[[str], int]
"""How much a source's words count against another's; the collectors know."""
T = TypeVar("T")
_NEVER = datetime.min.replace(tzinfo=UTC)
_WORDS = ("title", "abstract", "authors", "categories", "comment", "journal_ref", "license", "published", "updated")
_READ_BY_CLASSIFIER = ("title", "abstract", "categories", "comment")


def merged(stored: Record, said: Record, authority: Authority) -> Record:
    """`stored` with all that `said` adds. Where only one can stand: the words of the source with more authority, the
    later version, the later answer of a classifier, the higher count; `stored` where they are even.
    """
    words, other = (said, stored) if _rank(said, authority) > _rank(stored, authority) else (stored, said)
    sightings = _sightings(stored, said)
    repositories = _repositories(stored, said)
    whole = replace(
        words,
        **{name: getattr(words, name) or getattr(other, name) for name in _WORDS},
        **_identity(stored, said),
        doi=stored.doi or said.doi,
        kind=Kind.PAPER if Kind.PAPER in (stored.kind, said.kind) else stored.kind,
        listed=max(stored.listed, said.listed),
        votes=_most([stored.votes, said.votes]),
        stars=_most([stored.stars, said.stars]),
        first_seen=min(stored.first_seen, said.first_seen),
        changed=max(stored.changed, said.changed),
        sightings=sightings,
        repositories=repositories,
        versions=_by(lambda v: v.version, *_older_first(stored.versions, said.versions, said.changed > stored.changed)),
        metrics=_by_day(stored, said),
        classifications=_by(lambda c: c.model, *sorted((*said.classifications, *stored.classifications), key=_when)),
    )
    whole = replace(whole, classifications=tuple(sorted(whole.classifications, key=lambda c: (c.classified, c.model))))
    return _classified(whole, said if _answered(said) > _answered(stored) else stored)


def _rank(record: Record, authority: Authority) -> tuple[Any, ...]:
    source = record.content_source
    return (authority(source), record.version, record.updated or _NEVER, record.changed)


def _identity(stored: Record, said: Record) -> dict[str, Any]:
    """The arXiv id names an item; the public ids it had before lead on to it."""
    arxiv_id = stored.arxiv_id or said.arxiv_id
    uid = arxiv_id or stored.id
    before = {f"uid:{name}" for name in (stored.id, said.id) if name != uid}
    return {"arxiv_id": arxiv_id, "id": uid, "keys": tuple(sorted(before.union(stored.keys, said.keys)))}


def _sightings(stored: Record, said: Record) -> tuple[SightingRecord, ...]:
    found = {(s.source, s.key): s for s in stored.sightings}
    for seen in said.sightings:
        before = found.get((seen.source, seen.key))
        found[seen.source, seen.key] = _sighting(before, seen) if before else seen
    return tuple(sorted(found.values(), key=lambda s: (s.seen, s.source, s.key)))


def _sighting(stored: SightingRecord, said: SightingRecord) -> SightingRecord:
    """The later facts; the day on which it was first listed stays, and an announce type stays until there is another."""
    later, earlier = (said, stored) if said.changed > stored.changed else (stored, said)
    first, second = (said, stored) if said.seen < stored.seen else (stored, said)
    return replace(
        later,
        seen=first.seen,
        listed=first.listed or second.listed,
        announce_type=later.announce_type or earlier.announce_type,
    )


def _repositories(stored: Record, said: Record) -> tuple[RepositoryRecord, ...]:
    found = {r.url: r for r in stored.repositories}
    for repository in said.repositories:
        before = found.get(repository.url)
        found[repository.url] = _repository(before, repository) if before else repository
    return tuple(found[url] for url in sorted(found))


def _repository(stored: RepositoryRecord, said: RepositoryRecord) -> RepositoryRecord:
    official = {s.source: s.official for s in said.sources}
    for known in stored.sources:
        official[known.source] = known.official if known.official is not None else official.get(known.source)
    sources = tuple(RepositorySource(name, official[name]) for name in sorted(official))
    return RepositoryRecord(stored.url, _most([stored.stars, said.stars]), sources)


def _by_day(stored: Record, said: Record) -> tuple[Any, ...]:
    """Counts of a day: the highest, as votes and stars hardly ever fall within one."""
    rows = sorted((*stored.metrics, *said.metrics), key=lambda m: m.value)
    found = {(m.day, m.source, m.name): m for m in rows}
    return tuple(found[key] for key in sorted(found))


def _older_first(stored: Sequence[T], said: Sequence[T], said_is_later: bool) -> Iterable[T]:
    return (*stored, *said) if said_is_later else (*said, *stored)


def _by(key: Callable[[T], Any], *values: T) -> tuple[T, ...]:
    """One value for each key, the last one, in the order of the keys."""
    found = {key(v): v for v in values}
    return tuple(found[k] for k in sorted(found))


def _when(classification: Any) -> datetime:
    found: datetime = classification.classified
    return found


def _answered(record: Record) -> datetime:
    return max((c.classified for c in record.classifications), default=_NEVER)


def _classified(whole: Record, by: Record) -> Record:
    """The item with the classification of one record, which must be asked for anew where it knew other words or labs."""
    same = all(getattr(whole, name) == getattr(by, name) for name in _READ_BY_CLASSIFIER)
    stands = same and _evidence(whole) == _evidence(by)
    return replace(
        whole,
        level=by.level,
        confidence=by.confidence,
        unsure=by.unsure,
        model=by.model if stands else None,
        topic_scores=by.topic_scores,
        lab_evidence=by.lab_evidence,
    )


def _evidence(record: Record) -> set[tuple[Any, ...]]:
    return {(s.organization, s.lab, s.official) for s in record.sightings if s.organization or s.lab}


def _most(counts: Iterable[int | None]) -> int | None:
    return max((n for n in counts if n is not None), default=None)

"""An item as a whole: everything that the store holds of it as one value, for exports and imports.

The bounds stand in the types: they are those of the columns, and hold whatever file a record was read from.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, Field

from staycurrent.types import Kind, Reason


def _storable(facts: dict[str, Any] | None) -> dict[str, Any] | None:
    json.dumps(facts, allow_nan=False)  # raises ValueError for what JSON in a database cannot be
    return facts


_FIRST, _LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
Int = Annotated[int, Field(ge=-(2**31), lt=2**31)]
Score = Annotated[float, Field(allow_inf_nan=False)]
Moment = Annotated[AwareDatetime, Field(ge=_FIRST, le=_LAST)]
OneLine = Annotated[str, Field(pattern=r"^[^\n]+$")]
Key = Annotated[str, Field(min_length=1, max_length=2600)]
"""What is unique stands in an index, and PostgreSQL's takes 2,704 bytes."""
SourceName = Annotated[str, Field(min_length=1, max_length=80)]
Slug = Annotated[str, Field(min_length=1, max_length=60)]
Level = Annotated[int, Field(ge=0, le=8)]
Digest = Annotated[str, Field(max_length=40)]
Model = Annotated[str, Field(min_length=1, max_length=40)]
Extra = Annotated[dict[str, Any] | None, AfterValidator(_storable)]


@dataclass(frozen=True, slots=True)
class SightingRecord:
    """The evidence that a source saw the item."""

    source: SourceName
    key: Key
    url: str
    seen: Moment
    listed: date | None
    announce_type: Annotated[str, Field(max_length=20)] | None
    organization: str | None
    votes: Int | None
    stars: Int | None
    comments: Int | None
    lab: Slug | None
    official: bool | None
    changed: Moment
    hash: Digest
    extra: Extra


@dataclass(frozen=True, slots=True)
class VersionRecord:
    version: Int
    submitted: Moment
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class RepositorySource:
    """A source that ties the repository to the item, and whether it calls it official."""

    source: SourceName
    official: bool | None


@dataclass(frozen=True, slots=True)
class RepositoryRecord:
    url: Key
    stars: Int | None
    sources: Annotated[tuple[RepositorySource, ...], Field(min_length=1)]

    @property
    def official(self) -> bool | None:
        """What the last source that says anything says."""
        return next((s.official for s in reversed(self.sources) if s.official is not None), None)


@dataclass(frozen=True, slots=True)
class MetricRecord:
    source: SourceName
    name: Annotated[str, Field(min_length=1, max_length=20)]
    day: date
    value: Int


@dataclass(frozen=True, slots=True)
class TopicRecord:
    slug: Slug
    score: Score


@dataclass(frozen=True, slots=True)
class LabRecord:
    lab: Slug
    method: Annotated[str, Field(min_length=1, max_length=30)]
    evidence: str
    confidence: Score


@dataclass(frozen=True, slots=True)
class ClassificationRecord:
    """What one model said of the item."""

    model: Model
    level: Level
    confidence: Score
    unsure: bool
    probabilities: tuple[Score, ...]
    explanation: tuple[Reason, ...]
    classified: Moment


@dataclass(frozen=True, slots=True)
class Record:
    """An item with all that hangs on it. `level`, `topic_scores` and `lab_evidence` are its present classification."""

    id: Annotated[str, Field(min_length=1, max_length=64)]
    arxiv_id: Annotated[str, Field(min_length=1, max_length=40)] | None
    kind: Kind
    title: str
    authors: tuple[OneLine, ...]
    url: str
    published: Moment | None
    updated: Moment | None
    listed: date
    version: Int
    withdrawn: bool
    level: Level | None
    confidence: Score | None
    unsure: bool
    """True too where nothing was classified yet."""
    votes: Int | None
    stars: Int | None
    abstract: str
    doi: str | None
    categories: tuple[OneLine, ...]
    comment: str | None
    journal_ref: str | None
    license: str | None
    content_source: SourceName
    content_hash: Digest
    first_seen: Moment
    changed: Moment
    model: Model | None
    """None asks for classification; the level of the model before stays until then."""
    keys: tuple[Key, ...]
    sightings: tuple[SightingRecord, ...]
    versions: tuple[VersionRecord, ...]
    repositories: tuple[RepositoryRecord, ...]
    metrics: tuple[MetricRecord, ...]
    topic_scores: tuple[TopicRecord, ...]
    lab_evidence: tuple[LabRecord, ...]
    classifications: tuple[ClassificationRecord, ...]

    @property
    def topics(self) -> tuple[str, ...]:
        """Slugs, best first."""
        return tuple(t.slug for t in self.topic_scores)

    @property
    def labs(self) -> tuple[str, ...]:
        """Slugs, strongest evidence first, each once."""
        return tuple(dict.fromkeys(e.lab for e in self.lab_evidence))

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the sources that saw it."""
        return tuple(sorted({s.source for s in self.sightings}))

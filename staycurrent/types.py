"""The values that travel between the stages; the type tells how far an item has come.

``ParsedItem`` (what a source said) → ``Decision`` (what to do about it) → rows in the store → ``Document`` (text for
the classifier) → ``Classification`` → ``Candidate`` (what ranking sees) → ``Entry`` (a ranked place in a reading).
All are frozen, none touches a network or a database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

READER = "reader"
LLM = "llm:"
"""Origins of a level beside the model: a reader's correction, and the second opinion of a language model of that name."""

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


class Kind(StrEnum):
    """What an item is: a paper (it has an arXiv id or a DOI, or a source of papers listed it) or a lab's post."""

    PAPER = "paper"
    POST = "post"


class Outcome(StrEnum):
    """How a collector run ended (design, section 1)."""

    OK = "ok"
    OK_EMPTY = "ok_empty"
    PARTIAL = "partial"
    FAILED = "failed"


class Change(StrEnum):
    """The verdict of `collector.decide` on one parsed item."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an arXiv paper; `number` counts from 1, `submitted` is UTC."""

    number: int
    submitted: datetime
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Repository:
    """A code repository that a source ties to a paper; `stars` as of the sighting, None where the source is silent."""

    url: str
    stars: int | None = None
    official: bool | None = None


@dataclass(frozen=True, slots=True)
class ParsedItem:
    """What one source said about one paper or post. None always means "the source did not say", never "it is empty"."""

    source: str
    key: str
    """The source's own key of the entry: OAI identifier, arXiv id, feed guid."""
    kind: Kind
    title: str
    url: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    arxiv_id: str | None = None
    """Without version, as `collector.identity.arxiv_id` returns it."""
    doi: str | None = None
    published: datetime | None = None
    """First version's submission, or the post's date; UTC."""
    updated: datetime | None = None
    listed_on: date | None = None
    """The UTC day on which this source showed the entry as news (announced, listed, posted); never a revision's."""
    versions: tuple[Version, ...] = ()
    categories: tuple[str, ...] = ()
    """arXiv categories, the primary one first."""
    comment: str | None = None
    journal_ref: str | None = None
    license: str | None = None
    announce_type: str | None = None
    organization: str | None = None
    """The organization that the source itself ties to the paper, as the source writes it (slug)."""
    lab: str | None = None
    """Slug of the watched lab whose feed this is; only lab feeds set it."""
    lab_official: bool = False
    """Whether that feed is the lab's own, not one that a third party scrapes."""
    votes: int | None = None
    stars: int | None = None
    comments: int | None = None
    repositories: tuple[Repository, ...] = ()
    extra: Mapping[str, Json] = field(default_factory=dict)
    """Further facts worth keeping with the sighting, JSON-ready."""


@dataclass(frozen=True, slots=True)
class StoredItem:
    """What `collector.decide` must know of an item that is in the store already."""

    id: int
    arxiv_id: str | None
    content_source: str
    content_hash: str
    listed_on: date | None
    version: int
    withdrawn: bool
    keys: frozenset[str]
    sighting_hash: str | None
    """Fingerprint of what this source said last time under this key, None when it has not seen the item."""
    announce_type: str | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What to write for one parsed item, and why. `item_id` is None for a new item."""

    change: Change
    parsed: ParsedItem
    keys: tuple[str, ...]
    content_hash: str
    sighting_hash: str
    item_id: int | None = None
    take_content: bool = False
    """Whether title, abstract and the other descriptive fields of the item become those of `parsed`."""
    merge_ids: tuple[int, ...] = ()
    """Other stored items that prove to be the same paper and flow into `item_id`."""


@dataclass(frozen=True, slots=True)
class DayCount:
    """How complete one day of a source is: what the source says there is, and what of it was stored."""

    day: date
    expected: int
    stored: int

    @property
    def complete(self) -> bool:
        return self.stored >= self.expected


@dataclass(frozen=True, slots=True)
class RunReport:
    """One run of one source, as `collect --json` prints it."""

    source: str
    outcome: Outcome
    fetched: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    expected: int | None = None
    seconds: float = 0.0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """The text and the facts that the classifier reads."""

    id: str
    title: str
    abstract: str = ""
    categories: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    comment: str | None = None
    organizations: tuple[str, ...] = ()
    """Organization slugs that sources tied to the paper (Hugging Face, Papers with Code)."""
    official_feeds: tuple[str, ...] = ()
    """Slugs of watched labs in whose own feed the item stands."""
    community_feeds: tuple[str, ...] = ()
    """Slugs of watched labs in a feed about whom, kept by a third party, the item stands."""
    kind: Kind = Kind.PAPER


@dataclass(frozen=True, slots=True)
class TopicScore:
    """A topic with its calibrated score in [0, 1]."""

    slug: str
    score: float


@dataclass(frozen=True, slots=True)
class LabEvidence:
    """Why an item is tied to a lab: `method` is organization, official-feed, community-feed, author-team or curated."""

    lab: str
    method: str
    evidence: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that decided: a word, a category or a piece of evidence, with its weight for the chosen level."""

    kind: str
    """word, category, or rule"""
    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Classification:
    """The classifier's answer for one document. `probabilities` is indexed by level 0 to 8 and sums to 1."""

    id: str
    level: int
    confidence: float
    probabilities: tuple[float, ...]
    unsure: bool
    topics: tuple[TopicScore, ...]
    """Best first."""
    labs: tuple[LabEvidence, ...]
    explanation: tuple[Reason, ...]
    model: str
    """Version of the model that answered."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What ranking sees of an item: its signals, and the words that tell what kind of paper it is."""

    id: int
    level: int
    confidence: float
    unsure: bool
    topics: tuple[str, ...]
    labs: tuple[str, ...]
    sources: tuple[str, ...]
    kind: Kind
    listed_on: date
    votes: int | None
    stars: int | None
    has_code: bool
    inferred_labs: tuple[str, ...] = ()
    """Those of `labs` that neither an organization tag nor an official feed states."""
    comments: int | None = None
    """How many comments the item has where it was listed."""
    votes_gained: int = 0
    """Since its votes were first seen."""
    stars_gained: int = 0
    title: str = ""
    abstract: str = ""
    comment: str | None = None
    """The authors' comment on arXiv."""
    origin: str | None = None
    """Whose `level` is, as in `ItemView`."""


@dataclass(frozen=True, slots=True)
class DayNumbers:
    """The votes and stars of all items that were listed on a day; what a candidate's own are measured against."""

    day: date
    votes: tuple[int, ...] = ()
    stars: tuple[int, ...] = ()


class Role(StrEnum):
    """Why an item stands in a reading: as one of its ranked items, or beside them as a look at the next level."""

    READING = "reading"
    ONE_LEVEL_UP = "one_level_up"


@dataclass(frozen=True, slots=True)
class Part:
    """One named part of a score: `value` in [0, 1] before its weight, and the reason in words."""

    name: str
    value: float
    weight: float
    words: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A ranked place in a reading."""

    rank: int
    item_id: int
    score: float
    parts: tuple[Part, ...]
    role: Role = Role.READING


@dataclass(frozen=True, slots=True)
class SightingView:
    """One sighting as people and exports see it."""

    source: str
    key: str
    url: str
    seen_at: datetime
    listed_on: date | None
    announce_type: str | None
    organization: str | None
    votes: int | None
    stars: int | None
    comments: int | None


@dataclass(frozen=True, slots=True)
class ItemView:
    """An item as lists, cards, exports and the command line see it."""

    row: int
    """Row id; for joins inside one process only."""
    id: str
    """Public id."""
    kind: Kind
    arxiv_id: str | None
    doi: str | None
    title: str
    authors: tuple[str, ...]
    abstract: str
    url: str
    categories: tuple[str, ...]
    comment: str | None
    published: datetime | None
    updated: datetime | None
    listed_on: date
    version: int
    withdrawn: bool
    level: int | None
    """None until the item is classified."""
    confidence: float | None
    unsure: bool
    topics: tuple[TopicScore, ...]
    labs: tuple[LabEvidence, ...]
    sources: tuple[str, ...]
    votes: int | None
    stars: int | None
    repositories: tuple[Repository, ...]
    origin: str | None = None
    """Whose `level` is: None is the model's, `reader` a correction, `llm:<name>` a second opinion."""

    @property
    def corrected(self) -> bool:
        """Whether a reader gave the level."""
        return self.origin == READER


@dataclass(frozen=True, slots=True)
class Correction:
    """What level a reader says an item has."""

    who: str
    level: int
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a language model (`llm:<name>`) says of an item of which the model was unsure. `reason` is one line, untrusted."""

    llm: str
    level: int
    topics: tuple[str, ...]
    reason: str
    at: datetime | None = field(default=None, compare=False)
    """When it was asked, where that is told."""


@dataclass(frozen=True, slots=True)
class ItemDetail:
    """One item with all its evidence."""

    item: ItemView
    sightings: tuple[SightingView, ...]
    versions: tuple[Version, ...]
    metrics: tuple[tuple[str, str, date, int], ...]
    """(source, name, day, value), oldest first."""
    probabilities: tuple[float, ...]
    explanation: tuple[Reason, ...]
    model: str | None
    said: int | None = None
    """The level that the model gave, whoever gave the one that is shown."""
    correction: Correction | None = None
    opinion: Opinion | None = None

"""The tables. Times are UTC, days are UTC days, and every constraint has a name that Alembic can find again.

An item's signals (dates, level, votes) stand in `items`, its words in `item_texts`: signals change daily and are scanned,
words hardly ever change and are indexed for full text, so neither pays for the other.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UTCDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime; a naive one is refused. SQLite keeps it without zone, PostgreSQL as timestamptz."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a zone cannot be stored")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Lines(TypeDecorator[tuple[str, ...]]):
    """A tuple of one-line strings as newline-separated text, so that full text can index it as it stands."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str:
        return "\n".join(value or ())

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:
        return tuple(value.split("\n")) if value else ()


JsonValue = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
Key = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only for INTEGER primary keys."""


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UTCDateTime, date: Date, dict[str, Any]: JsonValue, list[Any]: JsonValue}  # noqa: RUF012


def _where(name: str, condition: str, *columns: str) -> Index:
    return Index(name, *columns, sqlite_where=text(condition), postgresql_where=text(condition))


def _known(signal: str) -> Index:
    """The order by a signal that few items have: the others cost no write."""
    return _where(f"ix_items_{signal}_listed_on_id", f"{signal} IS NOT NULL", signal, "listed_on", "id")


class Source(Base):
    """A source and its polling state: a restart loses nothing."""

    __tablename__ = "sources"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(200))
    url: Mapped[str] = mapped_column(Text)
    lab: Mapped[str | None] = mapped_column(String(60))
    official: Mapped[bool] = mapped_column(Boolean, default=True)
    alarm_days: Mapped[int | None] = mapped_column(Integer)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    watermark: Mapped[date | None]
    etag: Mapped[str | None] = mapped_column(Text)
    last_modified: Mapped[str | None] = mapped_column(Text)
    last_attempt_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    next_check_at: Mapped[datetime | None]
    parked_until: Mapped[datetime | None]
    newest_item_on: Mapped[date | None]
    error: Mapped[str | None] = mapped_column(Text)
    error_reason: Mapped[str | None] = mapped_column(String(30))
    error_count: Mapped[int] = mapped_column(Integer, default=0)


class Run(Base):
    """One collector run of one source."""

    __tablename__ = "runs"
    __table_args__ = (Index(None, "source", "started_at"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    source: Mapped[str] = mapped_column(ForeignKey("sources.name"))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(10))
    since: Mapped[date]
    until: Mapped[date]
    fetched: Mapped[int] = mapped_column(Integer, default=0)
    new: Mapped[int] = mapped_column(Integer, default=0)
    changed: Mapped[int] = mapped_column(Integer, default=0)
    same: Mapped[int] = mapped_column(Integer, default=0)
    expected: Mapped[int | None] = mapped_column(Integer)
    error: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)


class SourceDay(Base):
    """How complete a source's day is: what the source says there is, and what was stored of it."""

    __tablename__ = "source_days"

    source: Mapped[str] = mapped_column(ForeignKey("sources.name"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    expected: Mapped[int] = mapped_column(Integer)
    stored: Mapped[int] = mapped_column(Integer)
    checked_at: Mapped[datetime]


class Feed(Base):
    """A lab feed that was added by hand, beside those of the operator's file."""

    __tablename__ = "feeds"

    source: Mapped[str] = mapped_column(String(80), primary_key=True)
    lab: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(200))
    url: Mapped[str] = mapped_column(Text, unique=True)
    official: Mapped[bool] = mapped_column(Boolean)
    alarm_days: Mapped[int] = mapped_column(Integer)
    allow_private: Mapped[bool] = mapped_column(Boolean, default=False)
    """Whether fetching it may lead to a private address: only the operator can say so, when adding it."""
    added_at: Mapped[datetime]


_COUNTED = text("votes IS NOT NULL OR stars IS NOT NULL")


class Item(Base):
    """A paper or a post, once: identity and signals."""

    __tablename__ = "items"
    __table_args__ = (
        CheckConstraint("level IS NULL OR level BETWEEN 0 AND 8", name="level_range"),
        Index(None, "listed_on", "id"),
        Index(None, "level", "listed_on", "id"),
        Index(None, "model"),
        *(_known(name) for name in ("votes", "stars", "confidence")),
        _where("ix_items_posts", "kind = 'post'", "listed_on", "id"),
        # Everything that decides who competes for a reading, so that a month's items are counted and sorted in the index.
        Index(
            "ix_items_competing",
            *("level", "listed_on", "withdrawn", "source_count", "votes", "has_code", "unsure", "confidence", "id"),
        ),
        # The numbers of a month's crowd; few items have any.
        Index("ix_items_crowd", "listed_on", "votes", "stars", sqlite_where=_COUNTED, postgresql_where=_COUNTED),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(64), unique=True)
    """The public id: the arXiv id where there is one, else a hash of the strongest key."""
    kind: Mapped[str] = mapped_column(String(10))
    arxiv_id: Mapped[str | None] = mapped_column(String(40), unique=True)
    doi: Mapped[str | None] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    content_source: Mapped[str] = mapped_column(String(80))
    content_hash: Mapped[str] = mapped_column(String(40))
    published: Mapped[datetime | None]
    updated: Mapped[datetime | None]
    listed_on: Mapped[date]
    """The newest day on which a source listed the item as news; it places the item in a month."""
    version: Mapped[int] = mapped_column(Integer, default=1)
    withdrawn: Mapped[bool] = mapped_column(Boolean, default=False)
    first_seen_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    level: Mapped[int | None] = mapped_column(Integer)
    confidence: Mapped[float | None] = mapped_column(Float)
    unsure: Mapped[bool | None] = mapped_column(Boolean)
    model: Mapped[str | None] = mapped_column(String(40))
    """Version of the model that classified it; None asks for classification."""
    origin: Mapped[str | None] = mapped_column(String(60))
    """Whose `level` is: None is the model's, `reader` a correction, `llm:<name>` a second opinion."""
    votes: Mapped[int | None] = mapped_column(Integer)
    stars: Mapped[int | None] = mapped_column(Integer)
    source_count: Mapped[int] = mapped_column(Integer, default=0)
    has_code: Mapped[bool] = mapped_column(Boolean, default=False)


class ItemText(Base):
    """The words of an item; full text indexes title, authors and abstract."""

    __tablename__ = "item_texts"

    item_id: Mapped[int] = mapped_column(Key, ForeignKey("items.id", ondelete="CASCADE"), primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    authors: Mapped[tuple[str, ...]] = mapped_column(Lines)
    abstract: Mapped[str] = mapped_column(Text)
    categories: Mapped[tuple[str, ...]] = mapped_column(Lines)
    comment: Mapped[str | None] = mapped_column(Text)
    journal_ref: Mapped[str | None] = mapped_column(Text)
    license: Mapped[str | None] = mapped_column(Text)


class ItemKey(Base):
    """Every identity key that an item ever had; a merged item's keys move to the one that stays."""

    __tablename__ = "item_keys"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    item_id: Mapped[int] = mapped_column(Key, ForeignKey("items.id", ondelete="CASCADE"), index=True)


class ItemVersion(Base):
    """The version history of an arXiv paper."""

    __tablename__ = "item_versions"

    item_id: Mapped[int] = mapped_column(Key, ForeignKey("items.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    submitted: Mapped[datetime]
    withdrawn: Mapped[bool] = mapped_column(Boolean, default=False)


class Sighting(Base):
    """The evidence that a source saw an item, and what it said; never deleted."""

    __tablename__ = "sightings"
    __table_args__ = (UniqueConstraint("source", "key"), Index(None, "item_id"))

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    item_id: Mapped[int] = mapped_column(Key, ForeignKey("items.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(ForeignKey("sources.name"))
    key: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(String(40))
    seen_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    listed_on: Mapped[date | None]
    url: Mapped[str] = mapped_column(Text)
    announce_type: Mapped[str | None] = mapped_column(String(20))
    organization: Mapped[str | None] = mapped_column(Text)
    lab: Mapped[str | None] = mapped_column(String(60))
    official: Mapped[bool | None] = mapped_column(Boolean)
    votes: Mapped[int | None] = mapped_column(Integer)
    stars: Mapped[int | None] = mapped_column(Integer)
    comments: Mapped[int | None] = mapped_column(Integer)
    extra: Mapped[dict[str, Any] | None]


class Metric(Base):
    """A number that a source showed for an item, by day: votes, stars, comments."""

    __tablename__ = "metrics"

    item_id: Mapped[int] = mapped_column(Key, ForeignKey("items.id", ondelete="CASCADE"), primary_key=True)
    source: Mapped[str] = mapped_column(ForeignKey("sources.name"), primary_key=True)
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    value: Mapped[int] = mapped_column(Integer)


class Repository(Base):
    """A code repository."""

    __tablename__ = "repositories"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    url: Mapped[str] = mapped_column(Text, unique=True)
    stars: Mapped[int | None] = mapped_column(Integer)


class ItemRepository(Base):
    """Which source ties which repository to an item."""

    __tablename__ = "item_repositories"

    item_id: Mapped[int] = mapped_column(Key, ForeignKey("items.id", ondelete="CASCADE"), primary_key=True)
    repository_id: Mapped[int] = mapped_column(Key, ForeignKey("repositories.id"), primary_key=True)
    source: Mapped[str] = mapped_column(ForeignKey("sources.name"), primary_key=True)
    official: Mapped[bool | None] = mapped_column(Boolean)


class Lab(Base):
    """A lab; the roadmap names the watched ones, feeds of the operator may bring more."""

    __tablename__ = "labs"

    slug: Mapped[str] = mapped_column(String(60), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    watched: Mapped[bool] = mapped_column(Boolean, default=False)


class ItemLab(Base):
    """The evidence that ties an item to a lab."""

    __tablename__ = "item_labs"
    __table_args__ = (Index(None, "lab", "listed_on", "item_id"),)

    item_id: Mapped[int] = mapped_column(Key, ForeignKey("items.id", ondelete="CASCADE"), primary_key=True)
    lab: Mapped[str] = mapped_column(ForeignKey("labs.slug"), primary_key=True)
    method: Mapped[str] = mapped_column(String(30), primary_key=True)
    evidence: Mapped[str] = mapped_column(Text)
    confidence: Mapped[float] = mapped_column(Float)
    listed_on: Mapped[date | None]
    """The item's own day, so that a lab's items can be paged by day; triggers keep it."""


class Topic(Base):
    """A topic of the taxonomy."""

    __tablename__ = "topics"

    slug: Mapped[str] = mapped_column(String(60), primary_key=True)
    level: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(Text)


class ItemTopic(Base):
    """A topic of an item with its score; `rank` 1 is the primary one."""

    __tablename__ = "item_topics"
    __table_args__ = (Index(None, "topic", "listed_on", "item_id"),)

    item_id: Mapped[int] = mapped_column(Key, ForeignKey("items.id", ondelete="CASCADE"), primary_key=True)
    topic: Mapped[str] = mapped_column(ForeignKey("topics.slug"), primary_key=True)
    rank: Mapped[int] = mapped_column(Integer)
    score: Mapped[float] = mapped_column(Float)
    listed_on: Mapped[date | None]
    """The item's own day, so that a topic's items can be paged by day; triggers keep it."""


class Classification(Base):
    """What a model said about an item, kept for each model that ever answered."""

    __tablename__ = "classifications"

    item_id: Mapped[int] = mapped_column(Key, ForeignKey("items.id", ondelete="CASCADE"), primary_key=True)
    model: Mapped[str] = mapped_column(String(40), primary_key=True)
    level: Mapped[int] = mapped_column(Integer)
    confidence: Mapped[float] = mapped_column(Float)
    unsure: Mapped[bool] = mapped_column(Boolean)
    probabilities: Mapped[list[Any]]
    explanation: Mapped[list[Any]]
    classified_at: Mapped[datetime]


class Reading(Base):
    """The ranked list of a period and a query; `frozen` once the period is over."""

    __tablename__ = "readings"
    __table_args__ = (UniqueConstraint("period", "query"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    period: Mapped[str] = mapped_column(String(10))
    query: Mapped[str] = mapped_column(Text)
    """The query in its canonical URL form, with the bounds that the reader chose."""
    frozen_at: Mapped[datetime]
    model: Mapped[str | None] = mapped_column(String(40))
    weights: Mapped[dict[str, Any]]
    landmark: Mapped[str | None] = mapped_column(Text)
    """The address of the landmark paper that prepares for it."""


class ReadingEntry(Base):
    """A place in a frozen reading."""

    __tablename__ = "reading_entries"

    reading_id: Mapped[int] = mapped_column(Key, ForeignKey("readings.id", ondelete="CASCADE"), primary_key=True)
    rank: Mapped[int] = mapped_column(Integer, primary_key=True)
    item_id: Mapped[int] = mapped_column(Key, ForeignKey("items.id"), index=True)
    score: Mapped[float] = mapped_column(Float)
    why: Mapped[dict[str, Any]]
    role: Mapped[str] = mapped_column(String(20), server_default="reading")
    """`reading`, or `one_level_up` for what stands beside the list; such entries are ranked on from its end."""


class Turn(Base):
    """When the next request to a rate-limited service may start; one row for the whole installation."""

    __tablename__ = "turns"

    service: Mapped[str] = mapped_column(String(40), primary_key=True)
    free_at: Mapped[float] = mapped_column(Float(53))
    """Seconds since 1970 by the database's clock, so that the machines' own clocks may differ."""


class SavedQuery(Base):
    """A query with a name, and so with a lasting address as a feed."""

    __tablename__ = "saved_queries"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    query: Mapped[str] = mapped_column(Text)
    """The query in its canonical URL form."""
    created_at: Mapped[datetime]


class Correction(Base):
    """What level a reader says an item has; the newest counts, and no model overwrites it."""

    __tablename__ = "corrections"
    __table_args__ = (CheckConstraint("level BETWEEN 0 AND 8", name="level_range"),)

    item_id: Mapped[int] = mapped_column(Key, ForeignKey("items.id", ondelete="CASCADE"), primary_key=True)
    who: Mapped[str] = mapped_column(String(80), primary_key=True)
    level: Mapped[int] = mapped_column(Integer)
    why: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class SecondOpinion(Base):
    """What a language model said of a text, by the text's fingerprint: nobody is asked twice about the same words."""

    __tablename__ = "second_opinions"
    __table_args__ = (CheckConstraint("level IS NULL OR level BETWEEN 0 AND 8", name="level_range"),)

    content: Mapped[str] = mapped_column(String(40), primary_key=True)
    llm: Mapped[str] = mapped_column(String(60), primary_key=True)
    """`llm:<name>`."""
    level: Mapped[int | None] = mapped_column(Integer)
    """None where there was no answer that could be used; `tries` counts them."""
    topics: Mapped[tuple[str, ...]] = mapped_column(Lines)
    reason: Mapped[str] = mapped_column(Text)
    tries: Mapped[int] = mapped_column(Integer, default=1)
    asked_at: Mapped[datetime]


class OpinionDay(Base):
    """How much a language model was asked on a day, so that its cost has a bound."""

    __tablename__ = "opinion_days"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    requests: Mapped[int] = mapped_column(Integer, default=0)
    characters: Mapped[int] = mapped_column(BigInteger, default=0)

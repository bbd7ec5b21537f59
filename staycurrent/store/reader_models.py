"""The tables of readers: who they are, what they left on items, what they want less of, and when they were here."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from staycurrent.store.models import Base, Key


class Profile(Base):
    """A reader of this installation: `local` on a laptop, one for each login elsewhere."""

    __tablename__ = "profiles"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    created_at: Mapped[datetime]
    plan_start: Mapped[date | None] = mapped_column(Date)
    """The first day of the plan of twelve months, where the reader follows one."""


class Visit(Base):
    """When a reader was last on a page that tells what is new; `period` is empty where the page has none."""

    __tablename__ = "visits"

    profile: Mapped[str] = mapped_column(ForeignKey("profiles.name", ondelete="CASCADE"), primary_key=True)
    page: Mapped[str] = mapped_column(String(20), primary_key=True)
    period: Mapped[str] = mapped_column(String(10), primary_key=True)
    at: Mapped[datetime]
    """The last moment of the visit that is going on, or was the last."""
    before: Mapped[datetime | None]
    """The last moment of the visit before it."""


class Mark(Base):
    """What a reader said of an item: read, saved, hidden or star."""

    __tablename__ = "marks"
    __table_args__ = (
        CheckConstraint("kind IN ('read', 'saved', 'hidden', 'star')", name="known_kind"),
        Index(None, "profile", "kind", "at"),
        Index(None, "item_id"),
    )

    profile: Mapped[str] = mapped_column(ForeignKey("profiles.name", ondelete="CASCADE"), primary_key=True)
    item_id: Mapped[int] = mapped_column(Key, ForeignKey("items.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    at: Mapped[datetime]


class LandmarkMark(Base):
    """What a reader said of a landmark paper of the roadmap, which need not be an item: read, saved or star."""

    __tablename__ = "landmark_marks"
    __table_args__ = (CheckConstraint("kind IN ('read', 'saved', 'star')", name="known_kind"),)

    profile: Mapped[str] = mapped_column(ForeignKey("profiles.name", ondelete="CASCADE"), primary_key=True)
    landmark: Mapped[str] = mapped_column(String(400), primary_key=True)
    """Its arXiv id, else its address."""
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    at: Mapped[datetime]


class Note(Base):
    """A reader's note on an item, one for each reader."""

    __tablename__ = "notes"
    __table_args__ = (Index(None, "item_id"),)

    profile: Mapped[str] = mapped_column(ForeignKey("profiles.name", ondelete="CASCADE"), primary_key=True)
    item_id: Mapped[int] = mapped_column(Key, ForeignKey("items.id", ondelete="CASCADE"), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class Tag(Base):
    """A reader's own word for an item."""

    __tablename__ = "tags"
    __table_args__ = (Index(None, "profile", "tag"), Index(None, "item_id"))

    profile: Mapped[str] = mapped_column(ForeignKey("profiles.name", ondelete="CASCADE"), primary_key=True)
    item_id: Mapped[int] = mapped_column(Key, ForeignKey("items.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(60), primary_key=True)
    at: Mapped[datetime]


class Dislike(Base):
    """A topic, lab or word of which a reader wants less."""

    __tablename__ = "dislikes"
    __table_args__ = (CheckConstraint("kind IN ('topic', 'lab', 'word')", name="known_kind"),)

    profile: Mapped[str] = mapped_column(ForeignKey("profiles.name", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    value: Mapped[str] = mapped_column(String(400), primary_key=True)
    at: Mapped[datetime]

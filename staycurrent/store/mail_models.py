"""The tables of the digest by mail: who gets one, what was in it, and what became of each delivery."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from staycurrent.store.models import Base, Key


class Subscriber(Base):
    """Who gets digests: a mail address or a channel's address. Erasing takes the address away and leaves the row."""

    __tablename__ = "subscribers"
    __table_args__ = (UniqueConstraint("folded"), CheckConstraint("kind IN ('mail', 'webhook')", name="known_kind"))

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    address: Mapped[str | None] = mapped_column(Text)
    folded: Mapped[str | None] = mapped_column(Text)
    """The address as two spellings of it compare."""
    created_at: Mapped[datetime]


class Subscription(Base):
    """One digest of one subscriber: a query, how it comes and when, and its state."""

    __tablename__ = "subscriptions"
    __table_args__ = (
        UniqueConstraint("uid"),
        CheckConstraint("state IN ('pending', 'active', 'paused', 'unsubscribed', 'suppressed', 'erased')", name="known_state"),
        CheckConstraint("cadence IN ('weekly', 'monthly')", name="known_cadence"),
        CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday_range"),
        CheckConstraint("minute BETWEEN 0 AND 1439", name="minute_range"),
        Index(None, "subscriber_id"),
        Index(None, "state", "next_due_at"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    uid: Mapped[str] = mapped_column(String(32))
    """Random; what tokens name, since row numbers may be given twice."""
    subscriber_id: Mapped[int] = mapped_column(Key, ForeignKey("subscribers.id", ondelete="CASCADE"))
    query: Mapped[str] = mapped_column(Text)
    cadence: Mapped[str] = mapped_column(String(10))
    minutes: Mapped[int | None] = mapped_column(Integer)
    language: Mapped[str] = mapped_column(String(10))
    when_empty: Mapped[str] = mapped_column(String(10))
    weekday: Mapped[int] = mapped_column(Integer)
    """1 is Monday, as in ISO 8601."""
    minute: Mapped[int] = mapped_column(Integer)
    """Of the day, on the wall clock of `timezone`."""
    timezone: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(15))
    reason: Mapped[str | None] = mapped_column(String(40))
    """Why it is in a state that its subscriber did not choose."""
    origin: Mapped[str] = mapped_column(String(20))
    """How the consent came: form, command or import."""
    created_at: Mapped[datetime]
    asked_at: Mapped[datetime]
    asked_plan: Mapped[str | None] = mapped_column(Text)
    """What was asked for then, as JSON, where the digest runs with another plan: it counts with its owner's yes."""
    confirmed_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]
    next_due_at: Mapped[datetime | None]
    """NULL unless active."""
    last_edition_id: Mapped[int | None] = mapped_column(Key, ForeignKey("editions.id"))
    """The newest edition that arrived; it leads to those before it."""
    failures: Mapped[int] = mapped_column(Integer, default=0)
    """Deliveries that failed one after the other, as of the last that did."""
    told_until: Mapped[datetime | None]
    """Periods whose moment is not after this one count as sent, whatever the deliveries say: some went, or never came back."""


class Suppression(Base):
    """A keyed hash of an address that must not be written to: it bounced, or its owner complained, said never, or erased it."""

    __tablename__ = "suppressions"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    reason: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]


class Edition(Base):
    """The content of a digest for all whose wish and history are equal; rendered once, and kept while it is sent."""

    __tablename__ = "editions"
    __table_args__ = (UniqueConstraint("wish", "period", "history"), Index(None, "chosen_at"))

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    wish: Mapped[str] = mapped_column(String(64))
    period: Mapped[str] = mapped_column(String(10))
    history: Mapped[int] = mapped_column(Key)
    """The edition that these readers got before this one, 0 for none. No foreign key: NULL would not be unique."""
    chosen_at: Mapped[datetime]
    is_empty: Mapped[bool] = mapped_column(Boolean)
    subject: Mapped[str | None] = mapped_column(Text)
    text: Mapped[str | None] = mapped_column(Text)
    html: Mapped[str | None] = mapped_column(Text)
    landmark: Mapped[str | None] = mapped_column(Text)
    """Address of the landmark paper that it suggested."""


class EditionItem(Base):
    """An item as an edition showed it: new, or as changed since."""

    __tablename__ = "edition_items"
    __table_args__ = (Index(None, "item_id"),)

    edition_id: Mapped[int] = mapped_column(Key, ForeignKey("editions.id", ondelete="CASCADE"), primary_key=True)
    item_id: Mapped[int] = mapped_column(Key, ForeignKey("items.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    withdrawn: Mapped[bool] = mapped_column(Boolean)
    has_code: Mapped[bool] = mapped_column(Boolean)


class Delivery(Base):
    """One message to one subscriber: claimed before it is sent, closed after."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("subscription_id", "period"),
        UniqueConstraint("key"),
        CheckConstraint("kind IN ('digest', 'confirmation')", name="known_kind"),
        CheckConstraint("state IN ('waiting', 'claimed', 'sent', 'skipped', 'dead')", name="known_state"),
        Index(None, "state", "batch", "id"),
        Index(None, "edition_id"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    key: Mapped[str] = mapped_column(String(40))
    """Stands in the Message-ID and in the return path."""
    subscription_id: Mapped[int] = mapped_column(Key, ForeignKey("subscriptions.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(15))
    period: Mapped[str] = mapped_column(String(24))
    batch: Mapped[str] = mapped_column(String(64))
    """What is alike is sent one after the other, so that it is rendered once."""
    edition_id: Mapped[int | None] = mapped_column(Key, ForeignKey("editions.id"))
    state: Mapped[str] = mapped_column(String(10))
    owner: Mapped[str | None] = mapped_column(String(120))
    lease_until: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(Integer, default=0)
    due_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)
    """Without any address."""
    bounce: Mapped[str | None] = mapped_column(String(10))
    """How it came back; see `staycurrent.store.returns`."""


class MailRequest(Base):
    """How often something was asked for within an hour, by an address or by a client; both only as keyed hashes."""

    __tablename__ = "mail_requests"

    scope: Mapped[str] = mapped_column(String(10), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(Integer)

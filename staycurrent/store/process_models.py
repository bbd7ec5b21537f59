"""The tables of processes, and of what those of two releases must agree on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from staycurrent.store.models import Base


class Heartbeat(Base):
    """A process of this installation that lives, or lived until `at`."""

    __tablename__ = "heartbeats"
    __table_args__ = (Index(None, "role", "at"),)

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    """`host:pid:role`."""
    role: Mapped[str] = mapped_column(String(20))
    version: Mapped[str] = mapped_column(String(40))
    started_at: Mapped[datetime]
    at: Mapped[datetime]
    """By the database's clock, so that the machines' own clocks may differ."""


class SchemaServes(Base):
    """One row: that the schema of `revision` is good for programs of the schema `oldest` and all between (`expansion`)."""

    __tablename__ = "schema_serves"

    revision: Mapped[str] = mapped_column(String(32), primary_key=True)
    oldest: Mapped[str] = mapped_column(String(32))


class LabellingModel(Base):
    """A model of the classifier that is or was at work in this installation (`labelling`)."""

    __tablename__ = "labelling_models"

    version: Mapped[str] = mapped_column(String(100), primary_key=True)
    since: Mapped[datetime]
    """By the database's clock."""

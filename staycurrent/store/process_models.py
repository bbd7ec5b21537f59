"""The table of processes."""

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

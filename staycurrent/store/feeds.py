"""Lab feeds that were added by hand: what the installation has beside the operator's file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from staycurrent.store.models import Feed
from staycurrent.store.upserts import insert_once


@dataclass(frozen=True, slots=True)
class AddedFeed:
    """A feed as it is kept. `source` is the name of the source: `lab:<lab>` or `lab:<lab>-<id>`."""

    source: str
    lab: str
    name: str
    url: str
    official: bool
    alarm_days: int
    allow_private: bool
    """Whether fetching it may lead to a private address."""
    added_at: datetime


def every(session: Session) -> tuple[AddedFeed, ...]:
    """The added feeds in the order of their names."""
    rows = session.scalars(select(Feed).order_by(Feed.source))
    return tuple(AddedFeed(r.source, r.lab, r.name, r.url, r.official, r.alarm_days, r.allow_private, r.added_at) for r in rows)


def add(session: Session, feed: AddedFeed) -> bool:
    """Keep a feed; False where its name or its address is there already."""
    row = {name: getattr(feed, name) for name in AddedFeed.__slots__}
    return insert_once(session, Feed, row, returning=Feed.source) is not None


def remove(session: Session, source: str) -> bool:
    """Forget a feed; what it brought stays. False where there is none of that name."""
    return session.scalar(delete(Feed).where(Feed.source == source).returning(Feed.source)) is not None

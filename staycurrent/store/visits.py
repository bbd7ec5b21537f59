"""When a reader was last on a page, so that the page can say what is new since; and when their plan begins."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from staycurrent.store.models import Item
from staycurrent.store.reader_models import Profile, Visit
from staycurrent.store.upserts import chunks, upsert

PAUSE = timedelta(minutes=30)
"""After so long without a look the next look is a new visit; a reload within it takes no news away."""
REFRESH = timedelta(minutes=1)
"""How exact the end of a visit is known: a page that is drawn often is written down this often."""


def since(session: Session, profile: str, page: str, period: str, now: datetime) -> datetime | None:
    """The end of the visit before the present one, None on the first. A period not seen yet counts from the page's last one."""
    row = session.get(Visit, (profile, page, period))
    if row is None:
        other = select(func.max(Visit.at)).where(Visit.profile == profile, Visit.page == page)
        last: datetime | None = session.scalar(other)
        return last
    return row.at if now - row.at > PAUSE else row.before


def is_due(session: Session, profile: str, page: str, period: str, now: datetime) -> bool:
    """Whether a look at the page is to be written down."""
    row = session.get(Visit, (profile, page, period))
    return row is None or abs(now - row.at) > REFRESH


def look(session: Session, profile: str, page: str, period: str, now: datetime) -> None:
    """Write down that the reader sees the page now."""
    upsert(session, Profile, [{"name": profile, "created_at": now}], index=["name"])
    before = since(session, profile, page, period, now)
    row = {"profile": profile, "page": page, "period": period, "at": now, "before": before}
    upsert(session, Visit, [row], index=["profile", "page", "period"], changing=["at", "before"])


def first_seen_after(session: Session, ids: list[int], then: datetime) -> frozenset[int]:
    """Those of the items, by row id, that no source had shown before."""
    fresh: set[int] = set()
    for part in chunks(ids):
        fresh.update(session.scalars(select(Item.id).where(Item.id.in_(part), Item.first_seen_at > then)))
    return frozenset(fresh)


def plan_start(session: Session, profile: str) -> date | None:
    """The first day of the reader's plan, None where they follow none."""
    return session.scalar(select(Profile.plan_start).where(Profile.name == profile))


def begin_plan(session: Session, profile: str, start: date | None, now: datetime) -> None:
    """Let the reader's plan begin on a day; None ends it."""
    upsert(session, Profile, [{"name": profile, "created_at": now}], index=["name"])
    session.execute(update(Profile).where(Profile.name == profile).values(plan_start=start))

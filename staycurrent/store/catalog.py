"""Topics and labs of the roadmap as rows, so that items can refer to them."""

from __future__ import annotations

from sqlalchemy.orm import Session

from staycurrent import roadmap
from staycurrent.store.models import Lab, Topic
from staycurrent.store.upserts import upsert


def sync(session: Session) -> None:
    """Write the roadmap's topics and labs where they differ. A slug that left the roadmap stays, items may bear it."""
    topics = [{"slug": t.slug, "level": t.level, "name": t.name.en} for t in roadmap.topics().values()]
    labs = [{"slug": lab.slug, "name": lab.name, "watched": lab.watched} for lab in roadmap.labs().values()]
    upsert(session, Topic, topics, index=["slug"], changing=["level", "name"])
    upsert(session, Lab, labs, index=["slug"], changing=["name", "watched"])

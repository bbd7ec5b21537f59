"""Since when each model of the classifier is at work here, so that two releases side by side agree which one is newer.

While an installation is updated, processes of the old release and of the new one look for what is outdated. If each took
the other's answers for outdated, they would label the same items in turn; so the model that came first gives way.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from staycurrent.store.engine import Engine, reading, writing
from staycurrent.store.heartbeats import database_time
from staycurrent.store.process_models import LabellingModel
from staycurrent.store.upserts import upsert


def note(engine: Engine, model: str, *, again: bool = False) -> None:
    """Remember that `model` is at work from now on, unless it is known; `again` makes it the newest in any case."""
    if not model:
        return
    with reading(engine) as session:
        is_known = session.get(LabellingModel, model) is not None
        if newest(session) == model or (is_known and not again):
            return
    with writing(engine) as session:
        last = session.scalar(select(func.max(LabellingModel.since)))
        now = database_time(session)
        if last is not None and now <= last:  # the database's clock went back; the newest must stay the newest
            now = last + timedelta(milliseconds=1)
        row = {"version": model, "since": now}
        upsert(session, LabellingModel, [row], index=["version"], changing=["since"] if again else [])


def newest(session: Session) -> str | None:
    """The model that came last; None where none has been noted."""
    return session.scalar(select(LabellingModel.version).order_by(LabellingModel.since.desc()).limit(1))


def is_older(session: Session, model: str) -> bool:
    """Whether another model came after `model`, so that its answers are not outdated for `model`."""
    return newest(session) not in (None, model)

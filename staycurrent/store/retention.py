"""What may go after a while, of what would grow without bound. Sightings, items, readings and marks never go.

Deletes in small transactions, so that nobody waits; may be cut off at any moment and run again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session, aliased

from staycurrent.store import heartbeats, mail_retention
from staycurrent.store.engine import Engine, reading, writing
from staycurrent.store.models import Classification, Item, Metric, Run

BATCH = 2000
"""Rows that one transaction deletes."""
STRETCH = 2000
"""Items whose rows one transaction looks through."""
_HEARTBEATS = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Policy:
    """For how many days each kind is kept; 0 keeps it for ever."""

    runs: int
    counts: int
    answers: int
    mails: int = 0
    pending: int = 0
    """Since somebody was asked for a yes that never came."""


def prune(engine: Engine, policy: Policy, now: datetime) -> dict[str, int]:
    """Delete what is older than the policy keeps; returns how many rows of each kind went."""
    gone = {"runs": 0, "counts": 0, "answers": 0, "deliveries": 0, "editions": 0, "pending": 0}
    if policy.runs:
        gone["runs"] = _until_done(engine, lambda s: _runs(s, now - timedelta(days=policy.runs)))
    for low, high in _stretches(engine) if policy.counts or policy.answers else ():
        with writing(engine) as session:
            if policy.counts:
                gone["counts"] += _counts(session, low, high, now - timedelta(days=policy.counts))
            if policy.answers:
                gone["answers"] += _answers(session, low, high, now - timedelta(days=policy.answers))
    if policy.mails:
        gone["deliveries"] = mail_retention.deliveries(engine, now - timedelta(days=policy.mails))
        gone["editions"] = mail_retention.editions(engine, now - timedelta(days=policy.mails))
    if policy.pending:
        gone["pending"] = mail_retention.pending(engine, now - timedelta(days=policy.pending))
    with writing(engine) as session:
        gone["heartbeats"] = heartbeats.prune(session, heartbeats.database_time(session) - _HEARTBEATS)
    return gone


def _until_done(engine: Engine, step: Callable[[Session], int]) -> int:
    total = 0
    while True:
        with writing(engine) as session:
            found = step(session)
        total += found
        if found < BATCH:
            return total


def _runs(session: Session, before: datetime) -> int:
    """The newest finished run of a source stays, however old: it is what its page shows."""
    newest = select(func.max(Run.id)).where(Run.finished_at.is_not(None)).group_by(Run.source)
    old = select(Run.id).where(Run.started_at < before, Run.id.not_in(newest)).order_by(Run.id).limit(BATCH)
    return _deleted(session, delete(Run).where(Run.id.in_(old)))


def _stretches(engine: Engine) -> Iterator[tuple[int, int]]:
    with reading(engine) as session:
        last = session.scalar(select(func.max(Item.id))) or 0
    for low in range(0, last + 1, STRETCH):
        yield low, low + STRETCH - 1


def _counts(session: Session, low: int, high: int, before: datetime) -> int:
    """Of an item's old votes, stars and comments the first and the newest stay: what was gained is told from them."""
    other = aliased(Metric)
    same = (other.item_id == Metric.item_id, other.source == Metric.source, other.name == Metric.name)
    old = Metric.item_id.between(low, high) & (Metric.day < before.date())
    between = exists().where(*same, other.day < Metric.day), exists().where(*same, other.day > Metric.day)
    return _deleted(session, delete(Metric).where(old, *between))


def _answers(session: Session, low: int, high: int, before: datetime) -> int:
    """An item's present answer stays, and its newest one."""
    other = aliased(Classification)
    present = exists().where(Item.id == Classification.item_id, Item.model == Classification.model)
    newer = exists().where(other.item_id == Classification.item_id, other.classified_at > Classification.classified_at)
    old = Classification.item_id.between(low, high) & (Classification.classified_at < before)
    return _deleted(session, delete(Classification).where(old, ~present, newer))


def _deleted(session: Session, statement: Any) -> int:
    found: Any = session.execute(statement, execution_options={"synchronize_session": False})
    return int(found.rowcount)

"""Which deliveries came back, and how many of a digest did so one after the other."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from staycurrent.store.deliveries import Fate, What
from staycurrent.store.mail_models import Delivery, Subscription

PATIENCE = timedelta(days=5)
"""For which a server may keep a letter before it gives up (RFC 5321, section 4.5.4.1): until then no bounce says nothing."""
_KINDS = ("soft", "claimed", "hard", "complaint")
"""From mild to grave. What no return path proves is kept as something milder, so that its proof is still news: a hard bounce
as a soft one, a complaint as claimed."""
_LOOKED_AT = 20
_UNSYNCED: dict[str, Any] = {"execution_options": {"synchronize_session": False}}


def note(session: Session, delivery: int, kind: str, *, proven: bool = True) -> bool:
    """Note that a delivery came back, or was refused for its mailbox; False where as much, or worse, was known."""
    kept = kind if proven else {"hard": "soft", "complaint": "claimed"}.get(kind, kind)
    news = or_(Delivery.bounce.is_(None), Delivery.bounce.in_(_KINDS[: _KINDS.index(kept)]))
    noted = update(Delivery).where(Delivery.id == delivery, news).values(bounce=kept).returning(Delivery.id)
    return session.scalar(noted, **_UNSYNCED) is not None


def count_failure(session: Session, subscription: int, now: datetime) -> int:
    """Count one more failed delivery of a digest; returns how many failed in a row, since it was last started at most."""
    failed = in_a_row(session, subscription, now)
    known = select(Subscription.failures).where(Subscription.id == subscription)
    counted = min((session.scalar(known) or 0) + 1, failed)
    session.execute(update(Subscription).where(Subscription.id == subscription).values(failures=counted), **_UNSYNCED)
    return counted


def in_a_row(session: Session, subscription: int, now: datetime) -> int:
    """How many of a digest's last deliveries came back.

    One that a server took counts as arrived once no bounce came for `PATIENCE`; before, and where none was sent, it says
    nothing.
    """
    mine = (Delivery.subscription_id == subscription, Delivery.kind == What.DIGEST.value)
    columns = (Delivery.state, Delivery.bounce, Delivery.closed_at)
    failed = 0
    for state, bounce, at in session.execute(select(*columns).where(*mine).order_by(Delivery.id.desc()).limit(_LOOKED_AT)):
        if bounce in ("soft", "hard"):
            failed += 1
        elif state == Fate.SENT.value and at and now - at > PATIENCE:
            return failed
    return failed

"""Nobody gets a digest twice, and nobody who left gets one, because a backup was put in the place of the database.

What the replaced database knew (`kept_mail`) is carried over for the digests that are in both. Of a digest of which it knew
nothing the periods up to now count as sent. Nothing that somebody began since the backup is brought in.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.orm import Session

from staycurrent.store import editions, kept_mail, restoring, subscribers
from staycurrent.store.deliveries import Fate
from staycurrent.store.editions import Shown
from staycurrent.store.mail_models import Delivery, Edition, EditionItem, Subscription
from staycurrent.store.models import Item
from staycurrent.store.subscribers import State
from staycurrent.store.upserts import chunks, insert_new

HOLD = f"""
DO $$ BEGIN
    IF to_regclass('public.subscriptions') IS NOT NULL THEN
        UPDATE public.subscriptions SET state = 'paused', reason = '{kept_mail.HELD}' WHERE state = 'active';
    END IF;
END $$;
"""  # noqa: S608 - a constant
"""Ends the transaction that brings a backup, where what was kept can only be put back in another one."""
_OPEN = (Fate.WAITING.value, Fate.CLAIMED.value)
_PERIOD = "restored"
"""Of an edition that stands for what was sent after the backup."""
_NOBODYS = {"owner": None, "lease_until": None}
_UNSYNCED: dict[str, Any] = {"execution_options": {"synchronize_session": False}}


@dataclass(frozen=True, slots=True)
class Carried:
    """How many digests had ended since the backup, how many deliveries it did not know, and of how many nothing is known."""

    ended: int
    deliveries: int
    unknown: int


def let_go(session: Session) -> None:
    """Undo `HOLD`."""
    held = (Subscription.state == State.PAUSED.value, Subscription.reason == kept_mail.HELD)
    session.execute(update(Subscription).where(*held).values(state=State.ACTIVE.value, reason=None), **_UNSYNCED)


def carry(session: Session, kept: Connection | None, now: datetime) -> Carried:
    """Bring over what was kept, None where the database before could not be read."""
    let_go(session)
    if kept is None:
        return Carried(0, 0, _count_as_told(session, set(), now))
    for hashed, reason, at in kept.execute(select(kept_mail.suppressions)):
        subscribers.suppress(session, hashed, reason, at)
    known, ended, chains = set(), 0, _Chains(session, kept)
    for there in _pages(kept, select(kept_mail.subscriptions).order_by(kept_mail.subscriptions.c.uid)):
        rows = _by_uid(session, [row.uid for row in there])
        for before in there:
            if before.uid in rows:
                ended += _subscription(session, rows[before.uid], before, chains)
                known.add(rows[before.uid].id)
    made = sum(_deliveries(session, page) for page in _pages(kept, select(kept_mail.deliveries)))
    return Carried(ended, made, _count_as_told(session, known, now))


def _pages(kept: Connection, statement: Any) -> Iterator[Sequence[Any]]:
    return kept.execution_options(yield_per=500).execute(statement).partitions()


def _by_uid(session: Session, uids: Sequence[str]) -> dict[str, Any]:
    names = ("id", "uid", "state", "changed_at", "subscriber_id", "last_edition_id", "told_until")
    columns = [getattr(Subscription, name) for name in names]
    found: dict[str, Any] = {}
    for part in chunks(uids):
        found.update((row.uid, row) for row in session.execute(select(*columns).where(Subscription.uid.in_(part))))
    return found


def _subscription(session: Session, row: Any, before: Any, chains: _Chains) -> bool:
    """Whether its subscriber had left since the backup."""
    values: dict[str, Any] = {}
    if (last := chains.joined(row.last_edition_id, before.last_edition_id)) != row.last_edition_id:
        values["last_edition_id"] = last
    if told := max(filter(None, (row.told_until, before.told_until)), default=None):
        values["told_until"] = told
    left = before.state not in (State.ACTIVE.value, row.state) and bool(before.changed_at >= row.changed_at)
    if left and before.state != State.ERASED.value:
        # Who asked once more, and did not say yes, had left before.
        state = State.UNSUBSCRIBED if before.state == State.PENDING.value else State(before.state)
        values |= {"state": state.value, "reason": before.reason, "changed_at": before.changed_at, "next_due_at": None}
    if values:
        session.execute(update(Subscription).where(Subscription.id == row.id).values(**values), **_UNSYNCED)
    if left and before.state == State.ERASED.value:
        subscribers.erase(session, row.subscriber_id, before.changed_at)
    return left


def _deliveries(session: Session, page: Sequence[Any]) -> int:
    """Those that were closed since the backup; one that it has open is closed as it was."""
    homes = {uid: row.id for uid, row in _by_uid(session, sorted({d.uid for d in page})).items()}
    ours = [d._asdict() | {"subscription_id": homes[d.uid]} for d in page if d.uid in homes]
    for row in ours:
        del row["uid"]
    made = insert_new(session, Delivery, ours, returning=Delivery.id)
    for part in chunks(ours):
        still = (Delivery.key.in_([d["key"] for d in part]), Delivery.state.in_(_OPEN))
        keys = set(session.scalars(select(Delivery.key).where(*still)))
        for row in (d for d in part if d["key"] in keys):
            values = {n: row[n] for n in ("state", "tries", "closed_at", "error", "bounce")} | _NOBODYS
            session.execute(update(Delivery).where(Delivery.key == row["key"]).values(**values), **_UNSYNCED)
        made += len(keys)
    return made


def _count_as_told(session: Session, known: set[int], now: datetime) -> int:
    """Of active digests of which nothing is known every period up to now counts as sent; returns how many they are."""
    active = session.scalars(select(Subscription.id).where(Subscription.state == State.ACTIVE.value)).all()
    unknown = [number for number in active if number not in known]
    for part in chunks(unknown):
        told = update(Subscription).where(Subscription.id.in_(part)).values(told_until=now)
        session.execute(told, **_UNSYNCED)
        left_open = (Delivery.subscription_id.in_(part), Delivery.state.in_(_OPEN))
        values = {"state": Fate.SKIPPED.value, "closed_at": now, "error": "counted as sent: a backup was restored"}
        session.execute(update(Delivery).where(*left_open).values(**(values | _NOBODYS)), **_UNSYNCED)
    return len(unknown)


class _Chains:
    """What was sent since the backup, as editions behind those that the backup knows."""

    def __init__(self, session: Session, kept: Connection) -> None:
        self._session, self._kept = session, kept
        self._items: dict[int, int] | None = None
        self._known: dict[tuple[int | None, int], int | None] = {}

    def joined(self, ours: int | None, theirs: int | None) -> int | None:
        """The edition that leads to all that was sent: to what the backup knows, and to what the database before knew."""
        if theirs is None:
            return ours
        if (ours, theirs) not in self._known:
            self._known[ours, theirs] = ours if self._is_same(ours, theirs) else self._join(ours, theirs)
        return self._known[ours, theirs]

    def _is_same(self, ours: int | None, theirs: int) -> bool:
        if ours != theirs:
            return False
        there, here = kept_mail.editions.c, select(Edition.wish, Edition.history, Edition.chosen_at).where(Edition.id == ours)
        asked = select(there.wish, there.history, there.chosen_at).where(there.id == theirs)
        return tuple(self._kept.execute(asked).one()) == tuple(self._session.execute(here).one())

    def _join(self, ours: int | None, theirs: int) -> int | None:
        has = {s.item_id: s.at for s in editions.history(self._session, ours)}
        lacking = [s for s in self._shown(theirs) if s.item_id not in has or has[s.item_id] < s.at]
        last = ours
        for at, shown in groupby(sorted(lacking, key=lambda s: (s.at, s.item_id)), key=lambda s: s.at):
            last = self._edition(last, at, list(shown))
        return last

    def _edition(self, history: int | None, at: datetime, shown: Sequence[Shown]) -> int:
        made = Edition(wish=secrets.token_hex(16), period=_PERIOD, history=history or 0, chosen_at=at, is_empty=False)
        self._session.add(made)
        self._session.flush()
        facts = [(s.item_id, s.version, s.withdrawn, s.has_code) for s in shown]
        names = ("item_id", "version", "withdrawn", "has_code")
        rows = [EditionItem(edition_id=made.id, **dict(zip(names, fact, strict=True))) for fact in facts]
        self._session.add_all(rows)
        self._session.flush()
        return made.id

    def _shown(self, theirs: int) -> Iterator[Shown]:
        """Each item in its newest state, by our rows."""
        there, items = kept_mail.editions, kept_mail.edition_items
        newest = select(there.c.id, there.c.history).where(there.c.id == theirs).cte("chain", recursive=True)
        chain = newest.union_all(select(there.c.id, there.c.history).join(newest, there.c.id == newest.c.history))
        joined = select(items, there.c.chosen_at).join(there, there.c.id == items.c.edition_id)
        rows = self._kept.execute(joined.where(items.c.edition_id.in_(select(chain.c.id))).order_by(items.c.edition_id)).all()
        homes = self._homes()
        for row in {homes[r.item_id]: r for r in rows if r.item_id in homes}.values():
            yield Shown(homes[row.item_id], row.chosen_at, row.version, row.withdrawn, row.has_code)

    def _homes(self) -> dict[int, int]:
        """From rows there to rows here of all that was ever sent; what the backup lacks is brought in, whole."""
        if self._items is None:
            self._items = {}
            for page in _pages(self._kept, select(kept_mail.items)):
                self._items |= self._page_of_homes(page)
        return self._items

    def _page_of_homes(self, page: Sequence[Any]) -> dict[int, int]:
        rows = self._rows([there.uid for there in page])
        lacking = [there for there in page if there.uid not in rows and there.record]
        for match in restoring.match(self._session, [kept_mail.RECORD.validate_json(there.record) for there in lacking]):
            if match.rows:
                rows[match.record.id] = match.rows[0]
            else:
                restoring.add(self._session, [match.record])
        rows = self._rows([there.uid for there in lacking]) | rows
        return {there.id: rows[there.uid] for there in page if there.uid in rows}

    def _rows(self, uids: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for part in chunks(uids):
            found.update((u, i) for u, i in self._session.execute(select(Item.uid, Item.id).where(Item.uid.in_(part))))
        return found

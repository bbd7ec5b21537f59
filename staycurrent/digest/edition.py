"""What is in a digest: the period ranked as a whole, without what this subscriber has, and what changed since."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from staycurrent import period as periods
from staycurrent.digest import changes, foundations, words
from staycurrent.digest.types import Change, Edition, Gap, Sent, Wish
from staycurrent.period import Period
from staycurrent.query import Query, today_utc
from staycurrent.reading import monthly
from staycurrent.reading.monthly import Late, ReadingList
from staycurrent.store import listing
from staycurrent.store.coverage import coverage
from staycurrent.store.engine import Session
from staycurrent.store.states import states

MOST_ITEMS = 20
WEEK = 7
LATE = timedelta(days=28)
"""So far before its period a digest looks for what became known only after the one before it."""
SLACK = timedelta(hours=1)
"""What is being classified while an edition is chosen was stored a little before, and competes for the next one."""


def choose(
    session: Session,
    wish: Wish,
    period: Period,
    sent: Sequence[Sent],
    now: datetime,
    *,
    last: datetime | None = None,
    suggested: Collection[str] = (),
) -> Edition:
    """The edition of a period for one wish and history. Reads the store only; equal arguments give equal editions.

    `sent` is everything that the subscriber ever got of this digest: it is left out before the selection, so that the
    budget is filled with what is new. `last` is when the subscriber's last edition was chosen: what was listed before the
    period and was first seen after that moment competes too, so that an outage or an early Monday loses nothing.
    `suggested` are the landmark papers that earlier editions had.
    """
    today, had = today_utc(now), {s.item_id for s in sent}
    reading = monthly.live(
        session,
        period,
        wish.query,
        today=today,
        limit=MOST_ITEMS,
        minutes=wish.minutes,
        without=had,
        late=Late(period.first - LATE, last - SLACK) if last else None,
    )
    last_month = _last_month(session, wish.query, period, today)
    covered = coverage(session, period.first, period.last, now)
    return Edition(
        period=period,
        wish=wish,
        placed=(*reading.placed, *reading.one_level_up),
        considered=reading.considered,
        changed=_changed(session, sent),
        gaps=tuple(Gap(c.source, c.lacking, c.unread, c.since) for c in covered if c.lacking),
        complete=tuple(c.source for c in covered if not c.lacking),
        judged=min((c.judged for c in covered), default=None),
        is_collecting=any(c.was_read for c in covered),
        late=reading.late,
        monthly=last_month,
        mailed=_mailed(last_month, sent),
        landmark=foundations.suggestion(session, wish, reading, sent=had, told=suggested, today=today),
    )


def opens_a_month(period: Period) -> bool:
    """Whether a week's digest is the first after a month's end: its Sunday is one of the month's first seven days."""
    return words.is_week(period) and period.last.day <= WEEK


def _changed(session: Session, sent: Sequence[Sent]) -> tuple[Change, ...]:
    known = {s.item_id: s for s in sorted(sent, key=lambda s: s.at)}
    moved = [known[now.row] for now in states(session, known) if changes.may_have_changed(known[now.row], now)]
    return changes.since(moved, {v.row: v for v in listing.views(session, [s.item_id for s in moved])})


def _last_month(session: Session, query: Query, period: Period, today: date) -> ReadingList | None:
    if not opens_a_month(period):
        return None
    before = periods.previous_month(periods.month(period.last))
    found = monthly.of(session, before, query, today=today)
    return found if found.placed else None


def _mailed(reading: ReadingList | None, sent: Sequence[Sent]) -> tuple[tuple[int, str], ...]:
    before = {s.item_id: s.period for s in sent if s.period}
    return tuple((p.item.row, before[p.item.row]) for p in (reading.placed if reading else ()) if p.item.row in before)

"""The landmark paper to read where a period has little for a subscriber: within the budget, and never the same one twice."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from staycurrent import roadmap
from staycurrent.digest.types import Wish
from staycurrent.reading import progress, select
from staycurrent.reading.monthly import ReadingList
from staycurrent.roadmap import Landmark
from staycurrent.store.engine import Session
from staycurrent.store.states import rows

LITTLE = 5
"""A period with fewer items than this has little; the front page thinks so too."""


def suggestion(
    session: Session, wish: Wish, reading: ReadingList, *, sent: Collection[int], told: Collection[str], today: date
) -> Landmark | None:
    """A landmark that prepares for the list, or for what could have been in an empty one.

    None where the period has enough, and where nothing new fits into what is left of the budget. `sent` are the items that
    the subscriber ever got, `told` the addresses of the landmarks that were suggested before.
    """
    if reading.considered >= LITTLE:
        return None
    shown = {*sent, *(p.item.row for p in (*reading.placed, *reading.one_level_up))}
    had = set(told) | _had(session, wish, shown, today)
    left = None if wish.minutes is None else wish.minutes - sum(p.minutes for p in (*reading.placed, *reading.one_level_up))
    fitting = [m for m in roadmap.landmarks() if not had & {m.url, m.arxiv_id} and (left is None or m.minutes <= left)]
    wanted = reading.query
    levels = wanted.levels or roadmap.ON_ROADMAP
    could = wanted.topics or tuple(slug for slug, topic in roadmap.topics().items() if topic.level in levels)
    for topics in ([t.slug for p in reading.placed for t in p.item.topics], could):
        if found := select.prepares(fitting, topics, wanted.levels, reading.period.name):
            return found
    return None


def _had(session: Session, wish: Wish, shown: Collection[int], today: date) -> set[str]:
    """The landmarks that came as papers, and those that the reader marked as read, by arXiv id or address."""
    known = rows(session, [m.arxiv_id for m in roadmap.landmarks() if m.arxiv_id])
    had = {name for name, row in known.items() if row in shown}
    reader = wish.query.reader
    return had | (progress.of(session, reader, today=today).landmarks if reader else frozenset())

"""Months and years at a time: a long window is collected slice by slice, each a run of its own, so that it can go on
where it stopped.

OAI-PMH files a record under the day of its last change, and that day moves on with it: a slice that was read after its
last day had passed never needs to be read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from collector.sources.base import Window
from staycurrent.types import Outcome, RunReport

WHOLE = timedelta(days=45)
"""A window up to this long is one run."""
MANY = 3
"""From so many slices on, the full-text index is built once at the end."""
_WORST = (Outcome.FAILED, Outcome.PARTIAL, Outcome.OK, Outcome.OK_EMPTY)


def slices(window: Window) -> list[Window]:
    """The window itself if it is short, else its calendar months, oldest first."""
    if window.until - window.since <= WHOLE:
        return [window]
    found = []
    first = window.since
    while first <= window.until:
        following = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
        found.append(Window(first, min(following - timedelta(days=1), window.until)))
        first = following
    return found


def still_to_read(wanted: Sequence[Window], done: Iterable[tuple[date, date]]) -> list[Window]:
    """The slices that no finished run has covered."""
    finished = set(done)
    return [w for w in wanted if (w.since, w.until) not in finished]


def read_before(window: Window, wanted: Sequence[Window], done: Iterable[tuple[date, date]]) -> date | None:
    """The last day of the slice before this one if that slice is read, else None."""
    place = list(wanted).index(window)
    if place == 0:
        return None
    before = wanted[place - 1]
    return before.until if (before.since, before.until) in set(done) else None


def joined(reports: Sequence[RunReport]) -> RunReport:
    """One report over the slices of one source."""
    first = reports[0]
    known = [r.expected for r in reports if r.expected is not None]
    return replace(
        first,
        outcome=min((r.outcome for r in reports), key=_WORST.index),
        fetched=sum(r.fetched for r in reports),
        new=sum(r.new for r in reports),
        changed=sum(r.changed for r in reports),
        same=sum(r.same for r in reports),
        expected=sum(known) if len(known) == len(reports) else None,
        seconds=round(sum(r.seconds for r in reports), 3),
        error=next((r.error for r in reports if r.error), None),
    )

"""A digest as it would come now, for anybody who asks: kept for a while, and few are made at once."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from staycurrent.digest import due, edition, plans, render
from staycurrent.digest.types import CONFIRM_MARK, PREFERENCES_MARK, UNSUBSCRIBE_MARK
from staycurrent.errors import UsageError
from staycurrent.period import Period
from staycurrent.store import engine as store
from staycurrent.store.engine import Engine
from staycurrent.store.subscribers import Plan

SECONDS = 60
MOST_KEPT = 64
"""Of at most 80 kB each."""
AT_ONCE = 2
LONGEST_WAIT = 5.0
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
"""No script and no origin of its own; a link opens a window of its own."""


class Busy(UsageError):
    """Too many previews are being made at the moment."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A mail that nobody got."""

    period: Period
    subject: str
    html: str
    is_empty: bool


class Previews:
    """The previews of one process. What makes one costs as much as a reading: some 50 ms at 100,000 items."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._kept: OrderedDict[tuple[str, ...], tuple[float, Preview]] = OrderedDict()

    def of(self, engine: Engine, plan: Plan, now: datetime, base: str, footer: str = "") -> Preview:
        """The newest digest of a plan that is over; `base` is where its links lead. Raises `Busy`, `StoreError`."""
        period = due.period(plan, now)
        key = (engine.url.render_as_string(), plans.wish_key(plan), period.name, base, now.date().isoformat())
        if found := self._found(key):
            return found
        if not self._turns.acquire(timeout=LONGEST_WAIT):
            raise Busy("too many previews are being made; try again in a moment")
        try:
            return self._found(key) or self._keep(key, _made(engine, plan, period, now, base, footer))
        finally:
            self._turns.release()

    def _found(self, key: tuple[str, ...]) -> Preview | None:
        with self._lock:
            then, preview = self._kept.get(key, (0.0, None))
            return preview if preview and self._now() - then < SECONDS else None

    def _keep(self, key: tuple[str, ...], preview: Preview) -> Preview:
        with self._lock:
            self._kept[key] = (self._now(), preview)
            self._kept.move_to_end(key)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return preview


def _made(engine: Engine, plan: Plan, period: Period, now: datetime, base: str, footer: str) -> Preview:
    with store.reading(engine) as session:
        chosen = edition.choose(session, plans.wish(plan), period, (), now)
    rendered = render.render(chosen, base, footer)
    return Preview(period, rendered.subject, _opened(rendered.html, base), chosen.may_stay_unsent)


def _opened(html: str, base: str) -> str:
    """The mail with its links in windows of their own, and those of a subscriber led to where one becomes such."""
    for mark in (PREFERENCES_MARK, UNSUBSCRIBE_MARK, CONFIRM_MARK):
        html = html.replace(mark, f"{base}/digest")
    return html.replace("<head>", '<head><base target="_blank">', 1)


OF_PROCESS = Previews()
"""Page and route share it: what the page says of a mail is the mail that its frame then asks for."""

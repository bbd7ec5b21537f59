"""From a claimed delivery to a letter.

Whoever shares a wish and a history, and is due within the same hours, shares an edition, chosen and rendered once.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from staycurrent import period as periods
from staycurrent.clock import Clock
from staycurrent.digest import edition as editing
from staycurrent.digest import message, plans, render, text
from staycurrent.digest.channels import Letter
from staycurrent.digest.office import Office
from staycurrent.digest.types import Edition, Envelope, Rendered, Sent, WhenEmpty
from staycurrent.errors import UsageError
from staycurrent.store import editions
from staycurrent.store import engine as database
from staycurrent.store.deliveries import Claim, What
from staycurrent.store.editions import Shown
from staycurrent.store.engine import Engine
from staycurrent.store.subscribers import Kind

log = logging.getLogger(__name__)
GIVE_UP = timedelta(days=2)
"""After so long a digest is no news; as long as the catching up after a time without the product."""
_KEPT = 16
"""Editions in memory; deliveries come batch by batch, so one is enough but for the edges."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A claim with its letter, or without one: `why_not` is a word for the book, and `wrong` tells that it is a fault."""

    claim: Claim
    letter: Letter | None
    edition: int | None = None
    why_not: str = ""
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class Ready:
    """An edition that is stored and rendered."""

    id: int | None
    rendered: Rendered
    is_empty: bool = False


class Writer:
    """Makes letters; keeps the last editions in memory."""

    def __init__(self, engine: Engine, office: Office, clock: Clock) -> None:
        self._engine, self._office, self._clock = engine, office, clock
        self._ready: OrderedDict[tuple[str, ...], Ready] = OrderedDict()
        self.editions = 0
        """How many were chosen anew."""

    def parcel(self, claim: Claim) -> Parcel:
        """The letter of a delivery. A wish that the roadmap no longer knows is a value, so is an address that fits nowhere."""
        if claim.address is None:
            return Parcel(claim, None, why_not="erased")
        if self._clock() - claim.due_at > GIVE_UP:
            return Parcel(claim, None, why_not="too late", wrong=True)
        try:
            ready = self._of(claim)
            if ready.is_empty and claim.plan.when_empty == WhenEmpty.NOTHING:
                return Parcel(claim, None, why_not="empty")
            return Parcel(claim, self._letter(claim, ready.rendered), ready.id)
        except UsageError as error:
            return Parcel(claim, None, why_not=str(error)[:200], wrong=True)

    def _letter(self, claim: Claim, rendered: Rendered) -> Letter:
        envelope = self._office.envelope(claim)
        if claim.kind is Kind.WEBHOOK:
            return _post(claim, envelope, rendered)
        data = message.compose(rendered, envelope)
        return Letter(envelope.recipient, envelope.return_path, envelope.message_id, data)

    def _of(self, claim: Claim) -> Ready:
        answers = claim.what is not What.DIGEST
        history = "" if answers else str(claim.last_edition or 0)
        wish = plans.wish_key(claim.plan) if answers else plans.edition_keys(claim.plan, self._clock())[0]
        shown = f"{claim.plan.weekday} {claim.plan.minute} {claim.plan.timezone}" if answers else claim.period
        key = (claim.what.value, wish, shown, history)
        if key not in self._ready:
            self._ready[key] = self._answer(claim) if answers else self._edition(claim)
        self._ready.move_to_end(key)
        while len(self._ready) > _KEPT:
            self._ready.popitem(last=False)
        return self._ready[key]

    def _answer(self, claim: Claim) -> Ready:
        if claim.what is What.LINK:
            return Ready(None, render.link(claim.plan.language, self._office.public_url, self._office.footer))
        wish = plans.wish(claim.plan)
        url, footer = self._office.public_url, self._office.footer
        return Ready(None, render.confirmation(wish.language, wish.query, url, claim.plan, footer))

    def _edition(self, claim: Claim) -> Ready:
        history, now = claim.last_edition or 0, self._clock()
        wish, before = plans.edition_keys(claim.plan, now)
        with database.reading(self._engine) as session:
            found = (editions.find(session, key, claim.period, history, now - plans.FRESH) for key in (wish, before))
            kept = next(filter(None, found), None)
        if kept is None or kept.words is None:
            edition, rendered = choose(self._engine, claim, self._office.public_url, now, self._office.footer)
            words, shown = (rendered.subject, rendered.text, rendered.html), tuple(_shown(edition, now))
            self.editions += 1
            with database.writing(self._engine) as session:
                if kept is None:
                    kept = editions.keep(
                        session,
                        wish,
                        claim.period,
                        history,
                        words=words,
                        shown=shown,
                        is_empty=edition.may_stay_unsent,
                        now=now,
                        landmark=edition.landmark.url if edition.landmark else None,
                    )
                else:
                    editions.rewrite(session, kept.id, words, shown)
            return Ready(kept.id, Rendered(*(kept.words or words)), kept.is_empty)
        return Ready(kept.id, Rendered(*kept.words), kept.is_empty)


def choose(engine: Engine, claim: Claim, public_url: str, now: datetime, footer: str = "") -> tuple[Edition, Rendered]:
    """The edition of a delivery and its rendering."""
    with database.reading(engine) as session:
        sent = [
            Sent(s.item_id, s.at, s.version, s.withdrawn, s.has_code, s.period)
            for s in editions.history(session, claim.last_edition)
        ]
        edition = editing.choose(
            session,
            plans.wish(claim.plan),
            periods.parse(claim.period),
            sent,
            now,
            last=editions.chosen_at(session, claim.last_edition),
            suggested=editions.landmarks(session, claim.last_edition),
        )
    return edition, render.render(edition, public_url, footer)


def _shown(edition: Edition, now: datetime) -> Iterator[Shown]:
    for item in (*(p.item for p in edition.placed), *(c.item for c in edition.changed)):
        s = Sent.of(item, now)
        yield Shown(s.item_id, s.at, s.version, s.withdrawn, s.has_code)


def _post(claim: Claim, envelope: Envelope, rendered: Rendered) -> Letter:
    """For a channel that takes words alone, and that the operator looks after."""
    return Letter(claim.address or "", "", envelope.message_id, b"", rendered.subject, text.for_channel(rendered.text))

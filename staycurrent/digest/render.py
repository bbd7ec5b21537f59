"""Subject, plain text and HTML of an edition, with marks where each recipient's own addresses belong. Pure."""

from __future__ import annotations

from staycurrent.digest import entries, html, moments, plans, text, wording, words
from staycurrent.digest.subject import subject
from staycurrent.digest.types import Edition, Rendered
from staycurrent.i18n import gettext as _
from staycurrent.i18n import speaking
from staycurrent.query import Query
from staycurrent.store.subscribers import Plan


def render(edition: Edition, public_url: str, footer: str = "") -> Rendered:
    """The digest in the language of its wish, with the installation's `footer`; equal arguments give equal renderings."""
    with speaking(edition.wish.language):
        sheet, about = wording.sheet(edition, public_url), subject(edition)
        return Rendered(about, text.text(sheet, footer), html.html(sheet, about, footer))


def confirmation(language: str, query: Query, public_url: str, plan: Plan = plans.DEFAULTS, footer: str = "") -> Rendered:
    """The mail that asks whether an address really wants the digest of a query, when and how long (double opt-in)."""
    with speaking(language):
        about = _("Please confirm: the staycurrent digest")
        # Anybody may ask for this mail to anybody, so it quotes nothing that a stranger typed.
        paragraphs = [
            _("Somebody, we hope you, asked for the staycurrent digest at this address. Please confirm that you want it:"),
            _("You would get the papers to read first: {wanted}.").format(wanted=wording.wish_words(query, quoting=False)),
            f"{_pace(plan)}.",
            _(
                "If it was not you, do nothing: without your yes no digest is sent. "
                "“Never ask this address again” ends such questions for good."
            ),
        ]
        home = entries.link(public_url.rstrip("/"), "")
        shown = html.letter(about, paragraphs, home, _("Yes, send it"), footer, asks=True)
        return Rendered(about, text.letter(paragraphs, footer, asks=True), shown)


def _pace(plan: Plan) -> str:
    """How often, on which day, and how much of it."""
    budget = _("at most {time}").format(time=words.minutes(plan.minutes)) if plan.minutes else ""
    return ", ".join(filter(None, (moments.when(plan), budget)))


def link(language: str, public_url: str, footer: str = "") -> Rendered:
    """The mail that opens the preferences, since its mailbox is the proof that one may see them."""
    with speaking(language):
        about = _("Your link: what you get by mail")
        paragraphs = [
            _("This link opens all your staycurrent digests. Keep it to yourself: whoever has it can change what you get."),
            _("It counts for 90 days. If you did not ask for it, do nothing: nobody else has it."),
        ]
        home = entries.link(public_url.rstrip("/"), "")
        shown = html.letter(about, paragraphs, home, _("Open my digests"), footer, asks=False)
        return Rendered(about, text.letter(paragraphs, footer, asks=False), shown)

"""The digest by mail: what it would be, by choices that stand in the address, and the way to ask for it."""

from __future__ import annotations

from html import escape

import streamlit as st

from dashboard import address, digest_form, pieces
from dashboard.api.limits import network
from dashboard.data import Library
from dashboard.mail import asked, previews, told
from dashboard.mail.desk import Desk
from dashboard.mail.previews import Busy, Preview
from staycurrent.digest import accounts, words
from staycurrent.digest.accounts import TooManyRequests
from staycurrent.digest.plans import Choice
from staycurrent.errors import SettingsError, UsageError
from staycurrent.i18n import gettext as _
from staycurrent.i18n import number
from staycurrent.query import Query
from staycurrent.store.marks import LOCAL
from staycurrent.store.subscribers import Plan

FRAME, SHORT = 720, 420
"""Pixels of height; the mail scrolls inside. One without papers is short."""
SEND = "staycurrent digest send"


def show(library: Library) -> None:
    """Draw the page."""
    desk = library.desk
    lead = _("The week or the month to read first, at your levels, in one mail. Nothing comes twice, nothing in it tracks you.")
    st.html(pieces.heading(_("The digest by mail"), escape(lead)))
    params, usual = digest_form.given(), digest_form.usual()
    choice, plan = asked.choice(params, library.reader, **usual), asked.plan(params, library.reader, **usual)
    if desk is None or not (desk.by_server or library.reader == LOCAL):
        st.html(_not_offered(choice.query or Query()))
        return
    digest_form.draw(plan, choice.query or Query())
    _ask(library, desk, choice, plan)
    _preview(library, desk, plan, params)


def _not_offered(query: Query) -> str:
    text = _("This installation sends no mail. A feed brings the same papers as they come:")
    kinds = {"atom": "Atom", "rss": "RSS", "json": "JSON Feed"}
    links = "".join(f'<a href="{escape(address.feed_of(kind, query))}">{name}</a>' for kind, name in kinds.items())
    head = pieces.notice(_("Digests by mail are not offered here"), text)
    return f'{head}<p class="sc-links sc-page-links">{links}</p>{_filters(query)}'


def _filters(query: Query) -> str:
    return pieces.filter_line(query, address.digest())


def _ask(library: Library, desk: Desk, choice: Choice, plan: Plan) -> None:
    """The address and the button, in a form so that typing asks for nothing."""
    st.html(_summary(plan))
    with st.form("digest", border=False), st.container(horizontal=True, vertical_alignment="bottom", key="digest-row"):
        email = st.text_input(_("Your mail address"), key="d_email", max_chars=400, autocomplete="email")
        is_sent = st.form_submit_button(_("Send me this"), type="primary", key="d_send")
    if is_sent:
        st.html(_answer(library, desk, email, choice))
    st.html(_rules(desk))


def _summary(plan: Plan) -> str:
    line = _("{when}: {what}.").format(when=told.when(plan), what=told.what(plan))
    return f'<p class="sc-text sc-digest-line"><bdi>{escape(line)}</bdi></p>'


def _answer(library: Library, desk: Desk, email: str, choice: Choice) -> str:
    """What is said to a request: the same whoever is subscribed."""
    if "://" in email:
        text = _("Channels such as Slack or Discord are added by the operator, with: staycurrent subscribe ADDRESS")
        return pieces.notice(_("This is the address of a channel"), text, tone="warn")
    client = network(st.context.ip_address or "this machine")
    try:
        accounts.request(library.engine, desk.keys, email, choice, client=client, now=library.now)
    except SettingsError:
        raise
    except TooManyRequests:
        text = _("From one place {n} digests can be asked for in an hour. Try again later.")
        return pieces.notice(_("Too many requests"), text.format(n=number(accounts.MOST_BY_CLIENT)), tone="warn")
    except UsageError:  # the digest itself was checked before, and its words must not show what was typed
        text = _("Write it like name@example.org.")
        return pieces.notice(_("This is not a mail address"), text, tone="warn")
    text = _("If this address can get mail, a confirmation is on its way. The digest comes once you open the link in it.")
    return pieces.notice(_("One more step"), text)


def _rules(desk: Desk) -> str:
    text = _("Nothing is sent before you confirm. Every mail has a link that ends it at once, and one to change all of this.")
    rules = f'<p class="sc-quiet sc-digest-rules">{escape(text)}</p>'
    if desk.by_server:
        return rules
    note = _("So mails are written as files into {folder}, by the scheduler or at once by: {command}")
    shown = note.format(folder=desk.folder, command=SEND)
    return rules + pieces.notice(_("No mail server is set"), shown)


def _preview(library: Library, desk: Desk, plan: Plan, params: dict[str, list[str]]) -> None:
    try:
        made = previews.OF_PROCESS.of(library.engine, plan, library.now, desk.public_url, desk.footer)
    except Busy:
        st.html(pieces.notice(_("No preview at the moment"), _("Too many are being made. Reload the page in a moment.")))
        return
    link = digest_form.preview_address(plan, params)
    st.html(_mail_head(made, plan, link))
    with st.container(key="digest-mail", border=True):
        st.iframe(link, height=SHORT if made.is_empty else FRAME, alt=_("The digest as a mail"))


def _mail_head(made: Preview, plan: Plan, link: str) -> str:
    opened = f'<a href="{escape(link)}" target="_blank" rel="noopener">{escape(_("Open it by itself"))}</a>'
    subject = f'<p class="sc-text"><b>{escape(_("Subject"))}</b> <bdi>{escape(made.subject)}</bdi> · {opened}</p>'
    empty = ""
    if made.is_empty and plan.when_empty == "nothing":
        empty = f'<p class="sc-quiet">{escape(_("Nothing fits, so for this time nothing would be sent."))}</p>'
    return pieces.section(_("How the last one would have looked"), subject + empty, note=words.period(made.period))

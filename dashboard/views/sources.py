"""The health of the sources: what was read when, what failed, what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

import streamlit as st

from dashboard import address, pieces, words
from dashboard.data import Library, RunView
from dashboard.tables import cell, table
from staycurrent.i18n import gettext as _
from staycurrent.i18n import ngettext
from staycurrent.query import Query
from staycurrent.store.health import Health
from staycurrent.store.health import words as state_words


def show(library: Library) -> None:
    """Draw the page."""
    health, runs, now = library.health(), library.runs(), library.now
    st.html(pieces.heading(_("Sources"), _lead(health, now)) + _sources(health, now) + _runs(runs, now))


def _lead(health: Sequence[Health], now: datetime) -> str:
    """HTML: the one command in it is set as code."""
    ill, every = sum(bool(pieces.trouble(h, now)) for h in health), len(health)
    if not health:
        text = _("No source is set up yet. The first start of the scheduler, or {command}, sets them up.")
        return escape(text).format(command="<code>staycurrent collect</code>")
    if ill:
        text = ngettext(
            "{n} of {total} sources needs attention; the others go on without it.",
            "{n} of {total} sources need attention; the others go on without them.",
            ill,
        )
        return escape(text.format(n=words.number(ill), total=words.number(every)))
    return escape(
        ngettext("The one source is up to date.", "All {n} sources are up to date.", every).format(n=words.number(every))
    )


def _sources(health: Sequence[Health], now: datetime) -> str:
    if not health:
        return ""
    body = "".join(_source(h, now) for h in health)
    heads = (_("Source"), _("State"), _("Last read"), _("Next check"), _("Stored"), _("Newest"))
    return pieces.section(_("Health"), table(heads, body))


def _source(h: Health, now: datetime) -> str:
    state, tone = _state(h, now)
    stored = words.count(h.stored, "item")
    if h.stored:
        stored = f'<a href="{escape(address.explore(Query(sources=(h.name,))))}">{stored}</a>'
    kind = "" if h.official else f'<span class="sc-quiet">{escape(_("kept by a third party"))}</span>'
    cells = (
        cell(_("Source"), escape(h.title) + kind, head=True),
        cell(_("State"), f'<span class="sc-state sc-{tone}">{escape(state)}</span>{_error(h)}'),
        cell(_("Last read"), escape(words.ago(h.last_success, now) if h.last_success else _("never")), whole=True),
        cell(_("Next check"), escape(_next(h, now))),
        cell(_("Stored"), stored, whole=True),
        cell(_("Newest"), escape(words.day(h.newest_item)) if h.newest_item else "-", whole=True),
    )
    return f"<tr>{''.join(cells)}</tr>"


def _state(h: Health, now: datetime) -> tuple[str, str]:
    """A source's state in words, and its tone."""
    if h.error:
        return words.sentence(_failed(h)), "error"
    if h.last_success is None:
        return _("Not read yet"), "warn"
    said = words.sentence(state_words(h, now.date()))
    return said, "warn" if h.incomplete or pieces.trouble(h, now) else "calm"


def _failed(h: Health) -> str:
    outcome = words.outcome(h.outcome)
    if h.error_count <= 1:
        return outcome
    text = ngettext("{outcome}, {n} try in a row", "{outcome}, {n} tries in a row", h.error_count)
    return text.format(outcome=outcome, n=words.number(h.error_count))


def _error(h: Health) -> str:
    text = h.error or h.note
    return f'<span class="sc-quiet"><bdi>{escape(text)}</bdi></span>' if text else ""


def _next(h: Health, now: datetime) -> str:
    if h.parked_until and h.parked_until > now:
        return _("resting until {moment}").format(moment=words.moment(h.parked_until))
    return words.ahead(h.next_check, now) if h.next_check else _("at the next start")


def _runs(runs: Sequence[RunView], now: datetime) -> str:
    if not runs:
        return ""
    heads = (_("Started"), _("Source"), _("Outcome"), _("Read"), _("New"), _("Changed"), _("Took"))
    return pieces.section(_("Recent runs"), table(heads, "".join(_run(r, now) for r in runs)))


def _run(run: RunView, now: datetime) -> str:
    tone = "calm" if run.outcome in (None, "ok", "ok_empty") else "error" if run.outcome == "failed" else "warn"
    error = f'<span class="sc-quiet"><bdi>{escape(run.error)}</bdi></span>' if run.error else ""
    outcome = f'<span class="sc-state sc-{tone}">{escape(words.sentence(words.outcome(run.outcome)))}</span>'
    cells = (
        cell(_("Started"), escape(words.ago(run.started, now)), whole=True),
        cell(_("Source"), escape(words.source(run.source)), head=True),
        cell(_("Outcome"), outcome + error),
        cell(_("Read"), words.number(run.fetched)),
        cell(_("New"), words.number(run.new)),
        cell(_("Changed"), words.number(run.changed)),
        cell(_("Took"), _took(run.seconds), whole=True),
    )
    return f"<tr>{''.join(cells)}</tr>"


def _took(seconds: float | None) -> str:
    return escape(_("{n} s").format(n=words.number(round(seconds)))) if seconds is not None else "-"

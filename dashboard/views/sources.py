"""The health of the sources: what was read when, what failed, what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

import streamlit as st

from dashboard import address, pieces, words
from dashboard.data import Library, RunView
from staycurrent.query import Query
from staycurrent.store.health import Health
from staycurrent.store.health import words as state_words


def show(library: Library) -> None:
    """Draw the page."""
    health, runs, now = library.health(), library.runs(), library.now
    st.html(pieces.heading("Sources", _lead(health, now)) + _sources(health, now) + _runs(runs, now))


def _lead(health: Sequence[Health], now: datetime) -> str:
    ill = sum(bool(pieces.trouble(h, now)) for h in health)
    if not health:
        return "No source is set up yet. The first start of the scheduler, or <code>staycurrent collect</code>, sets them up."
    if ill:
        return f"{ill} of {words.count(len(health), 'source')} need attention; the others go on without them."
    return f"All {words.count(len(health), 'source')} are up to date."


def _sources(health: Sequence[Health], now: datetime) -> str:
    if not health:
        return ""
    body = "".join(_source(h, now) for h in health)
    heads = ("Source", "State", "Last read", "Next check", "Stored", "Newest")
    return pieces.section("Health", _table(heads, body))


def _table(heads: Sequence[str], body: str) -> str:
    cells = "".join(f'<th scope="col">{h}</th>' for h in heads)
    return f'<table class="sc-table"><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>'


def _source(h: Health, now: datetime) -> str:
    state, tone = _state(h, now)
    stored = words.count(h.stored, "item")
    if h.stored:
        stored = f'<a href="{escape(address.explore(Query(sources=(h.name,))))}">{stored}</a>'
    kind = "" if h.official else '<span class="sc-quiet">kept by a third party</span>'
    return (
        f'<tr><th scope="row" data-label="Source">{escape(h.title)}{kind}</th>'
        f'<td data-label="State"><span class="sc-state sc-{tone}">{escape(state)}</span>{_error(h)}</td>'
        f'<td data-label="Last read">{words.ago(h.last_success, now) if h.last_success else "never"}</td>'
        f'<td data-label="Next check">{_next(h, now)}</td><td data-label="Stored">{stored}</td>'
        f'<td data-label="Newest">{words.day(h.newest_item) if h.newest_item else "-"}</td></tr>'
    )


def _state(h: Health, now: datetime) -> tuple[str, str]:
    """A source's state in words, and its tone."""
    if h.error:
        tries = f", {words.count(h.error_count, 'try').replace('trys', 'tries')} in a row" if h.error_count > 1 else ""
        return f"{words.outcome(h.outcome).capitalize()}{tries}", "error"
    if h.last_success is None:
        return "Not read yet", "warn"
    if pieces.trouble(h, now):
        return words.sentence(state_words(h, now.date())), "warn"
    return words.sentence(state_words(h, now.date())), "warn" if h.incomplete else "calm"


def _error(h: Health) -> str:
    text = h.error or h.note
    return f'<span class="sc-quiet"><bdi>{escape(text)}</bdi></span>' if text else ""


def _next(h: Health, now: datetime) -> str:
    if h.parked_until and h.parked_until > now:
        return f"resting until {words.moment(h.parked_until)}"
    return words.ahead(h.next_check, now) if h.next_check else "at the next start"


def _runs(runs: Sequence[RunView], now: datetime) -> str:
    if not runs:
        return ""
    heads = ("Started", "Source", "Outcome", "Read", "New", "Changed", "Took")
    return pieces.section("Recent runs", _table(heads, "".join(_run(r, now) for r in runs)))


def _run(run: RunView, now: datetime) -> str:
    tone = "calm" if run.outcome in (None, "ok", "ok_empty") else "error" if run.outcome == "failed" else "warn"
    error = f'<span class="sc-quiet"><bdi>{escape(run.error)}</bdi></span>' if run.error else ""
    took = f"{run.seconds:.0f} s" if run.seconds is not None else "-"
    outcome = f'<span class="sc-state sc-{tone}">{words.outcome(run.outcome).capitalize()}</span>'
    return (
        f'<tr><td data-label="Started">{words.ago(run.started, now)}</td>'
        f'<th scope="row" data-label="Source">{escape(words.source(run.source))}</th>'
        f'<td data-label="Outcome">{outcome}{error}</td>'
        f'<td data-label="Read">{run.fetched:,}</td><td data-label="New">{run.new:,}</td>'
        f'<td data-label="Changed">{run.changed:,}</td><td data-label="Took">{took}</td></tr>'
    )

"""Every item: search, all filters, page by page."""

from __future__ import annotations

from html import escape

import streamlit as st

from dashboard import address, cards, filters, pieces, words
from dashboard.data import Found, Library
from staycurrent.query import Query


def show(library: Library) -> None:
    """Draw the page."""
    wanted, cursor = filters.query(), filters.one("cursor")
    found = library.found(wanted, cursor)
    st.html(pieces.heading("Explore", "Every paper and post that was collected."))
    filters.explore_form(library, wanted)
    parts = [_summary(found, wanted, cursor), pieces.filter_line(wanted, address.explore())]
    if found.items:
        parts += [f'<div class="sc-list">{"".join(map(cards.card, found.items))}</div>', _pager(found, wanted, cursor)]
    else:
        parts.append(_nothing(wanted))
    st.html("".join(parts))


def _summary(found: Found, wanted: Query, cursor: str | None) -> str:
    what = "item" if wanted.kind is None else wanted.kind.value
    later = ", continued" if cursor else ""
    return f'<p class="sc-count" role="status"><b>{words.count(found.total, what)}</b>{later}</p>'


def _pager(found: Found, wanted: Query, cursor: str | None) -> str:
    """Links, not buttons: they can be kept and sent, and the next page begins at its top."""
    links = [f'<a href="{escape(address.explore(wanted))}">First page</a>'] if cursor else []
    if found.cursor:
        links.append(f'<a class="sc-next" rel="next" href="{escape(address.explore(wanted, found.cursor))}">Next page</a>')
    return f'<nav class="sc-pager" aria-label="Pages">{"".join(links)}</nav>' if links else ""


def _nothing(wanted: Query) -> str:
    if wanted == Query():
        return pieces.notice(
            "Nothing has been collected yet",
            "The first collection takes some minutes; reload this page then.",
            link=(address.sources(), "See the sources"),
        )
    return pieces.notice("Nothing fits", "No item fits all of these filters.", link=(address.explore(), "Clear them"))

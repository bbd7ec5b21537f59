"""Every item: search, all filters, page by page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from html import escape

import streamlit as st

from dashboard import address, cards, filters, pieces, words
from dashboard.data import Found, Library
from staycurrent.i18n import N_, Nn_, ngettext, number
from staycurrent.i18n import gettext as _
from staycurrent.query import Query, Sort
from staycurrent.store.facets import Facet
from staycurrent.store.marks import Kind as Mark
from staycurrent.store.suggest import Suggestion
from staycurrent.types import ItemView, Kind

MOST = 5
NARROW: dict[str, Callable[[Query, str], Query]] = {
    "level": lambda query, value: replace(query, levels=(int(value),)),
    "topic": lambda query, value: replace(query, topics=(value,)),
    "lab": lambda query, value: replace(query, labs=(value,)),
    "source": lambda query, value: replace(query, sources=(value,)),
    "kind": lambda query, value: replace(query, kind=Kind(value)),
    "has_code": lambda query, value: replace(query, has_code=value == "1"),
}
"""For each facet: the query narrowed to one of its values."""
NAMED = {
    "level": N_("Levels"),
    "topic": N_("Topics"),
    "lab": N_("Labs"),
    "source": N_("Sources"),
    "kind": N_("Kind"),
    "has_code": N_("Code"),
}
DOT = "\N{NO-BREAK SPACE}· "
"""Between links; it does not begin a line."""
SHOWN: dict[str, Callable[[str], str]] = {
    "level": lambda value: words.level(int(value)),
    "topic": words.topic,
    "lab": words.lab,
    "source": words.source,
    "kind": lambda value: _(filters.KINDS[value]),
    "has_code": lambda value: _(filters.CODE[value]),
}

_ALL = {
    None: Nn_("{n} item", "{n} items"),
    Kind.PAPER: Nn_("{n} paper", "{n} papers"),
    Kind.POST: Nn_("{n} post", "{n} posts"),
}
_MORE = {
    None: Nn_("more than {n} item", "more than {n} items"),
    Kind.PAPER: Nn_("more than {n} paper", "more than {n} papers"),
    Kind.POST: Nn_("more than {n} post", "more than {n} posts"),
}
"""How many there are, by the kind that is asked for."""


def show(library: Library) -> None:
    """Draw the page."""
    wanted, cursor = filters.query(), filters.one("cursor")
    found = library.found(wanted, cursor)
    st.html(pieces.heading(_("Explore"), escape(_("Every paper and post that was collected."))))
    filters.explore_form(library, wanted)
    parts = [_summary(found, wanted, cursor), pieces.filter_line(wanted, address.explore()), _narrower(found, wanted)]
    shown = _cards(library, found.items, wanted)
    if shown:
        named = f'<h2 class="sc-sr">{escape(_("Items"))}</h2>'  # seen it would say again what the count above it says
        listed = f'<div class="sc-list">{shown}</div>'
        parts += [named, listed, _pager(found, wanted, cursor)]
    else:
        parts.append(_nothing(wanted, library.hidden(wanted)) + _meant(found))
    st.html("".join(parts))


def _cards(library: Library, items: Sequence[ItemView], wanted: Query) -> str:
    mine = library.mine(items, wanted)
    return "".join(cards.card(item, mine=mine[item.row]) for item in items if item.row in mine)


def _summary(found: Found, wanted: Query, cursor: str | None) -> str:
    forms = _MORE if found.is_more else _ALL
    total = ngettext(*forms[wanted.kind], found.total).format(n=number(found.total))
    shown = f"<b>{escape(total)}</b>"
    if cursor:
        shown = escape(_("{total}, continued")).format(total=shown)
    return f'<p class="sc-count" role="status">{shown}</p>'


def _narrower(found: Found, wanted: Query) -> str:
    """The values that most items of the list have, each a link to the list of those alone."""
    rows = [_values(name, facet, wanted) for name, facet in found.facets.items()]
    lines = "".join(f"<p>{row}</p>" for row in rows if row)
    return f'<nav class="sc-narrow" aria-label="{escape(_("Narrow the list"))}">{lines}</nav>' if lines else ""


def _values(name: str, facet: Facet, wanted: Query) -> str:
    links = []
    for value, n in list(facet.counts.items())[:MOST]:
        narrowed = NARROW[name](wanted, value)
        if narrowed != wanted and n < facet.counted:
            count = f"{number(n)}+" if facet.capped else number(n)
            text = f"{escape(SHOWN[name](value))} <small>{escape(count)}</small>"
            links.append(f'<a href="{escape(address.explore(narrowed))}">{text}</a>')
    return f"<b>{escape(_(NAMED[name]))}</b> {DOT.join(links)}" if links else ""


def _meant(found: Found) -> str:
    """Topics, labs and authors that are spelled like what was searched for."""
    links = [f'<a href="{escape(address.explore(_suggested(s)))}">{escape(_name(s))}</a>' for s in found.meant]
    if not links:
        return ""
    return f'<p class="sc-narrow">{escape(_("Did you mean: {names}?")).format(names=", ".join(links))}</p>'


def _name(meant: Suggestion) -> str:
    return SHOWN[meant.kind](meant.value) if meant.kind in SHOWN else meant.name


def _suggested(meant: Suggestion) -> Query:
    if meant.kind == "topic":
        return Query(topics=(meant.value,))
    return Query(labs=(meant.value,)) if meant.kind == "lab" else Query(text=f'author:"{meant.value}"')


def _pager(found: Found, wanted: Query, cursor: str | None) -> str:
    """Links, not buttons: they can be kept and sent, and the next page begins at its top."""
    links = [f'<a href="{escape(address.explore(wanted))}">{escape(_("First page"))}</a>'] if cursor else []
    if found.cursor:
        following = escape(address.explore(wanted, found.cursor))
        links.append(f'<a class="sc-next" rel="next" href="{following}">{escape(_("Next page"))}</a>')
    return f'<nav class="sc-pager" aria-label="{escape(_("Pages"))}">{"".join(links)}</nav>' if links else ""


def _nothing(wanted: Query, hidden: int) -> str:
    """`hidden` is how many items fit that the reader hid."""
    if hidden:
        title = ngettext("{n} hidden item fits", "{n} hidden items fit", hidden).format(n=number(hidden))
        here = address.mine(Mark.HIDDEN.value, replace(wanted, reader=None, sort=Sort.NEWEST))
        return pieces.notice(
            title, _("What you hid stands in no list but that of your marks."), link=(here, _("Show what is hidden"))
        )
    if wanted == Query():
        return pieces.notice(
            _("Nothing has been collected yet"),
            _("The first collection takes some minutes; reload this page then."),
            link=(address.sources(), _("See the sources")),
        )
    return pieces.notice(_("Nothing fits"), _("No item fits all of these filters."), link=(address.explore(), _("Clear them")))

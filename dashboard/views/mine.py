"""What the reader marked: saved, starred, read and hidden items, and tags. In each list a press takes the mark back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

import streamlit as st

from dashboard import address, cards, filters, pieces, reader_panel
from dashboard.data import PAGE_SIZE, Library
from dashboard.reader import Reader
from staycurrent import roadmap
from staycurrent.errors import UsageError
from staycurrent.i18n import N_, Nn_, ngettext, number
from staycurrent.i18n import gettext as _
from staycurrent.query import Query, Sort
from staycurrent.reading.progress import landmark_name
from staycurrent.store.marks import Kind, Left, tag_name
from staycurrent.store.shelf import Counts
from staycurrent.types import ItemView

LISTS = {Kind.SAVED: N_("Saved"), Kind.STAR: N_("Starred"), Kind.READ: N_("Read"), Kind.HIDDEN: N_("Hidden")}
"""The lists in their order; the first is shown where the address names none."""
MAX_DIGITS = 5
"""Of the number of a page."""
_ITEMS = Nn_("{n} item", "{n} items")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for."""

    mark: Kind
    tag: str | None
    query: Query
    page: int

    def address(self, *, page: int) -> str:
        """This list at another page."""
        return address.mine(self.mark.value, self.query, tag=self.tag, number=page)


def show(library: Library) -> None:
    """Draw the page of `?mark=saved` or `?tag=rag`. Raises `UsageError` for a mark or a page that there is not."""
    lead = _("What you saved, starred, read, hid and tagged. Press a mark once more to take it back.")
    head = pieces.heading(_("Your marks"), escape(lead))
    me = library.me
    if me is None:
        text = _("Nobody signed in here, so there is nothing that could be yours.")
        st.html(head + pieces.notice(_("No marks are kept"), text, link=(address.explore(), _("See all items"))))
        return
    asked = _asked()
    counts = me.counts(asked.query)
    marked = me.landmarks() if asked.query == Query() else {}
    of_landmarks = {kind: [name for name, kinds in marked.items() if kind in kinds] for kind in LISTS}
    clear = address.mine(asked.mark.value, tag=asked.tag)
    parts = [head, _lists(asked, counts, {k: len(v) for k, v in of_landmarks.items()}), _tags(asked, counts)]
    parts += [pieces.filter_line(asked.query, clear), _list(me, asked, counts)]
    if asked.tag is None and asked.page == 1:
        parts.append(_landmarks(of_landmarks[asked.mark], marked))
    st.html("".join(parts))


def _asked() -> Asked:
    """The newest mark comes first, and what the reader hid is looked for here: order and reader of a query are no matter."""
    query = replace(filters.query(), reader=None, sort=Sort.NEWEST)
    tag, mark = filters.one("tag"), filters.one("mark") or next(iter(LISTS)).value
    if mark not in LISTS:
        raise UsageError(_("mark: there are {names}").format(names=", ".join(kind.value for kind in LISTS)))
    return Asked(Kind(mark), tag_name(tag) if tag else None, query, _page())


def _page() -> int:
    text = filters.one("page") or "1"
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS and int(text) > 0):
        raise UsageError(_("page: a number from 1 on"))
    return int(text)


def _lists(asked: Asked, counts: Counts, of_landmarks: dict[Kind, int]) -> str:
    totals = {kind: counts.marks[kind] + of_landmarks[kind] for kind in LISTS}
    links = [
        _link(address.mine(kind.value, asked.query), _(name), totals[kind], is_here=asked.tag is None and asked.mark is kind)
        for kind, name in LISTS.items()
    ]
    return f'<nav class="sc-lists" aria-label="{escape(_("Your marks"))}"><ul>{"".join(links)}</ul></nav>'


def _tags(asked: Asked, counts: Counts) -> str:
    """Every tag of the reader, the most used first; the one that is shown stands there even when it has no item left."""
    tags = dict(counts.tags) if asked.tag is None else {asked.tag: 0, **counts.tags}
    if not tags:
        return ""
    links = [
        _link(address.mine("", asked.query, tag=name), name, n, is_here=name == asked.tag)
        for name, n in sorted(tags.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    label = escape(_("Your tags"))
    return f'<nav class="sc-lists sc-tags" aria-label="{label}"><b>{label}</b><ul>{"".join(links)}</ul></nav>'


def _link(target: str, name: str, n: int, *, is_here: bool) -> str:
    here = ' aria-current="page"' if is_here else ""
    return f'<li><a{here} href="{escape(target)}"><bdi>{escape(name)}</bdi> <small>{escape(number(n))}</small></a></li>'


def _list(me: Reader, asked: Asked, counts: Counts) -> str:
    start = (asked.page - 1) * PAGE_SIZE
    if asked.tag is None:
        total, title = counts.marks[asked.mark], _(LISTS[asked.mark])
        found = me.marked(asked.mark, asked.query, size=PAGE_SIZE, start=start)
    else:
        total, title = counts.tags.get(asked.tag, 0), _("Tagged “{tag}”").format(tag=asked.tag)
        found = me.tagged(asked.tag, asked.query, size=PAGE_SIZE, start=start)
    body = _cards(me, found) + _pager(asked, total) if found else _nothing(asked, total)
    return pieces.section(title, body, note=ngettext(*_ITEMS, total).format(n=number(total)))


def _cards(me: Reader, found: Sequence[ItemView]) -> str:
    left = me.left([item.row for item in found])
    return f'<div class="sc-mine">{"".join(_card(item, left.get(item.row, Left())) for item in found)}</div>'


def _card(item: ItemView, left: Left) -> str:
    marks = reader_panel.item_marks(item.id, item.title, left.kinds, reader_panel.ON_ITEMS)
    tags = "".join(reader_panel.item_tag(item.id, item.title, tag) for tag in left.tags)
    return cards.card(item, marks_below=marks + tags)


def _pager(asked: Asked, total: int) -> str:
    links = []
    if asked.page > 1:
        links.append(f'<a rel="prev" href="{escape(asked.address(page=asked.page - 1))}">{escape(_("Page before"))}</a>')
    if asked.page * PAGE_SIZE < total:
        following = escape(asked.address(page=asked.page + 1))
        links.append(f'<a class="sc-next" rel="next" href="{following}">{escape(_("Next page"))}</a>')
    return f'<nav class="sc-pager" aria-label="{escape(_("Pages"))}">{"".join(links)}</nav>' if links else ""


def _nothing(asked: Asked, total: int) -> str:
    if total:
        return pieces.notice(
            _("The list is shorter"), _("This page has no items."), link=(asked.address(page=1), _("First page"))
        )
    if asked.query != Query():
        everything = address.mine(asked.mark.value, tag=asked.tag)
        return pieces.notice(_("Nothing fits"), _("No item fits all of these filters."), link=(everything, _("Clear them")))
    text = _("The buttons of every item put it here; notes and tags stand on the item's own page.")
    return pieces.notice(_("Nothing is here yet"), text, link=(address.explore(), _("See all items")))


def _landmarks(names: Sequence[str], marked: pieces.Marked) -> str:
    papers = [paper for paper in roadmap.landmarks() if landmark_name(paper) in names]
    if not papers:
        return ""
    body = pieces.landmarks(papers, marked)
    return pieces.section(_("Landmark papers of the roadmap"), f'<div class="sc-mine">{body}</div>')

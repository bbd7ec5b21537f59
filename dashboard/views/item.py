"""One item with all its evidence: why this level, what happened to it, what is like it, and what its reader left on it."""

from __future__ import annotations

import logging

import streamlit as st

from dashboard import filters, item_forms, item_sections, reader_panel
from dashboard.data import Library
from dashboard.tex import plain
from staycurrent.errors import StoreError, UsageError
from staycurrent.i18n import gettext as _
from staycurrent.reading.minutes import estimate
from staycurrent.store.marks import Left
from staycurrent.types import ItemDetail

log = logging.getLogger("staycurrent.dashboard")


def show(library: Library) -> None:
    """Draw the page of `?id=`. Raises `UsageError` without an id and `NotFound` for an unknown one."""
    name = filters.one("id")
    if name is None:
        raise UsageError(_("id: this page shows one paper; follow a link to it"))
    detail, me = library.detail(name), library.me
    item = detail.item
    left = me.left([item.row]).get(item.row, Left()) if me else Left()
    marks = reader_panel.item_marks(item.id, item.title, left.kinds, reader_panel.ON_ITEMS) if me else ""
    st.set_page_config(page_title=f"{plain(item.title)} · staycurrent")
    st.html(item_sections.head(item, estimate(item.kind, item.comment), marks))
    if me:
        item_forms.notes(me, item, left)
    st.html(item_sections.level(detail))
    if me:
        item_forms.correction(library, me, detail)
    st.html(item_sections.labs(item) + item_sections.evidence(detail) + item_sections.cite(library.citation(item.row)))
    _similar(library, detail)


def _similar(library: Library, detail: ItemDetail) -> None:
    """What takes longest comes last; a page without it is a page still."""
    try:
        found = item_sections.similar(library.similar(detail.item.id))
    except StoreError as error:
        log.warning("similar items were not found: %s", error)
        return
    if found:
        st.html(found)

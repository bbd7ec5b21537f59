"""The forms of an item's page: its reader's note and tags, and another level than the one it has."""

from __future__ import annotations

import streamlit as st

from dashboard import filters
from dashboard.data import Library
from dashboard.reader import Reader
from staycurrent import roadmap
from staycurrent.errors import UsageError
from staycurrent.i18n import gettext as _
from staycurrent.store.corrections import MAX_WHY
from staycurrent.store.marks import MAX_NOTE, Left
from staycurrent.types import ItemDetail, ItemView

LEVELS = (*roadmap.ON_ROADMAP, roadmap.OFF_ROADMAP)


def notes(me: Reader, item: ItemView, left: Left) -> None:
    """The note and the tags; both are kept together."""
    name = _("Your note and tags") if left.note or left.tags else _("Add a note or tags")
    with st.expander(name, expanded=bool(left.note or left.tags)), st.form(f"notes-{item.row}", border=False):
        note = st.text_area(_("Note"), left.note, max_chars=MAX_NOTE, height=110)
        known = ", ".join(me.tags()[:8])
        hint = _("Your tags so far: {tags}").format(tags=known) if known else None
        tags = st.text_input(_("Tags, with commas between them"), ", ".join(left.tags), placeholder=hint)
        if st.form_submit_button(_("Keep")):
            _keep(me, item, note, tags)


def _keep(me: Reader, item: ItemView, note: str, tags: str) -> None:
    try:
        me.annotate(item.row, note, [tag for tag in tags.split(",") if tag.strip()])
    except UsageError as error:
        st.error(str(error))
    else:
        st.rerun()


def correction(library: Library, me: Reader, detail: ItemDetail) -> None:
    """A form for those who know better, and the way back."""
    item, said = detail.item, detail.correction
    mine = said is not None and said.who == me.name
    with st.expander(_("Change your correction") if mine else _("Correct this level")):
        with st.form(f"level-{item.row}", border=False):
            known = item.level if item.level is not None else roadmap.OFF_ROADMAP
            level = st.selectbox(_("Level"), LEVELS, LEVELS.index(known), format_func=filters.level_label)
            why = st.text_input(_("Why, for those who read it later"), said.why if said and mine else "", max_chars=MAX_WHY)
            if st.form_submit_button(_("Set this level")):
                me.correct(item.row, level, why)
                library.changed()
                st.rerun()
        if mine and st.button(_("Withdraw your correction"), key=f"withdraw-{item.row}"):
            me.withdraw(item.row)
            library.changed()
            st.rerun()

"""Which half of the roadmap is shown, and when the plan begins. Both stand in the URL; the start is kept for the profile."""

from __future__ import annotations

from datetime import date
from html import escape

import streamlit as st

from dashboard import address, filters, language, plan, words
from dashboard.reader import Reader
from staycurrent.i18n import gettext as _

LEVELS, PLAN = "levels", "plan"


def views(chosen: str) -> None:
    """The way between the levels and the plan."""
    if st.session_state.get("r_view") != chosen:
        st.session_state["r_view"] = chosen
    st.segmented_control(
        _("Shown"),
        [LEVELS, PLAN],
        format_func=lambda name: _("Twelve months") if name == PLAN else _("Eight levels"),
        key="r_view",
        on_change=language.spoken(_show),
        label_visibility="collapsed",
    )


def _show() -> None:
    """Carry the choice into the URL; a press on what is shown already changes nothing."""
    wanted = st.session_state["r_view"]
    if wanted == PLAN:
        st.query_params["view"] = PLAN
    elif wanted == LEVELS:
        for name in ("view", "start"):
            if name in st.query_params:
                del st.query_params[name]


def draw(me: Reader | None, start: date, kept: date | None) -> None:
    """The day on which the plan begins. Only the reader's own choice is kept, never what an address says."""
    if st.session_state.get("r_start") != start:
        st.session_state["r_start"] = start
    with st.container(horizontal=True, vertical_alignment="bottom", key="plan-start"):
        st.date_input(
            _("You begin on"),
            min_value=plan.EARLIEST,
            max_value=plan.LATEST,
            format=filters.day_form(),
            key="r_start",
            on_change=language.spoken(_begin),
            args=(me,),
            width=200,
        )
        if me and kept:
            st.button(_("End this plan"), on_click=language.spoken(_end), args=(me,), type="tertiary")
    if me and (words_ := _told(start, kept)):
        st.html(f'<p class="sc-quiet sc-text">{words_}</p>')


def _told(start: date, kept: date | None) -> str:
    """Whether this is the reader's plan, as HTML."""
    if kept is None:
        return escape(_("This is how it would be. Choose the day on which you begin, and it is kept as your plan."))
    if kept == start:
        return ""
    own = f'<a href="{escape(address.roadmap_plan())}">{escape(_("show it"))}</a>'
    return _("This address shows a plan from another day; yours begins on {day}: {link}.").format(
        day=escape(words.day(kept)), link=own
    )


def _begin(me: Reader | None) -> None:
    start = st.session_state["r_start"]
    if start is None:
        return
    if me:
        me.begin_plan(start)
    st.query_params["view"] = PLAN
    st.query_params["start"] = start.isoformat()


def _end(me: Reader) -> None:
    me.begin_plan(None)
    if "start" in st.query_params:
        del st.query_params["start"]
    st.query_params["view"] = PLAN

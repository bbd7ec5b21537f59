"""The filters of the page Trends as widgets. The address is the state, as everywhere (`filters`)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from dashboard import address, filters, words
from staycurrent import roadmap
from staycurrent.errors import UsageError
from staycurrent.i18n import N_, ngettext
from staycurrent.i18n import gettext as _
from staycurrent.query import Query
from staycurrent.reading.rising import WEEK_CHOICES
from staycurrent.reading.trends import Asked
from staycurrent.store.trends import Step

STEPS = {Step.WEEK: N_("By week"), Step.MONTH: N_("By month")}


def asked() -> Asked:
    """The question of the address. Raises `QueryError`."""
    return Asked.from_params(filters.given())


def controls(wanted: Asked) -> None:
    """Weeks or months in sight; the rest behind one button."""
    query = wanted.query
    values: dict[str, Any] = {
        "t_step": wanted.step,
        "t_weeks": wanted.weeks,
        "t_levels": list(query.levels),
        "t_topics": list(query.topics),
        "t_labs": list(query.labs),
        "t_since": query.since,
        "t_until": query.until,
    }
    for key, value in values.items():  # only what differs: a rewritten widget loses the reader's focus
        if key not in st.session_state or st.session_state[key] != value:
            st.session_state[key] = value
    with st.container(horizontal=True, vertical_alignment="bottom", key="trend-controls"):
        st.selectbox(
            _("Step"),
            list(Step),
            format_func=lambda step: _(STEPS[step]),
            key="t_step",
            on_change=_changed,
            label_visibility="collapsed",
            width=160,
        )
        with st.popover(_label(query)):
            _choices(query)


def _label(query: Query) -> str:
    active = len(query.levels) + len(query.topics) + len(query.labs) + bool(query.since) + bool(query.until)
    return _("Filters ({n})").format(n=words.number(active)) if active else _("Filters")


def _choices(query: Query) -> None:
    filters.several(_("Levels"), list(roadmap.LEVELS), filters.level_label, "t_levels", _changed)
    filters.several(_("Topics"), list(roadmap.topics()), filters.topic_label, "t_topics", _changed)
    filters.several(_("Labs"), filters.lab_options(query.labs), words.lab, "t_labs", _changed)
    left, right = st.columns(2)
    left.date_input(_("Since"), value=None, key="t_since", format=filters.day_form(), on_change=_changed)
    right.date_input(_("Until"), value=None, key="t_until", format=filters.day_form(), on_change=_changed)
    st.selectbox(_("Rising topics: compare"), WEEK_CHOICES, format_func=_weeks, key="t_weeks", on_change=_changed)


def _weeks(n: int) -> str:
    return ngettext("the last {n} week with the one before", "the last {n} weeks with the {n} before", n).format(
        n=words.number(n)
    )


def _changed() -> None:
    """Carry the widgets into the address; one that was wrong is given up."""
    state = st.session_state
    since, until = state.t_since, state.t_until
    query = Query(
        levels=tuple(sorted(state.t_levels)),
        topics=tuple(sorted(state.t_topics)),
        labs=tuple(sorted(state.t_labs)),
        since=since,
        until=until if not (since and until and until < since) else None,
    )
    try:
        before = asked()
    except UsageError:
        before = Asked()
    put(replace(before, query=query, step=state.t_step, weeks=state.t_weeks))


def put(wanted: Asked) -> None:
    """Make the address that of this question."""
    language = st.query_params.get_all(address.LANGUAGE)
    pairs = {address.LANGUAGE: language} if language else {}
    for name, value in wanted.params():
        pairs.setdefault(name, []).append(value)
    st.query_params.from_dict(pairs)

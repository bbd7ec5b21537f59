"""Time and grouping of the month's reading: both stand in the URL, as every other choice does."""

from __future__ import annotations

import streamlit as st

from dashboard import filters, words
from staycurrent.errors import UsageError
from staycurrent.i18n import gettext as _

BUDGETS = (30, 60, 120, 240, 480)
"""Minutes that are offered; the URL may name any other number."""
MOST = 100_000
LEVEL, TOPIC = "level", "topic"


def minutes() -> int | None:
    """The time budget of the URL. Raises `UsageError`."""
    text = filters.one("minutes")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST):
        raise UsageError(_("minutes: give a whole number from 1 to {most}").format(most=MOST))
    return int(text)


def group() -> str:
    """What the reading is grouped by: level, or topic. Raises `UsageError`."""
    text = filters.one("group") or LEVEL
    if text not in (LEVEL, TOPIC):
        raise UsageError(_("group: a reading is grouped by level or by topic"))
    return text


def draw(chosen: int | None, grouped: str) -> None:
    """Both as widgets."""
    _preset("m_minutes", chosen or 0)
    _preset("m_group", grouped)
    st.selectbox(
        _("Time for it"),
        [0, *sorted({*BUDGETS, *([chosen] if chosen else [])})],
        format_func=lambda n: _("{time} to read").format(time=words.minutes(n)) if n else _("Any time"),
        key="m_minutes",
        on_change=_put,
        placeholder=_("Any time"),
        label_visibility="collapsed",
        width=160,
    )
    st.selectbox(
        _("Grouped by"),
        [LEVEL, TOPIC],
        format_func=lambda name: {LEVEL: _("By level"), TOPIC: _("By topic")}[name],
        key="m_group",
        on_change=_put,
        label_visibility="collapsed",
        width=150,
    )


def _preset(key: str, value: object) -> None:
    if key not in st.session_state or st.session_state[key] != value:
        st.session_state[key] = value


def _put() -> None:
    """Carry both into the URL; what is usual is not written."""
    state = st.session_state
    wanted = {"minutes": str(state.m_minutes or ""), "group": TOPIC if state.m_group == TOPIC else ""}
    for name, value in wanted.items():
        if value:
            st.query_params[name] = value
        elif name in st.query_params:
            del st.query_params[name]

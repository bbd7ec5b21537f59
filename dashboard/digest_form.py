"""The choices of a digest as widgets. As on the other pages the URL is the state: it sets them, and they set it."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

import streamlit as st

from dashboard import address, filters, pieces, words
from dashboard.data import ROADMAP_LEVELS
from dashboard.mail import asked, fields, preferences, told
from staycurrent import i18n, roadmap
from staycurrent.digest import plans
from staycurrent.digest.types import Cadence, WhenEmpty
from staycurrent.i18n import gettext as _
from staycurrent.query import Query
from staycurrent.store.subscribers import Plan

HALF_HOUR = 30
DAY = 24 * 60


def given() -> dict[str, list[str]]:
    """The parameters of the page's address."""
    return filters.given()


def usual() -> dict[str, str]:
    """What counts where the address names nothing: the reader's language, and their browser's time zone."""
    zone = st.context.timezone
    return {"language": i18n.language(), "timezone": zone if zone in preferences.zones() else "UTC"}


def draw(plan: Plan, query: Query) -> None:
    """Every choice; what the address says of filters that have no widget stands below them."""
    _preset(plan, query)
    st.pills(
        _("Levels"),
        ROADMAP_LEVELS,
        selection_mode="multi",
        format_func=filters.level_label,
        key="d_levels",
        on_change=_put,
        help=None,
    )
    with st.expander(_narrowed(query)):
        _filters(query)
    if line := pieces.filter_line(fields.hidden(query), _shown_only(query)):
        st.html(line)
    with st.container(horizontal=True, key="digest-when"):
        _when(plan)
    with st.container(horizontal=True, key="digest-how"):
        _how(plan)


def _narrowed(query: Query) -> str:
    active = len(query.topics) + len(query.labs) + len(query.exclude)
    text = _("Topics, labs and words to leave out ({n})")
    return text.format(n=i18n.number(active)) if active else _("Topics, labs and words to leave out")


def _filters(query: Query) -> None:
    filters.several(_("Topics"), list(roadmap.topics()), filters.topic_label, "d_topics", _put)
    filters.several(_("Labs"), filters.lab_options(query.labs), words.lab, "d_labs", _put)
    filters.without(query.exclude, "d_exclude", _put)


def _when(plan: Plan) -> None:
    cadences = {Cadence.WEEKLY.value: _("Every week"), Cadence.MONTHLY.value: _("Once a month")}
    st.selectbox(_("How often"), list(cadences), format_func=cadences.__getitem__, key="d_cadence", on_change=_put, width=150)
    st.selectbox(_("On"), range(1, 8), format_func=told.day_name, key="d_weekday", on_change=_put, width=150)
    times = sorted({*range(0, DAY, HALF_HOUR), plan.minute})
    st.selectbox(_("At"), times, format_func=plans.clock, key="d_minute", on_change=_put, width=110)
    zones = list(dict.fromkeys([*preferences.zones(), plan.timezone]))
    st.selectbox(_("Time zone"), zones, key="d_timezone", on_change=_put, width=220)


def _how(plan: Plan) -> None:
    budgets = [None, *sorted({*fields.BUDGETS, *([plan.minutes] if plan.minutes else [])})]
    st.selectbox(
        _("Time for it"),
        budgets,
        format_func=lambda n: words.minutes(n) if n else _("Any time"),
        key="d_minutes",
        on_change=_put,
        placeholder=_("Any time"),
        width=150,
    )
    st.selectbox(
        _("Language"), list(i18n.LANGUAGES), format_func=i18n.LANGUAGES.__getitem__, key="d_language", on_change=_put, width=150
    )
    empty = {WhenEmpty.NOTE.value: _("Say so in a short mail"), WhenEmpty.NOTHING.value: _("Send nothing")}
    st.selectbox(
        _("When nothing fits"), list(empty), format_func=empty.__getitem__, key="d_when_empty", on_change=_put, width=220
    )


def _preset(plan: Plan, query: Query) -> None:
    """Give the widgets the values of the address; only differing ones are written, else a widget loses its focus."""
    wanted = {
        "d_levels": [n for n in query.levels if n in ROADMAP_LEVELS],
        "d_topics": list(query.topics),
        "d_labs": list(query.labs),
        "d_exclude": list(query.exclude),
        "d_cadence": plan.cadence,
        "d_weekday": plan.weekday,
        "d_minute": plan.minute,
        "d_timezone": plan.timezone,
        "d_minutes": plan.minutes,
        "d_language": plan.language,
        "d_when_empty": plan.when_empty,
    }
    for key, value in wanted.items():
        if key not in st.session_state or st.session_state[key] != value:
            st.session_state[key] = value


def _put() -> None:
    """Carry the widgets into the address; what is usual is not written."""
    state, before = st.session_state, given()
    shown = [("level", str(n)) for n in sorted({*state.d_levels, *_off_roadmap(before)})]
    shown += [("topic", t) for t in state.d_topics] + [("lab", slug) for slug in state.d_labs]
    shown += [("exclude", w) for w in state.d_exclude if w.strip()]
    wanted = {
        "cadence": "" if state.d_cadence == plans.DEFAULTS.cadence else state.d_cadence,
        "weekday": "" if state.d_weekday == plans.DEFAULTS.weekday else str(state.d_weekday),
        "hour": "" if state.d_minute == plans.DEFAULTS.minute else plans.clock(state.d_minute),
        "timezone": "" if state.d_timezone == usual()["timezone"] else state.d_timezone,
        "minutes": str(state.d_minutes or ""),
        "language": "" if state.d_language == _page_language() else state.d_language,
        "when_empty": "" if state.d_when_empty == plans.DEFAULTS.when_empty else state.d_when_empty,
    }
    ours = {"level", "topic", "lab", "exclude", *wanted}
    pairs = {name: values for name, values in before.items() if name not in ours}
    for name, value in [*shown, *wanted.items()]:
        if value:
            pairs.setdefault(name, []).append(value)
    st.query_params.from_dict(pairs)


def _off_roadmap(params: dict[str, list[str]]) -> set[int]:
    return {0} if "0" in params.get("level", []) else set()


def _page_language() -> str:
    """A callback runs without the script around it, so the page's language is asked for anew."""
    from dashboard import language

    language.begin()
    return i18n.language()


def _shown_only(query: Query) -> str:
    """The page without the filters that have no widget."""
    shown = Query(levels=query.levels, topics=query.topics, labs=query.labs, exclude=query.exclude)
    kept = [(name, params[-1]) for name, params in given().items() if name in asked.NAMES and params]
    return address.digest(shown, kept)


def preview_address(plan: Plan, params: dict[str, list[str]]) -> str:
    """The mail of these choices by itself, as a path: a frame takes no address that is relative to the page."""
    query = asked.query(params)
    pairs = [*query.params(), ("cadence", plan.cadence), ("language", plan.language), ("timezone", plan.timezone)]
    pairs += [("minutes", str(plan.minutes))] if plan.minutes else []
    page = urlsplit(st.context.url or "").path.removesuffix("/").removesuffix("/digest")
    return f"{page}/digest/preview?{urlencode(pairs)}"

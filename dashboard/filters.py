"""Filters as widgets. The URL is the state: it sets the widgets before they are drawn, and a change of theirs sets it.

So every state can be linked to, and the browser's back button works. What a page's widgets do not show (say `exclude`
on the front page) stays in the URL untouched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import streamlit as st

from dashboard import address, words
from dashboard.data import ROADMAP_LEVELS, Library
from staycurrent import query as queries
from staycurrent import roadmap
from staycurrent.errors import UsageError
from staycurrent.i18n import N_, language, number
from staycurrent.i18n import gettext as _
from staycurrent.period import Period, month, parse
from staycurrent.query import Query, Sort
from staycurrent.types import Kind

SORTS = {
    Sort.NEWEST: N_("Newest first"),
    Sort.RELEVANCE: N_("Best match first"),
    Sort.VOTES: N_("Most votes first"),
    Sort.STARS: N_("Most stars first"),
    Sort.CONFIDENCE: N_("Surest level first"),
}
_ANY = "any"
CODE = {_ANY: N_("Any"), "1": N_("With code"), "0": N_("Without code")}
KINDS = {_ANY: N_("Any"), Kind.PAPER.value: N_("Papers"), Kind.POST.value: N_("Posts")}
"""Choices by their value in the URL; `any` stands for none there."""
_DATES = {"en": "YYYY-MM-DD", "de": "DD.MM.YYYY"}
"""Of the forms that Streamlit knows."""
_ONE_AT_A_TIME: dict[str, Any] = {"filter_mode": "contains", "select_all": False}
"""Streamlit's own choice marks "Select 16 matches" first, of values with these letters anywhere, and Enter takes that."""


def given() -> dict[str, list[str]]:
    """The parameters of the page's URL."""
    return {name: st.query_params.get_all(name) for name in st.query_params}


def one(name: str) -> str | None:
    """A parameter of which the last value counts."""
    return st.query_params.get(name) or None


def query() -> Query:
    """The query of the URL. Raises `QueryError`."""
    return Query.from_params(given())


def chosen_month(today: date) -> Period:
    """The month of the URL, else the present one. Raises `UsageError` for what is no month, or none that has begun."""
    text = one("month")
    if text is None:
        return month(today)
    period = parse(text)
    if "W" in text:
        raise UsageError(_("month: this page shows months; write it as 2026-05"))
    if period.first > today:
        raise UsageError(_("month: {month} has not begun yet").format(month=words.month(period.first)))
    return period


def put(query: Query, **others: str | None) -> None:
    """Make the URL that of this query and these other parameters."""
    pairs: dict[str, list[str]] = {name: [value] for name, value in others.items() if value}
    for name, value in query.params():
        pairs.setdefault(name, []).append(value)
    _go(pairs)


def _go(pairs: Mapping[str, list[str]]) -> None:
    """Make these the parameters of the URL, and keep its language."""
    named = st.query_params.get_all(address.LANGUAGE)
    st.query_params.from_dict({**pairs, **({address.LANGUAGE: named} if named else {})})


def month_controls(
    library: Library, period: Period, wanted: Query, counts: Mapping[int, int], more: Callable[[], None]
) -> None:
    """Month, labs and topics in one row, the levels with their counts below."""
    months = {m.name: m for m in sorted({*library.months(), period}, reverse=True)}
    _preset(
        m_month=period.name,
        m_labs=list(wanted.labs),
        m_topics=list(wanted.topics),
        m_levels=[n for n in wanted.levels if n in ROADMAP_LEVELS],
    )
    with st.container(horizontal=True, vertical_alignment="bottom", key="month-controls"):
        st.selectbox(
            _("Month"),
            list(months),
            format_func=lambda name: words.month(months[name].first),
            key="m_month",
            on_change=_month_changed,
            label_visibility="collapsed",
            width=200,
        )
        active = len(wanted.labs) + len(wanted.topics)
        with st.popover(_("Labs and topics ({n})").format(n=number(active)) if active else _("Labs and topics")):
            several(_("Labs"), lab_options(wanted.labs), words.lab, "m_labs", _month_changed)
            several(_("Topics"), list(roadmap.topics()), topic_label, "m_topics", _month_changed)
        more()
    st.pills(
        _("Levels"),
        ROADMAP_LEVELS,
        selection_mode="multi",
        format_func=lambda n: f"{level_label(n)} · {number(counts.get(n, 0))}",
        key="m_levels",
        on_change=_month_changed,
        label_visibility="collapsed",
    )


def _month_changed() -> None:
    """Carry the front page's widgets into the URL; a URL that was wrong is given up."""
    state = st.session_state
    try:
        before = query()
    except UsageError:
        before = Query()
    off_roadmap = tuple(n for n in before.levels if n not in ROADMAP_LEVELS)
    levels = tuple(sorted({*state.m_levels, *off_roadmap}))
    now = replace(before, levels=levels, labs=tuple(sorted(state.m_labs)), topics=tuple(sorted(state.m_topics)))
    put(now, month=state.m_month, minutes=one("minutes"), group=one("group"))


def explore_form(library: Library, wanted: Query) -> None:
    """Search text with its button, and every other filter folded below."""
    _preset(
        e_text=wanted.text,
        e_exclude=list(wanted.exclude),
        e_levels=list(wanted.levels),
        e_topics=list(wanted.topics),
        e_labs=list(wanted.labs),
        e_sources=list(wanted.sources),
        e_kind=wanted.kind.value if wanted.kind else _ANY,
        e_code=str(int(wanted.has_code)) if wanted.has_code is not None else _ANY,
        e_since=wanted.since,
        e_until=wanted.until,
        e_sort=wanted.sort,
    )
    with st.form("explore", border=False):
        with st.container(horizontal=True, vertical_alignment="bottom", key="search-row"):
            st.text_input(
                _("Search"),
                key="e_text",
                max_chars=queries.MAX_TEXT,
                placeholder=_('Words, "a phrase", prefix*, -without, title:word, author:name'),
                label_visibility="collapsed",
            )
            st.form_submit_button(_("Search"), key="e_search", type="primary", on_click=_explore_changed)
        with st.expander(_("Filters and order")):
            _explore_filters(library, wanted)


def _explore_filters(library: Library, wanted: Query) -> None:
    several(_("Levels"), [*ROADMAP_LEVELS, roadmap.OFF_ROADMAP], level_label, "e_levels")
    sources = _union([h.name for h in library.health()], wanted.sources)
    _pair(
        lambda: several(_("Topics"), list(roadmap.topics()), topic_label, "e_topics"),
        lambda: several(_("Labs"), lab_options(wanted.labs), words.lab, "e_labs"),
    )
    _pair(
        lambda: several(_("Sources"), sources, words.source, "e_sources"),
        lambda: without(wanted.exclude, "e_exclude"),
    )
    _pair(lambda: _day(_("Listed since"), "e_since"), lambda: _day(_("Listed until"), "e_until"))
    _pair(lambda: _choice(_("Kind"), KINDS, "e_kind"), lambda: _choice(_("Code"), CODE, "e_code"))
    _choice(_("Order"), SORTS, "e_sort")
    st.form_submit_button(_("Apply"), key="e_apply", on_click=_explore_changed)


def _pair(left: Callable[[], None], right: Callable[[], None]) -> None:
    """Two fields beside each other; on a narrow screen one below the other, and no other between."""
    for column, field in zip(st.columns(2), (left, right), strict=True):
        with column:
            field()


def _day(label: str, key: str) -> None:
    st.date_input(label, value=None, key=key, format=day_form())


def day_form() -> str:
    """How a field takes a day."""
    return _DATES[language()]


def _choice(label: str, options: Mapping[Any, str], key: str) -> None:
    """One of some values, each shown in the reader's language."""
    st.selectbox(label, list(options), format_func=lambda value: _(options[value]), key=key)


def _explore_changed() -> None:
    """Carry the form into the URL and go to the first page of the new list."""
    state = st.session_state
    try:
        before = query()
    except UsageError:
        before = Query()
    without_widget = Query(
        min_confidence=before.min_confidence,
        without_topics=before.without_topics,
        without_labs=before.without_labs,
        reader=before.reader,
    )
    raw: dict[str, list[str]] = {
        "text": [state.e_text],
        "exclude": state.e_exclude,
        "level": [str(n) for n in state.e_levels],
        "topic": state.e_topics,
        "lab": state.e_labs,
        "source": state.e_sources,
        "kind": [state.e_kind] if state.e_kind != _ANY else [],
        "has_code": [state.e_code] if state.e_code != _ANY else [],
        "since": [state.e_since.isoformat()] if state.e_since else [],
        "until": [state.e_until.isoformat()] if state.e_until else [],
        "sort": [state.e_sort.value] if state.e_sort is not Sort.NEWEST else [],
    }
    for name, value in without_widget.params():
        raw.setdefault(name, []).append(value)
    _go({name: values for name, values in raw.items() if any(values)})


def several(label: str, options: Sequence[Any], shown: Callable[[Any], str], key: str, on_change: Any = None) -> None:
    """Any number of some values. Enter takes one value, in which what was typed stands as it is."""
    st.multiselect(label, options, format_func=shown, key=key, on_change=on_change, placeholder=_("Any"), **_ONE_AT_A_TIME)


def without(words_: Sequence[str], key: str, on_change: Any = None) -> None:
    """Words or phrases of the reader's own that are left out."""
    st.multiselect(
        _("Without"),
        words_,
        key=key,
        on_change=on_change,
        accept_new_options=True,
        placeholder=_("Words or phrases"),
        **_ONE_AT_A_TIME,
    )


def _preset(**values: Any) -> None:
    """Give widgets the values of the URL. Only differing ones are written: a rewritten widget loses the reader's focus."""
    for key, value in values.items():
        if key not in st.session_state or st.session_state[key] != value:
            st.session_state[key] = value


def level_label(number: int) -> str:
    return f"{number} {words.level(number)}" if number else words.level(number)


def topic_label(slug: str) -> str:
    return f"{roadmap.topics()[slug].level} · {words.topic(slug)}"


def lab_options(chosen: Iterable[str]) -> list[str]:
    return _union(list(roadmap.labs()), chosen)


def _union(known: list[str], chosen: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*known, *chosen]))

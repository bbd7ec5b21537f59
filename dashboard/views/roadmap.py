"""The roadmap: its eight levels with the reader's progress, and its plan of twelve months from the day they choose."""

from __future__ import annotations

from datetime import date
from html import escape

import streamlit as st

from dashboard import filters, pieces, plan, plan_form, plan_sections, roadmap_sections
from dashboard.data import ROADMAP_LEVELS, Library
from dashboard.plan_sections import Followed
from staycurrent import period, roadmap
from staycurrent.errors import UsageError
from staycurrent.i18n import gettext as _
from staycurrent.query import Query, QueryError
from staycurrent.reading.progress import Progress, landmark_name
from staycurrent.roadmap import Landmark

NEWS = 5


def show(library: Library) -> None:
    """Draw the page: `?view=plan` for the plan, `?level=5` opens the landmark papers of that level."""
    opened, start, view = _opened(), _start(), _view()
    lead = _("Eight levels, from the mathematics to the research of this week, and a plan of twelve months.")
    st.html(pieces.heading(_("The roadmap"), escape(lead)))
    plan_form.views(view)
    if view == plan_form.PLAN:
        _plan(library, start)
    else:
        _levels(library, opened)


def _opened() -> tuple[int, ...]:
    levels = Query.from_params({"level": filters.given().get("level", [])}).levels
    if 0 in levels:
        raise QueryError("level", _("the roadmap has levels 1 to 8"))
    return levels


def _start() -> date | None:
    text = filters.one("start")
    return plan.parse_start(text) if text else None


def _view() -> str:
    """What is shown: a start day asks for the plan by itself. Raises `UsageError`."""
    view = filters.one("view") or (plan_form.PLAN if filters.one("start") else plan_form.LEVELS)
    if view not in (plan_form.LEVELS, plan_form.PLAN):
        raise UsageError(_("view: there are levels and plan"))
    return view


def _levels(library: Library, opened: tuple[int, ...]) -> None:
    me, newest = library.me, library.newest()
    found = me.progress() if me else None
    marked = plan_sections.with_read(me.landmarks(), _read(found)) if me and found else None
    levels = [roadmap.levels()[n] for n in ROADMAP_LEVELS]
    parts = [roadmap_sections.contents(levels)]
    parts.append(roadmap_sections.opened([level for level in levels if level.number in opened], marked))
    parts.append(roadmap_sections.progress(found) if found else "")
    parts += [
        roadmap_sections.level(level, newest.get(level.number, ()), marked, is_opened=level.number in opened)
        for level in levels
    ]
    st.html("".join(parts))


def _read(found: Progress) -> list[Landmark]:
    """The landmarks that were read, as items or by name."""
    return [paper for paper in roadmap.landmarks() if landmark_name(paper) in found.landmarks]


def _plan(library: Library, asked: date | None) -> None:
    me, today = library.me, library.today
    kept = me.plan_start() if me else None
    start = asked or kept or period.month(today).first
    plan_form.draw(me, start, kept)
    found = plan.lay_out(start)
    now = plan.month_of(found, today)
    news = library.reading(period.month(today), Query(levels=now.levels)).placed[:NEWS] if now else ()
    followed = Followed(
        today=today,
        marked=me.landmarks() if me else None,
        read=me.progress().landmarks if me else None,
        news=news,
    )
    st.html(plan_sections.phases(found, followed))

"""The plan of twelve months as sections. Pure: values in, escaped HTML out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from dashboard import address, cards, pieces, reader_panel, words
from dashboard.pieces import Marked
from dashboard.plan import Phase, PlanMonth
from staycurrent.i18n import gettext as _
from staycurrent.i18n import language, ngettext, number, short_day
from staycurrent.period import month as calendar_month
from staycurrent.query import Query
from staycurrent.reading.monthly import Placed
from staycurrent.reading.progress import landmark_name
from staycurrent.roadmap import Landmark
from staycurrent.store.marks import Kind as Mark


@dataclass(frozen=True, slots=True)
class Followed:
    """What the plan shows beside itself: the day, what the reader marked (None where there is none), and this month's news."""

    today: date
    marked: Marked | None = None
    read: frozenset[str] | None = None
    """The landmarks that were read, by arXiv id or address, however they were marked."""
    news: Sequence[Placed] = ()

    def is_read(self, paper: Landmark) -> bool:
        return self.read is not None and landmark_name(paper) in self.read


def phases(found: Sequence[Phase], followed: Followed) -> str:
    """All of the plan."""
    return "".join(_phase(phase, found, followed) for phase in found)


def _phase(phase: Phase, every: Sequence[Phase], followed: Followed) -> str:
    first, last = phase.months[0].number, phase.months[-1].number
    note = _("Months {first} to {last}").format(first=first, last=last)
    chips = "".join(
        f'<li><a href="{escape(address.roadmap(level.number))}">{cards.level_chip(level.number)}</a></li>'
        for level in phase.levels
    )
    months = "".join(_month(month, every, followed) for month in phase.months)
    body = f'<ul class="sc-plan-levels">{chips}</ul><div class="sc-months">{months}</div>'
    return pieces.section(_(phase.name) if phase.name else note, body, note=note)


def _month(month: PlanMonth, every: Sequence[Phase], followed: Followed) -> str:
    now = month.contains(followed.today)
    head = (
        f'<div class="sc-month-head"><p class="sc-eyebrow">{escape(_("Month {n}").format(n=month.number))}'
        f"{_now() if now else ''}</p><h3>{escape(days(month))}</h3></div>"
    )
    body = _papers(month, followed, opened=now) + _projects(month)
    body += (_open(month, every, followed) + _news(month, followed)) if now else ""
    counted = f' data-counts="month-{month.number}"'
    return f'<section class="sc-month{" sc-now" if now else ""}"{counted}>{head}<div>{body}</div></section>'


def _now() -> str:
    return f' <span class="sc-new">{escape(_("this month"))}</span>'


def days(month: PlanMonth) -> str:
    """A calendar month by its name, any other by its days."""
    if month.first.day == 1:
        return words.month(month.first)
    return _("{first} to {last}").format(first=short_day(month.first), last=words.day(month.last))


def _papers(month: PlanMonth, followed: Followed, *, opened: bool) -> str:
    if not month.landmarks:
        return ""
    count = words.count(len(month.landmarks), "landmark paper")
    about = escape(_("about {time}").format(time=words.minutes(month.minutes)))
    summary = f'<summary>{escape(count)} <span class="sc-quiet">{about}</span></summary>'
    papers = pieces.landmarks(month.landmarks, _shown(month, followed))
    progress = ""
    if followed.marked is not None:
        read = sum(map(followed.is_read, month.landmarks))
        progress = reader_panel.read_of(read, len(month.landmarks), f"month-{month.number}")
    return f'{progress}<details class="sc-fold"{" open" if opened else ""}>{summary}{papers}</details>'


def _shown(month: PlanMonth, followed: Followed) -> Marked | None:
    """The marks of the month's papers; one that was read as an item is read."""
    return None if followed.marked is None else with_read(followed.marked, filter(followed.is_read, month.landmarks))


def with_read(marked: Marked, read: filter[Landmark] | Sequence[Landmark]) -> Marked:
    """The marks, where what was read as an item counts as well."""
    more: Mapping[str, frozenset[Mark]] = {
        landmark_name(paper): marked.get(landmark_name(paper), frozenset()) | {Mark.READ} for paper in read
    }
    return {**marked, **more}


def _projects(month: PlanMonth) -> str:
    if not month.projects:
        return ""
    items = "".join(f"<li>{escape(text.get(language()))}</li>" for text in month.projects)
    title = ngettext("Milestone", "Milestones", len(month.projects))
    return f'<div class="sc-milestones"><h4>{escape(title)}</h4><ul>{items}</ul></div>'


def _open(month: PlanMonth, every: Sequence[Phase], followed: Followed) -> str:
    """What earlier months left; empty where nobody reads, or nothing is left."""
    if followed.read is None:
        return ""
    before = [p for phase in every for m in phase.months if m.number < month.number for p in m.landmarks]
    left = [p for p in before if not followed.is_read(p)]
    if not left:
        return ""
    sentence = ngettext(
        "One paper of the months before is still open: about {time}.",
        "{n} papers of the months before are still open: about {time}.",
        len(left),
    )
    text = sentence.format(n=number(len(left)), time=words.minutes(sum(p.minutes for p in left)))
    return f'<p class="sc-quiet sc-text">{escape(text)}</p>'


def _news(month: PlanMonth, followed: Followed) -> str:
    """New papers for the levels of this month, out of the calendar month's reading."""
    if not followed.news:
        return ""
    rows = "".join(cards.row(entry.item) for entry in followed.news)
    every = address.this_month(calendar_month(followed.today), Query(levels=month.levels))
    link = f'<p><a href="{escape(every)}">{escape(_("The whole reading for these levels"))}</a></p>'
    return f'<div class="sc-newest"><h4>{escape(_("New for this month"))}</h4><ul class="sc-rows">{rows}</ul>{link}</div>'

"""The eight levels as sections, with how far the reader is. Pure: values in, escaped HTML out."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from dashboard import address, cards, pieces, reader_panel, words
from dashboard.pieces import Marked
from staycurrent import roadmap
from staycurrent.i18n import gettext as _
from staycurrent.i18n import language, ngettext, number
from staycurrent.query import Query
from staycurrent.reading.progress import LevelProgress, Progress
from staycurrent.roadmap import Level
from staycurrent.types import ItemView


def contents(levels: Sequence[Level]) -> str:
    """The way to each level on this page."""
    items = "".join(f'<li><a href="#level-{n.number}">{cards.level_chip(n.number)}</a></li>' for n in levels)
    return f'<nav class="sc-jump" aria-label="{escape(_("Levels"))}"><ul>{items}</ul></nav>'


def progress(found: Progress) -> str:
    """How far the reader is at each level."""
    rows = "".join(_progress(level) for level in found.levels if level.level)
    return pieces.section(_("Your progress"), f'<ol class="sc-way">{rows}</ol>')


def _progress(level: LevelProgress) -> str:
    read = reader_panel.read_of(level.landmarks_read, level.landmarks, _list(level.level))
    others = level.read - level.landmarks_read
    more = ngettext("{n} other paper read", "{n} other papers read", others).format(n=number(others)) if others else ""
    left = _("{time} of landmarks to go").format(time=words.minutes(level.minutes_left)) if level.minutes_left else ""
    facts = " · ".join(escape(fact) for fact in (more, left) if fact)
    chip = f'<a href="#level-{level.level}">{cards.level_chip(level.level)}</a>'
    return f'<li data-level="{level.level}">{chip}{read}<span class="sc-quiet">{facts}</span></li>'


def _list(level: int) -> str:
    """The name under which the page counts what was read of a level's landmarks."""
    return f"level-{level}"


def opened(levels: Sequence[Level], marked: Marked | None) -> str:
    """The landmark papers of the levels that the address names, at the top, where the reader looks."""
    return "".join(
        pieces.section(
            _("Landmark papers of level {n}").format(n=level.number),
            _papers(level.number, marked),
            note=words.level(level.number),
        )
        for level in levels
    )


def level(shown: Level, newest: Sequence[ItemView], marked: Marked | None, *, is_opened: bool) -> str:
    """A level: what it is about, what to practise, what to read first, and what is new."""
    speech = language()
    return (
        f'<section class="sc-step" id="level-{shown.number}" data-level="{shown.number}">'
        f'<div class="sc-step-number" aria-hidden="true">{shown.number}</div><div class="sc-step-body">'
        f'<p class="sc-eyebrow">{escape(_when(shown))}</p>'
        f'<h2>{escape(shown.name.get(speech))}</h2><p class="sc-goal">{escape(shown.goal.get(speech))}</p>'
        f'<div class="sc-columns">{_points(_("Themes"), [t.get(speech) for t in shown.themes])}'
        f"{_points(_('Practice'), [t.get(speech) for t in shown.practice])}</div>"
        f"{'' if is_opened else _landmarks(shown.number, marked)}{_newest(shown.number, newest)}</div></section>"
    )


def _when(shown: Level) -> str:
    if not shown.months:
        return _("Level {n}").format(n=shown.number)
    first, last = shown.months
    return _("Level {n} · Months {first} to {last}").format(n=shown.number, first=first, last=last)


def _points(title: str, texts: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(t)}</li>" for t in texts)
    return f"<div><h3>{escape(title)}</h3><ul>{items}</ul></div>" if items else ""


def _landmarks(number_: int, marked: Marked | None) -> str:
    papers = roadmap.landmarks(number_)
    if not papers:
        return ""
    about = escape(_("about {time}").format(time=words.minutes(sum(p.minutes for p in papers))))
    summary = f'{words.count(len(papers), "landmark paper")} <span class="sc-quiet">{about}</span>'
    return f'<details class="sc-fold"><summary>{summary}</summary>{_papers(number_, marked)}</details>'


def _papers(number_: int, marked: Marked | None) -> str:
    return f'<div data-counts="{_list(number_)}">{pieces.landmarks(roadmap.landmarks(number_), marked)}</div>'


def _newest(number_: int, newest: Sequence[ItemView]) -> str:
    if not newest:
        return f'<p class="sc-quiet">{escape(_("Nothing collected for this level yet."))}</p>'
    rows = "".join(map(cards.row, newest))
    every = (
        f'<a href="{escape(address.explore(Query(levels=(number_,))))}">{escape(_("All of level {n}").format(n=number_))}</a>'
    )
    return f'<div class="sc-newest"><h3>{escape(_("Newest"))}</h3><ul class="sc-rows">{rows}</ul><p>{every}</p></div>'

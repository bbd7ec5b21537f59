"""The eight levels: what they are about, what to practise, what to read first, and what is new."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from dashboard import address, cards, filters, pieces, words
from dashboard.data import ROADMAP_LEVELS, Library
from staycurrent import roadmap
from staycurrent.query import Query, QueryError
from staycurrent.roadmap import Level
from staycurrent.types import ItemView


def show(library: Library) -> None:
    """Draw the page; `?level=5` opens the landmark papers of that level."""
    opened = _opened()
    newest = library.newest()
    lead = "Eight levels, from the mathematics to the research of this week."
    levels = [roadmap.levels()[n] for n in ROADMAP_LEVELS]
    body = "".join(_level(level, newest.get(level.number, ()), opened=level.number in opened) for level in levels)
    first = [level for level in levels if level.number in opened]
    st.html(pieces.heading("The roadmap", lead) + _contents(levels) + _opened_first(first) + body)


def _opened() -> tuple[int, ...]:
    levels = Query.from_params({"level": filters.given().get("level", [])}).levels
    if 0 in levels:
        raise QueryError("level", "the roadmap has levels 1 to 8")
    return levels


def _contents(levels: Sequence[Level]) -> str:
    items = "".join(f'<li><a href="#level-{n.number}">{cards.level_chip(n.number)}</a></li>' for n in levels)
    return f'<nav class="sc-jump" aria-label="Levels"><ul>{items}</ul></nav>'


def _opened_first(levels: Sequence[Level]) -> str:
    """The landmark papers of the levels that the address names, at the top, where the reader looks."""
    return "".join(
        pieces.section(
            f"Landmark papers of level {level.number}",
            pieces.landmarks(roadmap.landmarks(level.number)),
            note=level.short.en,
        )
        for level in levels
    )


def _level(level: Level, newest: Sequence[ItemView], *, opened: bool) -> str:
    when = f"Months {level.months[0]} to {level.months[1]}" if level.months else ""
    return (
        f'<section class="sc-step" id="level-{level.number}" data-level="{level.number}">'
        f'<div class="sc-step-number" aria-hidden="true">{level.number}</div><div class="sc-step-body">'
        f'<p class="sc-eyebrow">Level {level.number}{f" · {when}" if when else ""}</p>'
        f'<h2>{escape(level.name.en)}</h2><p class="sc-goal">{escape(level.goal.en)}</p>'
        f'<div class="sc-columns">{_points("Themes", [t.en for t in level.themes])}'
        f"{_points('Practice', [t.en for t in level.practice])}</div>"
        f"{'' if opened else _landmarks(level.number)}{_newest(level.number, newest)}</div></section>"
    )


def _points(title: str, texts: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(t)}</li>" for t in texts)
    return f"<div><h3>{title}</h3><ul>{items}</ul></div>" if items else ""


def _landmarks(level: int) -> str:
    papers = roadmap.landmarks(level)
    if not papers:
        return ""
    time = pieces.minutes(sum(p.minutes for p in papers))
    summary = f'{words.count(len(papers), "landmark paper")} <span class="sc-quiet">about {time}</span>'
    return f'<details class="sc-fold"><summary>{summary}</summary>{pieces.landmarks(papers)}</details>'


def _newest(level: int, newest: Sequence[ItemView]) -> str:
    if not newest:
        return '<p class="sc-quiet">Nothing collected for this level yet.</p>'
    rows = "".join(map(cards.row, newest))
    every = f'<a href="{escape(address.explore(Query(levels=(level,))))}">All of level {level}</a>'
    return f'<div class="sc-newest"><h3>Newest</h3><ul class="sc-rows">{rows}</ul><p>{every}</p></div>'

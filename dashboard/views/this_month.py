"""The front page: the month's reading at the reader's levels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape

import streamlit as st

from dashboard import address, cards, filters, pieces, words
from dashboard.data import ROADMAP_LEVELS, Library
from staycurrent import roadmap
from staycurrent.period import Period
from staycurrent.query import Query
from staycurrent.reading.monthly import Placed, ReadingList, within

FEW = 5
"""A level with fewer new papers than this gets its landmark papers shown as well."""


def show(library: Library) -> None:
    """Draw the page."""
    period = filters.chosen_month(library.today)
    wanted = filters.query()
    reading = library.reading(period, wanted)
    counts = library.counts(within(wanted, period))
    st.html(_heading(reading, wanted, counts))
    filters.month_controls(library, period, wanted, counts)
    health = library.health()
    parts = [pieces.health_line(health, library.now), _hidden_filters(wanted, period)]
    if reading.placed:
        parts += _sections(reading, wanted, counts)
    else:
        parts.append(_nothing(wanted, period, collected=any(h.stored for h in health)))
    parts.append(_landmarks(wanted, reading))
    st.html("".join(parts))


def _heading(reading: ReadingList, wanted: Query, counts: Mapping[int, int]) -> str:
    period = reading.period
    total = sum(n for level, n in counts.items() if level in (wanted.levels or ROADMAP_LEVELS))
    lead = "What to read to stay current, level by level."
    if reading.placed and len(reading.placed) < total:
        everything = f'<a href="{escape(address.explore(within(wanted, period)))}">{words.count(total, "paper")}</a>'
        lead = f"The {len(reading.placed)} to read first, out of {everything} listed this month."
    elif reading.placed:
        lead = f"{words.count(total, 'paper')} listed this month{', the most worthwhile first' if total > 1 else ''}."
    if reading.frozen:
        lead += " The month is over; this reading stays as it is."
    return pieces.heading(words.month(period.first), lead, eyebrow="The month's reading")


def _hidden_filters(wanted: Query, period: Period) -> str:
    """Filters in force that have no widget on this page."""
    shown = Query(levels=wanted.levels, topics=wanted.topics, labs=wanted.labs)
    hidden = Query(**{name: getattr(wanted, name) for name in Query.__slots__ if name not in ("levels", "topics", "labs")})
    return pieces.filter_line(hidden, address.this_month(period, shown))


def _sections(reading: ReadingList, wanted: Query, counts: Mapping[int, int]) -> list[str]:
    by_level: defaultdict[int, list[Placed]] = defaultdict(list)
    for entry in reading.placed:
        by_level[entry.item.level or 0].append(entry)
    levels = sorted(by_level)
    parts = [_section(n, by_level[n], counts.get(n, 0), _alone(wanted, n, reading.period)) for n in levels]
    missing = [n for n in (wanted.levels or ROADMAP_LEVELS) if n not in by_level and n]
    return [*parts, _missing(missing, reading.period, counts)] if missing else parts


def _alone(wanted: Query, level: int, period: Period) -> str:
    """The reading of one level alone, empty where that is what is shown."""
    return address.this_month(period, replace(wanted, levels=(level,))) if wanted.levels != (level,) else ""


def _section(level: int, entries: Sequence[Placed], total: int, alone: str) -> str:
    hidden = total > len(entries)
    note = f"{len(entries)} of {total:,}" if hidden else str(len(entries))
    body = "".join(cards.placed(e, n) for n, e in enumerate(entries, start=1))
    return pieces.level_section(level, body, note=note, link=alone if hidden else "")


def _missing(levels: Sequence[int], period: Period, counts: Mapping[int, int]) -> str:
    """Levels of which nothing made it into the reading: those with nothing new, and those that others outranked."""
    empty = [n for n in levels if not counts.get(n)]
    outranked = [n for n in levels if counts.get(n)]
    lines = []
    if empty:
        lines.append(f"Nothing for {_levels(empty)} in {words.month(period.first)} yet: read the landmark papers instead.")
    if outranked:
        lines.append(f"Papers of {_levels(outranked)} came further down: choose the level above to see its own reading.")
    return "".join(f'<p class="sc-quiet sc-missing">{line}</p>' for line in lines)


def _levels(numbers: Sequence[int]) -> str:
    linked = [f'<a href="{escape(address.roadmap(n))}">{n} {escape(words.level(n))}</a>' for n in numbers]
    return f"level{'' if len(linked) == 1 else 's'} {words.listing(linked)}"


def _nothing(wanted: Query, period: Period, *, collected: bool) -> str:
    """The empty reading, said plainly."""
    if not collected:
        return pieces.notice(
            "Nothing has been collected yet",
            "The first collection takes some minutes; reload this page then.",
            link=(address.sources(), "See the sources"),
        )
    levels = [n for n in wanted.levels if n]
    named = words.listing([f"level {n}" for n in levels]) if levels else "this choice"
    narrowed = wanted.topics or wanted.labs or wanted.text
    message = "Fewer filters may show more." if narrowed else "These landmark papers are worth the time meanwhile."
    every = (address.this_month(period), "Show all levels") if wanted != Query() else (address.explore(), "Explore all papers")
    return pieces.notice(f"Nothing for {named} in {words.month(period.first)} yet", message, link=every)


def _landmarks(wanted: Query, reading: ReadingList) -> str:
    """The landmark papers of the chosen levels, where there is little new to read."""
    levels = [n for n in wanted.levels if n] or ([] if reading.placed else [1])
    shown = [n for n in levels if sum(e.item.level == n for e in reading.placed) < FEW]
    return "".join(
        pieces.section(f"Landmark papers of level {n}", pieces.landmarks(roadmap.landmarks(n)), note=words.level(n))
        for n in shown
    )

"""The front page: the month's reading at the reader's levels, within the time they have."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape

import streamlit as st

from dashboard import address, filters, month_options, month_sections, pieces, reader_panel, words
from dashboard.api import exports
from dashboard.data import ROADMAP_LEVELS, Library
from dashboard.month_sections import Shown
from dashboard.reader import Reader
from dashboard.reader_panel import Mine
from staycurrent import roadmap
from staycurrent.errors import StoreError
from staycurrent.i18n import N_, ngettext, number
from staycurrent.i18n import gettext as _
from staycurrent.period import Period
from staycurrent.query import Query
from staycurrent.reading.monthly import ReadingList, within
from staycurrent.roadmap import Landmark
from staycurrent.store.marks import Kind, Left

log = logging.getLogger("staycurrent.dashboard")
FEW = 5
"""A level with fewer new papers than this gets its landmark papers shown as well."""
FILES = {"ical": N_("Calendar"), "bibtex": N_("BibTeX")}
"""The files that the page offers; `/exports` has more."""
PAGE = "month"
"""The name of this page among those whose last visit is kept."""


def show(library: Library) -> None:
    """Draw the page."""
    period, minutes, group = filters.chosen_month(library.today), month_options.minutes(), month_options.group()
    wanted, me = filters.query(), library.me
    reading = library.reading(period, wanted, minutes)
    counts = library.counts(within(wanted, period))
    shown = _shown(reading, me)
    st.html(_heading(reading, wanted, counts, minutes))
    filters.month_controls(library, period, wanted, counts, lambda: month_options.draw(minutes, group))
    health = library.health()
    parts = [pieces.health_line(health, library.now), _hidden_filters(wanted, period)]
    if reading.placed:
        parts += [
            _status(reading, shown, minutes),
            *month_sections.sections(reading, wanted, counts, shown, by_topic=group == month_options.TOPIC),
        ]
    else:
        parts.append(_nothing(wanted, period, minutes, counts, collected=any(h.stored for h in health)))
    by_level = {n: roadmap.landmarks(n) for n in _short_of_news(wanted, reading)}
    parts.append(month_sections.one_level_up(reading, shown))
    if not any(reading.landmark in papers for papers in by_level.values()):  # each paper stands once
        parts.append(month_sections.landmark(reading, shown))
    parts += [_landmarks(by_level, shown), month_sections.withdrawn(reading)]
    st.html("".join(parts))
    if me:
        _look(me, period)


def _shown(reading: ReadingList, me: Reader | None) -> Shown:
    """What the cards show of their reader. What they hid a moment ago is gone, though the reading is a few seconds old."""
    if me is None:
        return Shown()
    rows = [p.item.row for p in (*reading.placed, *reading.one_level_up)]
    left, news = me.left(rows), me.news(PAGE, reading.period.name, rows)
    mine = {row: Mine(left.get(row, Left()).kinds, is_new=row in (news or ())) for row in rows}
    return Shown(
        mine={row: m for row, m in mine.items() if Kind.HIDDEN not in m.kinds},
        news=None if news is None else len(news & {p.item.row for p in reading.placed}),
        landmarks=me.landmarks(),
    )


def _look(me: Reader, period: Period) -> None:
    """Keep that the reader was here. A page that is drawn already does not fail for it."""
    try:
        me.look(PAGE, period.name)
    except StoreError as error:
        log.warning("a visit was not kept: %s", error)


def _heading(reading: ReadingList, wanted: Query, counts: Mapping[int, int], minutes: int | None) -> str:
    period = reading.period
    total = sum(n for level, n in counts.items() if level in (wanted.levels or ROADMAP_LEVELS))
    lead = _lead(reading, total, address.explore(within(wanted, period)))
    if reading.frozen:
        lead += " " + escape(_("The month is over; this reading stays as it is."))
    return pieces.heading(words.month(period.first), lead, eyebrow=_("The month's reading"))


def _lead(reading: ReadingList, total: int, everything: str) -> str:
    """The first sentence, as HTML."""
    listed, papers = len(reading.placed), words.count(total, "paper")
    time = escape(words.minutes(sum(p.minutes for p in reading.placed)))
    if not listed:
        return escape(_("What to read to stay current, level by level."))
    if listed < total:
        linked = f'<a href="{escape(everything)}">{escape(papers)}</a>'
        sentence = ngettext(
            "The one to read first, out of {papers} listed this month: about {time}.",
            "The {n} to read first, out of {papers} listed this month: about {time}.",
            listed,
        )
        return sentence.format(n=number(listed), papers=linked, time=time)
    if total > 1:
        return _("{papers} listed this month, the most worthwhile first: about {time}.").format(papers=papers, time=time)
    return _("{papers} listed this month: about {time}.").format(papers=papers, time=time)


def _hidden_filters(wanted: Query, period: Period) -> str:
    """Filters in force that have no widget on this page."""
    shown = Query(levels=wanted.levels, topics=wanted.topics, labs=wanted.labs)
    hidden = Query(**{name: getattr(wanted, name) for name in Query.__slots__ if name not in ("levels", "topics", "labs")})
    return pieces.filter_line(hidden, address.this_month(period, shown))


def _status(reading: ReadingList, shown: Shown, minutes: int | None) -> str:
    """How far the reader is, what is new, and how to take the reading along."""
    left = ""
    if shown.mine is not None:
        rows = [p.item.row for p in reading.placed]
        read = sum(Kind.READ in shown.mine[row].kinds for row in rows if row in shown.mine)
        total = sum(row in shown.mine for row in rows)
        news = reader_panel.news_line(shown.news)
        left = reader_panel.read_of(read, total, month_sections.COUNTED) + (f'<p class="sc-news">{news}</p>' if news else "")
    return f'<div class="sc-status">{left}{_along(reading, minutes)}</div>'


def _along(reading: ReadingList, minutes: int | None) -> str:
    """The reading elsewhere: as a feed, by mail, as files."""
    period = reading.period
    wanted = replace(reading.query, since=None, until=None)
    anyones = replace(wanted, reader=None)  # an address that may be given away
    links = [
        f'<a href="{escape(address.reading_feed(period, anyones))}">{escape(_("Feed"))}</a>',
        f'<a href="{escape(address.digest(anyones))}">{escape(_("By mail"))}</a>',
        *(_file(kind, _(name), period, wanted, minutes) for kind, name in FILES.items()),
    ]
    items = "".join(f"<li>{link}</li>" for link in links)
    return f'<nav class="sc-along" aria-label="{escape(_("Take this reading along"))}"><ul>{items}</ul></nav>'


def _file(kind: str, name: str, period: Period, wanted: Query, minutes: int | None) -> str:
    saved = f"reading-{period.name}.{exports.FORMATS[kind].extension}"
    return f'<a href="{escape(address.reading_file(kind, period, wanted, minutes))}" download="{saved}">{escape(name)}</a>'


def _nothing(wanted: Query, period: Period, minutes: int | None, counts: Mapping[int, int], *, collected: bool) -> str:
    """The empty reading, said plainly."""
    if not collected:
        return pieces.notice(
            _("Nothing has been collected yet"),
            _("The first collection takes some minutes; reload this page then."),
            link=(address.sources(), _("See the sources")),
        )
    if minutes and any(counts.get(n) for n in wanted.levels or ROADMAP_LEVELS):
        longer = (address.this_month(period, wanted), _("Take any time"))
        return pieces.notice(_("Nothing fits into {time}").format(time=words.minutes(minutes)), "", link=longer)
    every = (address.this_month(period), _("Show all levels"))
    link = every if wanted != Query() else (address.explore(), _("Explore all papers"))
    narrowed = wanted.topics or wanted.labs or wanted.text
    few, landmarks = _("Fewer filters may show more."), _("These landmark papers are worth the time meanwhile.")
    return pieces.notice(_nothing_words(wanted, period), few if narrowed else landmarks, link=link)


def _nothing_words(wanted: Query, period: Period) -> str:
    levels = [number(n) for n in wanted.levels if n]
    month = words.month(period.first)
    if not levels:
        return _("Nothing for this choice in {month} yet").format(month=month)
    sentence = ngettext("Nothing for level {levels} in {month} yet", "Nothing for levels {levels} in {month} yet", len(levels))
    return sentence.format(levels=words.listing(levels), month=month)


def _short_of_news(wanted: Query, reading: ReadingList) -> list[int]:
    """The chosen levels that have little new to read."""
    levels = [n for n in wanted.levels if n] or ([] if reading.placed else [1])
    return [n for n in levels if sum(e.item.level == n for e in reading.placed) < FEW]


def _landmarks(by_level: Mapping[int, Sequence[Landmark]], shown: Shown) -> str:
    """The landmark papers of some levels."""
    return "".join(
        pieces.section(
            _("Landmark papers of level {n}").format(n=n), pieces.landmarks(papers, shown.landmarks), note=words.level(n)
        )
        for n, papers in by_level.items()
    )

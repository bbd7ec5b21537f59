"""What moves: topics and levels over time, the topics that rise, and which lab works on what."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from html import escape

import streamlit as st

from dashboard import address, cards, charts, figures, pieces, trend_data, trend_filters, words
from dashboard.charts import Point
from dashboard.data import Library
from dashboard.trend_tables import heat_map, levels_table, rising_table, topics_table
from staycurrent import i18n, roadmap
from staycurrent.i18n import gettext as _
from staycurrent.i18n import ngettext
from staycurrent.query import Query
from staycurrent.reading import rising
from staycurrent.reading.trends import FEWEST, Trends
from staycurrent.store.trends import Step


def show(library: Library) -> None:
    """Draw the page."""
    wanted = trend_filters.asked()
    found = trend_data.trends(library, wanted)
    st.html(pieces.heading(_("Trends"), _lead(found)))
    trend_filters.controls(wanted)
    if wanted.query != Query():
        st.html(pieces.filter_line(wanted.query, address.trends(replace(wanted, query=Query()).params())))
    if not sum(found.counts.totals):
        st.html(_nothing(found))
        return
    dark = st.context.theme.type == "dark"
    _topics(found, dark=dark)
    _rising(found)
    _levels(found, dark=dark)
    st.html(_labs(found))


def _lead(found: Trends) -> str:
    if not found.periods:
        return escape(_("What the field writes about, and how that changes."))
    total = sum(found.counts.totals)
    text = ngettext("{n} paper or post from {first} to {last}.", "{n} papers and posts from {first} to {last}.", total)
    first, last = _span(found)
    said = [text.format(n=words.number(total), first=words.day(first), last=words.day(last)), *_read_as(found)]
    return escape(" ".join(said))


def _span(found: Trends) -> tuple[date, date]:
    """The first and the last day that is counted."""
    return found.periods[0].first, min(found.periods[-1].last, found.today)


def _read_as(found: Trends) -> list[str]:
    """Sentences on how the filters were taken, where they are not taken as they stand."""
    query, (first, last) = found.asked.query, _span(found)
    said = []
    if (query.since and first < query.since) or (query.until and last > query.until):
        whole = {Step.WEEK: _("Weeks are counted whole."), Step.MONTH: _("Months are counted whole.")}
        said.append(whole[found.asked.step])
    if query.topics:
        said.append(_("The topics choose the lines and columns; the items are those of all topics."))
    return said


def _nothing(found: Trends) -> str:
    if found.asked.query == Query():
        message = _("Trends need some weeks of papers; the first collection takes some minutes.")
        return pieces.notice(_("Nothing has been collected yet"), message, link=(address.sources(), _("See the sources")))
    link = (address.trends(), _("Clear them"))
    return pieces.notice(_("Nothing fits"), _("No item fits all of these filters."), link=link)


def _points(found: Trends, numbers: tuple[int, ...], totals: tuple[int, ...] | None = None) -> list[Point]:
    points = []
    for n, name in list(enumerate(figures.names(found)))[found.begins :]:
        share = found.share(numbers, n, totals)
        value = share if found.in_shares else float(numbers[n])
        points.append(Point(name, value, _shown(share, numbers[n]), found.is_running(n)))
    return points


def _shown(share: float | None, count: int) -> str:
    if share is None:
        return words.count(count, "item")
    return _("{share} of all, {items}").format(share=figures.precise(share), items=words.count(count, "item"))


def _topics(found: Trends, *, dark: bool) -> None:
    """Topics over time, as shares."""
    slugs = found.topics(charts.MOST_LINES)[: charts.MOST_LINES]
    st.html(figures.head(*_topics_finding(found, slugs)))
    if slugs:
        series = {words.topic(slug): _points(found, found.topic(slug)) for slug in slugs}
        title = _("Topics over time; the numbers stand below the chart")
        st.vega_lite_chart(spec=charts.lines(series, title, dark=dark, shares=found.in_shares))
        links = {words.topic(slug): address.explore(replace(found.asked.query, topics=(slug,))) for slug in slugs}
        st.html(figures.key(links) + figures.numbers(topics_table(found, slugs), found.asked.params(), "topics"))


def _topics_finding(found: Trends, slugs: tuple[str, ...]) -> tuple[str, str]:
    if not slugs or not any(found.topic(slugs[0])):
        return _("No topic yet"), _("None of these items has a topic.")
    total, count = sum(found.counts.totals), sum(found.topic(slugs[0]))
    title = _("{topic} is the largest topic") if not found.asked.query.topics else _("{topic} is the largest of these topics")
    text = _("{share} of all items are about it. The lines show the share of each topic, since the number of items moves too.")
    if not found.in_shares:
        text = _("{share} of all items are about it. The lines show how many items each topic has: too few for shares.")
    return title.format(topic=words.topic(slugs[0])), text.format(share=figures.precise(count / total)) + _open_end(found)


def _open_end(found: Trends) -> str:
    """Further sentences: where the newest period is not over, and where the oldest are not drawn."""
    said = [_("The newest period is not over yet.")] if found.is_running(len(found.periods) - 1) else []
    if first := found.begins:
        text = _("Before {period} there are next to no items, so the chart begins there.")
        said.append(text.format(period=figures.names(found)[first]))
    return "".join(f" {sentence}" for sentence in said)


def _rising(found: Trends) -> None:
    """The topics that rise, with the rule."""
    if not rising.can_be_compared(found.before, found.now):
        title = _("Rising topics cannot be told yet")
        text = _("Both halves of the comparison need at least {n} items, and about as many: they have {before} and {now}.")
        numbers = {"n": rising.FEWEST, "before": found.before.total, "now": found.now.total}
        st.html(figures.head(title, text.format(**{name: words.number(n) for name, n in numbers.items()})))
        return
    st.html(figures.head(_rising_title(found), _rising_sentence(found)) + _rising_body(found))


def _rising_title(found: Trends) -> str:
    names = [words.topic(r.topic) for r in found.rises[:3]]
    if not names:
        return _("No topic surely rises")
    more = len(found.rises) - len(names)
    if more:
        return _("{topics} and {n} more rise").format(topics=", ".join(names), n=words.number(more))
    return ngettext("{topics} rises", "{topics} rise", len(names)).format(topics=words.listing(names))


def _rising_sentence(found: Trends) -> str:
    text = _(
        "From {first} to {middle} against {start} to {last}: the share in the {weeks} weeks before and in the last {weeks}."
    )
    return text.format(
        first=i18n.short_day(found.before.first),
        middle=i18n.short_day(found.before.last),
        start=i18n.short_day(found.now.first),
        last=i18n.short_day(found.now.last),
        weeks=words.number(found.asked.weeks),
    )


def _rising_body(found: Trends) -> str:
    rule = _(
        "The rule: a topic's share of all items in the last whole weeks, divided by its share in as many weeks before. "
        "A topic rises where even the lower end of the 99% interval of that ratio is above 1, so a few papers are no trend. "
        "If no topic moved at all, one in three such lists would name one by chance."
    )
    table = rising_table(found) if found.rises else ""
    return f'{table}<p class="sc-quiet sc-finding">{escape(rule)}</p>{figures.file_line(found.asked.params(), "rising")}'


def _levels(found: Trends, *, dark: bool) -> None:
    """Levels over time, as shares of all items."""
    totals = found.level_totals
    wanted = found.asked.query.levels or (*roadmap.ON_ROADMAP, roadmap.OFF_ROADMAP)
    shown = [n for n in (*roadmap.ON_ROADMAP, roadmap.OFF_ROADMAP) if n in wanted and n in found.counts.levels]
    st.html(figures.head(*_levels_finding(found, shown)))
    series = {_level(n): _points(found, found.counts.levels[n], totals) for n in shown}
    inks = [charts.colour(f"level-{n}", dark=dark) for n in shown]
    name = _("Levels over time; the numbers stand below the chart")
    st.vega_lite_chart(spec=charts.stacked(series, inks, name, dark=dark, shares=found.in_shares))
    st.html(_level_key(found, shown) + figures.numbers(levels_table(found, shown), found.asked.params(), "levels"))


def _levels_finding(found: Trends, shown: list[int]) -> tuple[str, str]:
    """The largest of the levels that are shown, in words; being off the roadmap is not a level."""
    sizes = {n: sum(found.counts.levels[n]) for n in shown}
    levels = [n for n in shown if n in roadmap.ON_ROADMAP] or shown
    largest = max(levels, key=lambda n: (sizes[n], -n))
    share = figures.precise(sizes[largest] / sum(found.level_totals))
    names = {"n": words.number(largest), "level": words.level(largest), "share": share}
    if len(shown) == 1:
        title = _("Level {n}, {level}: {share} of all items") if largest else _("{level}: {share} of all items")
        return title.format(**names), _("Each bar is one period.") + _open_end(found)
    title = _("Level {n}, {level}, is the largest of these levels") if found.asked.query.levels else ""
    title = title or _("Level {n}, {level}, is the largest")
    text = _("{share} of all items have this level. Each bar is one period; its parts are the levels, from 1 at the bottom up.")
    return title.format(**names), text.format(**names) + _open_end(found)


def _level(number: int) -> str:
    return f"{number} {words.level(number)}" if number else words.level(number)


def _level_key(found: Trends, levels: list[int]) -> str:
    query = found.asked.query
    items = "".join(
        f'<li><a href="{escape(address.explore(replace(query, topics=(), levels=(n,))))}">{cards.level_chip(n)}</a></li>'
        for n in levels
    )
    return f'<ul class="sc-key">{items}</ul>'


def _labs(found: Trends) -> str:
    """Which lab works on what."""
    totals = found.labs.totals
    if not totals:
        return figures.head(_("No lab yet"), _("None of these items is tied to a lab."))
    first, count = next(iter(totals.items()))
    title = _("{lab} has the most items").format(lab=words.lab(first))
    if count < FEWEST:
        text = ngettext(
            "{n} item of this time is tied to it: too few for shares.",
            "{n} items of this time are tied to it: too few for shares.",
            count,
        )
        return figures.head(title, text.format(n=words.number(count))) + heat_map(found)
    text = ngettext(
        "{n} item of this time is tied to it. The stronger its colour, the larger a topic's share of the lab's items.",
        "{n} items of this time are tied to it. The stronger its colour, the larger a topic's share of the lab's items.",
        count,
    )
    return figures.head(title, text.format(n=words.number(count))) + heat_map(found)

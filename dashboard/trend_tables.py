"""The numbers of the page Trends as tables: what a chart shows, for those who cannot see it or want to know exactly. HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape

from dashboard import address, figures, words
from staycurrent import i18n
from staycurrent.i18n import gettext as _
from staycurrent.reading.rising import Rise
from staycurrent.reading.trends import FEWEST, Trends

LABS = 12
TOPICS = 6


def topics_table(found: Trends, slugs: Sequence[str]) -> str:
    """A row for each period, the newest first, a column for each topic."""
    heads = [words.topic(slug) for slug in slugs]
    rows = [found.topic(slug) for slug in slugs]
    return _by_period(found, _("Share and number of items by topic"), heads, rows, found.counts.totals)


def levels_table(found: Trends, levels: Sequence[int]) -> str:
    """A row for each period, the newest first, a column for each level."""
    heads = [f"{n} {words.level(n)}" if n else words.level(n) for n in levels]
    rows = [found.counts.levels[n] for n in levels]
    return _by_period(found, _("Share and number of items by level"), heads, rows, found.level_totals)


def _by_period(found: Trends, caption: str, heads: Sequence[str], rows: Sequence[Sequence[int]], totals: Sequence[int]) -> str:
    named = figures.row_heads(found)
    lines = [
        (named[n], [words.number(totals[n]), *(figures.cell(row[n], found.share(row, n, totals)) for row in rows)])
        for n in reversed(range(len(named)))
    ]
    return figures.grid(caption, _("From"), [_("All items"), *heads], lines)


def rising_table(found: Trends) -> str:
    """The topics that rise, the surest first."""
    heads = (_("Topic"), _("Before"), _("Now"), _("Change"))
    top = "".join(f'<th scope="col">{escape(h)}</th>' for h in heads)
    body = "".join(_rise(rise, found, heads) for rise in found.rises)
    return f'<table class="sc-table sc-rising"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'


def _rise(rise: Rise, found: Trends, heads: Sequence[str]) -> str:
    query = replace(found.asked.query, topics=(rise.topic,), since=found.now.first, until=found.now.last)
    name = f'<a href="{escape(address.explore(query))}">{escape(words.topic(rise.topic))}</a>'
    times = _("{ratio} times").format(ratio=words.number(round(rise.ratio, 1)))
    least = _("at least {ratio}").format(ratio=words.number(round(rise.low, 2)))
    return (
        f'<tr><th scope="row" data-label="{escape(heads[0])}">{name}</th>'
        f'<td data-label="{escape(heads[1])}">{figures.cell(rise.before, rise.share_before)}</td>'
        f'<td data-label="{escape(heads[2])}">{figures.cell(rise.now, rise.share_now)}</td>'
        f'<td data-label="{escape(heads[3])}">{escape(times)}<span class="sc-quiet">{escape(least)}</span></td></tr>'
    )


def heat_map(found: Trends) -> str:
    """A row for each lab, a column for each topic; each field is the topic's share of the lab's items, and its shade."""
    labs = list(found.labs.totals)[:LABS]
    topics = _columns(found, labs)
    top = "".join(f'<th scope="col">{escape(h)}</th>' for h in [_("Lab"), _("All items"), *map(words.topic, topics)])
    enough = [lab for lab in labs if found.labs.totals[lab] >= FEWEST]
    largest = max((_part(found, lab, topic) for lab in enough for topic in topics), default=0.0)
    body = "".join(_lab_row(found, lab, topics, largest) for lab in labs)
    caption = _("Items by lab and topic, as a share of the lab's items") if enough else _("Items by lab and topic")
    shown = f"<caption>{escape(caption)}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody>"
    table = figures.wide(caption, f'<table class="sc-grid sc-heat">{shown}</table>')
    return table + figures.file_line(found.asked.params(), "labs")


def _columns(found: Trends, labs: Sequence[str]) -> list[str]:
    """The topics that these labs have most items of, or those that were asked for."""
    sizes: dict[str, int] = {}
    for (lab, topic), n in found.labs.topics.items():
        if lab in labs:
            sizes[topic] = sizes.get(topic, 0) + n
    wanted = found.asked.query.topics or tuple(sizes)
    return sorted(wanted, key=lambda slug: (-sizes.get(slug, 0), slug))[:TOPICS]


def _part(found: Trends, lab: str, topic: str) -> float:
    return found.labs.topics.get((lab, topic), 0) / found.labs.totals[lab]


def _lab_row(found: Trends, lab: str, topics: Sequence[str], largest: float) -> str:
    name = f'<a href="{escape(address.labs(lab))}">{escape(words.lab(lab))}</a>'
    cells = "".join(_field(found, lab, topic, largest) for topic in topics)
    return f'<tr><th scope="row">{name}</th><td>{words.number(found.labs.totals[lab])}</td>{cells}</tr>'


def _field(found: Trends, lab: str, topic: str, largest: float) -> str:
    """The shade is the share against the largest one of the table; of few items there is a count and no shade."""
    count, share = found.labs.topics.get((lab, topic), 0), _part(found, lab, topic)
    if not count or found.labs.totals[lab] < FEWEST:
        return f'<td><span class="sc-quiet">{words.number(count)}</span></td>'
    depth = f"--sc-heat:{100 * share / largest:.0f}%"
    return f'<td style="{depth}">{escape(i18n.percent(share))} <small>{words.number(count)}</small></td>'

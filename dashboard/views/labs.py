"""The labs that are watched, and a page for each: its items with the evidence, its topics and levels, its feeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st

from dashboard import address, cards, figures, filters, pieces, trend_data, words
from dashboard.data import Found, Library
from dashboard.reader_panel import Mine
from staycurrent import i18n, roadmap
from staycurrent.errors import NotFound
from staycurrent.i18n import gettext as _
from staycurrent.i18n import ngettext
from staycurrent.query import Query
from staycurrent.reading.trends import FEWEST
from staycurrent.store.health import Health
from staycurrent.store.trends import Counts, LabLine
from staycurrent.types import ItemView, LabEvidence

TOPICS = 8


def show(library: Library) -> None:
    """Draw the page; `?lab=qwen` shows one lab. Raises `NotFound` for a lab that nothing is known of."""
    slug = filters.one("lab")
    lines = trend_data.lab_lines(library)
    if slug is None:
        st.html(_index(lines, library.health(), library))
        return
    wanted = Query.from_params({"lab": [slug]})
    line = next((known for known in lines if known.slug == slug), None) or _without_items(slug)
    st.set_page_config(page_title=f"{line.name} · staycurrent")
    st.html(_lab(library, line, wanted))


def _without_items(slug: str) -> LabLine:
    known = roadmap.labs().get(slug)
    if known is None:
        raise NotFound(_("No lab of that name is known here."))
    return LabLine(known.slug, known.name, known.watched, None, 0, {})


def _index(lines: Sequence[LabLine], health: Sequence[Health], library: Library) -> str:
    watched, others = [n for n in lines if n.watched], [n for n in lines if not n.watched]
    lead = _("What comes from the labs, and how that is known.")
    rule = _(
        "A tie is stated where a source names the lab as the paper's organization, or where the item stands in the lab's own "
        "feed. It is inferred where a team of the lab signs as author, or a third party's feed lists it. A lab's name in an "
        "abstract ties nothing: papers name the models of others all the time."
    )
    parts = [pieces.heading(_("Labs"), escape(lead))]
    parts += [pieces.section(_("Watched labs"), _table(watched, health, library), note=words.number(len(watched)))]
    parts += [pieces.section(_("Other labs"), _folded(others, health, library))] if others else []
    return "".join([*parts, f'<p class="sc-quiet sc-finding">{escape(rule)}</p>'])


def _folded(lines: Sequence[LabLine], health: Sequence[Health], library: Library) -> str:
    """The labs that nobody has to watch, under a fold: there are some forty."""
    text = ngettext("{n} lab with items", "{n} labs with items", len(lines)).format(n=words.number(len(lines)))
    return f'<details class="sc-numbers"><summary>{escape(text)}</summary>{_table(lines, health, library)}</details>'


def _table(lines: Sequence[LabLine], health: Sequence[Health], library: Library) -> str:
    heads = (_("Lab"), _("Newest item"), _("In 30 days"), _("In all"), _("Feeds"))
    top = "".join(f'<th scope="col">{escape(h)}</th>' for h in heads)
    body = "".join(_row(line, [h for h in health if h.lab == line.slug], library, heads) for line in lines)
    return f'<table class="sc-table"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'


def _row(line: LabLine, feeds: Sequence[Health], library: Library, heads: Sequence[str]) -> str:
    cells = [
        words.day(line.newest) if line.newest else _("none yet"),
        words.number(line.recent),
        _ties(line.ties) or "-",
    ]
    shown = "".join(f'<td data-label="{escape(h)}">{escape(c)}</td>' for h, c in zip(heads[1:], cells, strict=False))
    name = f'<a href="{escape(address.labs(line.slug))}"><bdi>{escape(line.name)}</bdi></a>'
    state = _feeds_state(feeds, library)
    first = f'<th scope="row" data-label="{escape(heads[0])}">{name}</th>'
    return f'<tr>{first}{shown}<td data-label="{escape(heads[4])}">{state}</td></tr>'


def _ties(ties: Mapping[str, int]) -> str:
    """How many ties are stated by a source, and how many are inferred."""
    stated = sum(n for method, n in ties.items() if method in words.STATED)
    inferred = sum(ties.values()) - stated
    said = [_("{n} stated").format(n=words.number(stated))] if stated else []
    said += [_("{n} inferred").format(n=words.number(inferred))] if inferred else []
    return ", ".join(said)


def _feeds_state(feeds: Sequence[Health], library: Library) -> str:
    """The worst of a lab's feeds, as HTML."""
    if not feeds:
        return f'<span class="sc-none">{escape(_("no feed"))}</span>'
    troubles = [t for h in feeds if (t := pieces.trouble(h, library.now))]
    if troubles:
        return f'<span class="sc-state sc-warn">{escape(_("needs attention"))}</span>'
    return f'<span class="sc-state sc-calm">{escape(_("up to date"))}</span>'


def _lab(library: Library, line: LabLine, wanted: Query) -> str:
    cursor = filters.one("cursor")
    found = library.found(wanted, cursor)
    counts = trend_data.lab_counts(library, line.slug)
    head = pieces.heading(line.name, _lead(line, found), eyebrow=_("Lab"))
    about = "" if cursor else _topics(counts, line) + _levels(counts) + _feeds(library, line)
    return f"{head}{_links(line, wanted)}{about}{_items(found, line, cursor, library.mine(found.items, wanted))}"


def _lead(line: LabLine, found: Found) -> str:
    if not found.items and line.newest is None:
        return escape(_("Nothing of this lab has been collected yet."))
    text = _("{items}, the newest of {day}: {ties}.")
    total = words.count(found.total, "item")
    items = _("More than {items}").format(items=total) if found.is_more else total
    return escape(text.format(items=items, day=words.day(line.newest) if line.newest else "-", ties=_ties(line.ties) or "-"))


def _links(line: LabLine, wanted: Query) -> str:
    """Where to go on: all filters, the feed, the mail, and the lab itself."""
    known = roadmap.labs().get(line.slug)
    places = [
        (address.explore(wanted), _("Search and filter")),
        (address.trends([("by", "month"), *wanted.params()]), _("Over time")),
        (address.feed_of("atom", wanted), _("Atom feed")),
        (address.digest(wanted), _("Follow by mail")),
    ]
    shown = [f'<a href="{escape(link)}">{escape(name)}</a>' for link, name in places]
    home = cards.link(known.home, escape(_("Home page"))) if known else ""
    return f'<p class="sc-links sc-page-links">{"".join([*shown, home])}</p>'


def _bars(rows: Sequence[tuple[str, str, int, int]], total: int) -> str:
    """Shares as bars with their numbers: (name as HTML, address, level of the colour, count)."""
    largest = max(count for *_rest, count in rows)
    lines = "".join(
        f'<li data-level="{level}"><span class="sc-bar-name"><a href="{escape(link)}">{name}</a></span>'
        f'<span class="sc-bar"><i style="width:{100 * count / largest:.1f}%"></i></span>'
        f'<span class="sc-bar-value">{_amount(count, total)}</span></li>'
        for name, link, level, count in rows
    )
    return f'<ul class="sc-bars sc-lab-bars">{lines}</ul>'


def _amount(count: int, total: int) -> str:
    if total < FEWEST:
        return words.number(count)
    return f"{escape(i18n.percent(count / total))} <small>{words.number(count)}</small>"


def _topics(counts: Counts, line: LabLine) -> str:
    sizes = sorted(((sum(row), slug) for slug, row in counts.topics.items()), key=lambda pair: (-pair[0], pair[1]))
    total = sum(counts.totals)
    if not sizes or not total:
        return ""
    known = roadmap.topics()
    rows = [
        (escape(words.topic(s)), address.explore(Query(labs=(line.slug,), topics=(s,))), known[s].level if s in known else 0, n)
        for n, s in sizes[:TOPICS]
    ]
    return pieces.section(_("Topics of the last twelve months"), _bars(rows, total)) + _course(counts, sizes)


def _course(counts: Counts, sizes: Sequence[tuple[int, str]]) -> str:
    """The topics month by month, under a fold."""
    slugs = [slug for _n, slug in sizes[:TOPICS]]
    rows = [
        (escape(i18n.month(p.first)), [words.number(counts.totals[n]), *(words.number(counts.topics[s][n]) for s in slugs)])
        for n, p in reversed(list(enumerate(counts.periods)))
        if counts.totals[n]
    ]
    heads = [_("All items"), *map(words.topic, slugs)]
    table = figures.grid(_("Items by month and topic"), _("Month"), heads, rows)
    return f'<details class="sc-numbers"><summary>{escape(_("Month by month"))}</summary>{table}</details>'


def _levels(counts: Counts) -> str:
    total = sum(counts.totals)
    if not total:
        return ""
    shown = [n for n in (*roadmap.ON_ROADMAP, roadmap.OFF_ROADMAP) if n in counts.levels]
    sizes = {n: sum(counts.levels[n]) for n in shown}
    rows = [(escape(f"{n} {words.level(n)}" if n else words.level(n)), address.roadmap(n or None), n, sizes[n]) for n in shown]
    months = [
        (
            escape(i18n.month(p.first)),
            [words.number(counts.totals[i]), *(words.number(counts.levels[n][i]) for n in shown)],
        )
        for i, p in reversed(list(enumerate(counts.periods)))
        if counts.totals[i]
    ]
    heads = [_("All items"), *(f"{n} {words.level(n)}" if n else words.level(n) for n in shown)]
    table = figures.grid(_("Items by month and level"), _("Month"), heads, months)
    fold = f'<details class="sc-numbers"><summary>{escape(_("Month by month"))}</summary>{table}</details>'
    return pieces.section(_("Levels of the last twelve months"), _bars(rows, total)) + fold


def _feeds(library: Library, line: LabLine) -> str:
    """The health of the lab's feeds."""
    feeds = [h for h in library.health() if h.lab == line.slug]
    if not feeds:
        text = _("No feed of this lab is read; its papers come from the other sources.")
        return pieces.section(_("Feeds"), f'<p class="sc-quiet">{escape(text)}</p>')
    rows = "".join(_feed(h, library) for h in feeds)
    return pieces.section(_("Feeds"), f'<ul class="sc-plain">{rows}</ul>')


def _feed(h: Health, library: Library) -> str:
    state = pieces.trouble(h, library.now)
    tone, said = ("warn", _("needs attention")) if state else ("calm", _("up to date"))
    name = cards.link(h.url, escape(h.title)) or escape(h.title)
    third = [] if h.official else [escape(_("kept by a third party"))]
    read = state or _("last read {when}").format(when=words.ago(h.last_success, library.now) if h.last_success else "-")
    facts = " · ".join([escape(read), words.count(h.stored, "item"), *third])
    mark = f'<span class="sc-state sc-{tone}">{escape(said)}</span>'
    return f'<li class="sc-feed"><b>{name}</b>{mark}<span class="sc-quiet">{facts}</span></li>'


def _items(found: Found, line: LabLine, cursor: str | None, mine: Mapping[int, Mine | None]) -> str:
    if not found.items:
        return ""
    rows = "".join(_item(item, line.slug, mine[item.row]) for item in found.items if item.row in mine)
    links = [f'<a href="{escape(address.labs(line.slug))}">{escape(_("First page"))}</a>'] if cursor else []
    if found.cursor:
        following = escape(address.labs(line.slug, found.cursor))
        links.append(f'<a class="sc-next" rel="next" href="{following}">{escape(_("Next page"))}</a>')
    pager = f'<nav class="sc-pager" aria-label="{escape(_("Pages"))}">{"".join(links)}</nav>' if links else ""
    title = _("Papers and posts, continued") if cursor else _("Papers and posts")
    return pieces.section(title, f"<div>{rows}</div>{pager}", note=_("newest first"))


def _item(item: ItemView, slug: str, mine: Mine | None) -> str:
    """The card with the evidence for this lab below its title."""
    return f'<div class="sc-of-lab">{cards.card(item, mine=mine)}{_evidence([e for e in item.labs if e.lab == slug])}</div>'


def _evidence(ties: Sequence[LabEvidence]) -> str:
    rows = []
    for tie in sorted(ties, key=lambda e: (not words.is_stated(e), -e.confidence)):
        kind = _("Stated") if words.is_stated(tie) else _("Inferred")
        css = "sc-lab" if words.is_stated(tie) else "sc-lab sc-inferred"
        sure = _("{share} sure").format(share=words.share(tie.confidence))
        rows.append(f'<li><span class="{css}">{escape(kind)}</span> <bdi>{escape(words.tie(tie))}</bdi>, {escape(sure)}</li>')
    return f'<ul class="sc-ties" aria-label="{escape(_("Evidence"))}">{"".join(rows)}</ul>' if rows else ""

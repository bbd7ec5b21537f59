"""Parts of pages that are not cards: headings, notices, landmark papers, filters in words, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

from dashboard import address, cards, reader_panel, words
from dashboard.tex import isolated
from staycurrent.i18n import N_, language, ngettext
from staycurrent.i18n import gettext as _
from staycurrent.query import Query, Sort
from staycurrent.reading.progress import landmark_name
from staycurrent.roadmap import Landmark
from staycurrent.store.health import Health
from staycurrent.store.marks import Kind as Mark
from staycurrent.types import Kind

LANDMARK_AUTHORS = 2
NAMED_PROBLEMS = 3
Marked = Mapping[str, frozenset[Mark]]
"""What a reader marked of the landmark papers, by arXiv id or address."""
_SORTS = {
    Sort.VOTES: N_("most votes first"),
    Sort.STARS: N_("most stars first"),
    Sort.RELEVANCE: N_("best match first"),
    Sort.CONFIDENCE: N_("surest level first"),
}
_ONLY = {Kind.PAPER: N_("papers only"), Kind.POST: N_("posts only")}


def brand(home: str, languages: str, reader: str = "") -> str:
    """The product's name above every page, who signed in, and the links to the other languages (HTML)."""
    label = escape(_("Language"))
    who = f'<span class="sc-who"><bdi>{escape(reader)}</bdi></span>' if reader else ""
    nav = f'<nav aria-label="{label}">{languages}</nav>'
    return f'<div class="sc-brand"><a href="{escape(home)}">staycurrent</a>{who}{nav}</div>'


def heading(title: str, lead: str, *, eyebrow: str = "") -> str:
    """The top of a page. `lead` is HTML, made by the caller out of escaped parts."""
    above = f'<p class="sc-eyebrow">{escape(eyebrow)}</p>' if eyebrow else ""
    return f'<header class="sc-head">{above}<h1>{escape(title)}</h1><p class="sc-lead">{lead}</p></header>'


def section(title: str, body: str, *, note: str = "") -> str:
    """A part of a page under its own heading."""
    return f'<section class="sc-section"><h2>{escape(title)}{_aside(note)}</h2>{body}</section>'


def level_section(level: int, body: str, *, note: str, link: str = "") -> str:
    """A part of a page about one level; `link` leads to all of it."""
    aside = f'<span class="sc-quiet"><a href="{escape(link)}">{escape(note)}</a></span>' if link else _aside(note)
    head = f"<h2>{cards.level_chip(level)}{aside}</h2>"
    return f'<section class="sc-section sc-grouped" id="level-{level}" data-level="{level}">{head}{body}</section>'


def _aside(note: str) -> str:
    return f'<span class="sc-quiet">{escape(note)}</span>' if note else ""


def notice(title: str, message: str, *, link: tuple[str, str] | None = None, tone: str = "calm") -> str:
    """A state in words: `tone` is calm or warn."""
    way = f' <a href="{escape(link[0])}">{escape(link[1])}</a>' if link else ""
    return f'<div class="sc-notice sc-{tone}" role="status"><b>{escape(title)}</b><p>{escape(message)}{way}</p></div>'


def trouble_page(title: str, message: str, link: tuple[str, str]) -> str:
    """A whole page that says what is wrong and leads on."""
    return f'{heading(title, escape(message))}<nav class="sc-pager"><a href="{escape(link[0])}">{escape(link[1])}</a></nav>'


def landmarks(papers: Sequence[Landmark], marked: Marked | None = None) -> str:
    """Landmark papers in reading order, each with the reason to read it; with `marked` they offer their reader's marks."""
    return f'<ol class="sc-landmarks">{"".join(_landmark(p, marked) for p in papers)}</ol>'


def _landmark(paper: Landmark, marked: Marked | None) -> str:
    title = isolated(paper.title)
    facts = f"{escape(_authors(paper))}, {paper.year} · {escape(minutes(paper.minutes))}"
    return (
        f'<li><div class="sc-title">{cards.link(paper.url, title) or title}</div>'
        f'<p class="sc-by">{facts}</p><p class="sc-reason">{escape(paper.why.get(language()))}</p>'
        f"{_landmark_marks(paper, marked)}</li>"
    )


def _landmark_marks(paper: Landmark, marked: Marked | None) -> str:
    if marked is None:
        return ""
    name = landmark_name(paper)
    return reader_panel.landmark_marks(name, paper.title, marked.get(name, frozenset()))


def _authors(paper: Landmark) -> str:
    names = ", ".join(paper.authors[:LANDMARK_AUTHORS])
    others = paper.more_authors or len(paper.authors) > LANDMARK_AUTHORS
    return _("{names} and others").format(names=names) if others else names


def minutes(value: int) -> str:
    return words.minutes(value)


def health_line(sources: Sequence[Health], now: datetime) -> str:
    """One line that says which sources are missing from what the reader sees; empty when all is well."""
    problems = [p for s in sources if (p := missing(s, now))]
    if not problems:
        return ""
    return notice(
        _("This list may be incomplete"),
        f"{_named(problems)}{_fine(len(sources) - len(problems))}",
        link=(address.sources(), _("All sources")),
        tone="warn",
    )


def _named(problems: Sequence[str]) -> str:
    more = len(problems) - NAMED_PROBLEMS
    rest = [ngettext("{n} more", "{n} more", more).format(n=words.number(more))] if more > 0 else []
    return f"{'; '.join([*problems[:NAMED_PROBLEMS], *rest])}."


def _fine(count: int) -> str:
    """The sentence for the sources that are well, with the space before it; one alone is not worth a sentence."""
    if count <= 1:
        return ""
    text = ngettext("The other one is up to date.", "The other {n} are up to date.", count)
    return f" {text.format(n=words.number(count))}"


def missing(source: Health, now: datetime) -> str:
    """Why a source's newest items may be missing, in words; empty when they are not."""
    if source.error:
        if source.last_success is None:
            return _("{source} could not be read so far").format(source=source.title)
        last = words.ago(source.last_success, now)
        return _("{source} could not be read (last read {ago})").format(source=source.title, ago=last)
    if source.last_success is None:
        return _("{source} has not been read yet").format(source=source.title)
    return ""


def trouble(source: Health, now: datetime) -> str:
    """What is wrong with a source, in words; empty when nothing is. A silent feed may be broken, or just have no news."""
    if wrong := missing(source, now):
        return wrong
    if source.silent_days(now.date()) and source.newest_item:
        return _("{source} has been silent since {day}").format(source=source.title, day=words.day(source.newest_item))
    return ""


def query_words(query: Query) -> list[str]:
    """The filters of a query, each in words."""
    shown = [*_searched(query), *_chosen(query), *_left_out(query), *_bounds(query)]
    return shown + ([_(_SORTS[query.sort])] if query.sort in _SORTS else [])


def _searched(query: Query) -> list[str]:
    shown = [_("“{text}”").format(text=query.text)] if query.text else []
    return shown + [_("without “{text}”").format(text=e) for e in query.exclude]


def _chosen(query: Query) -> list[str]:
    levels = [_("level {n} {name}").format(n=n, name=words.level(n)) if n else words.level(0) for n in query.levels]
    return [*levels, *map(words.topic, query.topics), *map(words.lab, query.labs)]


def _left_out(query: Query) -> list[str]:
    names = [*map(words.topic, query.without_topics), *map(words.lab, query.without_labs)]
    return [_("without {name}").format(name=name) for name in names]


def _bounds(query: Query) -> list[str]:
    shown = [words.source(s) for s in query.sources]
    shown += [_(_ONLY[query.kind])] if query.kind else []
    shown += [_("since {day}").format(day=words.day(query.since))] if query.since else []
    shown += [_("until {day}").format(day=words.day(query.until))] if query.until else []
    shown += [_("with code") if query.has_code else _("without code")] if query.has_code is not None else []
    sure = query.min_confidence
    shown += [_("at least {share} sure").format(share=words.share(sure))] if sure is not None else []
    return shown + ([_("as {reader} wants it").format(reader=query.reader)] if query.reader else [])


def filter_line(query: Query, clear: str) -> str:
    """The filters in force as chips, with the way back; empty for the empty query."""
    shown = query_words(query)
    if not shown:
        return ""
    chips = "".join(f"<li><bdi>{escape(s)}</bdi></li>" for s in shown)
    return f'<ul class="sc-filters">{chips}<li><a href="{escape(clear)}">{escape(_("Clear all"))}</a></li></ul>'

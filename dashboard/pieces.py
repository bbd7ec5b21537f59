"""Parts of pages that are not cards: headings, notices, landmark papers, filters in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

from dashboard import address, cards, words
from dashboard.tex import readable
from staycurrent.query import Query, Sort
from staycurrent.roadmap import Landmark
from staycurrent.store.health import Health

LANDMARK_AUTHORS = 2
_SORTS = {
    Sort.VOTES: "most votes first",
    Sort.STARS: "most stars first",
    Sort.RELEVANCE: "best match first",
    Sort.CONFIDENCE: "surest level first",
}


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


def landmarks(papers: Sequence[Landmark]) -> str:
    """Landmark papers in reading order, each with the reason to read it."""
    return f'<ol class="sc-landmarks">{"".join(_landmark(p) for p in papers)}</ol>'


def _landmark(paper: Landmark) -> str:
    names = ", ".join(paper.authors[:LANDMARK_AUTHORS])
    others = " and others" if paper.more_authors or len(paper.authors) > LANDMARK_AUTHORS else ""
    title = f"<bdi>{readable(paper.title)}</bdi>"
    facts = f"{escape(names)}{others}, {paper.year} · {minutes(paper.minutes)}"
    return (
        f'<li><div class="sc-title">{cards.link(paper.url, title) or title}</div>'
        f'<p class="sc-by">{facts}</p><p class="sc-reason">{escape(paper.why.en)}</p></li>'
    )


def minutes(value: int) -> str:
    """Minutes as "45 min" or "2.5 h"."""
    return f"{value} min" if value < 90 else f"{value / 60:.1f} h".replace(".0 h", " h")  # noqa: PLR2004


def health_line(sources: Sequence[Health], now: datetime) -> str:
    """One line that says which sources are missing from what the reader sees; empty when all is well."""
    if not sources:
        return ""
    problems = [p for s in sources if (p := missing(s, now))]
    if not problems:
        return ""
    fine = len(sources) - len(problems)
    rest = f" The other {fine} are up to date." if fine > 1 else ""
    shown = problems if len(problems) <= 3 else [*problems[:3], f"{len(problems) - 3} more"]  # noqa: PLR2004
    text = f"{'; '.join(shown)}.{rest}"
    return notice("This list may be incomplete", text, link=(address.sources(), "All sources"), tone="warn")


def missing(source: Health, now: datetime) -> str:
    """Why a source's newest items may be missing, in words; empty when they are not."""
    if source.error:
        since = f"since {words.ago(source.last_success, now)}" if source.last_success else "so far"
        return f"{source.title} could not be read {since}"
    if source.last_success is None:
        return f"{source.title} has not been read yet"
    return ""


def trouble(source: Health, now: datetime) -> str:
    """What is wrong with a source, in words; empty when nothing is. A silent feed may be broken, or just have no news."""
    if wrong := missing(source, now):
        return wrong
    if source.silent_days(now.date()) and source.newest_item:
        return f"{source.title} has been silent since {words.day(source.newest_item)}"
    return ""


def query_words(query: Query) -> list[str]:
    """The filters of a query, each in words."""
    shown = [f"“{query.text}”"] if query.text else []
    shown += [f"without “{e}”" for e in query.exclude]
    shown += [f"level {n} {words.level(n)}" if n else words.level(0) for n in query.levels]
    shown += [words.topic(t) for t in query.topics]
    shown += [words.lab(name) for name in query.labs]
    shown += [f"without {words.topic(t)}" for t in query.without_topics]
    shown += [f"without {words.lab(name)}" for name in query.without_labs]
    shown += [words.source(s) for s in query.sources]
    shown += [f"{query.kind.value}s only"] if query.kind else []
    shown += [f"since {words.day(query.since)}"] if query.since else []
    shown += [f"until {words.day(query.until)}"] if query.until else []
    shown += ["with code" if query.has_code else "without code"] if query.has_code is not None else []
    shown += [f"at least {query.min_confidence:.0%} sure"] if query.min_confidence is not None else []
    shown += [f"as {query.reader} wants it"] if query.reader else []
    return shown + ([_SORTS[query.sort]] if query.sort in _SORTS else [])


def filter_line(query: Query, clear: str) -> str:
    """The filters in force as chips, with the way back; empty for the empty query."""
    shown = query_words(query)
    if not shown:
        return ""
    chips = "".join(f"<li><bdi>{escape(s)}</bdi></li>" for s in shown)
    return f'<ul class="sc-filters">{chips}<li><a href="{escape(clear)}">Clear all</a></li></ul>'

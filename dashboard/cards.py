"""An item as a card. Pure: values in, escaped HTML out; nothing of a source's text reaches the page unescaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from dashboard import address, reader_panel, words
from dashboard.reader_panel import Mine
from dashboard.tex import isolated, readable
from staycurrent.i18n import gettext as _
from staycurrent.i18n import ngettext
from staycurrent.reading import reasons
from staycurrent.reading.monthly import Placed
from staycurrent.types import LLM, READER, ItemView, Kind, LabEvidence, Repository

AUTHORS = 3
TOPICS = 3
REASONS = 4
_SOURCES = {"arxiv": 0, "huggingface": 1, "paperswithcode": 2}


def placed(entry: Placed, position: int, mine: Mine | None = None) -> str:
    """A card of a reading: with its position in the list at hand, the reasons for it, and how long it takes."""
    return card(entry.item, rank=position, why=entry.why, minutes=entry.minutes, mine=mine)


def card(
    item: ItemView,
    *,
    rank: int | None = None,
    why: Mapping[str, str] | None = None,
    minutes: int = 0,
    mine: Mine | None = None,
    marks_below: str | None = None,
) -> str:
    """The card of an item; with `mine` it offers its reader's marks, or those that are given as HTML."""
    number = _rank(rank) if rank is not None else ""
    foot = f'<div class="sc-foot">{marks(item)}{fold(item)}</div>'
    foot += marks_below or (reader_panel.item_marks(item.id, item.title, mine.kinds) if mine else "")
    parts = (
        kicker(item, minutes=minutes, mine=mine),
        title(item),
        byline(item.authors),
        why_line(why, item),
        badges(item),
        foot,
    )
    return f'<article class="sc-card{" sc-ranked" if number else ""}">{number}<div>{"".join(parts)}</div></article>'


def _rank(rank: int) -> str:
    label = _("Rank {n}").format(n=words.number(rank))
    return f'<span class="sc-rank" aria-label="{escape(label)}">{words.number(rank)}</span>'


def row(item: ItemView) -> str:
    """An item in one or two lines, for lists inside a section."""
    return (
        f'<li class="sc-row">{_title_link(item)} {withdrawn(item)}'
        f'<span class="sc-quiet">{words.day(item.listed_on)}{_more(item)}</span></li>'
    )


def _more(item: ItemView) -> str:
    lab = f" · {escape(words.lab(item.labs[0].lab))}" if item.labs and words.is_stated(item.labs[0]) else ""
    return f'{lab} · <a href="{escape(address.item(item.id))}">{escape(_("Details"))}</a>'


def kicker(item: ItemView, *, minutes: int = 0, mine: Mine | None = None) -> str:
    """The line above the title: level, how sure, kind, day, minutes."""
    kind = f'<span class="sc-kind">{escape(_("Post"))}</span>' if item.kind is Kind.POST else ""
    listed = escape(_("Listed on"))
    day = f'<time datetime="{item.listed_on.isoformat()}" title="{listed}">{words.day(item.listed_on)}</time>'
    time = f"<span>{words.minutes(minutes)}</span>" if minutes else ""
    return f'<div class="sc-kicker">{reader_panel.new_mark(mine)}{level(item)}{kind}{withdrawn(item)}{day}{time}</div>'


def level(item: ItemView) -> str:
    """The level as a chip; a doubtful one says so, and an unclassified item is not given one."""
    if item.level is None:
        return _doubt(_("Not classified yet"), _("The classifier has not read it yet."))
    chip = level_chip(item.level)
    if item.origin:
        return f'{chip}<span class="sc-origin">{escape(whose(item.origin))}</span>'
    if not item.unsure:
        return chip
    return chip + _unsure(item)


def _unsure(item: ItemView) -> str:
    """Posts are always unsure, whatever the classifier's probability: it has learned from papers only."""
    if item.kind is Kind.POST:
        return _doubt(_("Unsure"), _("The classifier has learned from papers, and this is a post."))
    why = _("The classifier is below its threshold for this item.")
    if item.confidence is None:
        return _doubt(_("Unsure"), why)
    return _doubt(_("Unsure ({share})").format(share=words.share(item.confidence)), why)


def _doubt(text: str, why: str) -> str:
    return f'<span class="sc-unsure" title="{escape(why)}">{escape(text)}</span>'


def whose(origin: str) -> str:
    """Who gave a level that is not the classifier's."""
    if origin == READER:
        return _("set by a reader")
    return _("second opinion by {model}").format(model=origin.removeprefix(LLM))


def level_chip(number: int) -> str:
    """A level's number and short name; the number carries the meaning, the colour repeats it."""
    shown = number or "0"
    return f'<span class="sc-level" data-level="{number}"><b>{shown}</b>{escape(words.level(number))}</span>'


def withdrawn(item: ItemView) -> str:
    return f'<strong class="sc-withdrawn">{escape(_("Withdrawn"))}</strong>' if item.withdrawn else ""


def title(item: ItemView) -> str:
    return f'<h3 class="sc-title">{_title_link(item)}</h3>'


def _title_link(item: ItemView) -> str:
    shown = isolated(item.title)
    return link(item.url, shown) or f'<a href="{escape(address.item(item.id))}">{shown}</a>'


def link(url: str, html: str, css: str = "") -> str:
    """A link that leaves the product, in a new tab; empty where the address is not plain http(s)."""
    safe = address.outside(url)
    if safe is None:
        return ""
    name = f' class="{css}"' if css else ""
    return f'<a{name} href="{escape(safe)}" target="_blank" rel="noopener noreferrer">{html}</a>'


def byline(authors: tuple[str, ...], shown: int = AUTHORS) -> str:
    """The first authors, and how many there are besides."""
    if not authors:
        return ""
    names = ", ".join(f"<bdi>{readable(a)}</bdi>" for a in authors[:shown])
    rest = len(authors) - shown
    if rest > 0:
        more = ngettext("{names} and {n} more", "{names} and {n} more", rest)
        names = escape(more).format(names=names, n=words.number(rest))
    return f'<p class="sc-by">{names}</p>'


def badges(item: ItemView) -> str:
    """Labs, then topics."""
    shown = [_lab(e) for e in best_evidence(item.labs)] + [_topic(t.slug) for t in item.topics[:TOPICS]]
    return f'<ul class="sc-badges">{"".join(f"<li>{s}</li>" for s in shown)}</ul>' if shown else ""


def best_evidence(labs: Iterable[LabEvidence]) -> list[LabEvidence]:
    """One piece of evidence for each lab: what a source states before what is inferred, then the surest."""
    best: dict[str, LabEvidence] = {}
    for evidence in sorted(labs, key=lambda e: (not words.is_stated(e), -e.confidence)):
        best.setdefault(evidence.lab, evidence)
    return list(best.values())


def _lab(evidence: LabEvidence) -> str:
    name, why = escape(words.lab(evidence.lab)), escape(words.lab_evidence(evidence))
    if words.is_stated(evidence):
        return f'<span class="sc-lab" title="{why}">{name}</span>'
    return f'<span class="sc-lab sc-inferred" title="{why}">{name} <i>{escape(_("inferred"))}</i></span>'


def _topic(slug: str) -> str:
    return f'<span class="sc-topic">{escape(words.topic(slug))}</span>'


def marks(item: ItemView) -> str:
    """Who saw it, and the code."""
    named = sorted(item.sources, key=lambda s: (_SOURCES.get(s, 3), s))
    shown = [f"<span>{escape(_mark(s, item))}</span>" for s in named]
    code = _code(item.repositories)
    details = f'<a href="{escape(address.item(item.id))}">{escape(_("Details"))}</a>'
    return f'<p class="sc-marks">{"".join([*shown, *([code] if code else []), details])}</p>'


def _mark(source: str, item: ItemView) -> str:
    if source != "huggingface" or not item.votes:
        return words.source(source)
    said = ngettext("{source} {n} vote", "{source} {n} votes", item.votes)
    return said.format(source=words.source(source), n=words.number(item.votes))


def _code(repositories: tuple[Repository, ...]) -> str:
    """The repository that most people starred, the authors' own before any other."""
    known = [r for r in repositories if address.outside(r.url)]
    if not known:
        return ""
    best = max(known, key=lambda r: (r.official is True, r.stars or 0))
    shown = _("Code ★ {stars}").format(stars=words.number(best.stars)) if best.stars else _("Code")
    return link(best.url, escape(shown))


def why_line(why: Mapping[str, str] | None, item: ItemView) -> str:
    """Why it stands here, as far as the card does not say so by itself; the API has all reasons."""
    telling = reasons.telling(why, [topic.slug for topic in item.topics]) if why else []
    if not telling:
        return ""
    said = "; ".join(escape(text) for text in telling[:REASONS])
    return f'<p class="sc-why"><b>{escape(_("Why here"))}</b> {said}</p>'


def fold(item: ItemView) -> str:
    """The abstract, folded."""
    if not item.abstract:
        return ""
    text = f"<p>{isolated(item.abstract)}</p>"
    return f'<details class="sc-abstract"><summary>{escape(_("Abstract"))}</summary>{text}</details>'

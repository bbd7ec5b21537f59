"""An item as a card. Pure: values in, escaped HTML out; nothing of a source's text reaches the page unescaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from dashboard import address, words
from dashboard.tex import readable
from staycurrent.reading.monthly import Placed
from staycurrent.types import ItemView, Kind, LabEvidence, Repository

AUTHORS = 3
TOPICS = 3
REASONS = 4
_SOURCES = {"arxiv": 0, "huggingface": 1, "paperswithcode": 2}


def placed(entry: Placed, position: int) -> str:
    """A card of a reading: with its position in the list at hand and the reasons for it."""
    return card(entry.item, rank=position, why=entry.why)


def card(item: ItemView, *, rank: int | None = None, why: Mapping[str, str] | None = None) -> str:
    """The card of an item."""
    number = f'<span class="sc-rank" aria-label="Rank {rank}">{rank}</span>' if rank is not None else ""
    foot = f'<div class="sc-foot">{marks(item)}{fold(item)}</div>'
    parts = (kicker(item), title(item), byline(item.authors), why_line(why), badges(item), foot)
    return f'<article class="sc-card{" sc-ranked" if number else ""}">{number}<div>{"".join(parts)}</div></article>'


def row(item: ItemView) -> str:
    """An item in one or two lines, for lists inside a section."""
    return (
        f'<li class="sc-row">{_title_link(item)}{withdrawn(item)}'
        f'<span class="sc-quiet">{words.day(item.listed_on)}{_more(item)}</span></li>'
    )


def _more(item: ItemView) -> str:
    lab = f" · {escape(words.lab(item.labs[0].lab))}" if item.labs and words.is_stated(item.labs[0]) else ""
    return f'{lab} · <a href="{escape(address.item(item.id))}">Details</a>'


def kicker(item: ItemView) -> str:
    """The line above the title: level, how sure, kind, day."""
    kind = '<span class="sc-kind">Post</span>' if item.kind is Kind.POST else ""
    day = f'<time datetime="{item.listed_on.isoformat()}" title="Listed on">{words.day(item.listed_on)}</time>'
    return f'<div class="sc-kicker">{level(item)}{kind}{withdrawn(item)}{day}</div>'


def level(item: ItemView) -> str:
    """The level as a chip; a doubtful one says so, and an unclassified item is not given one."""
    if item.level is None:
        return '<span class="sc-unsure" title="The classifier has not read it yet">Not classified yet</span>'
    chip = level_chip(item.level)
    if not item.unsure:
        return chip
    share = f", {words.share(item.confidence)} sure" if item.confidence is not None else ""
    return f'{chip}<span class="sc-unsure" title="The classifier is below its threshold for this item">Unsure{share}</span>'


def level_chip(number: int) -> str:
    """A level's number and short name; the number carries the meaning, the colour repeats it."""
    shown = number or "0"
    return f'<span class="sc-level" data-level="{number}"><b>{shown}</b>{escape(words.level(number))}</span>'


def withdrawn(item: ItemView) -> str:
    return '<strong class="sc-withdrawn">Withdrawn</strong>' if item.withdrawn else ""


def title(item: ItemView) -> str:
    return f'<h3 class="sc-title">{_title_link(item)}</h3>'


def _title_link(item: ItemView) -> str:
    shown = f"<bdi>{readable(item.title)}</bdi>"
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
    return f'<p class="sc-by">{names}{f" and {rest} more" if rest > 0 else ""}</p>'


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
    return f'<span class="sc-lab sc-inferred" title="{why}">{name} <i>inferred</i></span>'


def _topic(slug: str) -> str:
    return f'<span class="sc-topic">{escape(words.topic(slug))}</span>'


def marks(item: ItemView) -> str:
    """Who saw it, and the code."""
    named = sorted(item.sources, key=lambda s: (_SOURCES.get(s, 3), s))
    shown = [f"<span>{escape(_mark(s, item))}</span>" for s in named]
    code = _code(item.repositories)
    details = f'<a href="{escape(address.item(item.id))}">Details</a>'
    return f'<p class="sc-marks">{"".join([*shown, *([code] if code else []), details])}</p>'


def _mark(source: str, item: ItemView) -> str:
    votes = words.count(item.votes, "vote") if source == "huggingface" and item.votes else ""
    return f"{words.source(source)} {votes}".strip()


def _code(repositories: tuple[Repository, ...]) -> str:
    """The repository that most people starred, the authors' own before any other."""
    known = [r for r in repositories if address.outside(r.url)]
    if not known:
        return ""
    best = max(known, key=lambda r: (r.official is True, r.stars or 0))
    stars = f" ★ {best.stars:,}" if best.stars else ""
    return link(best.url, f"Code{stars}")


def why_line(why: Mapping[str, str] | None) -> str:
    """Why it stands here, the strongest reasons first; the weak ones are for the item's page and the API."""
    if not why:
        return ""
    reasons = "; ".join(escape(str(reason)) for reason in list(why.values())[:REASONS])
    return f'<p class="sc-why"><b>Why here</b> {reasons}</p>'


def fold(item: ItemView) -> str:
    """The abstract, folded."""
    if not item.abstract:
        return ""
    return f'<details class="sc-abstract"><summary>Abstract</summary><p><bdi>{readable(item.abstract)}</bdi></p></details>'

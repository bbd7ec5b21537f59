"""One item with all its evidence: why this level, who saw it, which versions there are."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from dashboard import cards, filters, pieces, words
from dashboard.data import Library
from dashboard.tex import plain, readable
from staycurrent.errors import UsageError
from staycurrent.types import ItemDetail, ItemView, Reason, SightingView

AUTHORS = 40
REASONS = 8


def show(library: Library) -> None:
    """Draw the page of `?id=`. Raises `UsageError` without an id and `NotFound` for an unknown one."""
    name = filters.one("id")
    if name is None:
        raise UsageError("id: this page shows one paper; follow a link to it")
    detail = library.detail(name)
    st.set_page_config(page_title=f"{plain(detail.item.title)} · staycurrent")
    st.html(_head(detail.item) + _level(detail) + _labs(detail.item) + _seen(detail) + _versions(detail))


def _head(item: ItemView) -> str:
    abstract = f'<p class="sc-full"><bdi>{readable(item.abstract)}</bdi></p>' if item.abstract else ""
    comment = f'<p class="sc-quiet">Comment by the authors: <bdi>{readable(item.comment)}</bdi></p>' if item.comment else ""
    return (
        f'<article class="sc-item">{cards.kicker(item)}<h1>{_title(item)}</h1>{cards.byline(item.authors, AUTHORS)}'
        f"{cards.badges(item)}{_links(item)}{abstract}{comment}{_facts(item)}</article>"
    )


def _title(item: ItemView) -> str:
    return f"<bdi>{readable(item.title)}</bdi>"


def _links(item: ItemView) -> str:
    """Where to read it and its code."""
    places = [(item.url, "Read it at arXiv" if item.arxiv_id else "Read it")]
    if item.arxiv_id:
        places.append((f"https://arxiv.org/pdf/{item.arxiv_id}", "PDF"))
    places += [(r.url, _repository(r.url, r.stars)) for r in item.repositories]
    shown = [cards.link(url, escape(name)) for url, name in places]
    return f'<p class="sc-links">{"".join(s for s in shown if s)}</p>'


def _repository(url: str, stars: int | None) -> str:
    name = url.split("://", 1)[-1].removeprefix("github.com/").strip("/")
    return f"{name} ★ {stars:,}" if stars else name


def _facts(item: ItemView) -> str:
    """What is known of it, as a list of terms."""
    facts = [
        ("First published", words.day(item.published.date()) if item.published else ""),
        ("Last revised", words.day(item.updated.date()) if item.updated and item.version > 1 else ""),
        ("Categories", ", ".join(item.categories)),
        ("arXiv id", item.arxiv_id or ""),
        ("DOI", item.doi or ""),
    ]
    rows = "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in facts if value)
    return f'<dl class="sc-facts">{rows}</dl>' if rows else ""


def _level(detail: ItemDetail) -> str:
    item = detail.item
    if item.level is None or not detail.probabilities:
        return pieces.section("Why this level", '<p class="sc-quiet">The classifier has not read it yet.</p>')
    sure = f"{words.share(item.confidence)} sure" if item.confidence is not None else ""
    verdict = f"Level {item.level}, {escape(words.level(item.level))}" if item.level else "Off the roadmap"
    doubt = " That is below the threshold, so take it as a guess." if item.unsure else ""
    body = f"<p>{verdict}: the classifier is {sure}.{doubt}</p>{_bars(detail)}{_reasons(detail.explanation)}"
    return pieces.section("Why this level", body, note=f"model {detail.model}" if detail.model else "")


def _bars(detail: ItemDetail) -> str:
    """The probability of each level as a bar; the numbers stand beside, so no bar is needed to read it."""
    rows = "".join(
        f'<li data-level="{n}"{" class=sc-chosen" if n == detail.item.level else ""}>'
        f'<span class="sc-bar-name">{f"{n} " if n else ""}{escape(words.level(n))}</span>'
        f'<span class="sc-bar"><i style="width:{100 * p:.1f}%"></i></span>'
        f'<span class="sc-bar-value">{words.share(p)}</span></li>'
        for n, p in [*list(enumerate(detail.probabilities))[1:], (0, detail.probabilities[0])]
    )
    return f'<ol class="sc-bars">{rows}</ol>'


def _reasons(explanation: Sequence[Reason]) -> str:
    """What spoke for the level and what against it, strongest first."""
    ordered = sorted(explanation, key=lambda r: -abs(r.weight))[:REASONS]
    lists = [
        ("Spoke for it", [r for r in ordered if r.weight >= 0]),
        ("Spoke against it", [r for r in ordered if r.weight < 0]),
    ]
    parts = [
        f'<p class="sc-reasons"><b>{title}:</b> {", ".join(f"<bdi>{_reason(r)}</bdi>" for r in reasons)}</p>'
        for title, reasons in lists
        if reasons
    ]
    return "".join(parts)


def _reason(reason: Reason) -> str:
    text = escape(reason.text)
    return f"“{text}”" if reason.kind == "word" else f"{escape(reason.kind)} {text}"


def _labs(item: ItemView) -> str:
    """The evidence for every lab."""
    rows = "".join(
        f"<li><b>{escape(words.lab(e.lab))}</b>: {escape(words.lab_evidence(e))}, {words.share(e.confidence)} sure</li>"
        for e in item.labs
    )
    return pieces.section("Labs", f'<ul class="sc-plain">{rows}</ul>') if rows else ""


def _seen(detail: ItemDetail) -> str:
    rows = "".join(map(_sighting, detail.sightings))
    return pieces.section("Who saw it", f'<ul class="sc-plain">{rows}</ul>{_votes(detail)}')


def _sighting(seen: SightingView) -> str:
    facts = [
        f"listed {words.day(seen.listed_on)}" if seen.listed_on else "",
        f"first seen here {words.day(seen.seen_at.date())}",
        words.count(seen.votes, "vote") if seen.votes is not None else "",
        words.count(seen.stars, "star") if seen.stars is not None else "",
        words.count(seen.comments, "comment") if seen.comments else "",
        f"organization {escape(seen.organization)}" if seen.organization else "",
        f"announced as {escape(seen.announce_type)}" if seen.announce_type else "",
    ]
    name = escape(words.source(seen.source))
    return f"<li><b>{cards.link(seen.url, name) or name}</b>: {', '.join(f for f in facts if f)}</li>"


def _votes(detail: ItemDetail) -> str:
    """How votes went, where there is more than one day of them."""
    days = [(d, value) for _, name, d, value in detail.metrics if name == "votes"]
    if len(days) < 2:  # noqa: PLR2004 - one day is no course
        return ""
    shown = ", ".join(f"{value:,} on {words.day(d)}" for d, value in days[-7:])
    return f'<p class="sc-quiet">Votes: {shown}</p>'


def _versions(detail: ItemDetail) -> str:
    if not detail.versions:
        return ""
    rows = "".join(
        f"<li><b>v{v.number}</b>: {words.day(v.submitted.date())}"
        f"{' <strong class=sc-withdrawn>Withdrawn</strong>' if v.withdrawn else ''}</li>"
        for v in reversed(detail.versions)
    )
    return pieces.section("Versions", f'<ul class="sc-plain">{rows}</ul>')

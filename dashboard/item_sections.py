"""The sections of an item's page. Pure: values in, escaped HTML out."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from dashboard import address, cards, course, figures, pieces, timeline, words
from dashboard.data import Citation
from dashboard.tex import isolated
from staycurrent.i18n import N_, ngettext, number
from staycurrent.i18n import gettext as _
from staycurrent.types import ItemDetail, ItemView, Reason

if TYPE_CHECKING:
    from staycurrent.reading.similar import Alike

AUTHORS = 40
REASONS = 8
RULE = "rule"
DOUBTS = {
    "unsure: a post": N_("It has learned from papers, and this is a post, so take it as a guess."),
    "unsure: no abstract": N_("There is no abstract, so take it as a guess."),
    "unsure: too little text": N_("There is little text to go by, so take it as a guess."),
    "unsure: the text does not look English": N_("It has learned from English only, so take it as a guess."),
    "unsure: it reads like an announcement": N_("It reads like an announcement, not like a paper, so take it as a guess."),
}
"""What is said for each rule of `classifier.doubt`, by how its reason begins."""


def head(item: ItemView, minutes: int, marks: str) -> str:
    """Everything that the item says of itself; `marks` are its reader's buttons."""
    abstract = f'<p class="sc-full">{isolated(item.abstract)}</p>' if item.abstract else ""
    said = _("Comment by the authors: {comment}").format(comment=isolated(item.comment or ""))
    comment = f'<p class="sc-quiet">{said}</p>' if item.comment else ""
    return (
        f'<article class="sc-item">{cards.kicker(item, minutes=minutes)}<h1>{isolated(item.title)}</h1>'
        f"{cards.byline(item.authors, AUTHORS)}{cards.badges(item)}{_links(item)}{marks}{abstract}"
        f"{comment}{_facts(item)}</article>"
    )


def _links(item: ItemView) -> str:
    """Where to read it and its code."""
    places = [(item.url, _("Read it at arXiv") if item.arxiv_id else _("Read it"))]
    if item.arxiv_id:
        places.append((f"https://arxiv.org/pdf/{item.arxiv_id}", _("PDF")))
    places += [(r.url, _repository(r.url, r.stars)) for r in item.repositories]
    shown = [cards.link(url, escape(name)) for url, name in places]
    return f'<p class="sc-links">{"".join(s for s in shown if s)}</p>'


def _repository(url: str, stars: int | None) -> str:
    return f"{timeline.repository(url)} ★ {number(stars)}" if stars else timeline.repository(url)


def _facts(item: ItemView) -> str:
    """What is known of it, as a list of terms."""
    facts = [
        (_("First published"), words.day(item.published.date()) if item.published else ""),
        (_("Last revised"), words.day(item.updated.date()) if item.updated and item.version > 1 else ""),
        (_("Categories"), ", ".join(item.categories)),
        (_("arXiv id"), item.arxiv_id or ""),
        (_("DOI"), item.doi or ""),
    ]
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts if value)
    return f'<dl class="sc-facts">{rows}</dl>' if rows else ""


def level(detail: ItemDetail) -> str:
    """Why this level: who says so, how sure, and which words decided."""
    if detail.item.level is None or not (detail.probabilities or detail.item.origin):
        return pieces.section(
            _("Why this level"), f'<p class="sc-quiet">{escape(_("The classifier has not read it yet."))}</p>'
        )
    bars = _bars(detail) if detail.probabilities else ""
    body = f"{_verdict(detail)}{bars}{_reasons(detail.explanation)}"
    note = _("model {name}").format(name=detail.model) if detail.model else ""
    return pieces.section(_("Why this level"), body, note=note)


def _verdict(detail: ItemDetail) -> str:
    if detail.correction:
        return f'<div class="sc-said">{timeline.correction(detail.correction)}</div>{_model_said(detail)}'
    if detail.opinion:
        return f'<div class="sc-said">{timeline.opinion(detail.opinion)}</div>{_model_said(detail)}'
    item = detail.item
    if item.origin:
        return f"<p>{escape(_('Level {level}: {whose}.').format(level=_named(item.level), whose=cards.whose(item.origin)))}</p>"
    share = words.share(item.confidence) if item.confidence is not None else ""
    named = _("Level {level}: the classifier is {share} sure.") if item.level else _("{level}: the classifier is {share} sure.")
    doubt = f" {_doubt(detail.explanation)}" if item.unsure else ""
    return f"<p>{escape(named.format(level=_named(item.level), share=share) + doubt)}</p>"


def _doubt(explanation: Sequence[Reason]) -> str:
    """Why it is unsure: by a rule, whatever the probability, or since that is low."""
    rule = next((r.text for r in explanation if r.kind == RULE), "")
    for beginning, said in DOUBTS.items():
        if rule.startswith(beginning):
            return _(said)
    return _("That is below the threshold, so take it as a guess.")


def _model_said(detail: ItemDetail) -> str:
    """What the classifier says, where somebody else's word counts."""
    if detail.said is None or not detail.probabilities:
        return ""
    share = words.share(detail.probabilities[detail.said])
    sentence = _("The classifier says {level}, and is {share} sure.").format(level=_named(detail.said), share=share)
    return f'<p class="sc-quiet">{escape(sentence)}</p>'


def _named(number_: int | None) -> str:
    return f"{number_} {words.level(number_)}" if number_ else words.level(0)


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
    """What spoke for the classifier's level and what against it, strongest first."""
    ordered = sorted((r for r in explanation if r.kind != RULE), key=lambda r: -abs(r.weight))[:REASONS]
    lists = [
        (_("Spoke for it:"), [r for r in ordered if r.weight >= 0]),
        (_("Spoke against it:"), [r for r in ordered if r.weight < 0]),
    ]
    return "".join(
        f'<p class="sc-reasons"><b>{escape(title)}</b> {", ".join(f"<bdi>{escape(_reason(r))}</bdi>" for r in reasons)}</p>'
        for title, reasons in lists
        if reasons
    )


def _reason(reason: Reason) -> str:
    if reason.kind == "word":
        return _("“{words}”").format(words=reason.text)
    if reason.kind == "encoder":
        return _("the text as a whole")
    return _("category {name}").format(name=reason.text) if reason.kind == "category" else reason.text


def labs(item: ItemView) -> str:
    """The evidence for every lab."""
    rows = "".join(
        f"<li><b>{escape(words.lab(e.lab))}</b>: {escape(words.lab_evidence(e))}, {escape(_sure(e.confidence))}</li>"
        for e in item.labs
    )
    return pieces.section(_("Labs"), f'<ul class="sc-plain">{rows}</ul>') if rows else ""


def _sure(confidence: float) -> str:
    return _("{share} sure").format(share=words.share(confidence))


def evidence(detail: ItemDetail) -> str:
    """Everything that happened, and how its numbers went."""
    sources = len({s.source for s in detail.sightings})
    note = ngettext("{n} source", "{n} sources", sources).format(n=number(sources))
    numbers = course.section(detail.metrics)
    over_time = f'<div class="sc-courses">{numbers}</div>{figures.file_link(address.item_data(detail.item.id), "course")}'
    happened = pieces.section(_("What happened"), timeline.section(detail), note=note)
    return happened + (pieces.section(_("Votes and stars over time"), over_time) if numbers else "")


def similar(found: Sequence[Alike]) -> str:
    """Items like it, with the words that decided."""
    rows = "".join(
        f"{cards.row(f.item).removesuffix('</li>')}"
        f'<span class="sc-quiet sc-because">{escape(_("Shares with it: {words}").format(words=", ".join(f.words)))}</span></li>'
        for f in found
    )
    return pieces.section(_("Similar"), f'<ul class="sc-rows">{rows}</ul>') if rows else ""


def cite(citation: Citation) -> str:
    """Both forms, ready to copy."""
    forms = (_copied("BibTeX", citation.bibtex), _copied("RIS", citation.ris))
    return pieces.section(_("Cite"), "".join(forms))


def _copied(name: str, text: str) -> str:
    about = f'<span class="sc-sr"> {escape(name)}</span>'
    return (
        f'<figure class="sc-copy" data-copied="{escape(_("Copied"))}"><figcaption><h3>{escape(name)}</h3>'
        f'<button type="button">{escape(_("Copy"))}{about}</button></figcaption>'
        f'<pre tabindex="0" role="region" aria-label="{escape(name)}">{escape(text.strip())}</pre></figure>'
    )

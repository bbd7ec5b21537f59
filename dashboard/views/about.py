"""What this is, how far to trust its classifier, how the reading is ranked, and whose data it is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from html import escape
from pathlib import Path

import streamlit as st

from classifier import packaged
from classifier.published import Published, published
from dashboard import address, figures, model_figures, own_data, pieces, words
from dashboard.data import Library
from staycurrent import __version__, i18n
from staycurrent.errors import ModelError
from staycurrent.i18n import N_
from staycurrent.i18n import gettext as _
from staycurrent.reading.ranking_parts import PARTS
from staycurrent.store.engine import head_revision

ARXIV = "Thank you to arXiv for use of its open access interoperability."
"""arXiv asks all users of its API for this sentence, word for word; so it is not translated."""
PARTS_IN_WORDS = {
    "reach": N_("a topic of wide interest"),
    "votes": N_("votes on Hugging Face, against those of the same day"),
    "sources": N_("how many kinds of source saw it"),
    "lab": N_("evidence of a lab"),
    "discussion": N_("comments on Hugging Face"),
    "code": N_("code at hand, and its stars"),
    "fit": N_("how sure the level is"),
    "form": N_("a survey or a technical report"),
    "growth": N_("votes and stars gained"),
    "novelty": N_("how rare the topic is in the period"),
    "age": N_("how late in the period it was listed"),
}
Paragraphs = Sequence[str]


def show(library: Library) -> None:
    """Draw the page."""
    lead = _("A reading list for people who learn AI along a roadmap of eight levels.")
    mine = own_data.section(library.me.kept()) if library.me else ""
    found = _published(library.model_dir)
    st.html(pieces.heading(_("About"), escape(lead)) + _what() + _collecting() + _classifier(found))
    if found and found.metrics is not None:
        _confidence(found.typical)
        st.html(_figures(found))
    st.html(f"{_ranking()}{_licences()}{_privacy()}{mine}{_versions(found)}")


def _section(title: str, paragraphs: Paragraphs, more: str = "", *, anchor: str = "") -> str:
    """A part of the page; paragraphs are HTML."""
    body = "".join(f'<p class="sc-prose">{text}</p>' for text in paragraphs) + more
    name = f' id="{anchor}"' if anchor else ""
    return f'<section class="sc-section"{name}><h2>{escape(title)}</h2>{body}</section>'


def _linked(text: str, **links: tuple[str, str]) -> str:
    """A sentence with links: name of the placeholder → address and words."""
    shown = {name: f'<a href="{escape(link)}">{escape(said)}</a>' for name, (link, said) in links.items()}
    return f'<span class="sc-text">{escape(text).format(**shown)}</span>'


def _what() -> str:
    first = _("Every paper is one item here, however many sources saw it. It gets a level of the {roadmap}, topics and labs.")
    second = _("{month} is what to read first at your level, with the reason for each item. {explore} has everything.")
    month, explore = (address.this_month(), _("This month")), (address.explore(), _("Explore"))
    texts = [_linked(first, roadmap=(address.roadmap(), _("roadmap"))), _linked(second, month=month, explore=explore)]
    return _section(_("What this is"), texts)


def _collecting() -> str:
    sources = _(
        "Items come from arXiv (its OAI-PMH service and RSS), Hugging Face Daily Papers, Papers with Code, and the feeds of "
        "the labs. What a source said is kept as evidence, with the day, and never deleted."
    )
    polite = _(
        "arXiv is asked once in three seconds at most, over one connection; failures are tried again later and shown as such."
    )
    health = _("{sources} tells what was read when, and what is missing.")
    return _section(
        _("How items are collected"),
        [escape(sources), escape(polite), _linked(health, sources=(address.sources(), _("Sources")))],
    )


def _published(folder: Path | None) -> Published | None:
    return _read(folder, packaged.version(folder))


@lru_cache(maxsize=1)
def _read(folder: Path | None, _version: str) -> Published | None:
    """Kept until another model lies there."""
    try:
        return published(folder)
    except ModelError:
        return None


def _classifier(found: Published | None) -> str:
    title = _("How far to trust the level")
    if found is None or found.metrics is None:
        text = _("The model in use was saved without a study, so nothing is published of it.")
        return _section(title, [escape(text)], anchor="classifier")
    typical = found.typical
    mistakes, calibrated = escape(model_figures.confusions(typical)), escape(model_figures.calibrated(typical))
    more = (
        f'{model_figures.overview(typical)}<p class="sc-prose">{mistakes}</p>{model_figures.confusion(typical)}'
        f'<h3>{escape(_("What its confidence is worth"))}</h3><p class="sc-prose">{calibrated}</p>'
    )
    return _section(title, [escape(text) for text in _said(found)], more, anchor="classifier")


def _confidence(typical: model_figures.Values) -> None:
    """The picture, and the same as a table beside it; below it on a phone."""
    left, right = st.columns(2, gap="medium")
    left.vega_lite_chart(spec=model_figures.calibration_chart(typical, dark=st.context.theme.type == "dark"))
    table = model_figures.calibration(typical)
    right.html(table + figures.file_link("./api/v1/model?format=csv", "confidence"))


def _figures(found: Published) -> str:
    """The rest of the study, folded, and what goes for topics, labs and corrections."""
    said = [escape(text) for text in _topics_and_labs(found.typical, found.metrics or {})]
    return _folds(found) + _section(_("Topics, labs and corrections"), said)


def _said(found: Published) -> list[str]:
    metrics, typical = found.metrics or {}, found.typical
    agreement = metrics["agreement"]
    method = _(
        "The classifier weighs words, pairs of words and arXiv categories by ridge regressions, and gives calibrated "
        "probabilities. It learned from {labels} papers that were read one by one. The figures are of papers that it had not "
        "seen: {papers} drawn by chance, in a cross-validation of five folds."
    )
    limit = _(
        "Two readings of the same {papers} papers agree on the level in {level}, so no score against one reading can mean "
        "more. Below its threshold a level is shown as unsure."
    )
    return [
        method.format(labels=words.number(found.labels or 0), papers=words.number(typical["papers"])),
        limit.format(papers=words.number(agreement["papers"]), level=i18n.percent(agreement["level"])),
    ]


def _folds(found: Published) -> str:
    metrics, typical = found.metrics or {}, found.typical
    folds = [
        (_("By level"), model_figures.levels(typical)),
        (_("Among the surest answers"), model_figures.coverage(typical)),
        (_("On other papers"), model_figures.elsewhere(metrics, typical)),
        (_("Against simpler ways"), model_figures.floors(metrics, typical)),
        (_("With more labels"), model_figures.learning_curve(metrics)),
        (_("What it gets wrong"), model_figures.mistakes(metrics["mistakes"])),
    ]
    folded = "".join(
        f'<details class="sc-fold sc-figures"><summary>{escape(title)}</summary>{body}</details>' for title, body in folds
    )
    return f'<div class="sc-newest">{folded}</div>'


def _topics_and_labs(typical: model_figures.Values, metrics: model_figures.Values) -> list[str]:
    topics = typical["topics"]
    about_topics = _("Topics: the first topic is right in {share}; micro-F1 {micro}, macro-F1 {macro}, on {papers} papers.")
    about_labs = _(
        "Labs: never by a name in the text. An organization tag or the lab's own feed states a lab; a team among the authors "
        "or a third party's feed only lets it be inferred, and it is shown so."
    )
    corrections = _(
        "Corrections: a reader's level counts before the model's, is shown as corrected, and no model overwrites it. It is "
        "learned from only where the operator asks for it."
    )
    said = about_topics.format(
        share=model_figures.percent(topics["precision_at_one"]),
        micro=model_figures.score(topics["micro_f1"]),
        macro=model_figures.score(topics["macro_f1"]),
        papers=words.number(topics["papers"]),
    )
    teams = model_figures.teams(metrics.get("teams", {}))
    return [said, f"{about_labs} {teams}".strip(), corrections]


def _ranking() -> str:
    text = _(
        "An item's score is the sum of these parts. No topic and no lab fills more than a quarter of a list as long as others "
        "are left, and a finished month stays as it was."
    )
    rows = "".join(
        f'<li><span class="sc-bar-name">{escape(_(PARTS_IN_WORDS.get(name, rule.about)))}</span>'
        f'<span class="sc-bar"><i style="width:{100 * rule.weight / _heaviest():.0f}%"></i></span>'
        f'<span class="sc-bar-value">{i18n.percent(rule.weight)}</span></li>'
        for name, rule in PARTS.items()
    )
    measured = _(
        "The weights were measured against a list of important papers that others keep: among the first 30 of a month this "
        "ranking finds about twice as many of them as votes alone (docs/ranking.md has the figures and the method)."
    )
    bars = f'<ul class="sc-bars sc-plain-bars">{rows}</ul><p class="sc-prose">{escape(measured)}</p>'
    return _section(_("How the reading is ranked"), [escape(text)], bars)


def _heaviest() -> float:
    return max(rule.weight for rule in PARTS.values())


def _licences() -> str:
    product = _("This software is free: Apache License 2.0.")
    arxiv = _(
        "arXiv's descriptions of papers (titles, authors, abstracts, categories) are CC0; the papers themselves keep their own "
        "licences, so they are linked and never copied."
    )
    others = _(
        "Votes and tags are Hugging Face's, repositories those of Papers with Code and its archive, posts their labs': they "
        "are quoted with their address. None of them endorses this product."
    )
    thanks = f'<blockquote class="sc-prose" lang="en">{escape(ARXIV)}</blockquote>'
    return _section(_("Whose data this is"), [escape(product), escape(arxiv), escape(others)], thanks)


def _privacy() -> str:
    texts = [
        _("No tracking, no statistics, no advertisement. Fonts, scripts and pictures come from this server and no other."),
        _("What you mark stays in this installation's database. An address for the digest is used for that mail only."),
    ]
    return _section(_("Privacy"), [escape(text) for text in texts])


def _versions(found: Published | None) -> str:
    facts = [("staycurrent", __version__), (_("Model"), found.version if found else "-"), (_("Schema"), head_revision())]
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    return _section(_("Versions"), [], f'<dl class="sc-facts">{rows}</dl>')

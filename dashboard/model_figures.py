"""The classifier's published figures as HTML, out of the model in use. Values in, text out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from dashboard import cards, charts, figures, words
from dashboard.tex import isolated
from staycurrent import i18n
from staycurrent.i18n import N_
from staycurrent.i18n import gettext as _

Values = Mapping[str, Any]
FLOORS = {
    "majority": N_("always the most frequent level"),
    "category rule": N_("a rule on arXiv categories"),
    "keyword rule": N_("a rule on keywords"),
    "tf-idf + logistic regression": N_("tf-idf and logistic regression"),
}
CONFUSIONS = 4
FEWEST = 10
"""Papers of which a share is a point in a picture."""
SETS = (N_("March to May 2026"),)
"""Names in the model's study that stand in sentences."""


def overview(typical: Values) -> str:
    """The figures to know, as a list of terms."""
    terms = [
        (_("Papers tested"), words.number(typical["papers"])),
        (_("Level right"), percent(typical["accuracy"])),
        (_("Level right or next to it"), percent(typical["within_one"])),
        (_("Macro-F1 over the levels"), score(typical["macro_f1"])),
        (_("Calibration error"), percent(typical["calibration_error"])),
        (_("Shown as sure"), percent(typical["sure_coverage"])),
        (_("Level right where sure"), percent(typical["sure_precision"])),
    ]
    rows = "".join(f"<div><dt>{escape(t)}</dt><dd>{escape(v)}</dd></div>" for t, v in terms)
    return f'<dl class="sc-facts sc-score">{rows}</dl>'


def percent(share: float) -> str:
    return i18n.percent(share, decimals=1)


def score(value: float) -> str:
    return words.number(round(value, 3))


def levels(typical: Values) -> str:
    """Each level: how often it is right where it is given, how often it is found."""
    heads = [_("Right where given"), _("Found"), "F1", _("Papers")]
    rows = [
        (
            cards.level_chip(one["level"]),
            [percent(one["precision"]), percent(one["recall"]), score(one["f1"]), words.number(one["support"])],
        )
        for one in typical["levels"]
    ]
    return figures.grid(_("Precision and recall of each level"), _("Level"), heads, rows)


def confusion(typical: Values) -> str:
    """The matrix as a table that is a picture: rows are what readers say, columns what the classifier says."""
    counts: Sequence[Sequence[int]] = typical["confusion"]
    heads = "".join(f'<th scope="col"><abbr title="{escape(words.level(n))}">{n}</abbr></th>' for n in range(len(counts)))
    corner = escape(_("Level by the label, in rows; by the classifier, in columns"))
    body = "".join(
        f'<tr><th scope="row">{cards.level_chip(n)}</th>{"".join(_field(c, c / max(1, sum(row))) for c in row)}</tr>'
        for n, row in enumerate(counts)
    )
    caption = f"<caption>{corner}</caption>"
    head = f'<thead><tr><th scope="col">{escape(_("Label"))}</th>{heads}</tr></thead>'
    table = f'<table class="sc-grid sc-heat sc-confusion">{caption}{head}<tbody>{body}</tbody></table>'
    return figures.wide(_("Confusion matrix"), table)


def _field(count: int, share: float) -> str:
    return f'<td style="--sc-heat:{100 * share:.0f}%">{words.number(count)}</td>' if count else "<td></td>"


def confusions(typical: Values) -> str:
    """The most frequent mistakes, as a sentence."""
    counts: Sequence[Sequence[int]] = typical["confusion"]
    pairs = [(n, row, column) for row, line in enumerate(counts) for column, n in enumerate(line) if row != column and n]
    pairs.sort(key=lambda pair: (-pair[0], pair[1:]))
    text = _("{label} taken for {answer} ({n})")
    said = [text.format(label=words.level(a), answer=words.level(b), n=words.number(n)) for n, a, b in pairs[:CONFUSIONS]]
    return _("The most frequent mistakes: {mistakes}.").format(mistakes="; ".join(said))


def mistakes(rows: Iterable[Values]) -> str:
    """Examples of what it gets wrong, by id."""
    return f'<ul class="sc-plain">{"".join(map(_mistake, rows))}</ul>'


def _mistake(one: Values) -> str:
    paper, title = f"https://arxiv.org/abs/{one['id']}", isolated(str(one["title"]))
    text = _("labelled “{label}”, taken for “{answer}”, {share} sure")
    return f'<li>{cards.link(paper, title)} <span class="sc-quiet">{escape(_said(text, one))}</span></li>'


def _said(text: str, one: Values) -> str:
    named = {"label": one["level"], "answer": one["answer"]}
    return text.format(share=words.share(one["confidence"]), **{k: f"{n} {words.level(n)}" for k, n in named.items()})


def calibration_chart(typical: Values, *, dark: bool) -> charts.Spec:
    """The same as a picture."""
    text = _("says {promised}, right in {right}: {papers}")
    rows = [
        (p, r, text.format(promised=percent(p), right=percent(r), papers=words.count(n, "paper")))
        for p, r, n in typical["calibration"]
        if n >= FEWEST
    ]
    title = _("Confidence and accuracy; the numbers stand beside the chart")
    return charts.calibration(rows, (_("It says"), _("Right")), title, dark=dark)


def calibrated(typical: Values) -> str:
    """What the picture shows, in a sentence."""
    text = _(
        "If every confidence came true, the line would lie on the diagonal; on average over all papers it is off by {error}. "
        "What rests on fewer than {fewest} papers is in the table only."
    )
    return text.format(error=percent(typical["calibration_error"]), fewest=words.number(FEWEST))


def calibration(typical: Values) -> str:
    """What the confidence promises against what came true."""
    rows = [(percent(promised), [percent(right), words.number(n)]) for promised, right, n in reversed(typical["calibration"])]
    return figures.grid(_("Confidence and accuracy"), _("It says"), [_("Right"), _("Papers")], rows)


def coverage(typical: Values) -> str:
    """How often it is right among its surest answers."""
    rows = [(i18n.percent(share), [percent(right), percent(also)]) for share, right, also in typical["coverage"]]
    heads = [_("Level right"), _("Or the label's second level")]
    return figures.grid(_("Among the surest answers"), _("The surest"), heads, rows)


def elsewhere(metrics: Values, typical: Values) -> str:
    """The same scores on papers that were drawn in other ways, where the study has them."""
    others = {name: metrics.get(name) for name in ("fresh", "time_split", "year_before")}
    by_chance = {name: of and (of["random"] or of) for name, of in others.items()}
    sets = [
        (_("Drawn by chance"), typical),
        (_("All labelled, half of them picked for being hard"), metrics["cross_validation"]),
        (_("A fresh sample, read last"), by_chance.get("fresh")),
        (_("May, learned from March and April"), by_chance.get("time_split")),
        (_("A year before"), by_chance.get("year_before")),
    ]
    heads = [_("Papers"), _("Level right"), "Macro-F1", _("Kappa"), _("Sure"), _("Right where sure"), _("Calibration error")]
    rows = [(escape(name), _scores(of)) for name, of in sets if of]
    return figures.grid(_("On other papers"), _("Papers"), heads, rows)


def _scores(of: Values) -> list[str]:
    return [
        words.number(of["papers"]),
        percent(of["accuracy"]),
        score(of["macro_f1"]),
        score(of["quadratic_kappa"]),
        percent(of["sure_coverage"]),
        percent(of["sure_precision"]) if of["sure_precision"] is not None else "-",
        percent(of["calibration_error"]),
    ]


def learning_curve(metrics: Values) -> str:
    """What more labels bring: macro-F1 on papers drawn by chance, by how many were learned."""
    rows = [
        (words.number(one["labels"]), [score(one["random"]), score(one["all"])]) for one in metrics.get("learning_curve", ())
    ]
    heads = [_("Macro-F1, drawn by chance"), _("Macro-F1, all")]
    return figures.grid(_("With more labels"), _("Labels learned"), heads, rows)


def floors(metrics: Values, typical: Values) -> str:
    """What simpler ways reach on the same papers."""
    every = [(_(FLOORS.get(name, name)), one["random"]) for name, one in metrics["floors"].items()]
    rows = [
        (escape(name), [score(one["macro_f1"]), percent(one["accuracy"])]) for name, one in [*every, (_("this model"), typical)]
    ]
    return figures.grid(_("Against simpler ways"), _("Way"), ["Macro-F1", _("Level right")], rows)


def teams(sets: Values) -> str:
    """How the rule for author teams did, each set in a sentence."""
    text = _("{name}: of {tagged} tagged papers the rule tied {given} to a lab, {right} of them rightly.")
    said = [
        text.format(
            name=_(name),
            tagged=words.number(one["tagged"]),
            given=words.number(one["given"]),
            right=words.number(one["right"]),
        )
        for name, one in sets.items()
    ]
    return " ".join(said)

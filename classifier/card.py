"""The model card: `docs/classifier.md` and its pictures, out of the metrics that stand in the model. Values in, text out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from staycurrent import roadmap

from . import figures as pictures
from .model import Model
from .tried import ENCODERS, SURER, TRIED

Values = Mapping[str, Any]
"""Metrics as JSON holds them."""

PAGE = "classifier.md"
SECTIONS = Path(__file__).parent / "data" / "card.md"
"""The words of the card; `{name}` is filled in here."""


def render(model: Model) -> str:
    """The page. KeyError where the model was saved without the metrics of `study.run`."""
    metrics: Values = dict(model.about["metrics"])  # type: ignore[arg-type]
    full: Values = metrics["cross_validation"]
    typical: Values = full["random"] or full
    return SECTIONS.read_text(encoding="utf-8").format(
        version=model.version,
        labels=f"{full['papers']:,}",
        typical=f"{typical['papers']:,}",
        space=f"{model.space.papers:,}",
        terms=f"{len(model.space.vocabulary.columns):,}",
        dimensions=model.space.projection.shape[1],
        encoder=model.space.encoder or "none for this model",
        sure=f"{model.sure:.2f}",
        scores=_scores(typical, full, metrics),
        fresh=_fresh(metrics.get("fresh")),
        levels=_levels(typical["levels"]),
        coverage=_coverage(typical["coverage"]),
        floors=_floors(metrics["floors"], typical, full),
        curve=_curve(metrics["learning_curve"]),
        tried=_tried(typical, full),
        surer=_surer(),
        encoders=_encoders(),
        mistakes=_mistakes(metrics["mistakes"]),
        confusions=_confusions(typical["confusion"]),
        topics=_topics(typical["topics"], full["topics"]),
        teams=_teams(metrics["teams"]),
        split=_split(metrics["time_split"]),
        year_before=_year_before(metrics.get("year_before")),
        **_agreement(metrics["agreement"]),
    )


def figures(model: Model) -> dict[str, str]:
    """The pictures by file name, to stand in `docs/images`."""
    full: Values = dict(model.about["metrics"])["cross_validation"]  # type: ignore[arg-type, assignment]
    typical = full["random"] or full
    return {
        "classifier-confusion.svg": pictures.confusion(
            typical["confusion"], f"{typical['papers']:,} papers drawn by chance, 5-fold cross-validation"
        ),
        "classifier-calibration.svg": pictures.calibration(
            typical["calibration"], f"Confidence and accuracy: error {_percent(typical['calibration_error'])}"
        ),
    }


def write(model: Model, docs: Path) -> None:
    """Write page and pictures into the folder of the documentation."""
    (docs / "images").mkdir(parents=True, exist_ok=True)
    (docs / PAGE).write_text(render(model), encoding="utf-8")
    for name, content in figures(model).items():
        (docs / "images" / name).write_text(content, encoding="utf-8")


def _scores(typical: Values, full: Values, metrics: Values) -> str:
    further = [
        (metrics.get("fresh"), "a fresh sample"),
        (metrics["time_split"], "May, from March and April"),
        (metrics.get("year_before"), "a year before"),
    ]
    columns = [typical, full, *(one["random"] or one for one, _ in further if one)]
    head = ["", "drawn by chance", "all (harder)", *(name for one, name in further if one)]
    rows = [
        ("papers", "papers", "{:,}"),
        ("**macro-F1 of the level**", "macro_f1", "**{:.3f}**"),
        ("accuracy", "accuracy", "{:.3f}"),
        ("accuracy, the second level counted as right", "accuracy_with_also", "{:.3f}"),
        ("at most one level away", "within_one", "{:.3f}"),
        ("quadratic kappa", "quadratic_kappa", "{:.3f}"),
        ("expected calibration error", "calibration_error", "{:.3f}"),
        ("shown as sure", "sure_coverage", "{:.3f}"),
        ("… of these right", "sure_precision", "{:.3f}"),
        ("… of these right, the second level counted", "sure_precision_with_also", "{:.3f}"),
    ]
    return _table(head, ([name, *(form.format(column[key]) for column in columns)] for name, key, form in rows))


def _levels(scores: Sequence[Values]) -> str:
    names = roadmap.levels()
    return _table(
        ["level", "", "precision", "recall", "F1", "papers"],
        (
            [
                str(one["level"]),
                names[one["level"]].name.en,
                *(f"{one[key]:.2f}" for key in ("precision", "recall", "f1")),
                str(one["support"]),
            ]
            for one in scores
        ),
    )


def _coverage(rows: Iterable[tuple[float, float, float]]) -> str:
    return _table(
        ["the most confident", "right", "right, second level counted"],
        ([_percent(share, 0), _percent(right), _percent(with_also)] for share, right, with_also in rows),
    )


def _floors(floors: Values, typical: Values, full: Values) -> str:
    every = {**floors, "**this model**": {"random": typical, "all": full}}
    return _table(
        ["", "macro-F1, random", "accuracy, random", "macro-F1, all"],
        (
            [name, f"{one['random']['macro_f1']:.3f}", f"{one['random']['accuracy']:.3f}", f"{one['all']['macro_f1']:.3f}"]
            for name, one in every.items()
        ),
    )


def _curve(points: Sequence[Values]) -> str:
    return _table(
        ["labels learned", "macro-F1, random", "macro-F1, all"],
        ([f"{one['labels']:,}", f"{one['random']:.3f}", f"{one['all']:.3f}"] for one in points),
    )


def _tried(typical: Values, full: Values) -> str:
    model = ("**this model, nested in every step**", typical["macro_f1"], full["macro_f1"], typical["accuracy"], "chosen")
    return _table(
        ["", "macro-F1, random", "macro-F1, all", "accuracy, random", ""],
        ([what, f"{one:.3f}", f"{every:.3f}", f"{right:.3f}", word] for what, one, every, right, word in (*TRIED, model)),
    )


def _surer() -> str:
    return _table(
        ["", "macro-F1", "sure", "… of these right", "right of the surest 70 %", "share right in 92 %"],
        ([what, f"{score:.3f}", *(_percent(share) for share in shares)] for what, score, *shares in SURER),
    )


def _encoders() -> str:
    return _table(
        ["", "macro-F1, random", "macro-F1, all", "against", "gain, random", "gain, all"],
        (
            [what, f"{one:.3f}", f"{every:.3f}", *words]
            for what, other, one, every, *gains in ENCODERS
            for words in [[other, *gains]]
        ),
    )


def _mistakes(rows: Sequence[Values]) -> str:
    return _table(
        ["paper", "title", "label", "answer", "confidence"],
        (
            [
                f"[{one['id']}](https://arxiv.org/abs/{one['id']})",
                one["title"].replace("|", "\\|"),
                *(str(one["level"]), str(one["answer"]), f"{one['confidence']:.2f}"),
            ]
            for one in rows
        ),
    )


def _confusions(counts: Sequence[Sequence[int]]) -> str:
    pairs = [(count, row, column) for row, line in enumerate(counts) for column, count in enumerate(line) if row != column]
    pairs.sort(key=lambda pair: (-pair[0], pair[1:]))
    return ", ".join(f"{row} taken for {column} ({count})" for count, row, column in pairs[:6])


def _topics(typical: Values, full: Values) -> str:
    return _table(
        ["", "micro-F1", "macro-F1", "first topic right", "papers"],
        (
            [name, f"{one['micro_f1']:.3f}", f"{one['macro_f1']:.3f}", f"{one['precision_at_one']:.3f}", f"{one['papers']:,}"]
            for name, one in (("drawn by chance", typical), ("all", full))
        ),
    )


def _teams(sets: Values) -> str:
    return _table(
        ["set", "tagged papers", "with a tag of our labs", "tied by the rule", "right", "precision (95 % at least)", "recall"],
        (
            [
                name,
                *(f"{one[key]:,}" for key in ("tagged", "of_labs", "given", "right")),
                f"{one['precision']} ({one['precision_at_least']})",
                str(one["recall"]),
            ]
            for name, one in sets.items()
        ),
    )


def _fresh(fresh: Values | None) -> str:
    """A sentence about the fresh sample, or none."""
    if not fresh:
        return ""
    papers, before = f"{fresh['papers']:,}", f"{fresh['learned_from']:,}"
    return (
        f'"A fresh sample" are {papers} papers as chance drew them among those without a label, read last, and answered by a\n'
        f"model that learned from the {before} labels before. Earlier passes had picked many hard papers, so these are\n"
        "a little easier than a month's. Not their labels, but their texts were among those of which the space was made.\n"
    )


def _year_before(found: Values | None) -> str:
    """A sentence about the papers of another time, or none."""
    if not found:
        return ""
    return (
        f'"A year before" are {found["papers"]:,} papers of March and April 2025, drawn by chance out of 7,393 of which half\n'
        "are about computer vision: a year away from everything that was learned.\n"
    )


def _split(split: Values | None) -> str:
    return f"{split['learned_from']:,}" if split else "none"


def _agreement(found: Values) -> dict[str, str]:
    return {
        "blind": str(found["papers"]),
        "blind_level": _percent(found["level"]),
        "blind_kappa": f"{found['kappa']:.3f}",
        "blind_also": _percent(found["level_with_also"]),
        "blind_topic": _percent(found["primary_topic"]),
    }


def _percent(share: float, digits: int = 1) -> str:
    return f"{share * 100:.{digits}f} %"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)

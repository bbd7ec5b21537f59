"""Everything that the model card tells about a model, measured: cross-validation, a split by time, the learning curve,
the floors, agreement of the readers, and what goes wrong. About three minutes for 7,900 labels on one core."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from staycurrent.errors import UsageError
from staycurrent.types import Document, Json

from . import calibrate, evaluate, floors, measure, teams, texts
from .agreement import agreement
from .gain import gain
from .labels import Label
from .measure import Judged
from .space import Encoder, Space
from .train import Progress, train

SIZES = (250, 500, 1000, 2000, 4000)
FIRST_TEST_MONTH = "2605"
"""Papers from this month on are the test of the split by time (arXiv ids begin with year and month)."""
MOST_MISTAKES = 15
SEED = 0
SILENT: Progress = lambda _: None  # noqa: E731


def run(
    labels: Sequence[Label],
    documents: Mapping[str, Document],
    *,
    blind: Sequence[Label] = (),
    year_before: Sequence[Label] = (),
    tagged: Mapping[str, Sequence[teams.Tagged]] | None = None,
    space: Space | None = None,
    progress: Progress = SILENT,
) -> dict[str, Json]:
    """The metrics of `model.json`. `tagged` are papers with organization tags (`teams.read`) by the name of their set.

    `blind` are second readings, `year_before` papers of an earlier time that are only tested on.
    """
    known = sorted((label for label in labels if label.id in documents), key=lambda label: label.id)
    judged = evaluate.out_of_fold(known, documents, space=space, progress=progress)
    return {
        "cross_validation": measure.report(judged).as_json(),
        "mistakes": mistakes(judged, documents),
        "fresh": fresh_sample(known, documents, space, progress),
        "time_split": time_split(known, documents, space, progress),
        "year_before": another_time(known, year_before, documents, space, progress),
        "learning_curve": learning_curve(known, documents, space, progress),
        "floors": simpler_ways(known, documents, progress),
        "agreement": agreement(labels, blind),
        "teams": {name: teams.score(papers) for name, papers in (tagged or {}).items()},
    }


def with_encoder(
    labels: Sequence[Label], documents: Mapping[str, Document], encoder: Encoder, *, space: Space, progress: Progress = SILENT
) -> dict[str, Json]:
    """What joining with the encoder gains, in the same folds: scores, and the difference with its bounds."""
    known = sorted((label for label in labels if label.id in documents), key=lambda label: label.id)
    without = evaluate.out_of_fold(known, documents, space=space, progress=progress)
    joined = evaluate.out_of_fold(known, documents, space=space, encoder=encoder, progress=progress)
    return {"cross_validation": measure.report(joined).as_json(), "gain": gain(without, joined)}


def mistakes(judged: Judged, documents: Mapping[str, Document]) -> list[Json]:
    """Of the papers drawn by chance, those of which the model was surest while neither level of the label is its answer."""
    confidence = judged.probabilities.max(axis=1)
    rows = [
        (-float(confidence[row]), label, int(judged.levels[row]))
        for row, label in enumerate(judged.labels)
        if label.drawn == "random" and judged.levels[row] not in {label.level, label.also}
    ]
    rows.sort(key=lambda row: (row[0], row[1].id))
    return [
        {
            "id": label.id,
            "title": " ".join(documents[label.id].title.split()),
            "level": label.level,
            "answer": answer,
            "confidence": round(-minus, 2),
        }
        for minus, label, answer in rows[:MOST_MISTAKES]
    ]


def fresh_sample(
    labels: Sequence[Label], documents: Mapping[str, Document], space: Space | None, progress: Progress
) -> dict[str, Json] | None:
    """Learned from the earlier passes, tested on the papers that chance drew for the last one, as they came.

    None where there is one pass only. No level is topped up among them.
    """
    progress("testing on a fresh sample")
    last = max((label.reading or 0 for label in labels), default=0)
    earlier = [label for label in labels if (label.reading or 0) < last]
    drawn = [label for label in labels if label.reading == last and label.drawn in {"random", "remaining"}]
    try:
        return _judged_on(earlier, drawn, documents, space).as_json() | {"learned_from": len(earlier)}
    except UsageError:
        return None


def time_split(
    labels: Sequence[Label], documents: Mapping[str, Document], space: Space | None, progress: Progress
) -> dict[str, Json] | None:
    """Learned from older papers, tested on those of the last month; None where there are not both."""
    progress("testing on the last month")
    older = [label for label in labels if label.id < FIRST_TEST_MONTH]
    newer = [label for label in labels if label.id >= FIRST_TEST_MONTH]
    try:
        return _judged_on(older, newer, documents, space).as_json() | {"learned_from": len(older)}
    except UsageError:
        return None


def another_time(
    labels: Sequence[Label],
    test: Sequence[Label],
    documents: Mapping[str, Document],
    space: Space | None,
    progress: Progress,
) -> dict[str, Json] | None:
    """Learned from all labels, tested on papers of another time; None where none of these has a text."""
    progress("testing on another time")
    try:
        return _judged_on(labels, [label for label in test if label.id in documents], documents, space).as_json()
    except UsageError:
        return None


def learning_curve(
    labels: Sequence[Label], documents: Mapping[str, Document], space: Space | None, progress: Progress
) -> list[Json]:
    """Scores on one fold by how many labels of the other four were learned."""
    level = np.array([label.level for label in labels], dtype=np.int64)
    learned, held_out = next(calibrate.folds(level))
    shuffled = np.random.default_rng(SEED).permutation(learned)
    test = [labels[row] for row in held_out]
    points: list[Json] = []
    for size in (*(size for size in SIZES if size < len(learned)), len(learned)):
        progress(f"learning from {size} labels")
        report = _judged_on([labels[row] for row in shuffled[:size]], test, documents, space)
        inner = report.random or report
        points.append({"labels": size, "random": round(inner.macro_f1, 4), "all": round(report.macro_f1, 4)})
    return points


def _judged_on(
    learn: Sequence[Label], test: Sequence[Label], documents: Mapping[str, Document], space: Space | None
) -> measure.Report:
    if not test:
        raise UsageError("no paper to test on")
    model = train(learn, documents, space=space).model
    return measure.report(evaluate.judged(test, model.predict([documents[label.id] for label in test])))


def simpler_ways(labels: Sequence[Label], documents: Mapping[str, Document], progress: Progress) -> dict[str, Json]:
    """Macro-F1 and accuracy of each floor, over all papers and over those drawn by chance."""
    found: dict[str, Json] = {}
    level = np.array([label.level for label in labels], dtype=np.int64)
    typical = np.array([label.drawn == "random" for label in labels], dtype=np.bool_)
    for name, floor in floors.FLOORS.items():
        progress(f"comparing with: {name}")
        given = floors.answers(floor, labels, [documents[label.id] for label in labels])
        found[name] = {"random": _plain_scores(level[typical], given[typical]), "all": _plain_scores(level, given)}
    return found


def _plain_scores(level: NDArray[np.int64], given: NDArray[np.int64]) -> dict[str, Json]:
    return {"macro_f1": round(measure.macro_f1(level, given), 4), "accuracy": round(float((level == given).mean()), 4)}


def tagged_papers(folder: Path) -> list[teams.Tagged]:
    """The papers with an organization tag in a folder of saved sources (`arxiv.jsonl.gz` and `hf/`)."""
    return list(teams.read(folder / "hf", texts.read(folder / "arxiv.jsonl.gz")))

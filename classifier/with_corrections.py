"""What readers' corrections do to the model, before anyone takes them in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from staycurrent.types import Document, Json

from . import evaluate, measure
from .labels import Label
from .model import load
from .space import Space
from .train import Progress

DRAWN = "corrected"


def joined(labels: Sequence[Label], corrected: Sequence[tuple[Document, int]]) -> list[Label]:
    """The labels with the corrections among them; a correction of a labelled paper takes the label's place.

    Nobody says which topics a corrected paper has. Without topics it would teach that it has none of them, so those of
    the packaged model stand in: as far as topics go, nothing is learned from it.
    """
    by_id = {label.id: label for label in labels}
    unknown = [document for document, _ in corrected if document.id not in by_id]
    answers = load().predict(unknown) if unknown else []
    topics = {answer.id: tuple(topic.slug for topic in answer.topics) for answer in answers}
    for document, level in corrected:
        label = by_id.get(document.id)
        if label is None:
            by_id[document.id] = Label(document.id, level, topics=topics[document.id], drawn=DRAWN)
        elif label.level != level:
            by_id[document.id] = replace(label, level=level, also=None)
    return sorted(by_id.values(), key=lambda label: label.id)


def effect(
    labels: Sequence[Label],
    corrected: Sequence[tuple[Document, int]],
    documents: Mapping[str, Document],
    *,
    folds: int = 5,
    space: Space | None = None,
    progress: Progress | None = None,
) -> dict[str, Json]:
    """Cross-validated scores of the labels that nobody corrected, without and with the corrections in every fold."""
    ids = {document.id for document, _ in corrected}
    judged = [label for label in labels if label.id not in ids]
    extra = [label for label in joined(labels, corrected) if label.id in ids]
    texts = {**documents, **{document.id: document for document, _ in corrected}}
    found: dict[str, Json] = {"corrections": len(extra)}
    for name, more in (("without", ()), ("with", extra)):
        answers = evaluate.out_of_fold(judged, texts, folds, extra=more, space=space, progress=progress)
        found[name] = _scores(measure.report(answers))
    return found


def _scores(report: measure.Report) -> dict[str, Json]:
    inner = report.random or report
    return {"macro_f1": round(report.macro_f1, 4), "macro_f1_random": round(inner.macro_f1, 4)}

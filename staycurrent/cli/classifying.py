"""`classify`, `train`, `evaluate` and `predict`. The last three need no database."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from staycurrent.cli import output
from staycurrent.types import Classification, Document

PREDICT_CHUNK = 256
IDS_PER_REQUEST = 100


def classify(
    all: Annotated[bool, typer.Option("--all", help="Everything again, not only what is new or older")] = False,  # noqa: A002
) -> None:
    """Label what is unlabelled or labelled by an older model."""
    from staycurrent.cli.context import classify_new, open_app
    from staycurrent.store import classifications
    from staycurrent.store import engine as database

    app = open_app(migrate=True)
    if all:
        with database.writing(app.engine) as session:
            classifications.forget_all(session)
    output.say(f"{classify_new(app):,} items classified")


def predict(
    explain: Annotated[bool, typer.Option("--explain", help="Say which words decided")] = False,
) -> None:
    """Classify JSON lines from stdin, one answer a line on stdout; needs no database."""
    from classifier import model as models

    model = models.load()
    documents = _documents(sys.stdin.buffer)
    while chunk := list(islice(documents, PREDICT_CHUNK)):
        for answer in model.predict(chunk, explain=explain):
            output.print_json(answer_json(answer))
        sys.stdout.flush()


def _documents(lines: Any) -> Iterator[Document]:
    from classifier import labels, texts

    for number, raw in enumerate(lines, start=1):
        if raw.strip():
            where = f"line {number}"
            yield texts.document(labels.json_object(raw.decode("utf-8", "replace"), where=where), where=where)


def answer_json(answer: Classification) -> dict[str, Any]:
    """A classification as the contract shows it."""
    return {
        "id": answer.id,
        "level": answer.level,
        "confidence": round(answer.confidence, 4),
        "probabilities": {str(n): round(p, 4) for n, p in enumerate(answer.probabilities)},
        "unsure": answer.unsure,
        "topics": [{"slug": t.slug, "score": round(t.score, 4)} for t in answer.topics],
        "labs": [{"lab": e.lab, "method": e.method, "evidence": e.evidence} for e in answer.labs],
        "explanation": [{"kind": r.kind, "text": r.text, "weight": round(r.weight, 4)} for r in answer.explanation],
        "model": answer.model,
    }


def train(
    texts: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="JSON lines (or .gz) with the labelled papers' texts; fetched from arXiv by id if left out"),
    ] = None,
    labels: Annotated[Optional[Path], typer.Option(help="Label file; the packaged one by default")] = None,  # noqa: UP045
    out: Annotated[Optional[Path], typer.Option(help="Folder for the model; the one in use by default")] = None,  # noqa: UP045
    folds: Annotated[int, typer.Option(min=0, help="Cross-validate over this many parts too; 0 does not")] = 5,
) -> None:
    """Train the classifier from labels and texts, and record how good it is."""
    from classifier import evaluate as evaluation
    from classifier import labels as label_file
    from classifier import model as models
    from classifier import texts as text_file
    from classifier import train as training

    wanted = label_file.read(labels or label_file.PACKAGED)
    ids = [label.id for label in wanted]
    documents = text_file.read(texts, ids) if texts else _fetch_texts(ids)
    with output.progress() as bar:
        task = bar.add_task("training", total=None)
        trained = training.train(wanted, documents, progress=lambda text: bar.update(task, description=text))
        metrics = None
        if folds:
            report = evaluation.cross_validate(
                wanted, documents, folds, progress=lambda text: bar.update(task, description=text)
            )
            metrics = report.as_json()
    folder = out or models.PACKAGED
    training.save(trained, folder, metrics=metrics)
    if trained.missing:
        output.say(f"{len(trained.missing)} labelled papers had no text")
    output.say(f"model {trained.model.version} written to {folder}")
    if metrics:
        _print_report(metrics)


def _fetch_texts(ids: list[str]) -> dict[str, Document]:
    """The texts from arXiv's query API, a hundred ids a request, in turn with every other arXiv request."""
    from collector.sources.arxiv_api import ArxivApi
    from staycurrent.cli.context import open_app, open_collector

    app = open_app(migrate=True)
    found: dict[str, Document] = {}
    with open_collector(app) as (_, fetcher), output.progress() as bar:
        api = ArxivApi(fetcher, app.settings.arxiv_api_url)
        task = bar.add_task("fetching texts", total=len(ids))
        for start in range(0, len(ids), IDS_PER_REQUEST):
            for p in api.by_ids(ids[start : start + IDS_PER_REQUEST]):
                if p.arxiv_id:
                    found[p.arxiv_id] = Document(
                        id=p.arxiv_id,
                        title=p.title,
                        abstract=p.abstract,
                        categories=p.categories,
                        authors=p.authors,
                        comment=p.comment,
                    )
            bar.update(task, completed=min(start + IDS_PER_REQUEST, len(ids)))
    return found


def evaluate(
    file: Annotated[Path, typer.Argument(help="JSON lines with id, title, abstract, categories and level")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document")] = False,
) -> None:
    """Score the classifier against labelled lines."""
    from classifier import evaluate as evaluation
    from classifier import model as models

    document = evaluation.score(models.load(), evaluation.read(file)).as_json()
    if json:
        output.print_json(document)
    else:
        _print_report(document)


def _print_report(document: dict[str, Any], prefix: str = "") -> None:
    for name, value in document.items():
        if isinstance(value, float | int):
            shown = f"{value:.4f}" if isinstance(value, float) else str(value)
            output.out.print(f"{prefix}{name:28} {shown}", markup=False)
        elif isinstance(value, dict):
            _print_report(value, prefix=f"{prefix}{name}.")

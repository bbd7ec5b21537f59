"""`classify`, `train`, `evaluate` and `predict`."""

from __future__ import annotations

import json as json_module
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from staycurrent.cli import output
from staycurrent.cli.context import classify_new, open_app
from staycurrent.errors import UsageError
from staycurrent.store import classifications
from staycurrent.store import engine as database
from staycurrent.types import Classification, Document

PREDICT_CHUNK = 256


def classify(
    all: Annotated[bool, typer.Option("--all", help="Everything again, not only what is new or older")] = False,  # noqa: A002
) -> None:
    """Label what is unlabelled or labelled by an older model."""
    app = open_app(migrate=True)
    if all:
        with database.writing(app.engine) as session:
            classifications.forget_all(session)
    done = classify_new(app)
    output.say(f"{done:,} items classified")


def predict(
    explain: Annotated[bool, typer.Option("--explain", help="Say which words decided")] = False,
) -> None:
    """Classify JSON lines from stdin, one answer a line on stdout; needs no database."""
    from classifier import model as models

    model = models.load()
    lines = enumerate(sys.stdin.buffer, start=1)
    documents = (_document(raw, number) for number, raw in lines if raw.strip())
    while chunk := list(islice(documents, PREDICT_CHUNK)):
        for answer in model.predict(chunk, explain=explain):
            output.print_json(answer_json(answer))
        sys.stdout.flush()


def _document(raw: bytes, number: int) -> Document:
    fields = _json_object(raw, f"line {number}")
    try:
        return Document(
            id=_text(fields, "id"),
            title=_text(fields, "title"),
            abstract=_text(fields, "abstract", ""),
            categories=_texts(fields, "categories"),
            authors=_texts(fields, "authors"),
        )
    except (KeyError, TypeError) as error:
        raise UsageError(f"line {number}: {error.args[0]}") from error


def _json_object(raw: bytes, place: str) -> dict[str, Any]:
    try:
        fields = json_module.loads(raw)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{place} is not JSON") from error
    if not isinstance(fields, dict):
        raise UsageError(f'{place} is not a JSON object like {{"id": …, "title": …, "abstract": …}}')
    return fields


def _text(fields: dict[str, Any], name: str, default: str | None = None) -> str:
    value = fields.get(name)
    if value is None:
        value = default
    if value is None:
        raise KeyError(f"{name} is missing")
    if not isinstance(value, str | int):
        raise TypeError(f"{name} must be text")
    return str(value)


def _texts(fields: dict[str, Any], name: str) -> tuple[str, ...]:
    value = fields.get(name) or []
    if isinstance(value, str):
        return tuple(value.split())
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise TypeError(f"{name} must be a list of texts")
    return tuple(value)


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
) -> None:
    """Train the classifier from labels and texts."""
    from classifier import labels as label_file
    from classifier import model as models
    from classifier import train as training

    wanted = label_file.load(labels) if labels else label_file.load()
    documents = _texts_of(texts, [label.id for label in wanted])
    with output.progress() as bar:
        task = bar.add_task("training", total=None)
        trained = training.train(wanted, documents, progress=lambda text: bar.update(task, description=text))
    folder = out or models.DATA
    training.save(trained, folder)
    output.say(f"model {trained.version} written to {folder}")


def _texts_of(path: Path | None, ids: list[str]) -> dict[str, Document]:
    from classifier import texts as text_file

    if path is not None:
        return dict(text_file.read(path, set(ids)))
    return _fetch_texts(ids)


def _fetch_texts(ids: list[str]) -> dict[str, Document]:
    """The texts from arXiv's query API, a hundred ids a request, and three seconds between two."""
    from collector.sources.arxiv_api import ArxivApi
    from staycurrent.cli.context import open_collector

    app = open_app(migrate=True)
    found: dict[str, Document] = {}
    with open_collector(app) as (_, fetcher), output.progress() as bar:
        api = ArxivApi(fetcher, app.settings.arxiv_api_url)
        task = bar.add_task("fetching texts", total=len(ids))
        for start in range(0, len(ids), 100):
            for p in api.by_ids(ids[start : start + 100]):
                if p.arxiv_id:
                    found[p.arxiv_id] = Document(
                        id=p.arxiv_id,
                        title=p.title,
                        abstract=p.abstract,
                        categories=p.categories,
                        authors=p.authors,
                        comment=p.comment,
                    )
            bar.update(task, completed=min(start + 100, len(ids)))
    return found


def evaluate(
    file: Annotated[Path, typer.Argument(help="JSON lines with id, title, abstract, categories and level")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document")] = False,
) -> None:
    """Score the classifier against labelled lines."""
    from classifier import evaluate as evaluation
    from classifier import model as models

    report = evaluation.score(models.load(), _labelled(file))
    document = report.as_json()
    if json:
        output.print_json(document)
        return
    for name, value in document.items():
        if isinstance(value, int | float):
            output.out.print(f"{name:24} {value:.4f}" if isinstance(value, float) else f"{name:24} {value}", markup=False)


def _labelled(path: Path) -> Iterator[Any]:
    from classifier.labels import label_of

    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    for number, raw in enumerate(lines, start=1):
        if raw.strip():
            fields = _json_object(raw, f"{path} line {number}")
            document = replace(_document(raw, number), comment=fields.get("comment"))
            yield document, label_of(fields, f"{path} line {number}")

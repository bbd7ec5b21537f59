"""`classify`, `train`, `evaluate` and `predict`. The last three need no database, but for training with corrections."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from staycurrent.cli import output
from staycurrent.errors import UsageError
from staycurrent.types import Classification, Document, Json

if TYPE_CHECKING:
    from classifier.encoder import Encoder
    from classifier.labels import Label
    from classifier.model import Model
    from classifier.space import Space

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
    output.say(f"{classify_new(app, by_hand=True):,} items classified")


def predict(
    explain: Annotated[bool, typer.Option("--explain", help="Say which words decided")] = False,
    encoder: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Folder of the encoder that the model was joined with, if it is not where it was at training"),
    ] = None,
    linear: Annotated[bool, typer.Option("--linear", help="Without the encoder, if the model was joined with one")] = False,
) -> None:
    """Classify JSON lines from stdin, one answer a line on stdout; needs no database."""
    from classifier import joined
    from classifier import model as models
    from staycurrent.cli.context import load_settings

    model = models.load(load_settings().model_dir)
    if not linear:
        model = joined.best(model, encoder=encoder, tell=output.say)
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
    with_corrections: Annotated[
        bool, typer.Option("--with-corrections", help="Learn from what readers corrected too, and say what that does")
    ] = False,
    encoder: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Folder of a sentence encoder: write a model joined with it beside the linear one"),
    ] = None,
    new_space: Annotated[
        bool, typer.Option("--new-space", help="Learn the space of words anew from all texts without a label, and the encoder")
    ] = False,
    no_study: Annotated[bool, typer.Option("--no-study", help="Do not measure how good the model is")] = False,
    card: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Write the model card to this file, and its pictures into images/ beside it"),
    ] = None,
) -> None:
    """Train the classifier from labels and texts, and record how good it is."""
    from classifier import labels as label_file
    from classifier import model as models
    from classifier import texts as text_file
    from classifier import train as training
    from classifier.with_corrections import joined

    if card and no_study:
        raise UsageError("card: it shows what the study measures; leave out --no-study")
    if new_space and not texts:
        raise UsageError("new-space: it needs --texts with many papers beside the labelled ones")
    opened = _encoder(encoder)
    folder = _folder_for(out)
    given = label_file.read(labels or label_file.PACKAGED)
    ids = [label.id for label in (*given, *label_file.read(label_file.YEAR_BEFORE))]
    documents = text_file.read(texts, ids) if texts else _fetch_texts(ids)
    corrected = _corrected() if with_corrections else []
    learned = joined(given, corrected)
    documents |= {document.id: document for document, _ in corrected if document.id not in documents}
    with output.progress() as bar:
        task = bar.add_task("training", total=None)
        tell: Callable[[str], None] = lambda text: bar.update(task, description=text)  # noqa: E731
        space = _space(texts, opened, {label.id for label in learned}, tell) if texts and new_space else None
        trained = training.train(learned, documents, space=space, progress=tell)
        metrics = {} if no_study else _study(learned, documents, space, tell)
        if with_corrections:
            metrics["corrections"] = _effect(given, corrected, documents, space, tell)
        training.save(trained, folder, metrics=metrics)
        gain = _join(trained.model, learned, documents, (encoder, opened), folder, tell, measured=not no_study)
    if trained.missing:
        output.say(f"{len(trained.missing)} labelled papers had no text")
    output.say(f"model {trained.model.version} written to {folder}")
    for name in ("cross_validation", "corrections"):
        _print_report({name: metrics[name]} if name in metrics else {})
    _print_report(gain)
    if card:
        _write_card(models.load(folder), card)


def _folder_for(out: Path | None) -> Path:
    """Where the model will stand; found out before the minutes of training, not after them."""
    from classifier.packaged import PACKAGED
    from staycurrent.cli.context import load_settings

    folder = out or load_settings().model_dir or PACKAGED
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UsageError(f"no model can be written into {folder}: {error.strerror}; name another folder with --out") from error
    return folder


def _join(
    linear: Model,
    labels: list[Label],
    documents: dict[str, Document],
    encoder: tuple[Path | None, Encoder | None],
    folder: Path,
    tell: Callable[[str], None],
    *,
    measured: bool,
) -> dict[str, Json]:
    """Write the model joined with an encoder beside the linear one; what that gains, nothing without an encoder."""
    from classifier import joining

    path, opened = encoder
    if not path or not opened:
        return {}
    both = joining.join(linear, labels, documents, opened, measured=measured, progress=tell)
    joining.save(both, folder, encoder=path)
    output.say(f"model {both.model.version} written beside it")
    return {"with encoder": both.metrics.get("gain")}


def _corrected() -> list[tuple[Document, int]]:
    from staycurrent.cli.context import open_app
    from staycurrent.store import corrections
    from staycurrent.store import engine as database

    with database.reading(open_app().engine) as session:
        found = list(corrections.papers(session))
    output.say(f"{len(found):,} corrected papers")
    return found


def _encoder(folder: Path | None) -> Encoder | None:
    from classifier import encoder as encoders

    return encoders.load(folder) if folder else None


def _space(texts: Path, encoder: Encoder | None, labelled: set[str], tell: Callable[[str], None]) -> Space:
    """A new space out of the papers without a label, and of what the encoder knows of them."""
    from classifier import space as spaces
    from classifier import texts as text_file

    others = [document for document in text_file.read(texts).values() if document.id not in labelled and document.abstract]
    return spaces.learn(others, encoder=encoder, progress=tell)


def _study(
    labels: list[Label], documents: dict[str, Document], space: Space | None, tell: Callable[[str], None]
) -> dict[str, Json]:
    from classifier import labels as label_file
    from classifier import model as models
    from classifier import study

    metrics = study.run(
        labels,
        documents,
        blind=label_file.read(label_file.BLIND),
        year_before=label_file.read(label_file.YEAR_BEFORE),
        space=space,
        progress=tell,
    )
    # The rule that ties authors to labs is not learned: without tagged papers its figures are those of the model before.
    before = models.load().about.get("metrics")
    if not metrics["teams"] and isinstance(before, dict):
        metrics["teams"] = before.get("teams", {})
    return metrics


def _effect(
    labels: list[Label],
    corrected: list[tuple[Document, int]],
    documents: dict[str, Document],
    space: Space | None,
    tell: Callable[[str], None],
) -> dict[str, Json]:
    from classifier.with_corrections import effect

    if not corrected:
        return {"corrections": 0}
    known = [label for label in labels if label.id in documents]
    return effect(known, corrected, documents, space=space, progress=lambda text: tell(f"measuring the corrections, {text}"))


def _write_card(model: Model, path: Path) -> None:
    """The card of a model, out of the figures that stand in it."""
    from classifier import card

    try:
        page, pictures = card.render(model), card.figures(model)
    except KeyError as error:
        raise UsageError(f"card: the labels are too few for it: no {error.args[0]}") from error
    try:
        (path.parent / "images").mkdir(parents=True, exist_ok=True)
        path.write_text(page, "utf-8")
        for name, content in pictures.items():
            (path.parent / "images" / name).write_text(content, "utf-8")
    except OSError as error:
        raise UsageError(f"card: {path}: {error.strerror}") from error
    output.say(f"card written to {path}")


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
    file: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Argument(help="JSON lines with id, title, abstract, categories and level"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document")] = False,
    card: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Write the card of the model in use to this file, and its pictures into images/ beside it"),
    ] = None,
    tagged: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Score the rule for labs too, on a folder with arxiv.jsonl.gz and Hugging Face's hf/DAY.json.gz"),
    ] = None,
) -> None:
    """Score the classifier against labelled lines; without a file, tell what was measured when it was trained."""
    from classifier import evaluate as evaluation
    from classifier import model as models
    from staycurrent.cli.context import load_settings

    folder = load_settings().model_dir
    model = models.load(folder)
    document = evaluation.score(model, evaluation.read(file)).as_json() if file else _recorded(model)
    if tagged:
        document["labs"] = _labs(tagged)
    if card:
        _write_card(model, card)
    if json:
        output.print_json(document)
    else:
        _print_report(document)


def _labs(folder: Path) -> dict[str, Json]:
    """How good the rule is that ties a team among the authors to its lab, against organization tags that it does not see."""
    from classifier import study, teams

    if not any((folder / "hf").glob("*.json.gz")):
        raise UsageError(f"tagged: {folder} has no hf/DAY.json.gz with the answers of Hugging Face Daily Papers")
    return teams.score(study.tagged_papers(folder))


def _recorded(model: Model) -> dict[str, Any]:
    """How far two readings of the same papers agree, and the figures of cross-validation that stand in the model."""
    from classifier import labels as label_file
    from classifier.agreement import agreement

    metrics = model.about.get("metrics")
    known = metrics if isinstance(metrics, dict) else {}
    found: dict[str, Any] = {
        "model": model.version,
        "blind_agreement": agreement(label_file.read(), label_file.read(label_file.BLIND)),
    }
    return found | {name: known[name] for name in ("cross_validation", "corrections") if name in known}


def _print_report(document: dict[str, Any], prefix: str = "") -> None:
    for name, value in document.items():
        if isinstance(value, float | int | str):
            shown = f"{value:.4f}" if isinstance(value, float) else str(value)
            output.out.print(f"{prefix}{name:28} {shown}", markup=False)
        elif isinstance(value, dict):
            _print_report(value, prefix=f"{prefix}{name}.")

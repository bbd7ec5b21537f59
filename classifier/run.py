"""Classifying what is unlabelled or labelled by an older model, in chunks: it may be stopped and run again at any moment."""

from __future__ import annotations

from collections.abc import Callable

from classifier.joined import best
from classifier.model import Model
from staycurrent.clock import Clock
from staycurrent.store import classifications, labelling
from staycurrent.store.engine import Engine, reading, writing
from staycurrent.types import Document

CHUNK = 1000
MOST_NEW = 2000
"""Items that one pass may find new: two busy days of arXiv, and two minutes for an encoder on one core."""
Progress = Callable[[int, int], None]


def classify(engine: Engine, model: Model, clock: Clock, *, progress: Progress = lambda _done, _total: None) -> int:
    """Classify every item that neither `model` nor a newer one has classified yet; returns how many there were.

    New items are answered by the model joined with an encoder where there is one (`joined`); a back-fill, known by its
    size, stays linear, since an encoder is a hundred times slower.

    Each chunk is read, answered without a transaction, and written in a short one, so readers and collectors go on.
    """
    labelling.note(engine, model.version)
    with reading(engine) as session:
        total = classifications.count_outdated(session, model.version)
    answering = best(model) if 0 < total <= MOST_NEW else model
    done = last = 0
    while True:
        with reading(engine) as session:
            documents = classifications.outdated(session, model.version, after=last, limit=CHUNK)
        if not documents:
            return done
        _answer(engine, answering, documents, clock)
        done, last = done + len(documents), int(documents[-1].id)
        progress(done, max(total, done))


def classify_stretch(engine: Engine, model: Model, clock: Clock, number: int) -> int:
    """Classify what is left of a stretch of row ids; returns how many there were. Workers share the work by these."""
    size = classifications.STRETCH
    first, last = number * size, (number + 1) * size - 1
    with reading(engine) as session:
        documents = classifications.outdated(session, model.version, after=first - 1, until=last, limit=size)
        total = classifications.count_outdated(session, model.version)
    if documents:
        _answer(engine, best(model) if total <= MOST_NEW else model, documents, clock)
    return len(documents)


def _answer(engine: Engine, model: Model, documents: list[Document], clock: Clock) -> None:
    answers = model.predict(documents, explain=True)
    with writing(engine) as session:
        classifications.save(session, answers, clock())

"""Classifying what is unlabelled or labelled by an older model, in chunks: it may be stopped and run again at any moment."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from classifier.joined import best
from classifier.model import Model
from staycurrent.clock import Clock
from staycurrent.store import classifications, labelling, second_opinions
from staycurrent.store.engine import Engine, reading, writing
from staycurrent.types import Document

CHUNK = 1000
MOST_NEW = 2000
"""Items that one pass may find new: two busy days of arXiv, and two minutes for an encoder on one core."""
Progress = Callable[[int, int], None]


def classify(engine: Engine, model: Model, clock: Clock, *, progress: Progress = lambda _done, _total: None) -> int:
    """Classify every item that neither `model` nor a newer one has classified yet; returns how many there were.

    New items are answered by the model joined with an encoder where there is one (`joined`), as long as they are few: an
    encoder is a hundred times slower. What another model has answered before stays linear.

    Each chunk is read, answered without a transaction, and written in a short one, so readers and collectors go on.
    """
    labelling.note(engine, model.version)
    with reading(engine) as session:
        total = classifications.count_outdated(session, model.version)
    joined = cache(lambda: best(model))  # an encoder is read from the disk once, not for each chunk
    done = last = 0
    while True:
        with reading(engine) as session:
            documents = classifications.outdated(session, model.version, after=last, limit=CHUNK)
        if not documents:
            return done
        _answer(engine, model, joined, documents, clock)
        done, last = done + len(documents), int(documents[-1].id)
        progress(done, max(total, done))


def classify_stretch(engine: Engine, model: Model, clock: Clock, number: int) -> int:
    """Classify what is left of a stretch of row ids; returns how many there were. Workers share the work by these."""
    size = classifications.STRETCH
    first, last = number * size, (number + 1) * size - 1
    with reading(engine) as session:
        documents = classifications.outdated(session, model.version, after=first - 1, until=last, limit=size)
    if documents:
        _answer(engine, model, lambda: best(model), documents, clock)
    return len(documents)


def _answer(engine: Engine, model: Model, joined: Callable[[], Model], documents: list[Document], clock: Clock) -> None:
    with reading(engine) as session:
        new = classifications.never_answered(session, documents)
        few = len(new) > 0 and classifications.count_never_answered(session, MOST_NEW + 1) <= MOST_NEW
    answers = []
    for answering, those in ((joined() if few else model, True), (model, False)):
        answers += answering.predict([d for d in documents if (d.id in new) is those], explain=True)
    with writing(engine) as session:
        opinions = second_opinions.holders(session, answers)
        classifications.save(session, answers, clock())
        second_opinions.apply(session, model.version, opinions)

"""Classifying what is unlabelled or labelled by an older model, in chunks: it may be stopped and run again at any moment."""

from __future__ import annotations

from collections.abc import Callable

from classifier.model import Model
from staycurrent.clock import Clock
from staycurrent.store import classifications
from staycurrent.store.engine import Engine, reading, writing

CHUNK = 1000
Progress = Callable[[int, int], None]


def classify(engine: Engine, model: Model, clock: Clock, *, progress: Progress = lambda _done, _total: None) -> int:
    """Classify every item that `model` has not classified yet; returns how many there were.

    Each chunk is read, answered without a transaction, and written in a short one, so readers and collectors go on.
    """
    with reading(engine) as session:
        total = classifications.count_outdated(session, model.version)
    done = last = 0
    while True:
        with reading(engine) as session:
            documents = classifications.outdated(session, model.version, after=last, limit=CHUNK)
        if not documents:
            return done
        answers = model.predict(documents, explain=True)
        with writing(engine) as session:
            classifications.save(session, answers, clock())
        done, last = done + len(documents), int(documents[-1].id)
        progress(done, max(total, done))

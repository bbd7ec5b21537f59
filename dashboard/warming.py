"""Loads in the background what the first page of an item would otherwise wait for.

Nearness of items needs scikit-learn, whose import takes a second or two and which no other page needs.
"""

from __future__ import annotations

import threading

AFTER_SECONDS = 2.0
"""Those who open a page as soon as the server answers have the processor to themselves."""


def begin(after: float = AFTER_SECONDS) -> threading.Timer:
    """Load it soon. The thread ends with the process, whether it is done or not."""
    timer = threading.Timer(after, load)
    timer.name, timer.daemon = "warming", True
    timer.start()
    return timer


def load() -> None:
    """Import it, and build what is built once."""
    from staycurrent.reading import vectors

    vectors.columns(vectors.terms("first title", "first abstract"))

"""What a reader wants less of; `narrow` and `for_reader` apply it to a query."""

from __future__ import annotations

from staycurrent.errors import UsageError
from staycurrent.query import build
from staycurrent.store.for_reader import for_reader, narrow
from staycurrent.store.marks import Dislike, Less

__all__ = ["dislike", "for_reader", "narrow"]


def dislike(kind: Less, value: str, *, known_only: bool = True) -> Dislike:
    """A dislike in its one form; raises `UsageError` for a topic that there is not, and for what is no lab or word.

    With `known_only` off a topic that left the roadmap passes, so that it can be taken back.
    """
    if kind is Less.TOPIC:
        (found,) = build(topic=[value]).topics or ("",) if known_only else (value.strip(),)
    elif kind is Less.LAB:
        (found,) = build(lab=[value]).labs or ("",)
    else:
        (found,) = build(exclude=[value.casefold()]).exclude or ("",)
    if not any(c.isalnum() for c in found):
        raise UsageError(f"less: give a {kind.value}")
    return Dislike(kind, found)

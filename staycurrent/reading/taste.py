"""What a reader wants less of, as a query: so that page, feed and mail leave out the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from staycurrent import roadmap
from staycurrent.errors import UsageError
from staycurrent.query import Query, build
from staycurrent.store.marks import Dislike, Less


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


def narrow(query: Query, dislikes: Iterable[Dislike]) -> Query:
    """The query without what the reader wants less of. What the query itself asks for by name is not taken from it."""
    values: dict[Less, set[str]] = {kind: set() for kind in Less}
    for unwanted in dislikes:
        values[unwanted.kind].add(unwanted.value)
    # A topic that left the roadmap would make an address that no query comes back from.
    topics = (values[Less.TOPIC] & set(roadmap.topics())) - set(query.topics)
    labs = values[Less.LAB] - set(query.labs)
    words = {word for word in values[Less.WORD] if word not in query.text.casefold()}
    return replace(
        query,
        without_topics=tuple(sorted({*query.without_topics, *topics})),
        without_labs=tuple(sorted({*query.without_labs, *labs})),
        exclude=tuple(sorted({*query.exclude, *words})),
    )

"""What a reader marked, applied to a query: one place, so that page, feed, mail and command line leave out the same.

A query with a `reader` leaves out what that reader hid and wants less of, save what the query itself asks for by name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy.orm import Session

from staycurrent import roadmap
from staycurrent.query import Query
from staycurrent.store.marks import Dislike, Less, dislikes


def for_reader(session: Session, query: Query) -> Query:
    """The query narrowed by its reader's dislikes; what the reader hid is left out by `filters.conditions`."""
    return narrow(query, dislikes(session, query.reader)) if query.reader else query


def narrow(query: Query, unwanted: Iterable[Dislike]) -> Query:
    """The query without what the reader wants less of. What the query itself asks for by name is not taken from it."""
    values: dict[Less, set[str]] = {kind: set() for kind in Less}
    for dislike in unwanted:
        values[dislike.kind].add(dislike.value)
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

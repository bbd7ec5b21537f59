"""The few facts of an item of which a later mail tells that they changed; cheap for thousands of items."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from staycurrent.store.models import Item
from staycurrent.store.upserts import chunks


@dataclass(frozen=True, slots=True)
class State:
    """An item's version, whether it is withdrawn, and whether it has code."""

    row: int
    version: int
    withdrawn: bool
    has_code: bool


def rows(session: Session, arxiv_ids: Iterable[str]) -> dict[str, int]:
    """Which of these papers are in the library: their rows by arXiv id."""
    found: dict[str, int] = {}
    for part in chunks(arxiv_ids):
        known = select(Item.arxiv_id, Item.id).where(Item.arxiv_id.in_(part))
        found.update((name, row) for name, row in session.execute(known) if name)
    return found


def states(session: Session, ids: Iterable[int]) -> list[State]:
    """The states of those of the items that are still there; one that proved to be another item is not."""
    found: list[State] = []
    for part in chunks(ids):
        columns = select(Item.id, Item.version, Item.withdrawn, Item.has_code).where(Item.id.in_(part))
        found += [State(row.id, row.version, row.withdrawn, row.has_code) for row in session.execute(columns)]
    return found

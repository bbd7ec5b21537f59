"""Repositories of items that are stored already, in bulk: for who knows papers by their arXiv ids and nothing else of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from staycurrent.store.models import ItemKey, ItemRepository, Repository
from staycurrent.store.signals import put_repositories, refresh_signals
from staycurrent.store.upserts import chunks
from staycurrent.types import Repository as SaidRepository


def owners(session: Session, arxiv_ids: Iterable[str]) -> dict[str, int]:
    """arXiv id → row of the item that bears it, for those that are stored."""
    found: dict[str, int] = {}
    for part in chunks(f"arxiv:{i}" for i in arxiv_ids):
        rows = session.execute(select(ItemKey.key, ItemKey.item_id).where(ItemKey.key.in_(part)))
        found.update((key.removeprefix("arxiv:"), item_id) for key, item_id in rows)
    return found


def link(session: Session, source: str, said: Sequence[tuple[int, SaidRepository]]) -> set[int]:
    """Tie repositories to items and bring their signals up to date; returns the rows of the items that gained one.

    What is tied already costs no write. Call inside `engine.writing`, behind `engine.serialise_intake`.
    """
    known = _known(session, source, {i for i, _ in said})
    new = [(i, source, r) for i, r in said if (i, r.url) not in known]
    put_repositories(session, new)
    gained = {i for i, _, _ in new}
    refresh_signals(session, sorted(gained))
    return gained


def _known(session: Session, source: str, ids: set[int]) -> set[tuple[int, str]]:
    found: set[tuple[int, str]] = set()
    for part in chunks(sorted(ids)):
        statement = (
            select(ItemRepository.item_id, Repository.url)
            .join(Repository, Repository.id == ItemRepository.repository_id)
            .where(ItemRepository.source == source, ItemRepository.item_id.in_(part))
        )
        found.update((i, url) for i, url in session.execute(statement))
    return found

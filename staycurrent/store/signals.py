"""What is derived from the evidence of an item: its repositories, and the numbers that lists and the ranking go by."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from staycurrent.store.models import Item, ItemRepository, Repository, Sighting
from staycurrent.store.upserts import chunks, upsert
from staycurrent.types import Repository as SaidRepository


def put_repositories(session: Session, said: Sequence[tuple[int, str, SaidRepository]]) -> None:
    """Tie repositories to items: (row of the item, source that says so, repository)."""
    if not said:
        return
    by_url: dict[str, int | None] = {}
    for _, _, repository in said:
        known = by_url.get(repository.url)
        by_url[repository.url] = repository.stars if known is None else max(known, repository.stars or 0)
    upsert(session, Repository, [{"url": u, "stars": s} for u, s in by_url.items()], index=["url"], keeping=["stars"])
    ids: dict[str, int] = {}
    for part in chunks(by_url):
        ids.update((u, i) for u, i in session.execute(select(Repository.url, Repository.id).where(Repository.url.in_(part))))
    links = {
        (i, ids[r.url], source): {"item_id": i, "repository_id": ids[r.url], "source": source, "official": r.official}
        for i, source, r in said
    }
    index = ["item_id", "repository_id", "source"]
    upsert(session, ItemRepository, list(links.values()), index=index, keeping=["official"])


def refresh_signals(session: Session, ids: Sequence[int]) -> None:
    """Signals of items with older evidence, computed anew over all their sightings."""
    for part in chunks(ids):
        seen = (
            select(
                Sighting.item_id,
                func.max(Sighting.votes).label("votes"),
                func.max(Sighting.stars).label("stars"),
                func.max(Sighting.listed_on).label("listed_on"),
                func.count(func.distinct(Sighting.source)).label("sources"),
            )
            .where(Sighting.item_id.in_(part))
            .group_by(Sighting.item_id)
        )
        code = (
            select(ItemRepository.item_id, func.max(Repository.stars).label("stars"))
            .join(Repository, Repository.id == ItemRepository.repository_id)
            .where(ItemRepository.item_id.in_(part))
            .group_by(ItemRepository.item_id)
        )
        stars_of_code = {row.item_id: row.stars for row in session.execute(code)}
        for row in session.execute(seen).all():
            known = [s for s in (row.stars, stars_of_code.get(row.item_id)) if s is not None]
            values = {
                "votes": row.votes,
                "stars": max(known, default=None),
                "source_count": row.sources,
                "has_code": row.item_id in stars_of_code,
            }
            if row.listed_on:
                values["listed_on"] = row.listed_on
            session.execute(update(Item).where(Item.id == row.item_id).values(**values))

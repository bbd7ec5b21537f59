"""One item with all its evidence, found by any id that a person may have at hand; and every item, for exports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from staycurrent.errors import NotFound
from staycurrent.i18n import gettext as _
from staycurrent.store import corrections, listing, second_opinions
from staycurrent.store.models import Classification, Item, ItemKey, ItemVersion, Metric, Sighting
from staycurrent.store.upserts import chunks
from staycurrent.types import LLM, Document, ItemDetail, ItemView, Opinion, Reason, SightingView, Version


def find(session: Session, names: Sequence[str]) -> int:
    """Row id of the item that bears one of these names: public id, arXiv id, or identity key. Raises `NotFound`."""
    keys = [k for name in names for k in (name, f"uid:{name}", f"arxiv:{name}")]
    row = session.scalar(select(Item.id).where(Item.uid.in_(list(names)))) or session.scalar(
        select(ItemKey.item_id).where(ItemKey.key.in_(keys)).limit(1)
    )
    if row is None:
        shown = names[0] if names and names[0].isprintable() else _("of that name")
        raise NotFound(_("no item {name}; give its id, an arXiv id or address, or a DOI").format(name=shown[:80]))
    return int(row)


def detail(session: Session, names: Sequence[str]) -> ItemDetail:
    """The item with its sightings in time order, versions, metrics and classification. Raises `NotFound`."""
    row_id = find(session, names)
    item = listing.views(session, [row_id])[0]
    model = session.scalar(select(Item.model).where(Item.id == row_id))
    answer = session.get(Classification, (row_id, model)) if model else _answer_before(session, item)
    return ItemDetail(
        item=item,
        sightings=sightings(session, [row_id]).get(row_id, ()),
        versions=versions(session, [row_id]).get(row_id, ()),
        metrics=_metrics(session, row_id),
        probabilities=tuple(answer.probabilities) if answer else (),
        explanation=tuple(Reason(**r) for r in answer.explanation) if answer else (),
        model=model,
        said=answer.level if answer else None,
        correction=corrections.of_item(session, row_id) if item.corrected else None,
        opinion=_opinion(session, item),
    )


def _answer_before(session: Session, item: ItemView) -> Classification | None:
    """The answer behind the level that an item keeps until its turn to be classified anew; none for a new item."""
    if item.level is None:
        return None
    of_item = select(Classification).where(Classification.item_id == item.row)
    return session.scalar(of_item.order_by(Classification.classified_at.desc()).limit(1))


def _opinion(session: Session, item: ItemView) -> Opinion | None:
    if item.origin is None or not item.origin.startswith(LLM):
        return None
    words = Document(str(item.row), item.title, item.abstract, item.categories, item.authors, item.comment)
    return second_opinions.of_item(session, words, item.origin)


def sightings(session: Session, ids: Sequence[int]) -> dict[int, tuple[SightingView, ...]]:
    """Sightings by row id, in time order."""
    found: dict[int, list[SightingView]] = {}
    for part in chunks(ids):
        statement = select(Sighting).where(Sighting.item_id.in_(part)).order_by(Sighting.seen_at, Sighting.id)
        for s in session.scalars(statement):
            found.setdefault(s.item_id, []).append(
                SightingView(
                    source=s.source,
                    key=s.key,
                    url=s.url,
                    seen_at=s.seen_at,
                    listed_on=s.listed_on,
                    announce_type=s.announce_type,
                    organization=s.organization,
                    votes=s.votes,
                    stars=s.stars,
                    comments=s.comments,
                )
            )
    return {i: tuple(v) for i, v in found.items()}


def versions(session: Session, ids: Sequence[int]) -> dict[int, tuple[Version, ...]]:
    """Version histories by row id, oldest first."""
    found: dict[int, list[Version]] = {}
    for part in chunks(ids):
        statement = select(ItemVersion).where(ItemVersion.item_id.in_(part)).order_by(ItemVersion.number)
        for v in session.scalars(statement):
            found.setdefault(v.item_id, []).append(Version(v.number, v.submitted, v.withdrawn))
    return {i: tuple(v) for i, v in found.items()}


def _metrics(session: Session, row_id: int) -> tuple[tuple[str, str, date, int], ...]:
    statement = select(Metric).where(Metric.item_id == row_id).order_by(Metric.day, Metric.source, Metric.name)
    return tuple((m.source, m.name, m.day, m.value) for m in session.scalars(statement))


def every(session: Session, size: int = 500) -> Iterator[tuple[ItemView, tuple[SightingView, ...], tuple[Version, ...]]]:
    """All items in the order of their rows, streamed."""
    last = 0
    while ids := list(session.scalars(select(Item.id).where(Item.id > last).order_by(Item.id).limit(size))):
        seen, history = sightings(session, ids), versions(session, ids)
        for view in listing.views(session, ids):
            yield view, seen.get(view.row, ()), history.get(view.row, ())
        last = ids[-1]
        session.expunge_all()

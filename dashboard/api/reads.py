"""What the addresses under `/api/v1` answer. Sync, since they wait for the store; called in threads."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from collector import identity
from dashboard.api import parameters
from dashboard.api.keeping import Body
from dashboard.api.parameters import Parameter, Params, csv_format
from staycurrent import roadmap, shapes
from staycurrent.errors import NotFound
from staycurrent.exchange.spreadsheet import safe
from staycurrent.reading import monthly
from staycurrent.store import engine as store
from staycurrent.store import health, items, listing
from staycurrent.store.engine import Engine
from staycurrent.types import ItemDetail

JSON = "application/json"
CSV = "text/csv"
Row = tuple[Any, ...]
MAX_NAME = 300
"""No id, DOI or address of an item is longer; what is longer is no name of one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as a reader sees it: the store, the day, the parts of the path, the parameters, and the own address."""

    engine: Engine
    today: date
    path: dict[str, str]
    pairs: tuple[tuple[str, str], ...]
    base: str
    """The installation's address, without a slash at its end."""
    model_dir: Path | None = None
    """Folder of the model in use where it is not the packaged one."""

    def params(self, takes: Sequence[Parameter]) -> Params:
        """The parameters, checked by name. Raises `QueryError`."""
        return parameters.read(self.pairs, takes)


Reader = Callable[[Asked], Body]


def as_json(document: Any, following: str | None = None) -> Body:
    """A JSON document."""
    return Body(json.dumps(document, ensure_ascii=False).encode(), JSON, following)


def as_csv(rows: Iterable[Row]) -> Body:
    """RFC 4180, and no cell begins as a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([safe(cell) if isinstance(cell, str) else cell for cell in row])
    return Body(text.getvalue().encode(), CSV)


ITEMS = (*parameters.FILTERS, parameters.ITEMS_LIMIT, parameters.CURSOR)
ITEM = (csv_format("its votes, stars and comments, day by day"),)
READING = (*parameters.FILTERS, parameters.READING_LIMIT, parameters.MINUTES)


def list_items(asked: Asked) -> Body:
    """A page of the items of a query."""
    params = asked.params(ITEMS)
    query, cursor = parameters.query(params), parameters.cursor(params)
    limit = parameters.whole(params, parameters.ITEMS_LIMIT) or 0
    with store.reading(asked.engine) as session:
        page = listing.page(session, query, asked.today, limit=limit, cursor=cursor)
    pairs = [*query.params(), ("limit", str(limit)), ("cursor", page.cursor or "")]
    return as_json(shapes.page_json(query, page), f"?{urlencode(pairs)}" if page.cursor else None)


def show_item(asked: Asked) -> Body:
    """An item with its evidence, by any of its names; or how its numbers went, as CSV."""
    kind = parameters.one_of(asked.params(ITEM), ITEM[0])
    name = asked.path["id"]
    if not name.isprintable() or not 0 < len(name) <= MAX_NAME:
        raise NotFound("no item of that name; give its id, an arXiv id or address, or a DOI")
    with store.reading(asked.engine) as session:
        found = items.detail(session, identity.names(name))
    return as_csv(_course(found)) if kind == "csv" else as_json(shapes.detail_json(found))


def _course(detail: ItemDetail) -> list[Row]:
    """The numbers of an item in the order of their days."""
    rows = sorted((day, name, source, value) for source, name, day, value in detail.metrics)
    return [("day", "number", "source", "value"), *rows]


def show_reading(asked: Asked) -> Body:
    """The reading of a period; the one that is frozen, where it is. Asking freezes nothing."""
    params = asked.params(READING)
    period, query = parameters.period(asked.path["period"]), parameters.query(params)
    found = monthly.reading(
        asked.engine,
        period,
        query,
        today=asked.today,
        limit=parameters.whole(params, parameters.READING_LIMIT) or 0,
        minutes=parameters.whole(params, parameters.MINUTES),
    )
    return as_json(shapes.reading_json(found))


def list_levels(asked: Asked) -> Body:
    """The levels of the roadmap."""
    asked.params(())
    return as_json({"levels": [shapes.level_json(level) for _, level in sorted(roadmap.levels().items())]})


def list_topics(asked: Asked) -> Body:
    """The topics."""
    asked.params(())
    return as_json({"topics": [shapes.topic_json(topic) for topic in roadmap.topics().values()]})


def list_labs(asked: Asked) -> Body:
    """The labs that the roadmap knows, the watched ones first."""
    asked.params(())
    known = sorted(roadmap.labs().values(), key=lambda lab: (not lab.watched, lab.slug))
    return as_json({"labs": [shapes.lab_json(lab) for lab in known]})


def list_sources(asked: Asked) -> Body:
    """Health and completeness of each source."""
    asked.params(())
    with store.reading(asked.engine) as session:
        rows = health.health(session)
    return as_json({"sources": [shapes.health_json(row, asked.today) for row in rows]})

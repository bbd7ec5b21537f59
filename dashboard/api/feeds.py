"""What the addresses under `/feeds` answer: any query, any reading, and saved queries, in three formats."""

from __future__ import annotations

from urllib.parse import urlencode

from dashboard.api import feed, formats, parameters
from dashboard.api.feed import Feed, Place
from dashboard.api.keeping import Body
from dashboard.api.parameters import Params
from dashboard.api.reads import Asked
from staycurrent.errors import NotFound
from staycurrent.query import Query
from staycurrent.reading import monthly
from staycurrent.store import engine as store
from staycurrent.store import listing, saved_queries

BOUNDS = (parameters.FEED_LIMIT, parameters.FEED_PERIOD, parameters.MONTH)
TAKES = (*parameters.FILTERS, *BOUNDS)


def of_query(asked: Asked) -> Body:
    """The feed of the query in the address."""
    params = asked.params(TAKES)
    query = parameters.query(params)
    return _rendered(asked, params, query, query.params(), _kind(asked), saved=None)


def of_saved(asked: Asked) -> Body:
    """The feed of a saved query, whose filters cannot be changed in the address."""
    kind, params = _kind(asked), asked.params(BOUNDS)
    name = asked.path["name"]
    with store.reading(asked.engine) as session:
        kept = saved_queries.find(session, name)
    return _rendered(asked, params, kept.query(), [], f"{kind}/saved/{name}", saved=name)


def _kind(asked: Asked) -> str:
    kind = asked.path["kind"]
    if kind not in formats.MEDIA_TYPES:
        raise NotFound("no such format; there are atom, rss and json")
    return kind


def _rendered(
    asked: Asked, params: Params, query: Query, filters: list[tuple[str, str]], path: str, *, saved: str | None
) -> Body:
    kind = asked.path["kind"]
    bounds = [(p.name, v) for p in BOUNDS for v in params.get(p.name, [])]
    wanted = urlencode([*filters, *bounds])
    name = f"saved/{saved}?{urlencode(bounds)}" if saved else wanted
    place = Place(asked.base, f"{path}?{wanted}" if wanted else path, name)
    made = _feed(asked, params, query, place, saved)
    return Body(formats.render(kind, made), formats.MEDIA_TYPES[kind])


def _feed(asked: Asked, params: Params, query: Query, place: Place, saved: str | None) -> Feed:
    limit = parameters.whole(params, parameters.FEED_LIMIT) or 0
    period = parameters.feed_period(params, asked.today)
    if period:
        found = monthly.reading(asked.engine, period, query, today=asked.today, limit=limit)
        return feed.placed(place, query, period, found.placed, asked.today)
    with store.reading(asked.engine) as session:
        page = listing.page(session, query, asked.today, limit=limit)
    return feed.listed(place, query, page.items, asked.today, saved=saved)

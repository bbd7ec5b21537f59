"""Addresses inside the dashboard. All are relative, so that they hold behind any proxy prefix.

They carry the language where the reader's own address names one (`carry`); else they depend on nothing but what is given.
"""

from __future__ import annotations

from contextvars import ContextVar
from urllib.parse import quote, urlencode, urlsplit

from staycurrent.period import Period
from staycurrent.query import Query

LANGUAGE = "lang"
_carried: ContextVar[str | None] = ContextVar("carried", default=None)


def carry(language: str | None) -> None:
    """Let every address of this task name a language from here on; None leaves it to the reader's browser."""
    _carried.set(language)


def carried() -> dict[str, str]:
    """What every address of this task has besides its own parameters."""
    language = _carried.get()
    return {LANGUAGE: language} if language else {}


def this_month(period: Period | None = None, query: Query | None = None, **others: str | None) -> str:
    """The front page. It has no path of its own: Streamlit ignores `url_path` of the default page."""
    pairs = ([("month", period.name)] if period else []) + (query.params() if query else [])
    pairs += [(name, value) for name, value in others.items() if value]
    return _join("./", pairs)


def page(path: str) -> str:
    """A page by its path, the front page by none."""
    return _join(f"./{path}", [])


def explore(query: Query | None = None, cursor: str | None = None) -> str:
    """The list of a query, from a cursor on."""
    return _join("./explore", (query.params() if query else []) + ([("cursor", cursor)] if cursor else []))


def roadmap(level: int | None = None) -> str:
    """The roadmap, with one level open."""
    return _join("./roadmap", [("level", str(level))] if level else [])


def roadmap_plan() -> str:
    """The plan of twelve months, from the day that is kept."""
    return _join("./roadmap", [("view", "plan")])


def digest(query: Query | None = None, others: list[tuple[str, str]] | None = None) -> str:
    """Subscribing to the mail of a query; `others` say how it comes."""
    return _join("./digest", (query.params() if query else []) + (others or []))


def reading_feed(period: Period, query: Query, kind: str = "atom") -> str:
    """The month's reading as a feed."""
    return f"./feeds/{kind}?{urlencode([*query.params(), ('period', period.name)])}"


def reading_file(kind: str, period: Period, query: Query, minutes: int | None) -> str:
    """The month's reading as a file to take along."""
    bounds = [("period", period.name), *([("minutes", str(minutes))] if minutes else [])]
    return f"./exports/{kind}?{urlencode([*query.params(), *bounds])}"


def sources() -> str:
    """The health of the sources."""
    return _join("./sources", [])


def trends(pairs: list[tuple[str, str]] | None = None) -> str:
    """What moves, for the question that the pairs are."""
    return _join("./trends", pairs or [])


def trends_data(pairs: list[tuple[str, str]], table: str) -> str:
    """The numbers behind a chart as a file for spreadsheets."""
    return f"./api/v1/trends?{urlencode([*pairs, ('table', table), ('format', 'csv')])}"


def labs(slug: str | None = None, cursor: str | None = None) -> str:
    """The labs, or one of them, with its items from a cursor on."""
    return _join("./labs", ([("lab", slug)] if slug else []) + ([("cursor", cursor)] if cursor else []))


def about() -> str:
    """What this is and how far to trust it."""
    return _join("./about", [])


def feed_of(kind: str, query: Query) -> str:
    """The newest items of a query as a feed."""
    return f"./feeds/{kind}?{query.url_query()}"


def mine(mark: str, query: Query | None = None, *, tag: str | None = None, number: int = 1) -> str:
    """What the reader marked, or tagged, narrowed by a query; `number` is that of the page."""
    chosen = ("tag", tag) if tag is not None else ("mark", mark)
    further = [("page", str(number))] if number > 1 else []
    return _join("./mine", [chosen, *(query.params() if query else []), *further])


def item(public_id: str) -> str:
    """One item."""
    return _join("./item", [("id", public_id)])


def item_data(public_id: str) -> str:
    """How an item's votes, stars and comments went, as a file for spreadsheets."""
    return f"./api/v1/items/{quote(public_id)}?format=csv"


def outside(url: str) -> str | None:
    """An address that leaves the product, None unless it is plain http(s) with a host."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    return url.strip() if parts.scheme in ("http", "https") and parts.hostname else None


def _join(path: str, pairs: list[tuple[str, str]]) -> str:
    every = [*pairs, *carried().items()]
    return f"{path}?{urlencode(every)}" if every else path

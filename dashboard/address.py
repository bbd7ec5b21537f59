"""Addresses inside the dashboard. All are relative, so that they hold behind any proxy prefix. Pure."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from staycurrent.period import Period
from staycurrent.query import Query


def this_month(period: Period | None = None, query: Query | None = None) -> str:
    """The front page. It has no path of its own: Streamlit ignores `url_path` of the default page."""
    pairs = ([("month", period.name)] if period else []) + (query.params() if query else [])
    return _join("./", pairs)


def explore(query: Query | None = None, cursor: str | None = None) -> str:
    """The list of a query, from a cursor on."""
    return _join("./explore", (query.params() if query else []) + ([("cursor", cursor)] if cursor else []))


def roadmap(level: int | None = None) -> str:
    """The roadmap, with one level open."""
    return _join("./roadmap", [("level", str(level))] if level else [])


def sources() -> str:
    """The health of the sources."""
    return "./sources"


def item(public_id: str) -> str:
    """One item."""
    return _join("./item", [("id", public_id)])


def outside(url: str) -> str | None:
    """An address that leaves the product, None unless it is plain http(s) with a host."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    return url.strip() if parts.scheme in ("http", "https") and parts.hostname else None


def _join(path: str, pairs: list[tuple[str, str]]) -> str:
    return f"{path}?{urlencode(pairs)}" if pairs else path

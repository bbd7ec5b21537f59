"""A feed as values, before it becomes Atom, RSS or JSON. Pure: items and their reasons in, escaped and clean texts out.

Ids are name-based UUIDs (RFC 9562, 5.5) of the public id or of the query: the same on every installation, under every
host name and in every format, so that a reader knows an entry again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from html import escape
from urllib.parse import quote
from uuid import UUID, uuid5

from dashboard import address, cards, pieces, words
from dashboard.tex import plain, readable
from staycurrent.period import Period
from staycurrent.query import Query
from staycurrent.reading.monthly import Placed, within
from staycurrent.types import ItemView

NAMESPACE = UUID("6f2d8a54-4c0e-4d6b-9d0f-5f8d3a1b7c21")
"""Made up once; another one would make every entry new to every reader."""
MAX_AUTHORS = 30
_NOT_XML = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 forbids, and the control characters and non-characters that it discourages (2.2)."""
_SAFE = "%/:=&?~#+!$,;'@()*[]"


@dataclass(frozen=True, slots=True)
class Tag:
    """A category: a word for programs, and one for people."""

    term: str
    label: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An item in a feed. `html` is escaped; all other texts are plain."""

    id: str
    url: str
    title: str
    html: str
    published: datetime
    updated: datetime
    authors: tuple[str, ...]
    tags: tuple[Tag, ...]


@dataclass(frozen=True, slots=True)
class Feed:
    """What all formats say. Addresses are absolute."""

    id: str
    title: str
    description: str
    home: str
    """The page that shows the same."""
    address: str
    """The feed itself."""
    updated: datetime
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a feed stands: the address of the installation, its own path, and what was asked of it."""

    base: str
    path: str
    name: str
    """What is asked, in canonical form; it makes the id."""


def listed(place: Place, query: Query, items: Sequence[ItemView], today: date, *, saved: str | None = None) -> Feed:
    """The feed of a list."""
    asked = "; ".join(pieces.query_words(query)) or "everything that was collected"
    home = address.explore(query)
    entries = tuple(_entry(place, item, "") for item in items)
    return _feed(place, saved or asked, f"Papers and posts: {asked}", home, entries, today)


def placed(place: Place, query: Query, period: Period, found: Sequence[Placed], today: date) -> Feed:
    """The feed of a reading, its best item first."""
    is_month = "W" not in period.name
    named = words.month(period.first) if is_month else f"week {period.name}"
    asked = "; ".join(pieces.query_words(query))
    title = f"reading of {named}" + (f": {asked}" if asked else "")
    home = address.this_month(period, query) if is_month else address.explore(within(query, period))
    entries = tuple(_entry(place, p.item, _place(p, named)) for p in found)
    return _feed(place, title, f"What to read first to stay current: {title}", home, entries, today)


def _feed(place: Place, title: str, description: str, home: str, entries: tuple[Entry, ...], today: date) -> Feed:
    return Feed(
        id=_urn(f"feed/{place.name}"),
        title=clean(f"staycurrent: {title}"),
        description=clean(f"{description}."),
        home=_absolute(place.base, home),
        address=f"{place.base}/feeds/{place.path}",
        updated=max((e.updated for e in entries), default=_midnight(today)),
        entries=entries,
    )


def _entry(place: Place, item: ItemView, above: str) -> Entry:
    published = item.published or _midnight(item.listed_on)
    updated = max(published, item.updated or published, _midnight(item.listed_on))
    mark = "Withdrawn: " if item.withdrawn else ""
    inside = _absolute(place.base, address.item(item.id))
    return Entry(
        id=_urn(f"item/{item.id}"),
        url=_web_address(item.url) or inside,
        title=mark + (" ".join(clean(plain(item.title)).split()) or "Untitled"),
        html=clean(above + _body(item, inside)),
        published=published.astimezone(UTC),
        updated=updated.astimezone(UTC),
        authors=_authors(item),
        tags=_tags(item),
    )


def _place(entry: Placed, named: str) -> str:
    reasons = "; ".join(escape(str(reason)) for reason in entry.why.values())
    return f"<p><b>Place {entry.rank} in the reading of {escape(named)}.</b> Why here: {reasons}.</p>"


def _body(item: ItemView, inside: str) -> str:
    """Level, topics, labs and sources in words, then the abstract."""
    withdrawn = "<p><b>This paper was withdrawn.</b></p>" if item.withdrawn else ""
    facts = [_level(item), *(escape(words.topic(t.slug)) for t in item.topics), *_labs(item)]
    seen = words.listing([_source(name, item) for name in item.sources])
    code = [f'<a href="{escape(url)}">Code</a>' for r in item.repositories[:3] if (url := _web_address(r.url))]
    links = " · ".join([*code, f'<a href="{escape(inside)}">All the evidence</a>'])
    abstract = f"<p>{readable(item.abstract)}</p>" if item.abstract else ""
    day = words.day(item.listed_on)
    return f"{withdrawn}<p>{' · '.join(facts)}</p><p>Seen by {seen}, listed {day}.</p>{abstract}<p>{links}</p>"


def _level(item: ItemView) -> str:
    if item.level is None:
        return "Not classified yet"
    named = f"Level {item.level}: {escape(words.level(item.level))}" if item.level else escape(words.level(0))
    if item.confidence is None:
        return named
    return f"{named} ({'unsure, ' if item.unsure else ''}{words.share(item.confidence)} sure)"


def _labs(item: ItemView) -> list[str]:
    found = cards.best_evidence(item.labs)
    return [escape(words.lab(e.lab)) + ("" if words.is_stated(e) else " (inferred)") for e in found]


def _source(name: str, item: ItemView) -> str:
    votes = f" ({words.count(item.votes, 'vote')})" if name == "huggingface" and item.votes else ""
    return escape(words.source(name)) + votes


def _authors(item: ItemView) -> tuple[str, ...]:
    named = tuple(n for a in item.authors if (n := " ".join(clean(plain(a)).split())))
    rest = len(named) - MAX_AUTHORS
    return (*named[:MAX_AUTHORS], f"{rest} more") if rest > 0 else named


def _tags(item: ItemView) -> tuple[Tag, ...]:
    level = [Tag(f"level-{item.level}", f"Level {item.level}: {words.level(item.level)}")] if item.level is not None else []
    topics = [Tag(t.slug, words.topic(t.slug)) for t in item.topics]
    cleaned = (Tag(clean(t.term), clean(t.label)) for t in [*level, *topics])
    return tuple(t for t in cleaned if t.term)


def clean(text: str) -> str:
    """The text without what must not stand in XML."""
    return _NOT_XML.sub("", text)


def _web_address(url: str) -> str:
    """An http(s) address of plain ASCII; empty for anything else, since readers make it a link."""
    outside = address.outside(clean(url))
    return quote(outside, safe=_SAFE) if outside else ""


def _absolute(base: str, relative: str) -> str:
    return f"{base}/{relative.removeprefix('./')}"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _urn(name: str) -> str:
    return uuid5(NAMESPACE, name).urn

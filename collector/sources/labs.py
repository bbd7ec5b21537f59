"""A lab's feed as a source: RSS or Atom, fetched only when it changed.

The whole feed is taken each time it changes, not only the window: feeds bring posts late and date them back, and a post
that is known already costs nothing.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from collector import clean
from collector.identity import arxiv_id
from collector.sources.base import Fetcher, Finish, Harvest, Page, Validators, Window
from collector.sources.feed_document import parse_feed
from collector.sources.lab_feeds import Feed, load_feeds
from collector.sources.lab_titles import clean_title
from staycurrent.errors import Empty
from staycurrent.types import Json, Kind, ParsedItem

__all__ = ["Feed", "LabFeed", "ParsedFeed", "load_feeds", "parse_posts"]

ABSTRACT_LIMIT = 5_000
MENTIONS_LIMIT = 50
_ADDRESS = re.compile(r"https?://[^\s\"'<>()\[\]{}]+")
_RELEASES = re.compile(r"https://github\.com/[\w.-]+/([\w.-]+)/releases\.atom")
_FIRST_YEAR = 1990


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A feed's posts, newest day first as the feed has them; `skipped` had no title or no usable address."""

    items: list[ParsedItem]
    skipped: int = 0
    title: str = ""


@dataclass(frozen=True, slots=True)
class LabFeed:
    """The posts of one lab feed."""

    feed: Feed
    by_day: bool = False

    @property
    def name(self) -> str:
        return self.feed.source

    def collect(self, fetcher: Fetcher, window: Window, now: datetime, validators: Validators | None = None) -> Harvest:
        """One page with the whole feed, or nothing where it did not change. Raises `Empty` for a feed without posts."""
        last = min(window.until, now.date())
        answer = fetcher.get(self.feed.url, validators=validators, accept=("xml",), public=self.feed.public_only)
        if answer.not_modified:
            return Finish(watermark=last, validators=validators, empty_is_fine=True)
        # Relative links are relative to the address that answered, after redirects.
        parsed = parse_posts(answer.body, self.feed, url=answer.url or self.feed.url, content_type=answer.content_type)
        # Posts dated ahead are stored too, for a feed may drop them before their day comes; lists show them from then on.
        yield Page(tuple(parsed.items))
        return Finish(
            watermark=last,
            validators=answer.validators,
            expected=len(parsed.items),
            empty_is_fine=not parsed.items and not parsed.skipped,
            note=f"{parsed.skipped} entries without title or address" if parsed.skipped else None,
        )


def parse_posts(body: bytes, feed: Feed, *, url: str = "", content_type: str = "") -> ParsedFeed:
    """The posts of a feed. Raises `Incomplete`, `UnexpectedContent` and, for a feed without entries, `Empty`."""
    base = url or feed.url
    document = parse_feed(body, url=base, content_type=content_type)
    repository = _released_repository(feed.url)
    if not document.entries and not repository:  # a repository may have released nothing yet
        raise Empty(f"{feed.name} has no entries", url=feed.url)
    items: dict[str, ParsedItem] = {}
    skipped = 0
    for entry in document.entries:
        item = _post(entry, feed, base, repository)
        if item is None:
            skipped += 1
        else:
            items.setdefault(item.key, item)
    return ParsedFeed(list(items.values()), skipped, document.title)


def _released_repository(url: str) -> str:
    """The name of the repository whose releases on GitHub this feed is, or nothing."""
    found = _RELEASES.fullmatch(url)
    return found[1] if found else ""


def _post(entry: Mapping[str, Any], feed: Feed, base: str, repository: str) -> ParsedItem | None:
    raw_title = clean.plain(_text(entry, "title"))
    if repository and raw_title and repository.lower() not in raw_title.lower():
        raw_title = f"{repository} {raw_title}"  # "v1.0.0" alone says nothing
    headline = clean_title(raw_title, _tags(entry))
    guid = clean.fold(_text(entry, "id"))
    if "<" in guid:  # no identifier, but an attempt to put markup where one is shown
        guid = ""
    url = _link(entry, base) or clean.http_url(guid)
    if not headline.title or not url:
        return None
    bodies = _bodies(entry)
    abstract = clean.plain(bodies[0]) if bodies else ""
    if abstract == raw_title:  # scraped feeds repeat the title
        abstract = headline.subtitle
    published = _moment(entry, "published_parsed") or _moment(entry, "updated_parsed")
    paper_id = arxiv_id(url)
    return ParsedItem(
        source=feed.source,
        key=guid or url,
        kind=Kind.PAPER if paper_id else Kind.POST,
        title=headline.title,
        url=url,
        abstract=clean.capped(abstract, ABSTRACT_LIMIT),
        authors=_authors(entry),
        arxiv_id=paper_id,
        published=published,
        updated=_moment(entry, "updated_parsed") or published,
        listed_on=published.date() if published else None,
        lab=feed.lab,
        lab_official=feed.official,
        extra=_mentions(bodies, paper_id),
    )


def _text(entry: Mapping[str, Any], name: str) -> str:
    # dict.get: feedparser's own `get` answers for absent fields with others, and warns about it.
    value = dict.get(entry, name) if isinstance(entry, dict) else entry.get(name)
    return value if isinstance(value, str) else ""


def _link(entry: Mapping[str, Any], base: str) -> str | None:
    """The entry's page. `javascript:` and other schemes are no address."""
    link = clean.fold(_text(entry, "link"))
    return clean.http_url(link, base) if link else None


def _bodies(entry: Mapping[str, Any]) -> list[str]:
    """The summary and the contents, as the feed's HTML; the first that is there is the abstract."""
    contents = [part for part in entry.get("content") or () if isinstance(part, Mapping)]
    return [body for body in (_text(entry, "summary"), *(_text(part, "value") for part in contents)) if body]


def _tags(entry: Mapping[str, Any]) -> list[str]:
    return [clean.fold(_text(tag, "term")) for tag in entry.get("tags") or () if isinstance(tag, Mapping)]


def _authors(entry: Mapping[str, Any]) -> tuple[str, ...]:
    names = [clean.plain(_text(author, "name")) for author in entry.get("authors") or () if isinstance(author, Mapping)]
    return tuple(dict.fromkeys(name for name in names if name))


def _moment(entry: Mapping[str, Any], name: str) -> datetime | None:
    """feedparser's nine numbers, which are UTC, as a time; None where they are none or nonsense."""
    numbers = dict.get(entry, name) if isinstance(entry, dict) else None
    try:
        moment = datetime.fromtimestamp(calendar.timegm(numbers), UTC) if numbers else None
    except (ValueError, TypeError, OverflowError, OSError):
        return None
    return moment if moment and moment.date() >= date(_FIRST_YEAR, 1, 1) else None


def _mentions(bodies: list[str], own: str | None) -> dict[str, Json]:
    """The papers that the post links to."""
    addresses = (address.rstrip(".,;:") for body in bodies for address in _ADDRESS.findall(body))
    found = dict.fromkeys(arxiv_id(address) for address in addresses)
    ids: list[Json] = [paper_id for paper_id in found if paper_id and paper_id != own]
    return {"mentions": ids[:MENTIONS_LIMIT]} if ids else {}

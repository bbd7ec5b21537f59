"""RSS and Atom through feedparser, with the checks that it leaves to its caller."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import feedparser

from collector import clean
from staycurrent.errors import Incomplete, UnexpectedContent

_END = re.compile(rb"</(?:[\w-]+:)?(?:rss|feed|RDF)\s*>", re.IGNORECASE)
_TAIL = 4096
"""Bytes at the end in which the root must close; caches append comments behind it."""


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """A feed that is a feed. Entries are feedparser's dictionaries: outside data, trusted in nothing."""

    title: str
    entries: list[Mapping[str, Any]]


def parse_feed(body: bytes, *, url: str = "", content_type: str = "") -> FeedDocument:
    """The feed in these bytes. Raises `Incomplete` and `UnexpectedContent`.

    Damage that feedparser could repair is accepted; damage that left nothing is not a feed.
    """
    body = clean.xml_bytes(body)
    # No content-location: feedparser would resolve guids against it, and a feed that moves would be all new.
    headers = {"content-type": content_type} if content_type else {}
    try:
        # A stream, not bytes: feedparser would take bytes for a file name first. Sanitising is clean.plain's business.
        parsed = feedparser.parse(BytesIO(body), response_headers=headers, sanitize_html=False)
    except (ValueError, LookupError, RecursionError, AttributeError, TypeError, AssertionError) as error:
        raise UnexpectedContent(f"a feed that cannot be read: {type(error).__name__}", url=url) from error
    if not parsed.get("version"):
        raise UnexpectedContent("not RSS or Atom", url=url)
    if not _END.search(body[-_TAIL:]):
        raise Incomplete("the feed ends before its end", url=url)
    entries = [entry for entry in parsed.get("entries", []) if isinstance(entry, Mapping)]
    if parsed.get("bozo") and not entries:
        raise UnexpectedContent("a feed that is not well-formed", url=url)
    return FeedDocument(clean.plain(str(parsed.feed.get("title") or "")), entries)

"""A feed as Atom (RFC 4287), RSS 2.0 or JSON Feed 1.1. Pure.

Written with lxml, which escapes, instead of a feed library: the one for Python that is kept up knows no JSON Feed and
brings a second XML writer, for some sixty lines that name elements.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from lxml import etree

from dashboard.api.feed import Entry, Feed
from staycurrent import __version__
from staycurrent.shapes import moment

ATOM = "http://www.w3.org/2005/Atom"
DUBLIN_CORE = "http://purl.org/dc/elements/1.1/"
MEDIA_TYPES = {"atom": "application/atom+xml", "rss": "application/rss+xml", "json": "application/feed+json"}
_LESS_EXACT = {"atom": ("application/xml", "text/xml"), "rss": ("application/xml", "text/xml"), "json": ("application/json",)}
LANGUAGE = "en"
MINUTES_TO_LIVE = 60


def accepted(kind: str) -> tuple[str, ...]:
    """The media types that a client may ask for to get this format."""
    return (MEDIA_TYPES[kind], *_LESS_EXACT[kind])


def render(kind: str, feed: Feed) -> bytes:
    """The feed as a document in UTF-8."""
    return _RENDERERS[kind](feed)


def atom(feed: Feed) -> bytes:
    """RFC 4287."""
    root = etree.Element(f"{{{ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": LANGUAGE}, nsmap={None: ATOM})
    _add(root, "id", feed.id)
    _add(root, "title", feed.title)
    _add(root, "subtitle", feed.description)
    _add(root, "updated", _rfc3339(feed.updated))
    _add(_add(root, "author"), "name", "staycurrent")
    _add(root, "link", rel="self", type=MEDIA_TYPES["atom"], href=feed.address)
    _add(root, "link", rel="alternate", type="text/html", href=feed.home)
    _add(root, "generator", "staycurrent", version=__version__)
    for entry in feed.entries:
        _atom_entry(_add(root, "entry"), entry)
    return _document(root)


def _atom_entry(element: Any, entry: Entry) -> None:
    _add(element, "id", entry.id)
    _add(element, "title", entry.title)
    _add(element, "link", rel="alternate", href=entry.url)
    _add(element, "published", _rfc3339(entry.published))
    _add(element, "updated", _rfc3339(entry.updated))
    for name in entry.authors:
        _add(_add(element, "author"), "name", name)
    for tag in entry.tags:
        _add(element, "category", term=tag.term, label=tag.label)
    _add(element, "content", entry.html, type="html")


def _add(parent: Any, name: str, text: str | None = None, **attributes: str) -> Any:
    element = etree.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    element.text = text
    return element


def rss(feed: Feed) -> bytes:
    """RSS 2.0 with the elements that its board's profile recommends beside it: `atom:link`, `dc:creator`."""
    root = etree.Element("rss", version="2.0", nsmap={"atom": ATOM, "dc": DUBLIN_CORE})
    channel = etree.SubElement(root, "channel")
    _put(channel, "title", feed.title)
    _put(channel, "link", feed.home)
    _put(channel, "description", feed.description)
    _put(channel, "language", LANGUAGE)
    _put(channel, "lastBuildDate", format_datetime(feed.updated, usegmt=True))
    _put(channel, "generator", f"staycurrent {__version__}")
    _put(channel, "docs", "https://www.rssboard.org/rss-specification")
    _put(channel, "ttl", str(MINUTES_TO_LIVE))
    _add(channel, "link", rel="self", type=MEDIA_TYPES["rss"], href=feed.address)
    for entry in feed.entries:
        _rss_item(etree.SubElement(channel, "item"), entry)
    return _document(root)


def _rss_item(element: Any, entry: Entry) -> None:
    _put(element, "title", entry.title)
    _put(element, "link", entry.url)
    _put(element, "description", entry.html)
    _put(element, "guid", entry.id, isPermaLink="false")
    _put(element, "pubDate", format_datetime(entry.published, usegmt=True))
    for tag in entry.tags:
        _put(element, "category", tag.label)
    for name in entry.authors:
        _put(element, f"{{{DUBLIN_CORE}}}creator", name)
    _add(element, "updated", _rfc3339(entry.updated))


def _put(parent: Any, name: str, text: str, **attributes: str) -> None:
    etree.SubElement(parent, name, attributes).text = text


def _document(root: Any) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def json_feed(feed: Feed) -> bytes:
    """JSON Feed 1.1."""
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.home,
        "feed_url": feed.address,
        "description": feed.description,
        "language": LANGUAGE,
        "authors": [{"name": "staycurrent"}],
        "items": [_json_item(entry) for entry in feed.entries],
    }
    return json.dumps(document, ensure_ascii=False).encode()


def _json_item(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title,
        "content_html": entry.html,
        "date_published": _rfc3339(entry.published),
        "date_modified": _rfc3339(entry.updated),
        "authors": [{"name": name} for name in entry.authors],
        "tags": [tag.label for tag in entry.tags],
    }


def _rfc3339(value: datetime) -> str:
    return moment(value) or ""


_RENDERERS: dict[str, Callable[[Feed], bytes]] = {"atom": atom, "rss": rss, "json": json_feed}

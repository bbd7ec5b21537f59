"""The formats' own rules, checked by code: RFC 4287, the RSS 2.0 specification, JSON Feed 1.1."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

ATOM = "{http://www.w3.org/2005/Atom}"
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_FEED_ONCE = ("generator", "icon", "logo", "id", "rights", "subtitle", "title", "updated")
_ENTRY_ONCE = ("id", "content", "published", "rights", "source", "summary", "title", "updated")
_FEED = {*_FEED_ONCE, "author", "category", "contributor", "link", "entry"}
_ENTRY = {*_ENTRY_ONCE, "author", "category", "contributor", "link"}


def parse(document: bytes) -> Any:
    """XML without control characters, by a parser that forgives nothing."""
    assert not CONTROL.search(document.decode())
    return etree.fromstring(document, etree.XMLParser(resolve_entities=False, recover=False))


def atom(document: bytes) -> Any:
    """RFC 4287, sections 4.1.1, 4.1.2 and 4.2."""
    feed = parse(document)
    assert feed.tag == f"{ATOM}feed"
    assert {local(c) for c in feed} <= _FEED
    _atom_container(feed, _FEED_ONCE)
    assert [link.get("rel") for link in feed.findall(f"{ATOM}link")].count("self") == 1
    entries = feed.findall(f"{ATOM}entry")
    for entry in entries:
        assert {local(c) for c in entry} <= _ENTRY
        _atom_container(entry, _ENTRY_ONCE)
        assert entry.find(f"{ATOM}author") is not None or feed.find(f"{ATOM}author") is not None
        content = entry.find(f"{ATOM}content")
        assert content is not None or any(link.get("rel") == "alternate" for link in entry.findall(f"{ATOM}link"))
        if content is not None and content.get("type") == "html":
            assert len(content) == 0, "html is escaped text (4.1.3.3)"
    ids = [e.findtext(f"{ATOM}id") for e in entries]
    assert len(ids) == len(set(ids)), "an entry stands once (4.1.1)"
    return feed


def _atom_container(element: Any, once: tuple[str, ...]) -> None:
    names = [local(c) for c in element]
    for name in ("id", "title", "updated"):
        assert names.count(name) == 1, name
    assert all(names.count(name) <= 1 for name in once)
    assert urlsplit(element.findtext(f"{ATOM}id")).scheme, "an id is an absolute IRI (4.2.6)"
    for name in ("updated", "published"):
        for date in element.findall(f"{ATOM}{name}"):
            assert RFC3339.fullmatch(date.text), "a date construct (3.3)"
            assert datetime.fromisoformat(date.text).tzinfo
    for author in element.findall(f"{ATOM}author"):
        assert [local(c) for c in author].count("name") == 1
        assert author.findtext(f"{ATOM}name")
    links = element.findall(f"{ATOM}link")
    assert all(urlsplit(link.get("href")).scheme in ("http", "https") for link in links)
    kinds = [(link.get("type"), link.get("hreflang")) for link in links if link.get("rel") == "alternate"]
    assert len(kinds) == len(set(kinds)), "no two alternates of one type (4.1.1)"
    assert all(category.get("term") for category in element.findall(f"{ATOM}category"))


def local(element: Any) -> str:
    name = etree.QName(element)
    assert f"{{{name.namespace}}}" == ATOM, "no foreign elements"
    return str(name.localname)


def rss(document: bytes) -> Any:
    """RSS 2.0: the required elements, and those that have a form."""
    root = parse(document)
    assert (root.tag, root.get("version")) == ("rss", "2.0")
    (channel,) = root
    for name in ("title", "link", "description"):
        assert len(channel.findall(name)) == 1, name
        assert channel.findtext(name)
    assert parsedate_to_datetime(channel.findtext("lastBuildDate")).tzinfo
    assert len(channel.findall(f"{ATOM}link")) == 1
    guids = []
    for item in channel.findall("item"):
        assert item.findtext("title") or item.findtext("description")
        assert urlsplit(item.findtext("link")).scheme in ("http", "https")
        assert item.find("guid").get("isPermaLink") == "false"
        assert parsedate_to_datetime(item.findtext("pubDate")).utcoffset() is not None
        assert all(len(item.findall(n)) <= 1 for n in ("title", "link", "description", "guid", "pubDate", "author"))
        guids.append(item.findtext("guid"))
    assert len(guids) == len(set(guids))
    return channel


def json_feed(document: Any) -> Any:
    """JSON Feed 1.1."""
    assert document["version"] == "https://jsonfeed.org/version/1.1"
    assert isinstance(document["title"], str)
    assert "author" not in document, "authors since 1.1"
    for name in ("home_page_url", "feed_url"):
        assert urlsplit(document[name]).scheme in ("http", "https")
    for item in document["items"]:
        assert isinstance(item["id"], str)
        assert item["id"]
        assert isinstance(item["content_html"], str)
        assert not CONTROL.search(item["title"] + item["content_html"])
        assert all(RFC3339.fullmatch(item[name]) for name in ("date_published", "date_modified"))
        assert all(set(author) <= {"name", "url", "avatar"} and author for author in item["authors"])
        assert all(isinstance(tag, str) for tag in item["tags"])
    assert len({item["id"] for item in document["items"]}) == len(document["items"])
    return document

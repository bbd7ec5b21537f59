"""OPML 2.0 (opml.org/spec2.opml): lab feeds as a file that other feed readers take, and such files as wishes.

What OPML has no word for (lab, kind, days until the alarm) stands in attributes of our own namespace, so that a file that
staycurrent wrote brings back the same feeds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from email.utils import format_datetime
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from lxml import etree

from collector import clean
from collector.reader_feeds import LONGEST_NAME, Wish
from collector.sources.lab_feeds import DEFAULT_ALARM_DAYS, Feed
from staycurrent.errors import UsageError

NAMESPACE: Final = "urn:staycurrent:opml"
LARGEST: Final = 2 << 20
MOST_FEEDS: Final = 1_000
_DECLARATION = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_OURS: Final = f"{{{NAMESPACE}}}"


def write(feeds: Iterable[Feed], now: datetime) -> bytes:
    """The feeds as one OPML document. Credentials in an address stay at home."""
    root = etree.Element("opml", version="2.0", nsmap={"sc": NAMESPACE})
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = "Lab feeds of staycurrent"
    etree.SubElement(head, "dateCreated").text = format_datetime(now, usegmt=True)
    body = etree.SubElement(root, "body")
    for feed in feeds:
        facts = {"type": "rss", "text": feed.name, "title": feed.name, "xmlUrl": _without_credentials(feed.url)}
        ours = {"lab": feed.lab, "id": feed.id, "kind": feed.kind, "alarmDays": str(feed.alarm_days)}
        etree.SubElement(body, "outline", facts | {f"{_OURS}{name}": value for name, value in ours.items() if value})
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def _without_credentials(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def read(document: bytes) -> list[Wish]:
    """The feeds of an OPML document, each once, in its order. Raises `UsageError` for anything else."""
    root = _root(document)
    if etree.QName(root).localname.lower() != "opml":
        raise UsageError("not OPML: the document is something else")
    found: dict[str, Wish] = {}
    for outline in root.iter("outline"):
        if wish := _wish(outline):
            found.setdefault(wish.url, wish)
    if not found:
        raise UsageError("the OPML names no feed")
    if len(found) > MOST_FEEDS:
        raise UsageError(f"the OPML names {len(found):,} feeds; more than {MOST_FEEDS:,} are not taken at once")
    return list(found.values())


def _root(document: bytes) -> etree._Element:
    """The root of a document that declares nothing: neither entities nor a DTD has a place in OPML."""
    if len(document) > LARGEST:
        raise UsageError(f"the OPML is larger than {LARGEST >> 20} MiB")
    if _DECLARATION.search(document.replace(b"\x00", b"")):  # in UTF-16 every other byte is 0
        raise UsageError("the OPML declares a document type or entities, which have no place there")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UsageError(f"not OPML: {clean.capped(clean.fold(str(error)), 150)}") from error


def _wish(outline: etree._Element) -> Wish | None:
    """The feed of an outline; None for a folder, and for an address that is none."""
    plain = {str(name).lower(): clean.plain(str(value)) for name, value in outline.attrib.items()}
    url = clean.http_url(str(next((v for k, v in outline.attrib.items() if str(k).lower() == "xmlurl"), "")))
    if url is None:
        return None
    ours = {name: plain.get(f"{_OURS}{name}".lower()) for name in ("lab", "id", "kind", "alarmDays")}
    days = re.fullmatch(r"[1-9][0-9]{0,4}", ours["alarmDays"] or "")
    return Wish(
        url=url,
        lab=ours["lab"],
        id=ours["id"],
        name=clean.capped(plain.get("title") or plain.get("text") or "", LONGEST_NAME) or None,
        official=ours["kind"] == "official",  # who keeps a feed is not to be taken from a stranger's list
        alarm_days=int(days[0]) if days else DEFAULT_ALARM_DAYS,
    )

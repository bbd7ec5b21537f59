"""arXiv's RSS and Atom as a hint: which papers of the day are new, cross-listed or replaced. Pure.

Only a hint: the window is one day, a feed can be stale without saying so, and big ones are cut at 2,000 entries
(the *new* papers first, arXiv/arxiv-feed database.py), so nothing is collected from here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from collector.identity import split_arxiv_id
from collector.sources.feed_document import parse_feed
from staycurrent.errors import UnexpectedContent

STRONGEST_FIRST = ("new", "cross", "replace", "replace-cross")
_ANNOUNCED_AS = re.compile(r"Announce Type:\s*(\S+)")


@dataclass(frozen=True, slots=True)
class Announcement:
    """What the day's feed calls a paper, and the version it speaks of."""

    version: int
    announce_type: str


def parse_announcements(body: bytes) -> dict[str, Announcement]:
    """Announcements by arXiv id without version; empty on a week-end. Raises `Incomplete` and `UnexpectedContent`."""
    feed = parse_feed(body)
    if feed.title.startswith("Feed error for query"):
        raise UnexpectedContent("arXiv's RSS does not know this category")
    found: dict[str, Announcement] = {}
    for entry in feed.entries:
        paper = split_arxiv_id(str(entry.get("id") or ""))
        kind = str(entry.get("arxiv_announce_type") or _from_summary(str(entry.get("summary") or "")))
        if paper and paper[1] and kind in STRONGEST_FIRST:
            found[paper[0]] = Announcement(paper[1], kind)
    return found


def _from_summary(summary: str) -> str:
    match = _ANNOUNCED_AS.search(summary)
    return match[1] if match else ""


def merge(feeds: Iterable[Mapping[str, Announcement]]) -> dict[str, Announcement]:
    """Several categories' feeds as one: a newer version wins over a stale feed, else the strongest type."""
    merged: dict[str, Announcement] = {}
    for feed in feeds:
        for paper_id, announcement in feed.items():
            known = merged.get(paper_id)
            if known is None or _rank(announcement) < _rank(known):
                merged[paper_id] = announcement
    return merged


def _rank(announcement: Announcement) -> tuple[int, int]:
    return -announcement.version, STRONGEST_FIRST.index(announcement.announce_type)

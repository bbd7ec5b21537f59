"""Titles of scraped feeds put right: "Aug 18, 2026ScienceHow it works" is called "How it works".

Feeds that third parties scrape from pages without one carry the card's date and category glued to the title
(Olshansk/rss-feeds feed_anthropic_research.xml). Only words that are known to be categories are cut off.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

CATEGORIES = frozenset(
    {
        "Alignment",
        "Announcement",
        "Announcements",
        "Case Study",
        "Economic Research",
        "Education",
        "Engineering",
        "Event",
        "Evaluations",
        "Frontier Red Team",
        "Interpretability",
        "News",
        "Policy",
        "Product",
        "Research",
        "Science",
        "Societal Impacts",
    }
)
_DAY = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* \d{1,2}, \d{4}"
# A capital, a digit or an opening quotation mark right behind the category: glued, not a sentence that begins with it.
_GLUED = r"(?=[A-Z0-9“‘\"'])"  # noqa: RUF001
_DATED = re.compile(rf"^{_DAY}(?=\S)")
_SUBTITLE = re.compile(r"(?<=[a-z?])(?=(?:New|Our|We|How|This|In|An?|The|What|Why) )")


@dataclass(frozen=True, slots=True)
class CleanTitle:
    """The title itself, and the subtitle where one was glued to it. Both may be empty."""

    title: str
    subtitle: str = ""


def clean_title(text: str, categories: Iterable[str] = ()) -> CleanTitle:
    """The title without a glued date and category; unchanged where there is no glued date.

    `categories` are those that the entry itself names. A title that is nothing but a category is a link to a team's
    page, not a post, and comes back empty.
    """
    known = sorted(CATEGORIES.union(word for word in categories if word), key=len, reverse=True)
    if text in CATEGORIES:
        return CleanTitle("")
    words = "|".join(re.escape(word) for word in known)
    if dated := _DATED.match(text):
        return CleanTitle(re.sub(rf"^(?:{words}){_GLUED}", "", text[dated.end() :]))
    if featured := re.match(rf"^(?:{words}){_DAY}(?=\S)", text):
        title, *rest = _SUBTITLE.split(text[featured.end() :], maxsplit=1)
        return CleanTitle(title, rest[0] if rest else "")
    return CleanTitle(text)

"""How long an item takes: a first pass that takes in the gist, not a study. Pure."""

from __future__ import annotations

import re

from staycurrent.types import Kind

PAPER_MINUTES = 20
POST_MINUTES = 6
"""Where nothing more is known."""
START, A_PAGE = 5, 1.25
"""Finding into a paper, and then each of its pages; 12 pages make the 20 minutes of a paper that does not tell."""
LEAST_PAGES, MOST_PAGES = 2, 40
"""What lies beyond is appendix."""
_PAGES = re.compile(r"(?<![\d.,-])([0-9]{1,4})\s*(?:pages?|pp)\b", re.IGNORECASE)


def estimate(kind: Kind, comment: str | None) -> int:
    """Minutes for an item, by the page count that its authors give on arXiv ("12 pages, 5 figures"), else by its kind."""
    found = pages(comment or "")
    if found is None:
        return POST_MINUTES if kind is Kind.POST else PAPER_MINUTES
    return round(START + A_PAGE * min(max(found, LEAST_PAGES), MOST_PAGES))


def pages(comment: str) -> int | None:
    """The first page count that a comment names, None where it names none."""
    match = _PAGES.search(comment)
    return int(match[1]) or None if match else None

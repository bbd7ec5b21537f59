"""Hugging Face Daily Papers, read as raw JSON day by day.

Not through `huggingface_hub`, whose `list_daily_papers` drops repository, stars and organization (tried with 2.4.0),
and not by week, since the API refuses W53, which 2026 has.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from collector import clean
from collector.identity import arxiv_id
from collector.sources import untrusted
from collector.sources.base import Fetcher, Finish, Harvest, Page, Validators, Window
from collector.sources.untrusted import Fields
from staycurrent.errors import Empty, UnexpectedContent
from staycurrent.types import DayCount, Json, Kind, ParsedItem, Repository

LOOK_BACK = 14
"""Days read again each run: votes move, and a paper may come up to 14 days late (Hugging Face's own limit)."""
PAGE_SIZE = 100
MAX_PAGES = 20
_QUIET_WEEKDAYS = 3
"""So many weekdays without a single paper are no holiday any more."""
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class ParsedDay:
    """One page of a day's list. `listed` counts its entries, the skipped ones included."""

    items: list[ParsedItem]
    listed: int
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class HuggingFace:
    """The papers of each day, with votes, organization and repository."""

    base_url: str
    token: str = field(default="", repr=False)
    name: str = "huggingface"
    by_day: bool = True

    def collect(self, fetcher: Fetcher, window: Window, now: datetime, validators: Validators | None = None) -> Harvest:
        """One page per day, oldest first. Raises `Empty` where even three weekdays hold nothing."""
        today = now.date()
        seen: set[str] = set()
        skipped = 0
        silent = busy = 0
        days: list[DayCount] = []
        for day in days_to_read(window, today):
            listed = readable = 0
            items: list[ParsedItem] = []
            for page in self._pages(fetcher, day):
                listed += page.listed
                readable += page.listed - page.skipped
                skipped += page.skipped
                items += [item for item in page.items if item.key not in seen]
                seen.update(item.key for item in page.items)
            days.append(DayCount(day, listed, readable))
            yield Page(tuple(items))
            if day.weekday() < _SATURDAY and day < today:
                silent += not listed
                busy += bool(listed)
        if silent >= _QUIET_WEEKDAYS and not busy and not seen:
            raise Empty(f"Hugging Face lists no paper on {silent} weekdays", url=self.base_url)
        return Finish(
            watermark=min(window.until, today),
            expected=len(seen),
            days=tuple(count for count in days if count.expected),
            empty_is_fine=not seen,
            note=f"{skipped} entries without arXiv id or title" if skipped else None,
        )

    def _pages(self, fetcher: Fetcher, day: date) -> Generator[ParsedDay, None, None]:
        url = f"{self.base_url}/api/daily_papers"
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else None
        for number in range(MAX_PAGES):
            params = {"date": day.isoformat(), "limit": str(PAGE_SIZE), "p": str(number)}
            page = parse_day(fetcher.get(url, params=params, headers=headers, accept=("json",)).body, day)
            yield page
            if page.listed < PAGE_SIZE:
                return


def days_to_read(window: Window, today: date) -> list[date]:
    """The window and the days that are read again, oldest first; never a day after today or after the window."""
    last = min(window.until, today)
    again = {today - timedelta(days=n) for n in range(LOOK_BACK)}
    return sorted(day for day in {*window.days(), *again} if day <= last)


def parse_day(body: bytes, asked: date) -> ParsedDay:
    """One page of a day's list. Raises `UnexpectedContent` where it is no list."""
    entries = untrusted.load(body)
    if not isinstance(entries, list):
        raise UnexpectedContent("Hugging Face's daily papers are not a list")
    parsed = [_entry(untrusted.fields(entry), asked) for entry in entries]
    items = {item.key: item for item in parsed if item}
    return ParsedDay(list(items.values()), listed=len(entries), skipped=parsed.count(None))


def _entry(entry: Fields, asked: date) -> ParsedItem | None:
    paper = untrusted.fields(entry.get("paper"))
    paper_id = arxiv_id(untrusted.text(paper, "id") or "")
    title = untrusted.text(paper, "title") or untrusted.text(entry, "title")
    if not paper_id or not title:
        return None
    # The organization is not in the documented schema; collectors have met it in both places.
    organization = untrusted.fields(paper.get("organization")) or untrusted.fields(entry.get("organization"))
    stars = untrusted.count(paper, "githubStars")
    return ParsedItem(
        source="huggingface",
        key=paper_id,
        kind=Kind.PAPER,
        title=title,
        url=f"https://huggingface.co/papers/{paper_id}",
        abstract=untrusted.text(paper, "summary") or untrusted.text(entry, "summary") or "",
        authors=_authors(paper),
        arxiv_id=paper_id,
        published=untrusted.moment(paper, "publishedAt") or untrusted.moment(entry, "publishedAt"),
        # The day that the entry itself names: a date without papers may be answered with another day's.
        listed_on=untrusted.day(paper, "submittedOnDailyAt") or asked,
        organization=untrusted.text(organization, "name"),
        votes=untrusted.count(paper, "upvotes"),
        stars=stars,
        comments=untrusted.count(entry, "numComments"),
        repositories=_repositories(paper, stars),
        extra=_extra(paper, organization),
    )


def _authors(paper: Fields) -> tuple[str, ...]:
    names = (untrusted.text(author, "name") for author in untrusted.items(paper.get("authors")))
    return tuple(name for name in names if name)


def _repositories(paper: Fields, stars: int | None) -> tuple[Repository, ...]:
    url = clean.http_url(untrusted.text(paper, "githubRepo") or "")
    return (Repository(url, stars),) if url else ()


def _extra(paper: Fields, organization: Fields) -> dict[str, Json]:
    facts: dict[str, Json] = {
        "organization_name": untrusted.text(organization, "fullname"),
        "project_page": clean.http_url(untrusted.text(paper, "projectPage") or ""),
        "discussion": untrusted.text(paper, "discussionId"),
        "withdrawn_at": untrusted.text(paper, "withdrawnAt"),
        "keywords": list(untrusted.texts(paper, "ai_keywords")),
    }
    return {name: value for name, value in facts.items() if value}

"""The arXiv source: one OAI-PMH harvest per category, with the day's announce types from RSS where there are any.

OAI-PMH is arXiv's own way "to keep an up-to-date copy" (info.arxiv.org/help/bulk_data): it selects by the day of the
last change, so nothing that moderation held back is lost, and revisions and withdrawals come with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from collector.sources.arxiv_api import ArxivApi
from collector.sources.arxiv_calendar import must_announce
from collector.sources.arxiv_oai import OaiPage, listed_on, parse_page
from collector.sources.arxiv_rss import Announcement, merge, parse_announcements
from collector.sources.base import Fetcher, Finish, Harvest, Page, Validators, Window
from staycurrent.errors import Empty, FetchError, Forbidden, UnexpectedContent
from staycurrent.types import DayCount, ParsedItem

MAX_PAGES = 400
"""Pages of 2,500 records per category; a million records is more than any category has."""
_OWN_GROUP = frozenset({"cs", "econ", "eess", "math", "q-bio", "q-fin", "stat"})


@dataclass(frozen=True, slots=True)
class Arxiv:
    """Papers announced or revised in the window, in any of the categories."""

    oai_url: str
    rss_url: str
    api_url: str
    categories: tuple[str, ...]
    name: str = "arxiv"
    by_day: bool = True

    def collect(self, fetcher: Fetcher, window: Window, now: datetime, validators: Validators | None = None) -> Harvest:
        """One page per OAI page. Raises `Empty` where arXiv must have announced something and delivered nothing."""
        # A feed speaks of today only: no hint for a window that ended before.
        hints, note = self._announced(fetcher) if window.until >= now.date() else ({}, None)
        progress = _Progress(merge(hints.values()))
        for category in self.categories:
            records = yield from self._harvest(fetcher, category, window, now, progress)
            if not records and hints.get(category):
                progress.silent.append(category)
        if missing := progress.announced_only():
            # Announced in the feed, absent from OAI-PMH: the third door has them, or the day stays partial.
            found, why = self._look_up(fetcher, missing)
            yield Page(progress.take_looked_up(found, now.date()))
            note = _joined((note, why))
        return _finish(progress, window, now, note)

    def _look_up(self, fetcher: Fetcher, ids: Iterable[str]) -> tuple[list[ParsedItem], str | None]:
        try:
            return ArxivApi(fetcher, self.api_url).by_ids(ids), None
        except Forbidden:
            raise
        except FetchError as error:
            return [], f"no look-up of what OAI-PMH lacks ({error.reason})"

    def _announced(self, fetcher: Fetcher) -> tuple[dict[str, dict[str, Announcement]], str | None]:
        """The day's announcements by category, and why they are not complete. One feed each: long ones lose new papers."""
        feeds: dict[str, dict[str, Announcement]] = {}
        missing: list[str] = []
        for n, category in enumerate(self.categories):
            try:
                answer = fetcher.get(f"{self.rss_url}/{category}", accept=("xml",))
                feeds[category] = parse_announcements(answer.body)
            except Forbidden:
                raise
            except FetchError as error:
                if error.transient:
                    # It was waited for, up to 20 minutes; the other feeds stand at the same address.
                    missing.append(f"{', '.join(self.categories[n:])} ({error.reason})")
                    break
                missing.append(f"{category} ({error.reason})")
        return feeds, f"no announce types for {', '.join(missing)}" if missing else None

    def _harvest(
        self, fetcher: Fetcher, category: str, window: Window, now: datetime, progress: _Progress
    ) -> Generator[Page, None, int]:
        """The pages of a category; returns how many records it has in the window."""
        params = {"verb": "ListRecords", "metadataPrefix": "arXivRaw", "set": oai_set(category)}
        params["from"] = window.since.isoformat()
        if window.until < now.date():
            # arXiv's rule for staying up to date is `from` without `until`.
            params["until"] = window.until.isoformat()
        tokens: set[str] = set()
        records = 0
        while True:
            page = parse_page(fetcher.get(self.oai_url, params=params, accept=("xml",)).body)
            if tokens and not page.items and not page.skipped:
                # A token is given where a record more was found (arXiv/oaipmh, fetch_list): this is no end of a list.
                raise Empty(f"OAI-PMH breaks off in {category}: an empty page behind {records:,} records", url=self.oai_url)
            records += len(page.items) + page.skipped
            yield Page(progress.take(page))
            if page.token is None:
                return records
            if page.token in tokens or len(tokens) >= MAX_PAGES:
                raise UnexpectedContent(f"OAI-PMH leads in a circle in {category}", url=self.oai_url)
            tokens.add(page.token)
            params = {"verb": "ListRecords", "resumptionToken": page.token}


@dataclass(slots=True)
class _Progress:
    """What a run has delivered so far: a paper stands in several categories' sets and is yielded once."""

    hints: dict[str, Announcement]
    delivered: dict[str, date | None] = field(default_factory=dict)
    """Ids with the day that OAI-PMH files them under."""
    answered_on: date | None = None
    skipped: int = 0
    silent: list[str] = field(default_factory=list)
    """Categories without a record, though their feeds announce papers."""

    def take(self, page: OaiPage) -> tuple[ParsedItem, ...]:
        if self.answered_on is None and page.response_date:
            self.answered_on = page.response_date.date()
        self.skipped += page.skipped
        fresh: list[ParsedItem] = []
        for item in page.items:
            if item.arxiv_id and item.arxiv_id not in self.delivered:
                self.delivered[item.arxiv_id] = page.stamps.get(item.arxiv_id)
                fresh.append(with_hint(item, self.hints.get(item.arxiv_id)))
        return tuple(fresh)

    def announced_only(self) -> list[str]:
        """What today's feeds announced and OAI-PMH did not deliver, sorted."""
        return sorted(self.hints.keys() - self.delivered.keys())

    def take_looked_up(self, items: Iterable[ParsedItem], today: date) -> tuple[ParsedItem, ...]:
        """The papers with the day on which the feed announced them: the query API knows none, and OAI-PMH says the same."""
        fresh: list[ParsedItem] = []
        for item in items:
            if item.arxiv_id:
                self.delivered[item.arxiv_id] = None
                dated = replace(item, listed_on=listed_on(item.arxiv_id, item.versions, today))
                fresh.append(with_hint(dated, self.hints.get(item.arxiv_id)))
        return tuple(fresh)

    def days(self, today: date) -> tuple[DayCount, ...]:
        """What arXiv filed under each day and announced today, crossed with what was delivered."""
        filed = Counter(day for day in self.delivered.values() if day)
        looked_up = sum(day is None for day in self.delivered.values())
        lacking = len(self.announced_only())
        counts = {day: DayCount(day, n, n) for day, n in filed.items()}
        if self.hints:
            n = filed[today] + looked_up
            counts[today] = DayCount(today, n + lacking, n)
        return tuple(counts[day] for day in sorted(counts))


def with_hint(item: ParsedItem, hint: Announcement | None) -> ParsedItem:
    """The item with the feed's announce type, where the feed speaks of the item's newest version."""
    if hint is None or not item.versions or item.versions[-1].number != hint.version:
        return item
    return replace(item, announce_type=hint.announce_type)


def oai_set(category: str) -> str:
    """The OAI set of a category: group, archive and subject (arXiv/oaipmh); a set holds cross-listed papers too."""
    archive, _, subject = category.partition(".")
    group = archive if archive in _OWN_GROUP else "physics"
    return ":".join(part for part in (group, archive, subject) if part)


def _finish(progress: _Progress, window: Window, now: datetime, note: str | None) -> Finish:
    busy = any(must_announce(day, now) for day in window.days())
    if not progress.delivered and busy:
        raise Empty("arXiv delivered nothing for days on which it announces")
    if progress.silent:
        # What the look-up found is today's; the other days of the window are still lacking.
        raise Empty(f"OAI-PMH has nothing in {', '.join(progress.silent)}, where arXiv announces papers today")
    return Finish(
        # A window that ended in the past says nothing about the days behind it.
        watermark=min(progress.answered_on or window.until, window.until),
        expected=len(progress.delivered.keys() | progress.hints.keys()),
        days=progress.days(now.date()),
        empty_is_fine=not progress.delivered,
        note=_joined((note, f"{progress.skipped} records without id or title" if progress.skipped else None)),
    )


def _joined(notes: Iterable[str | None]) -> str | None:
    return "; ".join(note for note in notes if note) or None

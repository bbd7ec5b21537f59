"""Papers with Code (paperswithcode.co, the service that came back in May 2026): which paper has which repository.

It adds code, stars and organizations to papers; it does not announce them, so `listed_on` stays empty. Its limits and
terms are not published: few requests, and the product runs without it.
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
from staycurrent.types import Json, Kind, ParsedItem, Repository

PAGE_SIZE = 100
MAX_PAGES = 10
LOOK_BACK = timedelta(days=30)
"""Code follows a paper by weeks, so papers from before the window are still of interest."""
ORGANIZATIONS = ("openai", "deepseek-ai", "Qwen", "Anthropic", "deepmind", "facebook")
"""Organization slugs of the roadmap's six labs; each costs a request a day."""


@dataclass(frozen=True, slots=True)
class ParsedPapers:
    """One answer's papers; `applied` is the organization that the server says it filtered by."""

    items: list[ParsedItem]
    listed: int
    skipped: int = 0
    applied: str | None = None


@dataclass(slots=True)
class _Progress:
    """What a run has seen; `since` and `until` bound the day of publication."""

    since: date
    until: date
    seen: set[str] = field(default_factory=set)
    skipped: int = 0
    unfiltered: list[str] = field(default_factory=list)

    def take(self, papers: ParsedPapers) -> Page:
        self.skipped += papers.skipped
        fresh = [item for item in papers.items if item.key not in self.seen and self._in_time(item)]
        self.seen.update(item.key for item in fresh)
        return Page(tuple(fresh))

    def _in_time(self, item: ParsedItem) -> bool:
        return item.published is not None and self.since <= item.published.date() <= self.until


@dataclass(frozen=True, slots=True)
class PapersWithCode:
    """Recent and trending papers, and those of the given organizations."""

    base_url: str
    organizations: tuple[str, ...] = ORGANIZATIONS
    name: str = "paperswithcode"
    by_day: bool = False

    def collect(self, fetcher: Fetcher, window: Window, now: datetime, validators: Validators | None = None) -> Harvest:
        """A page per answer. Raises `Empty` where no recent papers are listed; a day may well trend nothing."""
        until = min(window.until, now.date())
        progress = _Progress(window.since - LOOK_BACK, until)
        for name in ("recent", "trending"):
            papers = self._ask(fetcher, f"papers/{name}", {"limit": str(PAGE_SIZE)})
            if name == "recent" and not papers.listed:
                raise Empty("Papers with Code lists no recent papers", url=self.base_url)
            yield progress.take(papers)
        for organization in self.organizations:
            yield from self._organization(fetcher, organization, progress)
        return Finish(watermark=until, expected=len(progress.seen), empty_is_fine=not progress.seen, note=_note(progress))

    def _organization(self, fetcher: Fetcher, organization: str, progress: _Progress) -> Generator[Page, None, None]:
        params = {
            "organization": organization,
            "order_by": "date_published",
            "order_dir": "desc",
            "page_size": str(PAGE_SIZE),
            "include_resources": "true",
        }
        for number in range(1, MAX_PAGES + 1):
            papers = self._ask(fetcher, "papers/", {**params, "page": str(number)})
            if (papers.applied or "").casefold() != organization.casefold():
                # A server that ignores the filter sends everybody's papers.
                progress.unfiltered.append(organization)
                return
            yield progress.take(papers)
            oldest = min((item.published.date() for item in papers.items if item.published), default=date.min)
            if papers.listed < PAGE_SIZE or oldest < progress.since:
                return

    def _ask(self, fetcher: Fetcher, path: str, params: dict[str, str]) -> ParsedPapers:
        return parse_papers(fetcher.get(f"{self.base_url}/api/v1/{path}", params=params, accept=("json",)).body)


def _note(progress: _Progress) -> str | None:
    notes = []
    if progress.skipped:
        notes.append(f"{progress.skipped} entries without key or title")
    if progress.unfiltered:
        notes.append(f"no filter by organization for {', '.join(progress.unfiltered)}")
    return "; ".join(notes) or None


def parse_papers(body: bytes) -> ParsedPapers:
    """A page of papers, or the bare list that `papers/trending` is. Raises `UnexpectedContent`."""
    document = untrusted.load(body)
    envelope = untrusted.fields(document)
    rows = document if isinstance(document, list) else envelope.get("results")
    if not isinstance(rows, list):
        raise UnexpectedContent("Papers with Code sent no list of papers")
    parsed = [_paper(untrusted.fields(row)) for row in rows]
    items = {item.key: item for item in parsed if item}
    applied = untrusted.text(untrusted.fields(envelope.get("applied_filters")), "organization")
    return ParsedPapers(list(items.values()), len(rows), parsed.count(None), applied)


def _paper(row: Fields) -> ParsedItem | None:
    paper_id = arxiv_id(untrusted.text(row, "arxiv_id") or "")
    number = untrusted.count(row, "id", "paper_id")
    key = paper_id or (str(number) if number is not None else untrusted.text(row, "id"))
    title = untrusted.text(row, "title")
    if not key or not title:
        return None
    repositories = _repositories(row)
    stars = [repository.stars for repository in repositories if repository.stars is not None]
    organizations = untrusted.items(row.get("organizations"))
    slugs = [slug for slug in (untrusted.text(entry, "slug", "name") for entry in organizations) if slug]
    return ParsedItem(
        source="paperswithcode",
        key=key,
        kind=Kind.PAPER,
        title=title,
        url=_url(row, paper_id, key),
        abstract=untrusted.text(row, "abstract") or "",
        authors=tuple(untrusted.texts(row, "authors")),
        arxiv_id=paper_id,
        published=untrusted.moment(row, "published", "date_published"),
        organization=slugs[0] if slugs else None,
        stars=max(stars, default=None),
        repositories=repositories,
        extra=_extra(row, organizations, slugs),
    )


def _url(row: Fields, paper_id: str | None, key: str) -> str:
    if paper_id:
        return f"https://arxiv.org/abs/{paper_id}"
    stated = clean.http_url(untrusted.text(row, "url_abs", "source_url") or "")
    return stated or f"https://paperswithcode.co/paper/{key}"


def _repositories(row: Fields) -> tuple[Repository, ...]:
    """Those of the list, and the single one of a trending row; each address once."""
    found: dict[str, Repository] = {}
    for entry in (*untrusted.items(row.get("repositories")), untrusted.fields(row.get("repository"))):
        if url := clean.http_url(untrusted.text(entry, "url") or ""):
            repository = Repository(url, untrusted.count(entry, "num_stars", "stars"), untrusted.flag(entry, "is_official"))
            found.setdefault(url, repository)
    return tuple(found.values())


def _extra(row: Fields, organizations: list[Fields], slugs: list[str]) -> dict[str, Json]:
    names = [untrusted.text(entry, "name") for entry in organizations]
    facts: dict[str, Json] = {
        "organizations": list(slugs),
        "organization_name": next((name for name in names if name), None),
        "conference": untrusted.text(row, "conference_name", "conference"),
    }
    return {name: value for name, value in facts.items() if value}

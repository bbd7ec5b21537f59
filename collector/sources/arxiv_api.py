"""arXiv's query API for look-ups by id and searches: the `arxiv` package behind one adapter.

The package has no timeout, ignores Retry-After, and turns an HTML error page, an error entry or a cut body into fewer
results without a word (tried with 4.0.2). So it gets its bytes from our fetcher, which waits and retries by arXiv's
terms, and only after the content has been checked. The private names used here are pinned by a contract test.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import arxiv
from lxml import etree

from collector import clean
from collector.identity import split_arxiv_id
from collector.sources.arxiv_oai import listed_on
from collector.sources.base import Fetcher
from staycurrent.errors import Empty, Incomplete, UnexpectedContent, UsageError
from staycurrent.types import Kind, ParsedItem, Version

BATCH = 100
"""Ids per request; more make arXiv slow, and one malformed id is HTTP 400 for the whole batch."""
MAX_RESULTS = 10_000
"""What a query can reach: MAX_RESULTS of arXiv/arxiv-search, search/services/index/util.py."""
_ATOM = "{http://www.w3.org/2005/Atom}"
_SEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
_WITHDRAWN = re.compile(r"^(?:this )?(?:\w+ )?(?:has been |is )?withdrawn\b", re.IGNORECASE)


class ArxivApi:
    """Look-ups by id and searches; every call asks the network through the fetcher."""

    def __init__(self, fetcher: Fetcher, api_url: str) -> None:
        self._fetcher = fetcher
        self._api_url = api_url

    def by_ids(self, ids: Iterable[str]) -> list[ParsedItem]:
        """The current versions; ids that arXiv does not know are missing. Raises `UsageError`, `FetchError`."""
        found: list[ParsedItem] = []
        for batch in _batches(_valid_ids(ids)):
            found += self._results(arxiv.Search(id_list=batch, max_results=len(batch)))
        return found

    def search(self, query: str, max_results: int = BATCH) -> list[ParsedItem]:
        """Newest submissions first, at most `max_results` (to the package itself, 0 would mean all)."""
        if max_results < 1 or not query.strip():
            return []
        by_date = arxiv.SortCriterion.SubmittedDate
        return self._results(arxiv.Search(query, max_results=min(max_results, MAX_RESULTS), sort_by=by_date))

    def _results(self, search: arxiv.Search) -> list[ParsedItem]:
        # The fetcher is polite and retries: nothing of that here a second time.
        client = arxiv.Client(page_size=min(BATCH, search.max_results or BATCH), delay_seconds=0, num_retries=0)
        client.query_url_format = f"{self._api_url}?{{}}"
        client._session = _Session(self._fetcher)  # noqa: SLF001 - the only way in
        try:
            parsed = [parse_result(result) for result in client.results(search)]
        except arxiv.ArxivError as error:
            raise UnexpectedContent(error.message, url=self._api_url) from error
        except ValueError as error:
            raise UnexpectedContent(f"an entry that cannot be read: {error}", url=self._api_url) from error
        return [item for item in parsed if item]


def _valid_ids(ids: Iterable[str]) -> list[str]:
    valid: dict[str, None] = {}
    for text in ids:
        paper = split_arxiv_id(text)
        if paper is None:
            raise UsageError(f"not an arXiv id: {clean.capped(clean.fold(text), 60)!r}")
        valid[paper[0]] = None
    return list(valid)


def _batches(ids: list[str]) -> list[list[str]]:
    return [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]


@dataclass(frozen=True, slots=True)
class _Response:
    content: bytes
    status_code: int = 200


class _Session:
    """What the package calls a session, backed by our fetcher."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> _Response:
        return _Response(checked(self._fetcher.get(url, accept=("xml",)).body))


def checked(body: bytes) -> bytes:
    """The body if it is a whole Atom feed of results. Raises `Incomplete`, `UnexpectedContent`, `Empty`."""
    body = clean.xml_bytes(body)
    if not re.search(rb"<feed[\s>]", body[:4096]):
        raise UnexpectedContent("the query API answered something else than a feed")
    if not body.rstrip().endswith(b"</feed>"):
        raise Incomplete("the query API's answer ends before its end")
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))
    except etree.XMLSyntaxError as error:
        raise UnexpectedContent(f"the query API's answer is not XML: {error.msg}") from error
    if root.tag != f"{_ATOM}feed":
        raise UnexpectedContent("the query API answered something else than a feed")
    entries = root.findall(f"{_ATOM}entry")
    for entry in entries:
        if entry.findtext(f"{_ATOM}title") == "Error":
            raise UnexpectedContent(f"arXiv: {clean.capped(clean.fold(entry.findtext(f'{_ATOM}summary') or ''), 200)}")
    if not entries and _number(root, "totalResults") > _number(root, "startIndex"):
        raise Empty("the query API counts results and sends none")
    return body


def _number(root: etree._Element, name: str) -> int:
    text = (root.findtext(f"{_SEARCH}{name}") or "").strip()
    return int(text) if re.fullmatch(r"[0-9]{1,12}", text) else 0


def parse_result(result: arxiv.Result) -> ParsedItem | None:
    """One result; None for one without a valid id or title. The API knows neither licence nor announcement day."""
    paper = split_arxiv_id(result.entry_id)
    title = clean.fold(result.title)
    if paper is None or not title:
        return None
    versions = _versions(result, paper[1] or 1)
    return ParsedItem(
        source="arxiv",
        key=f"oai:arXiv.org:{paper[0]}",
        kind=Kind.PAPER,
        title=title,
        url=f"https://arxiv.org/abs/{paper[0]}",
        abstract=clean.fold(result.summary),
        authors=tuple(clean.fold(author.name) for author in result.authors if author.name.strip()),
        arxiv_id=paper[0],
        doi=clean.fold(result.doi or "") or None,
        published=versions[0].submitted,
        updated=versions[-1].submitted,
        listed_on=listed_on(paper[0], versions, None),
        versions=versions,
        categories=_categories(result),
        comment=clean.fold(result.comment or "") or None,
        journal_ref=clean.fold(result.journal_ref or "") or None,
    )


def _versions(result: arxiv.Result, newest: int) -> tuple[Version, ...]:
    """The first and the newest; the API is silent about those between."""
    withdrawn = bool(_WITHDRAWN.match(result.comment or ""))
    if newest == 1:
        return (Version(1, result.published, withdrawn),)
    return Version(1, result.published), Version(newest, result.updated, withdrawn)


def _categories(result: arxiv.Result) -> tuple[str, ...]:
    """The primary one first; ACM and MSC classes, which stand among them, left out."""
    named = dict.fromkeys([result.primary_category, *result.categories])
    return tuple(name for name in named if re.fullmatch(r"[a-z-]+(?:\.[A-Za-z-]+)?", name))

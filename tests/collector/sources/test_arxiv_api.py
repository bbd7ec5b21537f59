from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime
from pathlib import Path

import arxiv
import pytest
from fakes import FakeFetcher
from golden import api_entry, api_feed
from hypothesis import given
from hypothesis import strategies as st

from collector.sources.arxiv_api import ArxivApi, checked
from staycurrent.errors import Empty, FetchError, Incomplete, Throttled, UnexpectedContent, UsageError
from staycurrent.types import Kind, ParsedItem, Version

URL = "https://api.example/api/query"
GOLDEN = api_feed(api_entry("2605.01234v2", comment="<arxiv:comment>9 pages</arxiv:comment>"))


def api(answer: str | FetchError) -> tuple[ArxivApi, FakeFetcher]:
    fetcher = FakeFetcher({URL: answer})
    return ArxivApi(fetcher, URL), fetcher


def test_the_private_names_of_the_package_are_there() -> None:
    client = arxiv.Client(page_size=7, delay_seconds=0, num_retries=0)
    assert hasattr(client, "_session")
    assert "{}" in client.query_url_format
    assert isinstance(arxiv.ArxivError("u", 0, "m").message, str)
    assert arxiv.SortCriterion.SubmittedDate


def test_a_paper_is_looked_up_by_id() -> None:
    client, fetcher = api(GOLDEN)
    first, second = datetime(2026, 5, 18, 9, 30, tzinfo=UTC), datetime(2026, 5, 20, 10, tzinfo=UTC)
    assert client.by_ids(["arXiv:2605.01234v1", "https://arxiv.org/abs/2605.01234"]) == [
        ParsedItem(
            source="arxiv",
            key="oai:arXiv.org:2605.01234",
            kind=Kind.PAPER,
            title="A Title",
            url="https://arxiv.org/abs/2605.01234",
            abstract="We show a thing.",
            authors=("Ada Example",),
            arxiv_id="2605.01234",
            doi="10.1000/xyz",
            published=first,
            updated=second,
            listed_on=date(2026, 5, 19),
            versions=(Version(1, first), Version(2, second)),
            categories=("cs.LG", "stat.ML"),
            comment="9 pages",
        )
    ]
    assert fetcher.urls == [
        f"{URL}?search_query=&id_list=2605.01234&sortBy=relevance&sortOrder=descending&start=0&max_results=1"
    ]


def test_ids_are_asked_for_in_batches() -> None:
    client, fetcher = api(api_feed())
    client.by_ids([f"2605.{n:05}" for n in range(1, 202)])
    assert [url.count("%2C") + 1 for url in fetcher.urls] == [100, 100, 1]


def test_a_wrong_id_is_named_before_anything_is_asked() -> None:
    client, fetcher = api(GOLDEN)
    with pytest.raises(UsageError, match="abc"):
        client.by_ids(["2605.00001", "abc"])
    assert fetcher.calls == []


def test_a_search_is_bounded() -> None:
    client, fetcher = api(api_feed(*[api_entry(f"2605.{n:05}v1") for n in range(1, 4)], total=900))
    assert len(client.search("cat:cs.LG", 3)) == 3
    assert len(fetcher.calls) == 1
    assert client.search("cat:cs.LG", 0) == []
    assert client.search(" ") == []


def test_a_withdrawn_paper_is_known_by_its_comment() -> None:
    comment = "<arxiv:comment>This paper has been withdrawn by the authors</arxiv:comment>"
    client, _ = api(api_feed(api_entry("2605.00001v2", comment=comment)))
    assert [version.withdrawn for version in client.by_ids(["2605.00001"])[0].versions] == [False, True]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("<html><body>Access denied</body></html>", UnexpectedContent),
        ("Rate exceeded.", UnexpectedContent),
        (GOLDEN[:-200], Incomplete),
        (api_feed("<entry><title>Error</title><summary>incorrect id format for abc</summary></entry>"), UnexpectedContent),
        (api_feed(total=12), Empty),
        (GOLDEN.replace("</title>", "</titel>", 1), UnexpectedContent),
        (api_feed(api_entry("2605.00001v1", published="yesterday")), UnexpectedContent),
    ],
)
def test_content_is_checked_before_the_package_reads_it(body: str, error: type[FetchError]) -> None:
    with pytest.raises(error):
        api(body)[0].by_ids(["2605.00001"])


def test_the_fetchers_errors_come_through() -> None:
    with pytest.raises(Throttled):
        api(Throttled("429"))[0].by_ids(["2605.00001"])


def test_no_result_is_no_error() -> None:
    assert api(api_feed(total=0))[0].by_ids(["0704.0001"]) == []


@given(st.integers(0, len(GOLDEN)), st.binary(max_size=12), st.integers(0, 40))
def test_no_mutation_raises_anything_but_a_fetch_error(at: int, put: bytes, cut: int) -> None:
    body = GOLDEN.encode()
    body = body[:at] + put + body[at + cut :]
    with contextlib.suppress(FetchError):
        ArxivApi(FakeFetcher({URL: body}), URL).by_ids(["2605.01234"])


@pytest.mark.upstream
def test_the_real_answers_are_read(samples: Path) -> None:
    folder = samples / "arxiv-api"
    for file in folder.glob("*.xml"):
        if file.name.startswith("id_abc"):
            with pytest.raises(UnexpectedContent, match="incorrect id format"):
                checked(file.read_bytes())
            continue
        found = ArxivApi(FakeFetcher({URL: file.read_bytes()}), URL).search("all:testing", 10)
        assert bool(found) is not file.name.startswith("id_0000")
        assert all(item.arxiv_id and item.title and item.published and item.categories for item in found)

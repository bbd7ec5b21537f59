from __future__ import annotations

import contextlib
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeFetcher, drain
from hypothesis import given
from hypothesis import strategies as st

from collector.sources.base import Window
from collector.sources.paperswithcode import PapersWithCode, parse_papers
from staycurrent.errors import Empty, FetchError, UnexpectedContent
from staycurrent.types import Kind, ParsedItem, Repository

BASE = "https://pwc.example"
API = f"{BASE}/api/v1/papers"
DAY = date(2026, 5, 20)
NOW = datetime(2026, 5, 20, 7, tzinfo=UTC)


def row(paper_id: str | None = "2605.00001", **more: Any) -> dict[str, Any]:
    return {
        "id": 260500001,
        "arxiv_id": paper_id,
        "title": "A Title",
        "abstract": "We show a thing.",
        "authors": ["Ada Example", None],
        "published": "2026-05-18",
        "organizations": [{"name": "Ada's Lab", "slug": "ada-lab"}, {"name": "Bob's Lab", "slug": "bob-lab"}],
        "repositories": [
            {"url": "https://github.com/ada/thing", "num_stars": 7, "is_official": True},
            {"url": "https://github.com/bob/thing", "stars": 9, "is_official": False},
            {"url": "ftp://x"},
        ],
        **more,
    }


def listed(*rows: dict[str, Any], **more: Any) -> str:
    return json.dumps({"count": len(rows), "results": rows, **more})


def test_a_paper_is_read_with_its_code() -> None:
    assert parse_papers(listed(row(), applied_filters={"organization": "ada-lab"}).encode()).items == [
        ParsedItem(
            source="paperswithcode",
            key="2605.00001",
            kind=Kind.PAPER,
            title="A Title",
            url="https://arxiv.org/abs/2605.00001",
            abstract="We show a thing.",
            authors=("Ada Example",),
            arxiv_id="2605.00001",
            published=datetime(2026, 5, 18, tzinfo=UTC),
            organization="ada-lab",
            stars=9,
            repositories=(
                Repository("https://github.com/ada/thing", 7, official=True),
                Repository("https://github.com/bob/thing", 9, official=False),
            ),
            extra={"organizations": ["ada-lab", "bob-lab"], "organization_name": "Ada's Lab"},
        )
    ]


def test_a_bare_list_with_a_single_repository_is_read_too() -> None:
    told = row(None, repositories=None, repository={"url": "https://github.com/ada/thing", "num_stars": 4})
    item = parse_papers(json.dumps([told | {"url_abs": "https://journal.example/1"}]).encode()).items[0]
    assert (item.key, item.url, item.stars, item.arxiv_id) == ("260500001", "https://journal.example/1", 4, None)


@pytest.mark.parametrize("body", [b"{}", b"3", b"<html>", b'{"results": 4}'])
def test_what_lists_nothing_is_unexpected(body: bytes) -> None:
    with pytest.raises(UnexpectedContent):
        parse_papers(body)


def test_recent_trending_and_organizations_are_asked() -> None:
    fetcher = FakeFetcher(
        {
            f"{API}/recent?limit=100": listed(row(), row("2605.00002"), {"title": "no key"}),
            f"{API}/trending?limit=100": json.dumps([row(), row("2601.00001", published="2026-01-05")]),
            f"{API}/?organization=ada-lab": listed(row("2605.00003"), applied_filters={"organization": "Ada-Lab"}),
            f"{API}/?organization=old": listed(row("2605.00004"), applied_filters={}),
        }
    )
    pages, finish = drain(PapersWithCode(BASE, ("ada-lab", "old")).collect(fetcher, Window(DAY, DAY), NOW))
    assert [[item.key for item in page] for page in pages] == [["2605.00001", "2605.00002"], [], ["2605.00003"]]
    assert (finish.watermark, finish.expected) == (DAY, 3)
    assert finish.note == "1 entries without key or title; no filter by organization for old"
    assert all(item.listed_on is None for page in pages for item in page)
    assert "order_by=date_published" in fetcher.urls[2]
    assert "include_resources=true" in fetcher.urls[2]


def test_an_organizations_pages_end_at_the_window() -> None:
    def page(start: int, published: str) -> str:
        rows = [row(f"2605.{start + n:05}", published=published) for n in range(100)]
        return listed(*rows, applied_filters={"organization": "ada"})

    by_date = "order_by=date_published&order_dir=desc&page_size=100&include_resources=true"
    fetcher = FakeFetcher(
        {
            f"{API}/recent": listed(row()),
            f"{API}/trending": "[]",
            f"{API}/?organization=ada&{by_date}&page=1": page(1000, "2026-05-18"),
            f"{API}/?organization=ada&{by_date}&page=2": page(2000, "2026-04-01"),
        }
    )
    pages, _ = drain(PapersWithCode(BASE, ("ada",)).collect(fetcher, Window(DAY, DAY), NOW))
    assert [len(page) for page in pages] == [1, 0, 100, 0]


def test_silence_is_a_failure() -> None:
    with pytest.raises(Empty):
        drain(PapersWithCode(BASE, ()).collect(FakeFetcher({API: "[]"}), Window(DAY, DAY), NOW))


@given(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x), max_leaves=8))
def test_no_json_raises_anything_but_a_fetch_error(value: object) -> None:
    for name in row():
        with contextlib.suppress(FetchError):
            parse_papers(json.dumps([row() | {name: value}]).encode())


@pytest.mark.upstream
def test_the_real_list_is_read(samples: Path) -> None:
    parsed = parse_papers((samples / "papers-with-code" / "paper_list_response.json").read_bytes())
    assert parsed.items
    assert parsed.skipped == 0

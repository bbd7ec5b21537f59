from __future__ import annotations

import contextlib
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from fakes import FakeFetcher, drain
from hypothesis import given
from hypothesis import strategies as st

from collector.sources.base import Window
from collector.sources.huggingface import HuggingFace, days_to_read, parse_day
from staycurrent.errors import Empty, FetchError, Incomplete, UnexpectedContent
from staycurrent.types import Kind, ParsedItem, Repository

BASE = "https://hf.example"
DAY = date(2026, 5, 20)
NOW = datetime(2026, 5, 20, 7, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["paper", "id", "title", "authors", "upvotes"]), inner),
    max_leaves=12,
)


def entry(paper_id: str = "2605.00001", day: str = "2026-05-20", **paper: Any) -> dict[str, Any]:
    return {
        "paper": {
            "id": paper_id,
            "authors": [{"_id": "1", "name": "Ada Example", "hidden": False}, {"name": 5}, "x"],
            "publishedAt": "2026-05-18T00:00:00.000Z",
            "submittedOnDailyAt": f"{day}T00:00:00.000Z",
            "title": "A  Title",
            "summary": "We show\na thing.",
            "upvotes": 44,
            "discussionId": "d1",
            **paper,
        },
        "title": "A Title",
        "numComments": 3,
    }


def test_an_entry_is_read_with_its_signals() -> None:
    told = entry(
        githubRepo="https://github.com/ada/thing",
        githubStars=7,
        projectPage="https://ada.example/thing",
        ai_keywords=["things", 4],
        organization={"_id": "o", "name": "Ada-Lab", "fullname": "Ada's Lab"},
        withdrawnAt="2026-05-21T00:00:00.000Z",
    )
    assert parse_day(json.dumps([told]).encode(), DAY).items == [
        ParsedItem(
            source="huggingface",
            key="2605.00001",
            kind=Kind.PAPER,
            title="A Title",
            url="https://huggingface.co/papers/2605.00001",
            abstract="We show a thing.",
            authors=("Ada Example",),
            arxiv_id="2605.00001",
            published=datetime(2026, 5, 18, tzinfo=UTC),
            listed_on=DAY,
            organization="Ada-Lab",
            votes=44,
            stars=7,
            comments=3,
            repositories=(Repository("https://github.com/ada/thing", 7),),
            extra={
                "organization_name": "Ada's Lab",
                "project_page": "https://ada.example/thing",
                "discussion": "d1",
                "withdrawn_at": "2026-05-21T00:00:00.000Z",
                "keywords": ["things"],
            },
        )
    ]


def test_values_of_the_wrong_type_are_missing() -> None:
    told = entry(
        upvotes="44", githubStars=True, githubRepo="javascript:x", submittedOnDailyAt=5, publishedAt="soon", authors={}
    )
    item = parse_day(json.dumps([told | {"numComments": -1, "organization": {"name": "Top"}}]).encode(), DAY).items[0]
    assert (item.votes, item.stars, item.comments, item.repositories) == (None, None, None, ())
    assert (item.published, item.authors, item.listed_on, item.organization) == (None, (), DAY, "Top")


def test_entries_without_id_or_title_are_skipped_and_counted() -> None:
    entries = [entry("nonsense"), {"paper": {"id": "2605.00001"}}, "x", entry("2605.00002")]
    parsed = parse_day(json.dumps(entries).encode(), DAY)
    assert ([item.key for item in parsed.items], parsed.listed, parsed.skipped) == (["2605.00002"], 4, 3)


@pytest.mark.parametrize("body", [b"", b'{"error": "no"}', b"<html>", b"[" * 100_000 + b"]" * 100_000, b"\xff\xfe"])
def test_what_is_no_list_is_unexpected(body: bytes) -> None:
    with pytest.raises(UnexpectedContent):
        parse_day(body, DAY)


def test_a_cut_list_is_incomplete() -> None:
    with pytest.raises(Incomplete):
        parse_day(json.dumps([entry()]).encode()[:-40], DAY)


def test_control_characters_are_dropped() -> None:
    body = json.dumps([entry(title="On t@he thing")]).encode().replace(b"@", b"\x00")
    assert parse_day(body, DAY).items[0].title == "On the thing"


def test_the_last_fourteen_days_are_read_again() -> None:
    days = days_to_read(Window(date(2026, 5, 1), DAY), DAY)
    assert (days[0], days[-1], len(days)) == (date(2026, 5, 1), DAY, 20)
    assert len(days_to_read(Window(DAY, DAY), DAY)) == 14
    assert days_to_read(Window(DAY, date(2026, 5, 25)), DAY)[-1] == DAY
    past = Window(date(2026, 3, 1), date(2026, 3, 3))
    assert days_to_read(past, DAY) == past.days()


def test_a_page_per_day_and_each_paper_once() -> None:
    fetcher = FakeFetcher(
        {
            f"{BASE}/api/daily_papers": "[]",
            f"{BASE}/api/daily_papers?date=2026-05-19": json.dumps([entry(day="2026-05-19")]),
            f"{BASE}/api/daily_papers?date=2026-05-20": json.dumps([entry(day="2026-05-19"), entry("2605.00002"), {}]),
        }
    )
    pages, finish = drain(HuggingFace(BASE, "secret").collect(fetcher, Window(DAY, DAY), NOW))
    assert [[item.key for item in page] for page in pages[-2:]] == [["2605.00001"], ["2605.00002"]]
    assert len(pages) == 14
    assert (finish.watermark, finish.expected, finish.empty_is_fine) == (DAY, 2, False)
    assert finish.note == "1 entries without arXiv id or title"
    assert fetcher.calls[0].headers == {"Authorization": "Bearer secret"}
    assert "secret" not in repr(HuggingFace(BASE, "secret"))


def test_long_days_are_read_to_their_end() -> None:
    full = json.dumps([entry(f"2605.{n:05}") for n in range(1, 101)])
    one = date(2026, 3, 2)
    fetcher = FakeFetcher(
        {f"{BASE}/api/daily_papers?date=2026-03-02&limit=100&p=0": full, BASE: json.dumps([entry("2605.00101")])}
    )
    pages, _ = drain(HuggingFace(BASE).collect(fetcher, Window(one, one), NOW))
    assert len(pages[0]) == 101
    assert fetcher.calls[0].headers == {}


def test_silence_on_many_weekdays_is_a_failure() -> None:
    with pytest.raises(Empty):
        drain(HuggingFace(BASE).collect(FakeFetcher({BASE: "[]"}), Window(DAY, DAY), NOW))


def test_a_silent_weekend_is_fine() -> None:
    window = Window(date(2026, 5, 2), date(2026, 5, 3))
    _, finish = drain(HuggingFace(BASE).collect(FakeFetcher({BASE: "[]"}), window, NOW))
    assert finish.empty_is_fine


@given(JSON)
def test_no_json_raises_anything_but_a_fetch_error(document: object) -> None:
    for told in (document, [document], [{"paper": document, "title": "t"}]):
        with contextlib.suppress(FetchError):
            parse_day(json.dumps(told).encode(), DAY)

"""Feeds that are added by hand: what they are called, what is refused, and how they stand beside the file's."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.reader_feeds import Wish, address, as_feed, checked, guess_lab, joined, plan, slugged
from collector.sources.lab_feeds import Feed, load_feeds
from staycurrent.errors import Empty, FetchError, Unsafe, UsageError
from staycurrent.store.feeds import AddedFeed
from tests.collector.fakes import FakeFetcher

OPENAI = Feed("openai", "OpenAI News", "https://openai.com/news/rss.xml", "official")
URL = "https://blog.ada.example/feed.xml"
RSS = """<rss version="2.0"><channel><title>Ada &lt;b&gt;Research&lt;/b&gt;</title>{}</channel></rss>"""
ITEM = "<item><title>A post</title><link>https://blog.ada.example/a</link></item>"
ADDED = AddedFeed("lab:ada-news", "ada", "Ada", URL, False, 7, False, datetime(2026, 5, 20, tzinfo=UTC))


def fetching(body: str) -> FakeFetcher:
    return FakeFetcher({URL: body})


def test_a_feed_is_named_by_its_title_and_host() -> None:
    fetcher = fetching(RSS.format(ITEM))
    feed = checked(fetcher, Wish(URL), [OPENAI])
    assert feed == Feed("ada", "Ada Research", URL, "official", public_only=True)
    assert [call.public for call in fetcher.calls] == [True]


def test_what_is_said_counts_more_than_what_is_guessed() -> None:
    wish = Wish(URL, "qwen", "news", "Qwen's", official=False, alarm_days=9, allow_private=True)
    fetcher = fetching(RSS.format(ITEM))
    assert checked(fetcher, wish, []) == Feed("qwen", "Qwen's", URL, "community", 9, "news")
    assert [call.public for call in fetcher.calls] == [False]


def test_a_feed_without_usable_posts_is_refused() -> None:
    for body in (RSS.format(""), RSS.format("<item><title>nowhere</title></item>")):
        with pytest.raises(Empty):
            checked(fetching(body), Wish(URL), [])


@pytest.mark.parametrize("body", ["<html><body>hi</body></html>", "{}", "<opml/>", ""])
def test_what_is_no_feed_is_refused(body: str) -> None:
    with pytest.raises(FetchError):
        checked(fetching(body), Wish(URL), [])


def test_a_private_address_is_a_wrong_call_that_names_the_flag() -> None:
    fetcher = FakeFetcher({URL: Unsafe("blog.ada.example is no public address")})
    with pytest.raises(UsageError, match="--allow-private"):
        checked(fetcher, Wish(URL), [])


@pytest.mark.parametrize("url", [URL, "http://www.blog.ada.example/feed.xml/", f"{URL}#top"])
def test_a_feed_that_is_there_is_refused_unfetched(url: str) -> None:
    fetcher = fetching(RSS.format(ITEM))
    with pytest.raises(UsageError, match="there already, as lab:ada-news"):
        checked(fetcher, Wish(url), [as_feed(ADDED)])
    assert fetcher.calls == []


def test_a_name_that_is_taken_is_refused() -> None:
    with pytest.raises(UsageError, match="--name"):
        plan(Wish(URL, name="openai NEWS"), [OPENAI])


def test_a_further_feed_of_a_lab_gets_an_id() -> None:
    first = plan(Wish(URL, "openai", name="A"), [OPENAI])
    second = plan(Wish("https://blog.ada.example/2", "openai", name="B two"), [OPENAI, first])
    assert (first.source, second.source) == ("lab:openai-ada", "lab:openai-b-two")
    third = Wish("https://blog.ada.example/3", "openai", name="B: two")
    with pytest.raises(UsageError, match="--id"):
        plan(third, [OPENAI, first, second])
    with pytest.raises(UsageError, match="taken"):
        plan(replace(third, id="ada"), [OPENAI, first, second])


@pytest.mark.parametrize(
    ("url", "name", "lab"),
    [
        ("https://openai.com/other.xml", "Whatever", "openai"),
        ("https://www.anthropic.com/feed", "News", "anthropic"),
        ("https://github.com/deepseek-ai/X/releases.atom", "Releases", "deepseek"),
        ("https://raw.githubusercontent.com/zed/feeds/main/x.xml", "Feed of Zed", "zed"),
        ("https://zed.github.io/feed", "Z", "zed"),
        ("https://lab.zed.ac.uk/feed", "Z", "zed"),
        ("https://192.0.2.7/feed", "Łab of Zoë & Co", "ab-of-zoe-co"),
        ("https://localhost:8000/feed", "Qwen", "qwen"),
    ],
)
def test_the_lab_is_guessed(url: str, name: str, lab: str) -> None:
    assert guess_lab(url, name, [OPENAI]) == lab


def test_where_no_lab_can_be_guessed_it_must_be_named() -> None:
    with pytest.raises(UsageError, match="--lab"):
        plan(Wish("https://192.0.2.7/feed", name="実験"), [])


@pytest.mark.parametrize("wish", [Wish(URL, lab="No Slug"), Wish(URL, lab="a" * 61), Wish(URL, lab="x", id="-")])
def test_slugs_are_slugs(wish: Wish) -> None:
    with pytest.raises(UsageError, match="slug"):
        plan(wish, [])


@pytest.mark.parametrize(
    "text", ["", "ftp://a.example", "javascript:alert(1)", "a.example/feed", "https://", f"https://a.example/{'x' * 2000}"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="http"):
        address(text)


def test_added_feeds_stand_beside_the_file_s_and_the_file_wins() -> None:
    own = Feed("ada", "Ada of the file", "https://other.example/", "official", id="news")
    assert joined([OPENAI], [ADDED]) == (OPENAI, Feed("ada", "Ada", URL, "community", 7, "news", public_only=True))
    assert joined([own], [ADDED]) == (own,)
    assert not any(feed.public_only for feed in load_feeds())


@given(st.text(max_size=300), st.text(max_size=100), st.from_regex(r"[a-z0-9.-]{1,60}", fullmatch=True))
def test_any_title_on_any_host_makes_a_feed_or_a_plain_refusal(name: str, path: str, host: str) -> None:
    feed = None
    with contextlib.suppress(UsageError):
        feed = plan(Wish(f"https://{host}/{path}", name=name), [OPENAI])
    if feed is None:
        return
    assert slugged(feed.lab) == feed.lab
    assert len(feed.source) <= 80
    assert 0 < len(feed.name) <= 200

from __future__ import annotations

import contextlib
import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from fakes import FakeFetcher, drain
from hypothesis import given
from hypothesis import strategies as st

from collector.sources.base import Fetched, Validators, Window
from collector.sources.lab_titles import CleanTitle, clean_title
from collector.sources.labs import ABSTRACT_LIMIT, Feed, LabFeed, parse_posts
from staycurrent.errors import Empty, FetchError, Incomplete, UnexpectedContent
from staycurrent.types import Kind, ParsedItem

FEED = Feed("ada", "Ada's Lab", "https://ada.example/blog/rss.xml", "official")
SCRAPED = Feed("ada", "Ada's Lab", "https://raw.example/ada.xml", "community", id="news")
NOW = datetime(2026, 5, 20, 7, tzinfo=UTC)
WINDOW = Window(date(2026, 5, 19), date(2026, 5, 20))


def rss_item(
    title: str = "A Post",
    link: str = "<link>https://ada.example/blog/a-post</link>",
    guid: str = '<guid isPermaLink="false">post-1</guid>',
    when: str = "<pubDate>Tue, 19 May 2026 23:30:00 -0400</pubDate>",
    body: str = "<description>We show.</description>",
) -> str:
    return f"<item><title>{title}</title>{link}{guid}{when}{body}</item>"


def rss(*items: str) -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Ada</title>
<link>https://ada.example/blog</link><description>d</description>{"".join(items)}</channel></rss>
<!-- cached -->"""


ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>Ada</title><id>tag:ada</id><updated>2026-05-20T00:00:00Z</updated>
<entry><title>A paper</title><id>72c64cd9</id><link href="https://arxiv.org/abs/2605.00001v2"/>
<updated>2026-05-18T00:00:00+00:00</updated><summary type="html">&lt;p&gt;Read &lt;a href="https://arxiv.org/abs/2605.00002"&gt;this
&lt;/a&gt;&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;</summary></entry></feed>"""


def one(item: str, feed: Feed = FEED) -> ParsedItem:
    (post,) = parse_posts(rss(item).encode(), feed).items
    return post


def test_a_post_is_read() -> None:
    moment = datetime(2026, 5, 20, 3, 30, tzinfo=UTC)
    assert one(rss_item()) == ParsedItem(
        source="lab:ada",
        key="post-1",
        kind=Kind.POST,
        title="A Post",
        url="https://ada.example/blog/a-post",
        abstract="We show.",
        published=moment,
        updated=moment,
        listed_on=date(2026, 5, 20),
        lab="ada",
        lab_official=True,
    )


def test_an_entry_that_links_to_a_paper_is_that_paper() -> None:
    (paper,) = parse_posts(ATOM.encode(), SCRAPED).items
    assert (paper.kind, paper.arxiv_id, paper.key, paper.source) == (Kind.PAPER, "2605.00001", "72c64cd9", "lab:ada-news")
    assert paper.url == "https://arxiv.org/abs/2605.00001v2"
    assert (paper.abstract, paper.extra) == ("Read this", {"mentions": ["2605.00002"]})
    assert (paper.listed_on, paper.lab_official) == (date(2026, 5, 18), False)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("AT&amp;amp;T &lt;b&gt;bold&lt;/b&gt;", "AT&T bold"),
        ("<![CDATA[Fine &amp; <em>good</em>]]>", "Fine & good"),
        ("5 &lt; 6 and 7 &gt; 6", "5 < 6 and 7 > 6"),
        ("  folded \n title  ", "folded title"),
    ],
)
def test_titles_are_plain_text(title: str, expected: str) -> None:
    assert one(rss_item(title)).title == expected


@pytest.mark.parametrize(
    ("link", "guid", "url"),
    [
        ("<link>/blog/b</link>", "<guid>x</guid>", "https://ada.example/blog/b"),
        ("<link>javascript:alert(1)</link>", "<guid>https://ada.example/g</guid>", "https://ada.example/g"),
        ("", '<guid isPermaLink="true">https://ada.example/g</guid>', "https://ada.example/g"),
        ("<link>https://ada.example/c?a=1&amp;b=2</link>", "", "https://ada.example/c?a=1&b=2"),
    ],
)
def test_addresses_are_resolved(link: str, guid: str, url: str) -> None:
    assert one(rss_item(link=link, guid=guid)).url == url


def test_entries_without_address_or_title_are_skipped() -> None:
    nowhere = rss_item(link="<link>javascript:alert(1)</link>", guid='<guid isPermaLink="false">x</guid>')
    parsed = parse_posts(rss(nowhere, rss_item(title=""), rss_item()).encode(), FEED)
    assert (len(parsed.items), parsed.skipped) == (1, 2)


@pytest.mark.parametrize("when", ["", "<pubDate>soon</pubDate>", "<pubDate>Thu, 01 Jan 1970 00:00:00 GMT</pubDate>"])
def test_a_date_that_is_none_is_none(when: str) -> None:
    post = one(rss_item(when=when))
    assert (post.published, post.listed_on) == (None, None)


def test_long_texts_are_cut_and_markup_removed() -> None:
    body = f"<description><![CDATA[<p>one</p><p>two<style>x</style></p>{'word ' * 3000}]]></description>"
    abstract = one(rss_item(body=body)).abstract
    assert abstract.startswith("one two word word")
    assert len(abstract) <= ABSTRACT_LIMIT
    assert abstract.endswith("word…")


def test_a_repeated_title_is_no_abstract() -> None:
    assert one(rss_item("A Post", body="<description>A Post</description>")).abstract == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Aug 18, 2026ScienceHow it works", CleanTitle("How it works")),
        ("Aug 13, 2026Frontier Red TeamPatterns in systems", CleanTitle("Patterns in systems")),
        ("Jul 8, 2026AlignmentAn off switch", CleanTitle("An off switch")),
        ("Jul 8, 2026OpenMind grows", CleanTitle("OpenMind grows")),
        ("Jul 8, 2026Robotics LabA thing", CleanTitle("A thing")),
        ("Jul 8, 2026Sciences meet", CleanTitle("Sciences meet")),
        (
            "InterpretabilityJul 6, 2026A space in modelsNew research shows it",
            CleanTitle("A space in models", "New research shows it"),
        ),
        ("AlignmentMay 8, 2026Teaching it", CleanTitle("Teaching it")),
        ("Frontier Red Team", CleanTitle("")),
        ("Science and society", CleanTitle("Science and society")),
        ("Aug 18, 2026 in review", CleanTitle("Aug 18, 2026 in review")),
        ("How OpenAI and DeepMind work", CleanTitle("How OpenAI and DeepMind work")),
    ],
)
def test_glued_titles_are_put_right(text: str, expected: CleanTitle) -> None:
    assert clean_title(text, ["Robotics Lab"]) == expected


def test_an_unchanged_feed_is_fine() -> None:
    known = Validators('"tag"', None)
    fetcher = FakeFetcher({FEED.url: Fetched(FEED.url, 304, b"", not_modified=True)})
    pages, finish = drain(LabFeed(FEED).collect(fetcher, WINDOW, NOW, known))
    assert (pages, finish.empty_is_fine, finish.validators) == ([], True, known)
    assert fetcher.calls[0].validators == known


def test_a_changed_feed_is_one_page() -> None:
    body = rss(rss_item(), rss_item(), rss_item(guid="<guid>2</guid>", when="")).encode()
    answer = Fetched(FEED.url, 200, body, "application/rss+xml", Validators('"new"'))
    pages, finish = drain(LabFeed(FEED).collect(FakeFetcher({FEED.url: answer}), WINDOW, NOW))
    assert [len(page) for page in pages] == [2]
    assert (finish.validators, finish.expected, finish.watermark) == (Validators('"new"'), 2, date(2026, 5, 20))
    assert LabFeed(FEED).name == "lab:ada"


def test_a_post_dated_ahead_is_kept_with_its_day() -> None:
    body = rss(rss_item(when="<pubDate>Thu, 21 May 2026 10:00:00 GMT</pubDate>")).encode()
    answer = Fetched(FEED.url, 200, body, "application/rss+xml", Validators('"new"'))
    pages, finish = drain(LabFeed(FEED).collect(FakeFetcher({FEED.url: answer}), WINDOW, NOW))
    assert [item.listed_on for page in pages for item in page] == [date(2026, 5, 21)]
    assert finish.validators == Validators('"new"')


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (rss(), Empty),
        ("<!doctype html><html><body>Maintenance</body></html>", UnexpectedContent),
        ("", UnexpectedContent),
        ("/etc/passwd", UnexpectedContent),
        (rss(rss_item())[:-60], Incomplete),
        (rss(rss_item()).replace("<rss", '<!DOCTYPE x [<!ENTITY a "b">]><rss', 1), UnexpectedContent),
    ],
)
def test_what_is_no_feed_with_posts_is_an_error(body: str, error: type[FetchError]) -> None:
    with pytest.raises(error):
        parse_posts(body.encode(), FEED)


GOLDEN = rss(rss_item(), rss_item("B", guid="<guid>b</guid>"))


@given(st.sampled_from([GOLDEN, ATOM]), st.integers(0, 900), st.binary(max_size=12), st.integers(0, 40))
def test_no_mutation_raises_anything_but_a_fetch_error(golden: str, at: int, put: bytes, cut: int) -> None:
    body = golden.encode()
    with contextlib.suppress(FetchError):
        parse_posts(body[:at] + put + body[at + cut :], FEED)


@given(st.text())
def test_no_title_breaks_the_cleaning(text: str) -> None:
    assert isinstance(clean_title(text, [text, "", "("]), CleanTitle)


@pytest.mark.upstream
def test_the_real_feeds_are_read(samples: Path) -> None:
    feeds = sorted((samples.parent / "pack" / "feeds").glob("*.xml"))
    assert feeds or os.environ.get("UPSTREAM_DIR")
    for file in feeds:
        parsed = parse_posts(file.read_bytes(), FEED)
        assert parsed.items, file.name
        assert all(item.title and item.url.startswith("https://") for item in parsed.items), file.name
        assert sum(item.published is None for item in parsed.items) <= len(parsed.items) / 4, file.name

"""Feeds: valid by their own rules, read back by a reader, the same entries in every format, nothing unescaped."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from dashboard.api import feed, formats
from dashboard.api.feed import Place
from staycurrent.query import Query
from staycurrent.store import engine as database
from staycurrent.store import saved_queries
from staycurrent.types import ItemView, Kind, Repository, TopicScore
from tests import build
from tests.api import rules
from tests.api.conftest import HOST, NOW, Installation

QUERIES = ["", "?level=5", "?text=attention&sort=relevance", "?period=2026-05", "?month=2026-04", "?period=2026-W20&level=5"]


def get(client: TestClient, kind: str, query: str = "") -> Any:
    answer = client.get(f"/feeds/{kind}{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].split(";")[0] == formats.MEDIA_TYPES[kind]
    return answer


@pytest.mark.parametrize("query", QUERIES)
def test_every_feed_is_valid_and_all_formats_say_the_same(client: TestClient, query: str) -> None:
    rules.atom(get(client, "atom", query).content)
    rules.rss(get(client, "rss", query).content)
    entries = rules.json_feed(get(client, "json", query).json())["items"]
    assert entries
    for kind in ("atom", "rss"):
        read = feedparser.parse(get(client, kind, query).content)
        assert not read.bozo
        assert [e.id for e in read.entries] == [e["id"] for e in entries]
        assert [e.link for e in read.entries] == [e["url"] for e in entries]
        assert [_seconds(e.published_parsed) for e in read.entries] == [_moment(e["date_published"]) for e in entries]
        assert [_seconds(e.updated_parsed) for e in read.entries] == [_moment(e["date_modified"]) for e in entries]


def _seconds(parsed: Any) -> datetime:
    return datetime(*parsed[:6], tzinfo=UTC)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_an_empty_feed_is_a_feed(bare: Installation) -> None:
    feeds = [bare.client.get(f"/feeds/{kind}?level=1") for kind in ("atom", "rss", "json")]
    assert rules.atom(feeds[0].content).find(f"{rules.ATOM}entry") is None
    assert rules.rss(feeds[1].content).find("item") is None
    assert rules.json_feed(feeds[2].json())["items"] == []


def test_a_nasty_title_is_text_in_every_format(client: TestClient) -> None:
    title = get(client, "json", "?text=attention").json()["items"][0]["title"]
    assert "<script>" in title
    for kind in ("atom", "rss"):
        raw = get(client, kind, "?text=attention").text
        assert "<script" not in raw
        assert "&lt;script&gt;" in raw
    html = get(client, "json", "?text=attention").json()["items"][0]["content_html"]
    assert "&lt;b&gt;Bold&lt;/b&gt; &amp; x<sup>2</sup>" in html
    assert "<script" not in html


def test_the_body_of_an_item_says_level_topics_and_sources(client: TestClient) -> None:
    html = get(client, "json", "?text=speculative").json()["items"][0]["content_html"]
    assert "Level 8: " in html
    assert "84% sure" in html
    assert "Hugging Face (99 votes)" in html
    assert f"{HOST}/item?id=2605.00002" in html
    assert "https://github.com/example/code" in html
    assert "Not classified yet" in get(client, "json", "?text=nobody").json()["items"][0]["content_html"]


def test_the_body_of_a_reading_says_why(client: TestClient) -> None:
    first = get(client, "json", "?period=2026-05").json()["items"][0]
    why = client.get("/api/v1/readings/2026-05").json()["items"][0]
    assert "Place 1 in the reading of May 2026" in first["content_html"]
    assert why["why"]["sources"] in first["content_html"]
    assert first["url"] == why["url"]


def test_a_withdrawn_paper_says_so(client: TestClient) -> None:
    entry = get(client, "json", "?text=withdrawn").json()["items"][0]
    assert entry["title"].startswith("Withdrawn: ")


def test_dates_are_those_of_the_paper_and_of_its_newest_news(client: TestClient) -> None:
    entry = get(client, "json", "?text=listed").json()["items"][0]
    assert entry["date_published"] == "1999-01-04T12:00:00Z"
    assert entry["date_modified"] == "2026-05-14T00:00:00Z"


def test_ids_are_the_same_under_every_host(served: Installation, bare: Installation) -> None:
    ids = [e["id"] for e in get(served.client, "json").json()["items"]]
    assert all(i.startswith("urn:uuid:") for i in ids)
    assert feed._urn("item/2605.00002") in ids
    assert feed._urn("item/2605.00002") == "urn:uuid:28623c2c-8505-5ac3-b941-ef1b37bbe294"


def test_addresses_are_those_of_the_setting_or_else_of_the_request(client: TestClient, bare: Installation) -> None:
    assert get(client, "json", "?level=5").json()["feed_url"] == f"{HOST}/feeds/json?level=5"
    assert get(client, "json", "?level=5").json()["home_page_url"] == f"{HOST}/explore?level=5"
    asked = bare.client.get("/feeds/json", headers={"host": "other.example:8080"})
    assert asked.json()["feed_url"] == "http://other.example:8080/feeds/json"
    assert bare.client.get("/feeds/atom", headers={"host": 'a"b'}).status_code == 400


def test_the_limit_is_fifty_and_may_be_up_to_two_hundred(own: Installation) -> None:
    many = [build.arxiv(f"2603.{n:05d}", f"Paper {n}", day="2026-03-10") for n in range(1, 231)]
    build.store(own.engine, many, NOW)
    assert len(get(own.client, "json").json()["items"]) == 50
    assert len(get(own.client, "json", "?limit=200").json()["items"]) == 200
    assert own.client.get("/feeds/json?limit=201").status_code == 400


@pytest.mark.parametrize("kind", ["atom", "rss", "json"])
def test_a_saved_query_has_an_address_that_stays(own: Installation, kind: str) -> None:
    path = f"/feeds/{kind}/saved/level-five"
    before = own.client.get(path)
    assert before.status_code == 200
    assert "level-five" in before.text
    assert len(feedparser.parse(own.client.get("/feeds/atom/saved/level-five?limit=2").content).entries) == 2
    assert own.client.get(f"{path}?level=6").json()["parameter"] == "level"
    with database.writing(own.engine) as session:
        saved_queries.remove(session, "level-five")
    assert own.client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("level=9", "level"),
        ("topic=nosuch", "topic"),
        ("lab=<b>", "lab"),
        ("period=2026-13", "period"),
        ("month=2026-W99", "month"),
        ("month=2026-05&period=2026-05", "month"),
        ("limit=0", "limit"),
        ("limit=ten", "limit"),
        ("cursor=x", "cursor"),
        ("utm_source=x", "utm_source"),
        ("text=" + "x" * 60_000, "text"),
    ],
)
def test_a_wrong_parameter_is_named(client: TestClient, query: str, parameter: str) -> None:
    answer = client.get(f"/feeds/atom?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["parameter"] == parameter


def test_an_unknown_format_or_name_is_not_found(client: TestClient) -> None:
    for path in ("/feeds/xml", "/feeds/atom/saved/nosuch", "/feeds/atom/saved/%00", "/feeds/atom/other", "/feeds/"):
        answer = client.get(path)
        assert answer.status_code == 404, path
        assert answer.headers["content-type"] == "application/problem+json"


def test_the_bare_address_leads_to_a_feed(client: TestClient) -> None:
    assert client.get("/feeds").url.path == "/feeds/atom"


text = st.text(max_size=60)


@given(title=text, abstract=text, author=text, url=text, topic=text, doubt=st.booleans())
def test_whatever_a_source_says_the_feed_is_valid(
    title: str, abstract: str, author: str, url: str, topic: str, doubt: bool
) -> None:
    item = ItemView(
        row=1,
        id=f"p{title[:20]}",
        kind=Kind.POST,
        arxiv_id=None,
        doi=None,
        title=title,
        authors=(author,),
        abstract=abstract,
        url=f"https://example.org/{url}",
        categories=(),
        comment=None,
        published=None,
        updated=None,
        listed_on=date(2026, 5, 12),
        version=1,
        withdrawn=False,
        level=5 if doubt else None,
        confidence=0.3,
        unsure=doubt,
        topics=(TopicScore(topic or "x", 0.5),),
        labs=(),
        sources=("arxiv", f"lab:{author}"),
        votes=None,
        stars=None,
        repositories=(Repository(url),),
    )
    query = Query(text=" ".join(title.split()))
    made = feed.listed(Place(HOST, "atom", "all"), query, [item], date(2026, 5, 20))
    rules.atom(formats.atom(made))
    rules.rss(formats.rss(made))
    assert len(feedparser.parse(formats.atom(made)).entries) == 1

"""OPML: out and in again without a loss, lists of other programs, and hostile ones."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from collector import opml
from collector.reader_feeds import Wish, plan
from collector.sources.lab_feeds import Feed, load_feeds
from staycurrent.errors import UsageError
from tests.conftest import NOW


def document(outlines: str, prolog: str = "") -> bytes:
    return f'{prolog}<opml version="2.0"><head><title>t</title></head><body>{outlines}</body></opml>'.encode()


def test_what_is_written_comes_back(now: datetime) -> None:
    feeds = load_feeds()
    known: list[Feed] = []
    for wish in opml.read(opml.write(feeds, now)):
        known.append(plan(wish, known))
    assert [(f.source, f.name, f.url, f.kind, f.alarm_days) for f in known] == [
        (f.source, f.name, f.url, f.kind, f.alarm_days) for f in feeds
    ]


def test_it_is_opml_2(now: datetime) -> None:
    root = etree.fromstring(opml.write(load_feeds(), now))
    assert (root.tag, root.get("version")) == ("opml", "2.0")
    assert [child.tag for child in root] == ["head", "body"]
    assert root.findtext("head/dateCreated") == "Wed, 20 May 2026 09:30:00 GMT"
    for outline in root.iterfind("body/outline"):
        assert outline.get("type") == "rss"
        assert outline.get("text")
        assert all(str(name).startswith("{") or name in ("type", "text", "title", "xmlUrl") for name in outline.attrib)


def test_credentials_stay_at_home(now: datetime) -> None:
    secret = Feed("ada", "Ada", "https://me:hunter2@ada.example:8443/feed?a=1", "official")
    written = opml.write([secret], now)
    assert b"hunter2" not in written
    assert opml.read(written)[0].url == "https://ada.example:8443/feed?a=1"


def test_lists_of_other_programs_are_read() -> None:
    found = opml.read(
        document(
            '<outline text="Folder"><outline text="A &amp;lt;b&amp;gt;" XMLURL=" https://a.example/f?x=1&amp;y=2 "/></outline>'
            '<outline title="B" text="b" xmlUrl="http://b.example/"/><outline text="B again" xmlUrl="http://b.example/"/>'
            '<outline text="none" xmlUrl="javascript:alert(1)"/><outline xmlUrl="https://c.example/"/>'
        )
    )
    assert found == [
        Wish("https://a.example/f?x=1&y=2", name="A", official=False),
        Wish("http://b.example/", name="B", official=False),
        Wish("https://c.example/", official=False),
    ]


@pytest.mark.parametrize("days", ["0", "-1", "x", "999999", "", "٣"])
def test_days_that_are_none_are_the_usual_ones(days: str) -> None:
    outline = f'<outline xmlns:sc="{opml.NAMESPACE}" xmlUrl="https://a.example/" sc:alarmDays="{days}"/>'
    assert opml.read(document(outline))[0].alarm_days == 30


ENTITY = '<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
LAUGHS = "<!DOCTYPE opml [" + '<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
) + "]>"  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"text",
        b"<opml>",
        b"<rss/>",
        b"<html><body></body></html>",
        document(""),
        document('<outline text="folder"/>'),
        document('<outline text="&x;" xmlUrl="https://a.example/"/>', ENTITY),
        document('<outline text="&x;" xmlUrl="https://a.example/"/>', ENTITY).decode().encode("utf-16"),
        document('<outline text="&j;" xmlUrl="https://a.example/&j;"/>', LAUGHS),
        document('<outline xmlUrl="https://a.example/"/>', '<!DOCTYPE opml SYSTEM "http://127.0.0.1:1/dtd">'),
        b"<opml>" + b"<outline>" * 5_000 + b"</outline>" * 5_000 + b"</opml>",
        document("".join(f'<outline xmlUrl="https://a.example/{n}"/>' for n in range(opml.MOST_FEEDS + 1))),
        document(f"<!--{'x' * opml.LARGEST}-->"),
    ],
)
def test_anything_else_is_refused_in_one_line(body: bytes) -> None:
    with pytest.raises(UsageError) as caught:
        opml.read(body)
    assert "\n" not in str(caught.value)
    assert "root:" not in str(caught.value)


@given(st.lists(st.tuples(st.text(min_size=1, max_size=60), st.integers(1, 9_999)), min_size=1, max_size=5))
def test_any_name_survives_or_is_folded(facts: list[tuple[str, int]]) -> None:
    printable = [("".join(c for c in name if c.isprintable()) or "x", days) for name, days in facts]
    feeds = [Feed("ada", name, f"https://a.example/{n}", "community", days) for n, (name, days) in enumerate(printable)]
    found = opml.read(opml.write(feeds, NOW))
    assert [(w.url, w.alarm_days) for w in found] == [(f.url, f.alarm_days) for f in feeds]

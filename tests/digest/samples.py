"""Invented items and editions, for tests of how a digest looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from staycurrent import period
from staycurrent.digest.types import Edition, Envelope, Rendered, Wish
from staycurrent.query import Query
from staycurrent.reading.monthly import Placed
from staycurrent.types import ItemView, Kind, TopicScore

WEEK = period.parse("2026-W21")
ALL_DAYS = tuple(WEEK.first + timedelta(days=n) for n in range(7))
PUBLIC = "https://digest.example.org"
SENT_AT = datetime(2026, 5, 25, 6, 0, tzinfo=UTC)


def item(row: int = 1, title: str = "A study of loops", **facts: Any) -> ItemView:
    """An invented paper of level 5."""
    number = f"2605.{row:05}"
    made = ItemView(
        row=row,
        id=number,
        kind=Kind.PAPER,
        arxiv_id=number,
        doi=None,
        title=title,
        authors=("Ada Example", "Béla Beispiel", "Chen Li", "Dora Muster"),
        abstract="We look into loops. They end. This is the third sentence.",
        url=f"https://arxiv.org/abs/{number}",
        categories=("cs.LG",),
        comment=None,
        published=datetime(2026, 5, 18, tzinfo=UTC),
        updated=datetime(2026, 5, 18, tzinfo=UTC),
        listed_on=date(2026, 5, 19),
        version=1,
        withdrawn=False,
        level=5,
        confidence=0.84,
        unsure=False,
        topics=(TopicScore("rag", 0.9),),
        labs=(),
        sources=("arxiv",),
        votes=None,
        stars=None,
        repositories=(),
    )
    return replace(made, **facts)


def placed(rank: int = 1, view: ItemView | None = None, **facts: Any) -> Placed:
    """An item at a place."""
    made = Placed(rank, view or item(rank, f"Paper {rank}"), 0.5, {"votes": "42 votes on Hugging Face's list"}, minutes=20)
    return replace(made, **facts)


def edition(entries: Sequence[Placed] = (), wish: Wish | None = None, **facts: Any) -> Edition:
    """An edition of week 21."""
    chosen = wish or Wish(Query(levels=(5,)))
    made = Edition(WEEK, chosen, tuple(entries), considered=len(entries), complete=("arxiv", "huggingface"))
    return replace(made, **facts)


def rendered(text: str = "Hello\n", html: str = "<p>Hello</p>", subject: str = "Week 21: 12 papers") -> Rendered:
    """A rendering of a few words."""
    return Rendered(subject, text, html)


def envelope(**facts: Any) -> Envelope:
    """An envelope that is in order."""
    made = Envelope(
        recipient="reader@example.net",
        sender="staycurrent <digest@example.org>",
        return_path="bounce+1@example.org",
        message_id="<1.2026-W21@example.org>",
        date=SENT_AT,
        list_id="staycurrent digest <digest.example.org>",
        preferences_url=f"{PUBLIC}/preferences/token",
        unsubscribe_url=f"{PUBLIC}/unsubscribe/token?a=1&b=2",
    )
    return replace(made, **facts)

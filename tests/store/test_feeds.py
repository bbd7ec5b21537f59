"""Feeds that were added by hand stay, each name and each address once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from staycurrent.store import feeds
from staycurrent.store.engine import Engine, reading, writing
from staycurrent.store.feeds import AddedFeed


def feed(now: datetime) -> AddedFeed:
    return AddedFeed("lab:ada", "ada", "Ada's 💡 lab", "https://ada.example/feed", False, 30, True, now)


def add(engine: Engine, wanted: AddedFeed) -> bool:
    with writing(engine) as session:
        return feeds.add(session, wanted)


def every(engine: Engine) -> tuple[AddedFeed, ...]:
    with reading(engine) as session:
        return feeds.every(session)


def test_a_feed_comes_back_as_it_was_added(engine: Engine, now: datetime) -> None:
    assert add(engine, feed(now))
    assert every(engine) == (feed(now),)


def test_a_name_or_an_address_is_taken_once(engine: Engine, now: datetime) -> None:
    assert add(engine, feed(now))
    assert not add(engine, replace(feed(now), url="https://other.example/"))
    assert not add(engine, replace(feed(now), source="lab:other"))
    assert every(engine) == (feed(now),)
    assert add(engine, replace(feed(now), source="lab:other", url="https://other.example/"))
    assert [f.source for f in every(engine)] == ["lab:ada", "lab:other"]


def test_a_feed_is_removed_once(engine: Engine, now: datetime) -> None:
    add(engine, feed(now))
    with writing(engine) as session:
        assert feeds.remove(session, "lab:ada")
        assert not feeds.remove(session, "lab:ada")
    assert every(engine) == ()

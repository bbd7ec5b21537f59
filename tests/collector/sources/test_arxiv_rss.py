from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from golden import rss
from hypothesis import given
from hypothesis import strategies as st

from collector.sources.arxiv_rss import Announcement, merge, parse_announcements
from staycurrent.errors import FetchError, Incomplete, UnexpectedContent

GOLDEN = rss(("2605.00001v1", "new"), ("hep-th/9901001v3", "replace-cross"), ("2605.00002v2", "strange"), ("x", "new"))


def test_announcements_are_read_by_id() -> None:
    assert parse_announcements(GOLDEN.encode()) == {
        "2605.00001": Announcement(1, "new"),
        "hep-th/9901001": Announcement(3, "replace-cross"),
    }


def test_a_weekend_feed_is_empty() -> None:
    assert parse_announcements(rss().encode()) == {}


def test_an_error_feed_is_unexpected() -> None:
    with pytest.raises(UnexpectedContent):
        parse_announcements(rss(title="Feed error for query: cs.ZZ").encode())


def test_a_page_or_a_cut_feed_is_no_feed() -> None:
    with pytest.raises(UnexpectedContent):
        parse_announcements(b"<html><body>no</body></html>")
    with pytest.raises(Incomplete):
        parse_announcements(GOLDEN.encode()[:-60])


def test_the_strongest_type_wins_unless_a_feed_is_stale() -> None:
    merged = merge(
        [
            {"a": Announcement(1, "cross"), "b": Announcement(1, "new"), "c": Announcement(2, "replace-cross")},
            {"a": Announcement(1, "new"), "b": Announcement(2, "replace"), "c": Announcement(2, "replace")},
        ]
    )
    assert merged == {"a": Announcement(1, "new"), "b": Announcement(2, "replace"), "c": Announcement(2, "replace")}


@given(st.integers(0, len(GOLDEN)), st.binary(max_size=12), st.integers(0, 40))
def test_no_mutation_raises_anything_but_a_fetch_error(at: int, put: bytes, cut: int) -> None:
    body = GOLDEN.encode()
    with contextlib.suppress(FetchError):
        parse_announcements(body[:at] + put + body[at + cut :])


@pytest.mark.upstream
def test_the_real_feeds_are_read(samples: Path) -> None:
    folder = samples / "arxiv-rss"
    # 1234 is the ids' month in arXiv's own test data; there is no month 34, so none of those is a paper.
    assert parse_announcements((folder / "rss_cs.CV.xml").read_bytes()) == {}
    assert parse_announcements((folder / "rss_empty_cs.LG.xml").read_bytes()) == {}
    assert parse_announcements((folder / "atom_cs.LG_2026-09-25_trimmed.xml").read_bytes())
    for file in folder.glob("error_*.xml"):
        with pytest.raises(UnexpectedContent):
            parse_announcements(file.read_bytes())

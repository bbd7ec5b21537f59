"""Minutes: by the pages that the authors tell, else by the kind, and never absurd."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staycurrent.reading.minutes import PAPER_MINUTES, POST_MINUTES, estimate, pages
from staycurrent.types import Kind


@pytest.mark.parametrize(
    ("comment", "found"),
    [
        ("12 pages, 5 figures", 12),
        ("Accepted at a workshop; 9 Pages", 9),
        ("28pages", 28),
        ("15 pp., 3 tables", 15),
        ("1 page", 1),
        ("8 pages main text, 20 pages appendix", 8),
        ("0 pages", None),
        ("12345 pages", None),
        ("pages 12-20", None),
        ("Project page: https://example.org", None),
        ("3.5 pages", None),
        ("", None),
    ],
)
def test_pages_out_of_a_comment(comment: str, found: int | None) -> None:
    assert pages(comment) == found


def test_a_paper_of_twelve_pages_takes_what_a_paper_takes_that_does_not_tell() -> None:
    assert estimate(Kind.PAPER, "12 pages, 5 figures") == estimate(Kind.PAPER, None) == PAPER_MINUTES


def test_a_post_is_short() -> None:
    assert estimate(Kind.POST, None) == POST_MINUTES


@given(st.sampled_from(Kind), st.none() | st.text() | st.integers(0, 10**6).map("{} pages".format))
def test_minutes_are_never_absurd(kind: Kind, comment: str | None) -> None:
    assert 5 <= estimate(kind, comment) <= 55


def test_an_appendix_costs_nothing() -> None:
    assert estimate(Kind.PAPER, "226 pages") == estimate(Kind.PAPER, "40 pages")

"""Measuring: shares of picks that are found, honest intervals, and a page that says what the code says."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staycurrent import roadmap
from staycurrent.reading import measure, rank, ranking_report
from staycurrent.reading.measure import Found, MonthData
from staycurrent.reading.ranking_reach import CENTRAL, NEAR
from staycurrent.types import Candidate, DayNumbers, Kind

PAGE = Path(__file__).parents[2] / "docs" / "ranking.md"
LISTED = ("arxiv", "huggingface")


def candidate(number: int, *, topic: str = "", votes: int | None = None) -> Candidate:
    return Candidate(
        id=number,
        level=5,
        confidence=0.8,
        unsure=False,
        topics=(topic,) if topic else (),
        labs=(),
        sources=LISTED,
        kind=Kind.PAPER,
        listed_on=date(2026, 5, 12),
        votes=votes,
        stars=None,
        has_code=False,
    )


def month(name: str, picked: str = "rag") -> MonthData:
    """Two hundred papers of narrow interest, five a topic; the five that were picked have another topic and few votes."""
    narrow = [slug for slug in sorted(roadmap.topics()) if slug not in CENTRAL | NEAR | {picked}][:40]
    papers = [candidate(n, topic=narrow[n % 40], votes=n) for n in range(10, 210)]
    picks = [candidate(1000 + n, topic=picked, votes=n) for n in range(1, 6)]  # ties would go to the lower row
    counted = DayNumbers(date(2026, 5, 12), votes=tuple(range(1, 210)))
    return MonthData(name, (*picks, *papers), (counted,), 205, frozenset(c.id for c in picks))


def test_votes_alone_miss_what_the_ranking_finds() -> None:
    (found,) = measure.measure([month("2026-05")])
    assert found.in_use.share(30) == 1.0
    assert found.votes.share(50) == 0.0
    assert found.random.share(50) == pytest.approx(50 / 205)


def test_weights_fitted_to_other_months_are_explainable() -> None:
    fitted = measure.fit([month("2026-04"), month("2026-05")])
    assert sum(fitted[name] for name in rank.PARTS) == pytest.approx(1.0)
    assert all(weight >= 0 for weight in fitted.values())
    assert max(rank.PARTS, key=lambda name: fitted[name]) == "reach"
    assert fitted["votes"] == pytest.approx(0.0, abs=1e-6), "no negative weight, whatever the picks"


def test_leaving_a_month_out_learns_from_the_others() -> None:
    odd, april, may = month("2026-03", "tabular-anomaly"), month("2026-04"), month("2026-05")
    found = {m.name: m for m in measure.measure([odd, april, may])}
    assert found["2026-05"].left_out.share(50) == 1.0
    assert found["2026-03"].left_out.share(30) < 1.0


def test_without_picks_there_is_nothing_to_learn_or_to_tell() -> None:
    nothing = MonthData("2026-05", (candidate(1),), (), 1, frozenset())
    assert measure.fit([nothing]) == rank.weights()
    assert measure.measure([nothing]) == []


def test_every_part_can_be_left_out() -> None:
    found = measure.without([month("2026-05")])
    assert found.keys() == rank.PARTS.keys()
    assert found["reach"].share(30) < found["age"].share(30) == 1.0


def test_months_are_pooled_by_their_picks() -> None:
    assert measure.pooled([Found(4, (1.0, 2.0)), Found(6, (2.0, 5.0))]) == Found(10, (3.0, 7.0))
    assert Found(0, (0.0, 0.0)).share(30) == 0.0


@given(st.integers(1, 500), st.data())
def test_an_interval_holds_its_share(of: int, data: st.DataObject) -> None:
    share = data.draw(st.integers(0, of)) / of
    low, high = measure.interval(share, of)
    assert 0 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1


def test_an_interval_of_nothing_is_everything() -> None:
    assert measure.interval(0.0, 0) == (0.0, 1.0)


def test_the_interval_is_wilsons() -> None:
    assert measure.interval(0.5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)


@pytest.mark.parametrize("made", [ranking_report.parts_table, ranking_report.reach_table])
def test_the_page_says_what_the_code_says(made: object) -> None:
    assert callable(made)
    assert made() in PAGE.read_text("utf-8"), "run: staycurrent ranking --picks FILE --write docs/ranking.md"


def test_the_whole_page_is_made_from_what_was_measured() -> None:
    data = [month("2026-04"), month("2026-05")]
    page = ranking_report.document(measure.measure(data), measure.without(data))
    assert "| all | 410 | 10 | 1.00 / 1.00 |" in page
    written = PAGE.read_text("utf-8")
    assert page.partition("<!-- measured -->")[0] == written.partition("<!-- measured -->")[0]
    assert page.partition("<!-- /measured -->")[2] == written.partition("<!-- /measured -->")[2]

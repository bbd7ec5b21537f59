from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from fakes import FakeFetcher, drain
from golden import NO_RECORDS, api_entry, api_feed, oai_page, oai_record, rss

from collector.sources.arxiv import Arxiv, oai_set
from collector.sources.base import Window
from staycurrent.errors import Empty, Forbidden, Timeout, UnexpectedContent
from staycurrent.types import DayCount

OAI, RSS, API = "https://oai.example/oai", "https://rss.example/rss", "https://api.example/query"
NOW = datetime(2026, 5, 20, 6, 30, tzinfo=UTC)
WINDOW = Window(date(2026, 5, 19), date(2026, 5, 20))
FIRST = f"{OAI}?verb=ListRecords&metadataPrefix=arXivRaw&set="


def source(*categories: str) -> Arxiv:
    return Arxiv(OAI, RSS, API, categories or ("cs.LG",))


def token(text: str) -> str:
    return f"<resumptionToken expirationDate='2026-05-21T00:00:00Z'>{text}</resumptionToken>"


def test_every_category_is_harvested_and_each_paper_yielded_once() -> None:
    fetcher = FakeFetcher(
        {
            API: Timeout("late"),
            f"{RSS}/cs.LG": rss(("2605.00001v1", "cross"), ("2605.00003v2", "replace")),
            f"{RSS}/cs.CL": rss(("2605.00001v1", "new"), ("2605.00009v1", "new")),
            f"{FIRST}cs%3Acs%3ALG&from=2026-05-19": oai_page(oai_record("2605.00001"), token=token("a%3Db")),
            f"{OAI}?verb=ListRecords&resumptionToken=a%253Db": oai_page(oai_record("2605.00002"), oai_record("2605.00003")),
            f"{FIRST}cs%3Acs%3ACL&from=2026-05-19": oai_page(oai_record("2605.00002"), oai_record("2605.00004")),
        }
    )
    pages, finish = drain(source("cs.LG", "cs.CL").collect(fetcher, WINDOW, NOW))
    assert [[item.arxiv_id for item in page] for page in pages] == [
        ["2605.00001"],
        ["2605.00002", "2605.00003"],
        ["2605.00004"],
        [],
    ]
    types = {item.arxiv_id: item.announce_type for page in pages for item in page}
    # 2605.00003 is still at version 1 in OAI-PMH: the feed speaks of another version.
    assert types == {"2605.00001": "new", "2605.00002": None, "2605.00003": None, "2605.00004": None}
    assert (finish.watermark, finish.expected) == (date(2026, 5, 20), 5)
    assert finish.note == "no look-up of what OAI-PMH lacks (timeout)"
    assert all(call.accept == ("xml",) for call in fetcher.calls)
    assert not any("until" in url for url in fetcher.urls)


def test_a_window_in_the_past_has_an_end_and_needs_no_feed() -> None:
    fetcher = FakeFetcher({FIRST: oai_page(oai_record("2605.00001"))})
    _, finish = drain(source().collect(fetcher, Window(date(2026, 5, 1), date(2026, 5, 10)), NOW))
    assert fetcher.urls == [f"{FIRST}cs%3Acs%3ALG&from=2026-05-01&until=2026-05-10"]
    assert finish.watermark == date(2026, 5, 10)


def test_a_feed_that_fails_is_noted_and_harms_nothing() -> None:
    fetcher = FakeFetcher({RSS: Timeout("late"), FIRST: oai_page(oai_record("2605.00001"))})
    pages, finish = drain(source().collect(fetcher, WINDOW, NOW))
    assert len(pages[0]) == 1
    assert finish.note == "no announce types for cs.LG (timeout)"


def test_a_forbidden_feed_stops_the_run() -> None:
    with pytest.raises(Forbidden):
        drain(source().collect(FakeFetcher({RSS: Forbidden("403")}), WINDOW, NOW))


def test_nothing_on_working_days_is_a_failure() -> None:
    with pytest.raises(Empty):
        drain(source().collect(FakeFetcher({RSS: rss(), FIRST: NO_RECORDS}), WINDOW, NOW))


def test_nothing_on_a_weekend_is_fine() -> None:
    fetcher = FakeFetcher({RSS: rss(), FIRST: oai_page(day="2026-05-24", error="<error code='noRecordsMatch'/>")})
    window = Window(date(2026, 5, 23), date(2026, 5, 24))
    pages, finish = drain(source().collect(fetcher, window, datetime(2026, 5, 24, 9, tzinfo=UTC)))
    assert pages == [[]]
    assert (finish.empty_is_fine, finish.watermark, finish.expected) == (True, date(2026, 5, 24), 0)


def test_a_token_that_comes_again_is_a_circle() -> None:
    again = oai_page(oai_record("2605.00001"), token=token("same"))
    with pytest.raises(UnexpectedContent, match="circle"):
        drain(source().collect(FakeFetcher({RSS: rss(), OAI: again}), WINDOW, NOW))


def test_pages_before_a_failure_have_been_yielded() -> None:
    fetcher = FakeFetcher(
        {
            RSS: rss(),
            FIRST: oai_page(oai_record("2605.00001"), token=token("next")),
            f"{OAI}?verb=ListRecords&res": Timeout("late"),
        }
    )
    harvest = source().collect(fetcher, WINDOW, NOW)
    assert len(next(harvest).items) == 1
    with pytest.raises(Timeout):
        next(harvest)


@pytest.mark.parametrize(
    ("category", "spec"),
    [
        ("cs.LG", "cs:cs:LG"),
        ("stat.ML", "stat:stat:ML"),
        ("hep-th", "physics:hep-th"),
        ("astro-ph.CO", "physics:astro-ph:CO"),
        ("q-bio.NC", "q-bio:q-bio:NC"),
        ("cs", "cs:cs"),
        ("physics.ao-ph", "physics:physics:ao-ph"),
    ],
)
def test_a_category_is_a_set(category: str, spec: str) -> None:
    assert oai_set(category) == spec


def test_what_only_the_feed_announced_is_looked_up() -> None:
    fetcher = FakeFetcher(
        {
            API: api_feed(api_entry("2605.00009v1")),
            RSS: rss(("2605.00001v1", "new"), ("2605.00009v1", "cross")),
            FIRST: oai_page(oai_record("2605.00001", stamp="2026-05-20"), oai_record("2605.00002", stamp="2026-05-19")),
        }
    )
    pages, finish = drain(source().collect(fetcher, WINDOW, NOW))
    assert [(item.arxiv_id, item.announce_type) for item in pages[-1]] == [("2605.00009", "cross")]
    assert finish.days == (DayCount(date(2026, 5, 19), 1, 1), DayCount(date(2026, 5, 20), 2, 2))


def test_a_day_that_lacks_what_was_announced_is_partial() -> None:
    fetcher = FakeFetcher(
        {
            API: Timeout("late"),
            RSS: rss(("2605.00001v1", "new"), ("2605.00009v1", "new")),
            FIRST: oai_page(oai_record("2605.00001", stamp="2026-05-20")),
        }
    )
    _, finish = drain(source().collect(fetcher, WINDOW, NOW))
    assert finish.days == (DayCount(date(2026, 5, 20), 2, 1),)
    assert not finish.days[0].complete

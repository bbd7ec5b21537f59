from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from golden import NO_RECORDS, oai_page, oai_record
from hypothesis import given
from hypothesis import strategies as st

from collector.sources.arxiv_oai import listed_on, parse_page
from staycurrent.errors import FetchError, Incomplete, UnexpectedContent
from staycurrent.types import Kind, ParsedItem, Version

GOLDEN = oai_page(
    oai_record(
        "2605.01234",
        title="A  Study of\n   Things & Others",
        authors="Ada Example (MIT, USA) and Bob Sample, Jr.",
        versions=(("Mon, 18 May 2026 09:30:00 GMT", "D"), ("Tue, 19 May 2026 10:00:00 GMT", "DI")),
        stamp="2026-05-20",
        rest="<comments>9 pages</comments><journal-ref>J. Test 1</journal-ref><doi>10.1000/XYZ</doi>"
        "<license>http://creativecommons.org/licenses/by/4.0/</license>",
    ),
    oai_record("hep-th/9901001", stamp="2026-05-20", versions=(("Fri, 1 Jan 1999 20:00:00 GMT", ""),)),
    token="<resumptionToken expirationDate='2026-05-21T00:00:00Z'>verb%3DListRecords%26skip%3D2</resumptionToken>",
)


def test_a_record_is_read_with_its_history() -> None:
    page = parse_page(GOLDEN.encode())
    first, second = datetime(2026, 5, 18, 9, 30, tzinfo=UTC), datetime(2026, 5, 19, 10, tzinfo=UTC)
    assert page.items[0] == ParsedItem(
        source="arxiv",
        key="oai:arXiv.org:2605.01234",
        kind=Kind.PAPER,
        title="A Study of Things & Others",
        url="https://arxiv.org/abs/2605.01234",
        abstract="We show a thing.",
        authors=("Ada Example", "Bob Sample Jr."),
        arxiv_id="2605.01234",
        doi="10.1000/XYZ",
        published=first,
        updated=second,
        listed_on=date(2026, 5, 19),
        versions=(Version(1, first), Version(2, second, withdrawn=True)),
        categories=("cs.LG", "stat.ML"),
        comment="9 pages",
        journal_ref="J. Test 1",
        license="http://creativecommons.org/licenses/by/4.0/",
    )
    assert page.items[1].arxiv_id == "hep-th/9901001"
    assert page.token == "verb%3DListRecords%26skip%3D2"
    assert page.response_date == datetime(2026, 5, 20, 6, tzinfo=UTC)


def test_no_records_is_an_empty_page() -> None:
    page = parse_page(NO_RECORDS.encode())
    assert (page.items, page.token, page.skipped) == ([], None, 0)


def test_the_last_page_has_an_empty_token() -> None:
    assert parse_page(oai_page(oai_record("2605.00001"), token="<resumptionToken/>").encode()).token is None


@pytest.mark.parametrize("code", ["badArgument", "badResumptionToken", "cannotDisseminateFormat"])
def test_other_oai_errors_are_named(code: str) -> None:
    with pytest.raises(UnexpectedContent, match=code):
        parse_page(oai_page(error=f"<error code='{code}'>why</error>").encode())


@pytest.mark.parametrize("body", [b"", b"<html><body>Maintenance</body></html>", b"Rate exceeded.", b"\x1f\x8b\x00garbage"])
def test_what_is_not_oai_is_unexpected(body: bytes) -> None:
    with pytest.raises(UnexpectedContent):
        parse_page(body)


def test_a_cut_body_is_incomplete() -> None:
    with pytest.raises(Incomplete):
        parse_page(GOLDEN.encode()[: len(GOLDEN) // 2])


def test_entities_are_refused() -> None:
    bomb = GOLDEN.replace("<OAI-PMH", '<!DOCTYPE x [<!ENTITY a "b">]><OAI-PMH', 1)
    with pytest.raises(UnexpectedContent):
        parse_page(bomb.encode())


def test_control_characters_are_dropped_and_the_record_kept() -> None:
    body = oai_page(oai_record("2605.00001", title="On t@h#e\u202e thing")).encode()
    page = parse_page(body.replace(b"@", b"\x00").replace(b"#", b"\x0b"))
    assert page.items[0].title == "On the thing"


def test_a_damaged_record_is_counted_and_the_others_stay() -> None:
    page = parse_page(oai_page(oai_record("nonsense"), oai_record("2605.00002"), oai_record("2605.00003", title=" ")).encode())
    assert [item.arxiv_id for item in page.items] == ["2605.00002"]
    assert page.skipped == 2


def test_an_unreadable_date_leaves_the_version_out() -> None:
    item = parse_page(
        oai_page(oai_record("2605.00001", versions=(("soon", ""), ("Tue, 99 May 2026 1:2:3 GMT", "")))).encode()
    ).items[0]
    assert (item.versions, item.published, item.listed_on) == ((), None, date(2026, 5, 19))


@pytest.mark.parametrize(
    ("paper_id", "submitted", "versions", "stamp", "day"),
    [
        ("2605.00001", "2026-05-18", 1, "2026-05-19", "2026-05-19"),
        ("2605.00001", "2026-05-18", 1, "2026-05-22", "2026-05-22"),  # held by moderation for three days
        ("2603.00001", "2026-03-02", 1, "2026-05-22", "2026-03-03"),  # the record was edited months later
        ("2605.00001", "2026-05-18", 2, "2026-05-29", "2026-05-19"),  # a revision's day is not the paper's
        ("2605.00001", "2026-04-28", 2, "2026-05-29", "2026-05-01"),  # held into the month of its id
        ("2605.00001", "2026-05-18", 2, "2026-05-18", "2026-05-18"),  # never later than the datestamp
        ("2605.00001", "2026-05-18", 1, None, "2026-05-19"),
        ("math/9999999", "2026-05-18", 2, "2026-05-29", "2026-05-19"),
    ],
)
def test_the_day_of_the_announcement(paper_id: str, submitted: str, versions: int, stamp: str | None, day: str) -> None:
    moment = datetime.fromisoformat(submitted).replace(hour=12, tzinfo=UTC)
    history = tuple(Version(n, moment) for n in range(1, versions + 1))
    assert listed_on(paper_id, history, date.fromisoformat(stamp) if stamp else None) == date.fromisoformat(day)


@given(st.integers(0, len(GOLDEN)), st.binary(max_size=12), st.integers(0, 40))
def test_no_mutation_raises_anything_but_a_fetch_error(at: int, put: bytes, cut: int) -> None:
    body = GOLDEN.encode()
    with contextlib.suppress(FetchError):
        parse_page(body[:at] + put + body[at + cut :])


@given(st.binary())
def test_no_bytes_raise_anything_but_a_fetch_error(body: bytes) -> None:
    with pytest.raises(FetchError):
        parse_page(body)


@pytest.mark.upstream
def test_the_real_pages_are_read(samples: Path) -> None:
    for name in ("list_records_arXivRaw_page1.xml", "list_records_arXivRaw_page2.xml", "get_record_arXivRaw.xml"):
        page = parse_page((samples / "arxiv-oai" / name).read_bytes())
        assert page.items
        assert page.skipped == 0
        for item in page.items:
            assert item.title
            assert item.authors
            assert item.versions
            assert item.listed_on
    assert parse_page((samples / "arxiv-oai" / "error_noRecordsMatch.xml").read_bytes()).items == []
    for file in (samples / "arxiv-oai").glob("error_*.xml"):
        if "noRecordsMatch" not in file.name and "bad_set" not in file.name:
            with pytest.raises(UnexpectedContent):
                parse_page(file.read_bytes())

"""The language of a task, and dates, numbers and spans in its form."""

from __future__ import annotations

import contextvars
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staycurrent import i18n

DAY = date(2026, 5, 4)


def test_a_task_speaks_english_until_it_is_told_otherwise() -> None:
    assert contextvars.Context().run(i18n.language) == "en"


def test_a_block_speaks_its_language_and_leaves_the_task_its_own() -> None:
    with i18n.speaking("de"):
        assert i18n.gettext("Explore") == "Entdecken"
        with i18n.speaking("en"):
            assert i18n.gettext("Explore") == "Explore"
        assert i18n.language() == "de"
    assert i18n.language() == "en"


@pytest.mark.parametrize("unknown", ["fr", "", "DE", "de-AT", "../../etc"])
def test_a_language_that_is_not_spoken_is_english(unknown: str) -> None:
    with i18n.speaking(unknown):
        assert i18n.language() == "en"


def test_tasks_do_not_hear_each_other() -> None:
    other = contextvars.Context()
    other.run(i18n.speak, "de")
    assert other.run(i18n.gettext, "Explore") == "Entdecken"
    assert i18n.gettext("Explore") == "Explore"


def test_no_message_is_no_header_of_the_catalogue() -> None:
    with i18n.speaking("de"):
        assert i18n.gettext("") == ""


@pytest.mark.parametrize(("n", "english", "german"), [(1, "1 paper", "1 Paper"), (2, "2 papers", "2 Paper")])
def test_counts_have_their_form(n: int, english: str, german: str) -> None:
    for language, shown in (("en", english), ("de", german)):
        with i18n.speaking(language):
            assert i18n.ngettext("{n} paper", "{n} papers", n).format(n=i18n.number(n)) == shown


def test_dates_and_numbers_are_in_the_readers_form() -> None:
    moment = datetime(2026, 5, 4, 13, 5, tzinfo=UTC)
    english = [i18n.day(DAY), i18n.short_day(DAY), i18n.month(DAY), i18n.weekday(DAY), i18n.moment(moment)]
    assert english == ["4 May 2026", "4 May", "May 2026", "Monday", "4 May, 13:05 UTC"]
    assert [i18n.number(12345), i18n.number(2.5), i18n.percent(0.934)] == ["12,345", "2.5", "93%"]
    assert i18n.listing(["a", "b", "c"]) == "a, b and c"
    with i18n.speaking("de"):
        german = [i18n.day(DAY), i18n.short_day(DAY), i18n.month(DAY), i18n.weekday(DAY), i18n.moment(moment)]
        assert german == ["4. Mai 2026", "4. Mai", "Mai 2026", "Montag", "4. Mai, 13:05 UTC"]
        assert [i18n.number(12345), i18n.number(2.5), i18n.percent(0.934)] == ["12.345", "2,5", "93\xa0%"]
        assert i18n.listing(["a", "b", "c"]) == "a, b und c"


@pytest.mark.parametrize(
    ("span", "english", "german"),
    [
        (timedelta(minutes=-1), "1 minute ago", "vor 1 Minute"),
        (timedelta(minutes=-59, seconds=-59), "59 minutes ago", "vor 59 Minuten"),
        (timedelta(minutes=-119), "1 hour ago", "vor 1 Stunde"),
        (timedelta(hours=-47), "47 hours ago", "vor 47 Stunden"),
        (timedelta(days=-2), "2 days ago", "vor 2 Tagen"),
        (timedelta(minutes=5), "in 5 minutes", "in 5 Minuten"),
        (timedelta(days=3, hours=23), "in 3 days", "in 3 Tagen"),
    ],
)
def test_spans_are_told_in_whole_units(span: timedelta, english: str, german: str) -> None:
    assert i18n.away(span) == english
    with i18n.speaking("de"):
        assert i18n.away(span) == german


@pytest.mark.parametrize(
    ("accepted", "wanted"),
    [
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en-GB,en;q=0.9,de;q=0.8", "en"),
        ("fr;q=1,de;q=0.5,en;q=0.4", "de"),
        ("en;q=0.1, DE ; q=0.2", "de"),
        ("de;q=0, fr", "en"),
        ("fr,es;q=0.5", "en"),
        ("*", "en"),
        ("", "en"),
        ("de;q=1.5", "en"),
        ("de" + ",x" * 100_000, "de"),
    ],
)
def test_a_browser_gets_the_language_that_it_wants_most(accepted: str, wanted: str) -> None:
    assert i18n.preferred(accepted) == wanted


@given(st.text(alphabet="den-;=q01.,* \t\nfr", max_size=60))
def test_no_header_breaks_the_choice(accepted: str) -> None:
    assert i18n.preferred(accepted) in i18n.LANGUAGES

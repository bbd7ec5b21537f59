"""The page of the digest: choices that stand in the address, a preview of them, and asking for it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from streamlit.runtime.context import ContextProxy

from dashboard import address
from dashboard.mail import previews
from staycurrent.digest import accounts
from staycurrent.query import build
from tests.dashboard.conftest import Open, page_text

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture(autouse=True)
def fresh_previews(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(previews, "OF_PROCESS", previews.Previews())


def rows(database: Path, what: str = "query, cadence, minutes, language, weekday, minute, timezone, state") -> list[Any]:
    with sqlite3.connect(database) as opened:
        return opened.execute(f"SELECT {what} FROM subscriptions ORDER BY id").fetchall()


def test_the_address_fills_every_choice(example: Path, open_page: Open) -> None:
    how = {"cadence": "monthly", "minutes": "45", "weekday": "5", "hour": "18:30", "timezone": "Asia/Tokyo", "language": "de"}
    page = open_page("digest", level=["5", "6"], topic="rag", lab="qwen", exclude="survey", when_empty="nothing", **how)
    state = page.session_state
    assert (state.d_levels, state.d_topics, state.d_labs, state.d_exclude) == ([5, 6], ["rag"], ["qwen"], ["survey"])
    assert (state.d_cadence, state.d_minutes, state.d_weekday, state.d_minute) == ("monthly", 45, 5, 18 * 60 + 30)
    assert (state.d_timezone, state.d_language, state.d_when_empty) == ("Asia/Tokyo", "de", "nothing")
    assert "Once a month, on the first Friday from the 4th on, at 18:30 (Asia/Tokyo)" in page_text(page)


def test_a_choice_goes_into_the_address_and_what_is_usual_does_not(example: Path, open_page: Open) -> None:
    page = open_page("digest", level="5", has_code="1", lang="en")
    page.selectbox(key="d_cadence").select("monthly")
    page.selectbox(key="d_minutes").select(60)
    page.run()
    assert dict(page.query_params) == {"level": "5", "has_code": "1", "lang": "en", "cadence": "monthly", "minutes": "60"}
    page.selectbox(key="d_cadence").select("weekly").run()
    assert "cadence" not in page.query_params


def test_asking_writes_the_digest_of_the_address_and_says_no_more_than_that(example: Path, open_page: Open) -> None:
    page = open_page("digest", level="5", has_code="1", timezone="Europe/Berlin", minutes="60")
    page.text_input(key="d_email").input("ada@example.org")
    page.button(key="d_send").click().run()
    assert not page.exception
    assert rows(example) == [("level=5&has_code=1", "weekly", 60, "en", 1, 420, "Europe/Berlin", "pending")]
    assert "If this address can get mail, a confirmation is on its way" in page_text(page)


def test_the_answer_is_the_same_whoever_is_subscribed(example: Path, open_page: Open) -> None:
    said = []
    for address_typed in ("ada@example.org", "ada@example.org", "eve@example.org"):
        page = open_page("digest", level="5")
        page.text_input(key="d_email").input(address_typed)
        page.button(key="d_send").click().run()
        said.append(page_text(page))
    assert said[0] == said[1] == said[2]
    assert len(rows(example)) == 2


@pytest.mark.parametrize(
    "typed", ["", "ada", "ada@", "a@b@c.org", EVIL, "a b@example.org", "ada@example.org\nBcc: eve@example.org"]
)
def test_an_address_that_is_wrong_is_one_clear_line(example: Path, open_page: Open, typed: str) -> None:
    page = open_page("digest")
    page.text_input(key="d_email").input(typed)
    page.button(key="d_send").click().run()
    assert "This is not a mail address" in page_text(page)
    assert EVIL not in page_text(page)
    assert rows(example) == []


def test_a_channel_is_sent_to_the_operator(example: Path, open_page: Open) -> None:
    page = open_page("digest")
    page.text_input(key="d_email").input("discord://a/b")
    page.button(key="d_send").click().run()
    assert "staycurrent subscribe ADDRESS" in page_text(page)
    assert rows(example) == []


def test_asking_too_often_is_said(example: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "MOST_BY_CLIENT", 2)
    peer = property(lambda _: f"2001:db8::{next(numbers)}")  # AppTest has none
    monkeypatch.setattr(ContextProxy, "ip_address", peer)
    said, numbers = [], iter(range(9))
    for n in range(3):
        page = open_page("digest")
        page.text_input(key="d_email").input(f"reader{n}@example.org")
        page.button(key="d_send").click().run()
        said.append("Too many requests" in page_text(page))
    assert (said, len(rows(example))) == ([False, False, True], 2)


def test_the_preview_shows_its_subject_and_leads_to_the_mail(example: Path, open_page: Open) -> None:
    page = open_page("digest", level="5", lang="de")
    text = page_text(page)
    assert "KW 20" in text or "Woche 20" in text
    assert "/digest/preview?level=5&amp;cadence=weekly&amp;language=de" in text


def test_an_empty_library_has_an_honest_preview(bare: Path, open_page: Open) -> None:
    text = page_text(open_page("digest", level="8", when_empty="nothing"))
    assert "nothing would be sent" in text


def test_without_a_mail_server_the_owner_reads_where_mails_go(
    example: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = page_text(open_page("digest"))
    assert "No mail server is set" in text
    assert "staycurrent digest send" in text
    monkeypatch.setenv("STAYCURRENT_SMTP_URL", "smtps://user:a-password@mail.example.org")
    text = page_text(open_page("digest"))
    assert "No mail server is set" not in text
    assert "a-password" not in text


def test_a_public_page_without_mail_leads_to_feeds(example: Path, open_page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAYCURRENT_HOST", "0.0.0.0")
    page = open_page("digest", level="5", topic="rag")
    text = page_text(page)
    assert "Digests by mail are not offered here" in text
    assert "./feeds/atom?level=5&amp;topic=rag" in text
    assert str(example.parent) not in text
    assert not page.text_input


@pytest.mark.parametrize(
    "params", [{"minutes": "3"}, {"minutes": "x"}, {"timezone": "Berlin"}, {"hour": "25"}, {"cadence": "daily"}, {"level": "9"}]
)
def test_an_address_that_makes_no_sense_is_told(example: Path, open_page: Open, params: dict[str, str]) -> None:
    text = page_text(open_page("digest", **params))
    assert "This address cannot be shown" in text
    assert next(iter(params)) in text


def test_whose_marks_act_is_not_for_strangers_to_choose(example: Path, open_page: Open) -> None:
    page = open_page("digest", level="5", reader="eve", since="2026-05-01", sort="votes")
    page.text_input(key="d_email").input("ada@example.org")
    page.button(key="d_send").click().run()
    assert [r[0] for r in rows(example)] == ["level=5"]


def test_the_other_pages_lead_here_with_their_filters(example: Path, open_page: Open) -> None:
    for path, params in (("", {"level": "5"}), ("labs", {"lab": "qwen"})):
        wanted = address.digest(build(**{name: [value] for name, value in params.items()}))
        assert f'href="{wanted}"' in page_text(open_page(path, **params))


def test_hostile_titles_and_filters_stay_text(example: Path, open_page: Open) -> None:
    text = page_text(open_page("digest", text=EVIL, exclude=EVIL))
    assert EVIL not in text

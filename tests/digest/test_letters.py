"""The short mails that ask or answer, and the lines with which every mail ends."""

from __future__ import annotations

import pytest

from staycurrent import roadmap
from staycurrent.digest import message, plans, render
from staycurrent.digest.html import LARGEST
from staycurrent.digest.plans import Choice
from staycurrent.digest.subject import LONGEST
from staycurrent.digest.types import CONFIRM_MARK, DECLINE_MARK, UNSUBSCRIBE_MARK
from staycurrent.query import Query
from tests.digest.samples import edition, placed
from tests.digest.test_render import PUBLIC, Tags, huge


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_confirmation_asks_once_and_says_for_what(language: str) -> None:
    shown = render.confirmation(language, Query(levels=(5,), topics=("rag",)), PUBLIC)
    assert shown.text.count(CONFIRM_MARK) == 1
    found = Tags(shown.html)
    assert found.open == []
    assert found.links().count(CONFIRM_MARK) == 1
    assert found.links().count(UNSUBSCRIBE_MARK) == 1
    assert f"    {CONFIRM_MARK}" not in shown.text
    assert UNSUBSCRIBE_MARK in shown.text
    assert found.links().count(DECLINE_MARK) == shown.text.count(DECLINE_MARK) == 1
    assert roadmap.topics()["rag"].name.get(language) in " ".join(shown.text.split())
    assert len(shown.subject) <= LONGEST


def test_a_confirmation_says_how_often_on_which_day_and_how_much() -> None:
    plan = plans.plan(Choice(minutes=45, weekday="friday", hour="18:30", timezone="Europe/Berlin"))
    assert "Every Friday at 18:30 (Europe/Berlin), at most 45 min." in render.confirmation("en", Query(), PUBLIC, plan).text
    monthly = plans.plan(Choice(cadence="monthly", language="de"))
    assert "Einmal im Monat" in render.confirmation("de", Query(), PUBLIC, monthly).text


FOOTER = "Papers & <b>Club</b>, 1 Main Street\nhttps://papers.example.org/privacy"


def test_the_footer_ends_every_mail_as_plain_text_with_its_address_as_a_link() -> None:
    made = [
        render.render(edition([placed(1)]), PUBLIC, FOOTER),
        render.confirmation("en", Query(), PUBLIC, footer=FOOTER),
        render.link("de", PUBLIC, FOOTER),
    ]
    for shown in made:
        assert shown.text.endswith(f"\n\n{FOOTER}\n")
        assert "Papers &amp; &lt;b&gt;Club&lt;/b&gt;, 1 Main Street" in shown.html
        assert "https://papers.example.org/privacy" in Tags(shown.html).links()
        assert Tags(shown.html).open == []
    assert "imprint" not in render.link("en", PUBLIC).html.partition("</head>")[2]


def test_a_confirmation_repeats_no_words_that_a_stranger_chose() -> None:
    """Anybody can ask for a mail to anybody, so it must not carry a message of theirs."""
    typed = Query(
        text="buy at evil.example", exclude=("call 555",), labs=("evil.example", "qwen"), sources=("lab:evil.example",)
    )
    shown = render.confirmation("en", typed, PUBLIC)
    assert "Qwen, with words of your own" in shown.text
    for part in (shown.subject, shown.text, shown.html):
        assert "evil" not in part
        assert "555" not in part


@pytest.mark.parametrize("word", ["漢字仮名", "x" * 10_000, "👩‍👩‍👧‍👧"])
def test_a_long_footer_does_not_make_a_mail_too_large(word: str) -> None:
    footer = "\n".join(["漢" * 200] * 2)
    shown = render.render(huge(22, f"{word} " * 200, f"{word} " * 400), PUBLIC, footer)
    assert message.encoded_size(shown.html) < LARGEST
    assert shown.html.count("漢" * 200) == 2


def test_a_long_address_in_the_footer_stays_whole() -> None:
    address = f"https://papers.example.org/{'x' * 150}"
    assert render.link("en", PUBLIC, f"Club\n{address}").text.endswith(f"Club\n{address}\n")

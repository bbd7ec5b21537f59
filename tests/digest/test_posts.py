"""What a channel gets: the words of the digest, and nothing that lets its members do what is the operator's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from staycurrent.digest import accounts, addresses, enrolment
from staycurrent.digest.channels import Letter, Outcome, Result
from staycurrent.digest.plans import Choice
from staycurrent.digest.tokens import Purpose, TokenError
from staycurrent.query import Query
from staycurrent.store import engine as database
from staycurrent.store import subscribers
from staycurrent.store.engine import Engine
from staycurrent.store.subscribers import Kind, State, Subscription
from tests.digest.mailing import BEFORE, KEYS, MONDAY, Installation, papers

CHANNEL = "json://user:SECRETTOKEN@hooks.example.org/team"


class Posts:
    """A channel that keeps what it is given."""

    def __init__(self) -> None:
        self.got: list[Letter] = []

    def send(self, letter: Letter, ready: Callable[[], bool]) -> Outcome:
        if not ready():
            return Outcome(Result.HELD)
        self.got.append(letter)
        return Outcome(Result.ACCEPTED)

    def close(self) -> None:
        """Nothing is open."""


def enrol(engine: Engine, language: str = "en") -> Subscription:
    choice = Choice(query=Query(levels=(5,)), language=language)
    enrolment.enrol(engine, KEYS, addresses.parse(CHANNEL), choice, origin="command", now=BEFORE)
    with database.reading(engine) as session:
        (found,) = subscribers.of_address(session, CHANNEL)
    return found


@pytest.mark.parametrize(("language", "labels"), [("en", ("Unsubscribe", "Change")), ("de", ("Abmelden", "Auswahl"))])
def test_a_post_to_a_channel_has_no_link_that_opens_anything(engine: Engine, language: str, labels: tuple[str, ...]) -> None:
    papers(engine, 16)
    enrol(engine, language)
    posts = Posts()
    assert Installation(engine, more={Kind.WEBHOOK: posts}).send().sent == 1
    (letter,) = posts.got
    assert "Study" in letter.text
    for word in ("/preferences/", "/unsubscribe/", "/decline/", "/confirm/", ".invalid", "SECRETTOKEN", *labels):
        assert word not in letter.text
    assert letter.text.endswith("5\n")  # the line that says why it comes is the last one


@pytest.mark.parametrize(
    "deed", [accounts.preferences, accounts.export, accounts.erase, accounts.pause, accounts.leave, accounts.unsubscribe]
)
def test_links_of_earlier_posts_open_nothing(engine: Engine, deed: Callable[..., Any]) -> None:
    found = enrol(engine)
    purpose = Purpose.UNSUBSCRIBE if deed is accounts.unsubscribe else Purpose.PREFERENCES
    with pytest.raises(TokenError) as caught:
        deed(engine, KEYS, KEYS.sign(purpose, found.uid, MONDAY), MONDAY)
    assert "SECRETTOKEN" not in str(caught.value)
    with database.reading(engine) as session:
        assert subscribers.of_address(session, CHANNEL) == (found,)


def test_the_operator_stops_a_channel(engine: Engine) -> None:
    enrol(engine)
    assert enrolment.unsubscribe_address(engine, addresses.parse(CHANNEL), MONDAY) == 1
    with database.reading(engine) as session:
        assert [d.state for d in subscribers.of_address(session, CHANNEL)] == [State.UNSUBSCRIBED]

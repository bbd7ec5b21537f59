"""Deliveries that a server took and that came back later: counted one after the other, forgiven by one that arrives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from staycurrent.digest import accounts, addresses, bounces
from staycurrent.digest.channels.folder import Folder
from staycurrent.digest.office import delivery_key
from staycurrent.digest.tokens import Purpose
from staycurrent.query import Query
from staycurrent.store import deliveries, returns, subscribers
from staycurrent.store import engine as database
from staycurrent.store.engine import Engine
from staycurrent.store.subscribers import Kind, State
from tests.digest.mailing import KEYS, MONDAY, OFFICE, Installation, papers
from tests.digest.test_bounces import complaint, returned

ADA = "ada@example.org"


@pytest.fixture
def home(engine: Engine, tmp_path: Path) -> Installation:
    papers(engine, 8)
    made = Installation(engine, more={Kind.MAIL: Folder(tmp_path / "mail")})
    made.enrol([ADA], Query(levels=(5,)))
    return made


def week(home: Installation, number: int, *, bounce: Callable[[str], bytes] | None) -> None:
    """A digest that is taken by the server, and what comes back of it two days later."""
    then = home.later(weeks=number)
    assert then.send().sent == 1
    if bounce:
        period = f"2026-W{20 + number}"
        data = bounce(delivery_key(home.subscription(ADA).uid, period))
        assert bounces.take(home.engine, OFFICE, data, then.now + timedelta(days=2))


def full(key: str) -> bytes:
    return returned(key, status="5.2.2")


def not_proven(key: str) -> bytes:
    return returned(key, signed=False)


@pytest.mark.parametrize("bounce", [full, not_proven])
def test_three_that_come_back_in_a_row_pause_a_digest(home: Installation, bounce: Callable[[str], bytes]) -> None:
    for number in range(3):
        assert home.subscription(ADA).state is State.ACTIVE
        week(home, number, bounce=bounce)
    found = home.subscription(ADA)
    assert (found.state, found.reason, found.failures) == (State.PAUSED, "failures", 3)


def test_one_that_arrives_forgives_those_before_it(home: Installation) -> None:
    for number, bounce in enumerate([full, full, None, full, full]):
        week(home, number, bounce=bounce)
    found = home.subscription(ADA)
    assert (found.state, found.failures) == (State.ACTIVE, 2)


def test_a_bounce_that_comes_after_the_next_letter_counts_all_the_same(home: Installation) -> None:
    for number in range(3):
        week(home, number, bounce=None)
    uid, soon = home.subscription(ADA).uid, home.later(weeks=2, days=2).now
    for number in (2, 1, 0):
        bounces.take(home.engine, OFFICE, full(delivery_key(uid, f"2026-W{20 + number}")), soon)
    assert home.subscription(ADA).state is State.PAUSED


def test_who_goes_on_after_a_pause_begins_anew(home: Installation) -> None:
    for number in range(3):
        week(home, number, bounce=full)
    then = home.later(weeks=2, days=3).now
    accounts.resume(home.engine, KEYS, KEYS.sign(Purpose.PREFERENCES, home.subscription(ADA).uid, then), then)
    for number in (3, 4):
        week(home, number, bounce=full)
        assert home.subscription(ADA).state is State.ACTIVE
    week(home, 5, bounce=full)
    assert home.subscription(ADA).state is State.PAUSED


@pytest.mark.parametrize("first", [full, not_proven, lambda key: complaint(key, signed=False)])
@pytest.mark.parametrize(("proof", "reason"), [(returned, "bounce"), (complaint, "complaint")])
def test_what_a_return_path_proves_is_news_after_what_none_did(
    home: Installation, first: Callable[[str], bytes], proof: Callable[[str], bytes], reason: str
) -> None:
    week(home, 0, bounce=first)
    week_later = MONDAY + timedelta(days=3)
    bounces.take(home.engine, OFFICE, proof(delivery_key(home.subscription(ADA).uid, "2026-W20")), week_later)
    with database.reading(home.engine) as session:
        assert subscribers.suppressed(session, addresses.hashes(KEYS, addresses.mail(ADA))) == reason


def test_a_letter_that_is_tried_again_starts_without_its_failure(home: Installation) -> None:
    week(home, 0, bounce=full)
    subscription = home.subscription(ADA).id
    with database.writing(home.engine) as session:
        session.connection().exec_driver_sql("UPDATE deliveries SET state = 'dead'")
        assert deliveries.requeue(session, None, MONDAY) == 1
        assert returns.in_a_row(session, subscription, MONDAY) == 0

"""What is kept of the mail goes after a while; what nobody may be sent twice stays known."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from staycurrent import period as periods
from staycurrent.cli.backups import policy
from staycurrent.digest import accounts, addresses, deliver, enrolment, queueing
from staycurrent.digest.channels.folder import Folder
from staycurrent.digest.plans import Choice
from staycurrent.settings import Settings
from staycurrent.store import editions, mail_retention
from staycurrent.store import engine as database
from staycurrent.store.engine import Engine
from staycurrent.store.mail_models import Delivery, Edition, Subscriber
from staycurrent.store.retention import Policy, prune
from staycurrent.store.subscribers import Kind, State
from tests.digest.mailing import BEFORE, KEYS, Installation, papers

WEEK = periods.parse("2026-W20")
ADA, BOB = "ada@example.org", "bob@example.org"
YEAR = timedelta(days=366)
MAILS = Policy(0, 0, 0, mails=365)


@pytest.fixture
def home(engine: Engine, tmp_path: Path) -> Installation:
    """Two readers who got the digests of two weeks."""
    papers(engine, 10)
    papers(engine, 10, week=21, first=100)
    made = Installation(engine, more={Kind.MAIL: Folder(tmp_path / "mail")})
    made.enrol([ADA, BOB])
    assert made.send().sent == 2
    assert made.later(days=7).send().sent == 2
    return made


def count(home: Installation, table: type) -> int:
    with database.reading(home.engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def pruned(home: Installation, now: datetime, kept: Policy = MAILS) -> tuple[int, int, int]:
    gone = prune(home.engine, kept, now)
    return gone["deliveries"], gone["editions"], gone["pending"]


def shown(home: Installation, address: str) -> tuple[str, ...]:
    with database.reading(home.engine) as session:
        return editions.items(session, home.subscription(address).last_edition)


def test_deliveries_go_and_what_somebody_was_sent_stays(home: Installation) -> None:
    before = shown(home, ADA)
    assert len(before) == 20
    assert pruned(home, home.now + timedelta(days=364)) == (0, 0, 0)
    assert pruned(home, home.now + YEAR) == (2, 0, 0)
    assert pruned(home, home.now + YEAR) == (0, 0, 0)
    assert pruned(home, home.now + YEAR + timedelta(days=7)) == (2, 0, 0)
    assert shown(home, ADA) == before
    assert count(home, Edition) == 2


def test_a_period_whose_delivery_is_gone_is_not_sent_again(home: Installation) -> None:
    late = replace(home, now=home.now + YEAR)
    pruned(home, late.now)
    assert queueing.forecast(home.engine, WEEK, late.now).periods == {}
    assert queueing.queue_period(home.engine, WEEK, late.now) == 0


def test_a_period_that_was_sent_before_its_moment_is_not_sent_again_either(home: Installation) -> None:
    may = periods.parse("2026-05")
    home.enrol([ADA], cadence="monthly")
    queueing.queue_period(home.engine, may, home.now)
    assert deliver.deliver(home.engine, home.channels(), home.office, home.clock).sent == 1
    pruned(home, home.now + YEAR)
    assert queueing.queue_period(home.engine, may, home.now + YEAR) == 0


def test_open_deliveries_stay_whatever_their_age(home: Installation) -> None:
    papers(home.engine, 5, week=22, first=200)
    queueing.queue_due(home.engine, home.now + timedelta(days=14))
    assert pruned(home, home.now + 2 * YEAR) == (4, 0, 0)
    assert count(home, Delivery) == 2


def test_stretch_after_stretch_goes(home: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_retention, "BATCH", 3)
    assert pruned(home, home.now + 2 * YEAR) == (4, 0, 0)


def test_what_erased_people_were_sent_goes_when_nobody_else_was(home: Installation) -> None:
    enrolment.erase_address(home.engine, KEYS, addresses.mail(ADA), home.now)
    pruned(home, home.now + 2 * YEAR)
    assert count(home, Edition) == 2, "the other one has the same editions"
    enrolment.erase_address(home.engine, KEYS, addresses.mail(BOB), home.now)
    assert pruned(home, home.now + 2 * YEAR) == (0, 2, 0)


def test_zero_keeps_mails(home: Installation) -> None:
    assert pruned(home, home.now + 9 * YEAR, Policy(0, 0, 0)) == (0, 0, 0)


def ask(home: Installation, address: str, now: datetime) -> None:
    accounts.request(home.engine, KEYS, address, Choice(), client="c", now=now)


def test_who_never_confirmed_is_forgotten_with_the_address_a_month_after_the_link_expired(home: Installation) -> None:
    ask(home, "stranger@example.org", BEFORE)
    kept = policy(Settings())
    assert kept.pending == 37
    assert pruned(home, BEFORE + timedelta(days=36), kept)[2] == 0
    assert pruned(home, BEFORE + timedelta(days=38), kept)[2] == 1
    with database.reading(home.engine) as session:
        assert sorted(filter(None, session.scalars(select(Subscriber.address)))) == [ADA, BOB]


def test_an_unconfirmed_wish_of_a_reader_goes_and_the_reader_stays(home: Installation) -> None:
    accounts.request(home.engine, KEYS, ADA, Choice(cadence="monthly"), client="c", now=BEFORE)
    assert pruned(home, BEFORE + timedelta(days=38), Policy(0, 0, 0, pending=37))[2] == 1
    assert home.subscription(ADA).state is State.ACTIVE


def test_who_had_left_and_did_not_confirm_anew_counts_as_gone_with_what_they_were_sent(home: Installation) -> None:
    enrolment.unsubscribe_address(home.engine, addresses.mail(ADA), home.now)
    ask(home, ADA, home.now)
    assert home.subscription(ADA).state is State.PENDING
    before = shown(home, ADA)
    assert pruned(home, home.now + timedelta(days=38), Policy(0, 0, 0, pending=37))[2] == 1
    assert home.subscription(ADA).state is State.UNSUBSCRIBED
    assert shown(home, ADA) == before


def test_who_left_before_anything_was_sent_and_was_asked_by_a_stranger_is_remembered_as_gone(home: Installation) -> None:
    email = "dee@example.org"
    enrolment.enrol(home.engine, KEYS, addresses.mail(email), Choice(), origin="command", now=home.now)
    enrolment.unsubscribe_address(home.engine, addresses.mail(email), home.now)
    ask(home, email, home.now)
    assert pruned(home, home.now + timedelta(days=38), Policy(0, 0, 0, pending=37))[2] == 1
    assert home.subscription(email).state is State.UNSUBSCRIBED

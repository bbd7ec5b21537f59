"""Sending against a real mail server: once each, in spite of faults, and not to who has gone."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from staycurrent.digest import accounts, addresses, deliver, due, enrolment, queueing
from staycurrent.digest.tokens import Purpose
from staycurrent.period import Period
from staycurrent.query import Query
from staycurrent.store import deliveries, editions
from staycurrent.store import engine as database
from staycurrent.store.engine import Engine
from staycurrent.store.models import Item, Source
from staycurrent.store.subscribers import State
from tests import build
from tests.digest.mailing import KEYS, MONDAY, Installation, papers
from tests.digest.mailserver import MailServer, serving


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    with serving(tmp_path_factory.mktemp("mail"), "--whole") as started:
        yield started


@pytest.fixture
def server(running: MailServer) -> MailServer:
    """The module's server, with what it gets from here on."""
    return replace(running, skip=len(running.receipts()))


@pytest.fixture
def home(engine: Engine, server: MailServer) -> Installation:
    papers(engine)
    return Installation(engine, server.url)


def names(count: int, kind: str = "reader") -> list[str]:
    return [f"{kind}{n}@example.org" for n in range(count)]


def addressees(server: MailServer) -> Counter[str]:
    return Counter(to for receipt in server.receipts() for to in receipt.to)


def shown(engine: Engine, edition: int | None) -> list[int]:
    with database.reading(engine) as session:
        return [s.item_id for s in editions.history(session, edition)]


# ---- once each


def test_everybody_gets_one_and_a_second_run_sends_nothing(home: Installation, server: MailServer) -> None:
    home.enrol(names(30))
    report = home.send()
    assert (report.sent, report.editions, report.stopped) == (30, 1, None)
    assert addressees(server) == dict.fromkeys(names(30), 1)
    assert home.later(minutes=5).send().sent == 0
    assert len({r.id for r in server.receipts()}) == 30


def test_equal_wishes_share_an_edition_and_others_do_not(home: Installation) -> None:
    home.enrol(names(10, "five"), Query(levels=(5,)))
    home.enrol(names(10, "six"), Query(levels=(6,)))
    home.enrol(names(10, "german"), Query(levels=(5,)), language="de")
    assert home.send().editions == 3


def test_who_is_due_later_in_the_week_gets_an_edition_of_that_day(home: Installation, server: MailServer) -> None:
    home.enrol(["monday@example.org"], Query(levels=(5,)))
    home.enrol(["evening@example.org"], Query(levels=(5,)), hour="18")
    home.enrol(["saturday@example.org"], Query(levels=(5,)), weekday="saturday", now=MONDAY - timedelta(days=1))
    assert home.send().editions == 1
    assert home.later(hours=11).send().editions == 0, "within twelve hours it is shared"
    first = shown(home.engine, home.subscription("evening@example.org").last_edition)
    assert first == shown(home.engine, home.subscription("monday@example.org").last_edition)
    with database.writing(home.engine) as session:
        session.execute(update(Item).where(Item.id == first[0]).values(withdrawn=True))
    report = home.later(days=5).send()
    assert (report.sent, report.editions) == (1, 1)
    assert first[0] not in shown(home.engine, home.subscription("saturday@example.org").last_edition)


def test_the_second_week_repeats_nothing(home: Installation) -> None:
    home.enrol(names(3), Query(levels=(5,)))
    home.send()
    first = shown(home.engine, home.subscription("reader0@example.org").last_edition)
    papers(home.engine, 20, week=21, first=100)
    assert home.later(days=7).send().sent == 3
    last = home.subscription("reader0@example.org").last_edition
    assert last
    assert first
    with database.reading(home.engine) as session:
        new = {s.item_id for s in editions.history(session, last)} - set(first)
    assert len(shown(home.engine, last)) == len(first) + len(new)
    assert new


def test_who_joins_later_is_not_spared_what_others_had(home: Installation) -> None:
    home.enrol(["early@example.org"])
    home.send()
    home.enrol(["late@example.org"], now=MONDAY + timedelta(days=1))
    papers(home.engine, 20, week=21, first=100)
    report = home.later(days=7).send()
    assert (report.sent, report.editions) == (2, 2)


def test_a_period_by_name_goes_to_all_of_its_cadence_once(home: Installation, server: MailServer) -> None:
    home.enrol(names(5))
    home.enrol(names(5, "monthly"), cadence="monthly")
    for expected in (5, 0):
        assert queueing.queue_period(home.engine, _week(20), home.now) == expected
        home.send()
    assert addressees(server) == dict.fromkeys(names(5), 1)


def _week(number: int) -> Period:
    return due.week(date.fromisocalendar(2026, number, 1))


def test_two_digests_of_one_subscriber_in_one_run_do_not_repeat_each_other(home: Installation, server: MailServer) -> None:
    """The second is chosen anew, after the first has arrived."""
    papers(home.engine, 20, week=19, first=200)
    home.enrol(["ada@example.org"])
    queueing.queue_period(home.engine, _week(19), home.now)
    report = home.send()
    assert report.sent == 2
    assert addressees(server) == {"ada@example.org": 2}
    last = home.subscription("ada@example.org").last_edition
    with database.reading(home.engine) as session:
        assert len(editions.history(session, last)) == len(set(shown(home.engine, last))) > 20


def test_two_senders_at_a_time_send_each_once(home: Installation, server: MailServer) -> None:
    home.enrol(names(60))
    queueing.queue_due(home.engine, home.now)
    runs = [threading.Thread(target=home.send) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    home.send()
    assert addressees(server) == dict.fromkeys(names(60), 1)


# ---- who has gone


def test_who_unsubscribes_after_the_claim_gets_none(home: Installation, server: MailServer) -> None:
    home.enrol(names(4))
    queueing.queue_due(home.engine, home.now)
    uid = home.subscription("reader3@example.org").uid
    with database.writing(home.engine) as session:
        taken = deliveries.claim(session, "another", home.now, home.now + timedelta(seconds=1), 10)
    assert len(taken) == 4
    accounts.unsubscribe(home.engine, KEYS, KEYS.sign(Purpose.UNSUBSCRIBE, uid, home.now), home.now)
    report = home.later(seconds=2).send()
    assert (report.sent, report.skipped) == (3, 1)
    assert addressees(server) == dict.fromkeys(names(3), 1)


@pytest.mark.parametrize("leave", [accounts.pause, accounts.leave, accounts.erase])
def test_who_pauses_leaves_or_erases_gets_none(home: Installation, server: MailServer, leave: Callable[..., object]) -> None:
    home.enrol(names(2))
    queueing.queue_due(home.engine, home.now)
    token = KEYS.sign(Purpose.PREFERENCES, home.subscription("reader1@example.org").uid, home.now)
    leave(home.engine, KEYS, token, home.now)
    assert home.send().sent == 1
    assert addressees(server) == {"reader0@example.org": 1}


# ---- faults


def test_a_mailbox_that_does_not_exist_is_never_written_to_again(home: Installation, server: MailServer) -> None:
    home.enrol(["gone@example.org", "reader0@example.org"])
    report = home.send()
    assert (report.sent, report.dead, report.suppressed) == (1, 1, 1)
    assert home.subscription("gone@example.org").state is State.SUPPRESSED
    assert home.later(days=7).send().sent == 1
    with pytest.raises(accounts.UsageError, match="suppressed"):
        home.enrol(["GONE@example.org"])


def test_three_full_mailboxes_in_a_row_pause_a_digest_and_one_that_arrives_forgives(home: Installation) -> None:
    home.enrol(["full@example.org"], when_empty="note")
    for week in range(3):
        assert home.subscription("full@example.org").state is State.ACTIVE
        assert home.later(days=7 * week).send().dead == 1
    found = home.subscription("full@example.org")
    assert (found.state, found.reason) == (State.PAUSED, "failures")


def test_a_refusal_by_policy_is_the_address_s_fault_no_more_than_ours(home: Installation) -> None:
    home.enrol(["spam@example.org"])
    assert home.send().dead == 1
    assert home.subscription("spam@example.org").state is State.ACTIVE
    with database.reading(home.engine) as session:
        (dead,) = deliveries.dead(session, 10)
    assert dead.error.startswith("550 5.7.1")


def test_many_refusals_in_a_row_end_the_run_and_lose_nobody(home: Installation) -> None:
    home.enrol(names(40, "spam"))
    report = home.send()
    assert report.dead == deliver.MOST_REFUSALS
    assert report.stopped
    with database.reading(home.engine) as session:
        assert deliveries.open_ones(session, home.now)[0] == 20


def test_what_a_server_says_is_kept_without_the_address(home: Installation) -> None:
    home.enrol(["gone.with.the.wind@example.org"])
    home.send()
    with database.reading(home.engine) as session:
        (dead,) = deliveries.dead(session, 10)
    assert "wind" not in dead.error
    assert "no such user" in dead.error


def test_dead_letters_can_be_tried_again(home: Installation, server: MailServer) -> None:
    home.enrol(["spam@example.org"])
    home.send()
    with database.writing(home.engine) as session:
        assert deliveries.requeue(session, None, home.now) == 1
    assert home.send().dead == 1


def test_a_server_that_is_away_costs_no_try_and_nobody_is_lost(home: Installation, server: MailServer) -> None:
    home.enrol(names(5))
    away = Installation(home.engine, "smtp://127.0.0.1:1?tls=none", home.now)
    assert "cannot be reached" in (away.send().stopped or "")
    assert home.later(minutes=1).send().sent == 5


def test_after_two_days_a_digest_is_given_up(home: Installation, server: MailServer) -> None:
    home.enrol(names(1))
    queueing.queue_due(home.engine, home.now)
    report = home.later(days=2, minutes=1).send()
    assert (report.sent, report.dead) == (0, 1)
    assert not server.receipts()


def test_temporary_failures_and_dropped_connections_lose_nobody(engine: Engine, tmp_path: Path) -> None:
    papers(engine, 8)
    with serving(tmp_path, "--later", "0.3", "--drop-before", "0.03", "--drop-after", "0.03") as server:
        home = Installation(engine, server.url)
        home.enrol(names(80))
        for _ in range(40):
            home.send()
            with database.reading(engine) as session:
                if not deliveries.open_ones(session, home.now)[1]:
                    break
            home = home.later(hours=1)
        receipts = server.receipts()
    ids: dict[str, set[str]] = {}
    for receipt in receipts:
        ids.setdefault(receipt.to[0], set()).add(receipt.id)
    assert {to: len(found) for to, found in ids.items()} == dict.fromkeys(names(80), 1)
    assert len(receipts) > 80, "a connection that broke after acceptance repeats its message, under the same id"


def test_a_claim_that_ran_out_is_taken_over(home: Installation, server: MailServer) -> None:
    home.enrol(names(3))
    queueing.queue_due(home.engine, home.now)
    with database.writing(home.engine) as session:
        deliveries.claim(session, "elsewhere:1:x", home.now, home.now + timedelta(minutes=2), 10)
    assert home.send().sent == 0
    assert home.later(minutes=3).send().sent == 3


# ---- what else goes out


def test_an_empty_digest_says_so_or_stays_away_as_chosen(engine: Engine, server: MailServer) -> None:
    home = Installation(engine, server.url)
    home.enrol(["note@example.org"], when_empty="note")
    home.enrol(["nothing@example.org"], when_empty="nothing")
    report = home.send()
    assert (report.sent, report.skipped) == (1, 1)
    assert addressees(server) == {"note@example.org": 1}


def test_after_a_week_without_sources_all_are_told_so_and_its_papers_come_with_the_next_digest(
    engine: Engine, server: MailServer
) -> None:
    home = Installation(engine, server.url)
    build.register(engine)
    home.enrol(["note@example.org"], when_empty="note")
    home.enrol(["nothing@example.org"], when_empty="nothing")
    with database.writing(engine) as session:
        session.execute(update(Source).values(last_success_at=MONDAY - timedelta(days=9), error="timeout"))
    assert home.send().sent == 2
    assert all(b"Subject: Week 20: the sources were not read" in receipt.data for receipt in server.receipts())
    papers(engine, 8, week=20, seen=home.now + timedelta(days=2))
    papers(engine, 4, week=21, first=100)
    assert home.later(days=7).send().sent == 2
    for address in ("note@example.org", "nothing@example.org"):
        assert len(shown(engine, home.subscription(address).last_edition)) == 12
    assert home.later(days=14).send().sent == 2, "of week 22 nothing was read, too"
    assert len(shown(engine, home.subscription("note@example.org").last_edition)) == 12


def test_a_question_goes_out_before_digests_and_only_once(home: Installation, server: MailServer) -> None:
    home.enrol(names(3))
    enrolment.invite(home.engine, KEYS, addresses.mail("new@example.org"), accounts.Choice(), origin="form", now=home.now)
    assert home.send().sent == 4
    first = server.receipts()[0]
    assert first.to == ("new@example.org",)
    assert b"/confirm/" in first.data.replace(b"=\r\n", b"")
    assert home.later(minutes=5).send().sent == 0


def test_the_domain_s_rate_is_kept(home: Installation, server: MailServer) -> None:
    home.enrol(names(4))
    home.enrol(["other@example.net"])
    report = home.send(rate=10.0)
    assert report.sent == 5
    assert report.seconds > 0.3

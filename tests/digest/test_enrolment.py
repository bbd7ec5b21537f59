"""What the operator's lists and commands may do to digests that people stopped, paused or changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from staycurrent.digest import accounts, addresses, enrolment
from staycurrent.digest.enrolment import LeftAlone
from staycurrent.digest.plans import Choice
from staycurrent.digest.tokens import Purpose
from staycurrent.query import Query
from staycurrent.store import engine as database
from staycurrent.store import subscribers
from staycurrent.store.engine import Engine
from staycurrent.store.subscribers import State, Subscription
from tests.digest.mailing import KEYS

NOW = datetime(2026, 5, 20, 9, 30, tzinfo=UTC)
ADA = "ada@example.org"
FIVE = Choice(query=Query(levels=(5,)))
SIX = Choice(query=Query(levels=(6,)))


def listed(engine: Engine, choice: Choice = FIVE) -> bool:
    return enrolment.enrol(engine, KEYS, addresses.mail(ADA), choice, origin="import", now=NOW, again=False)


def digests(engine: Engine) -> tuple[Subscription, ...]:
    with database.reading(engine) as session:
        return subscribers.of_address(session, ADA)


def stop(engine: Engine) -> None:
    accounts.unsubscribe(engine, KEYS, KEYS.sign(Purpose.UNSUBSCRIBE, digests(engine)[0].uid, NOW), NOW)


def pause(engine: Engine) -> None:
    accounts.pause(engine, KEYS, KEYS.sign(Purpose.PREFERENCES, digests(engine)[0].uid, NOW), NOW)


def stop_and_let_a_stranger_ask(engine: Engine) -> None:
    stop(engine)
    accounts.request(engine, KEYS, ADA, FIVE, client="192.0.2.1", now=NOW + timedelta(minutes=1))


DEEDS: dict[Callable[[Engine], None], State] = {
    stop: State.UNSUBSCRIBED,
    pause: State.PAUSED,
    stop_and_let_a_stranger_ask: State.PENDING,
}


@pytest.mark.parametrize(("deed", "state"), DEEDS.items())
def test_a_list_does_not_bring_back_who_stopped_or_paused(engine: Engine, deed: Callable[[Engine], None], state: State) -> None:
    assert listed(engine)
    deed(engine)
    with pytest.raises(LeftAlone):
        listed(engine)
    assert [d.state for d in digests(engine)] == [state]


def test_a_list_has_no_new_digest_for_who_left_all_they_had(engine: Engine) -> None:
    listed(engine)
    stop(engine)
    with pytest.raises(LeftAlone):
        listed(engine, SIX)
    with pytest.raises(LeftAlone):
        enrolment.invite(engine, KEYS, addresses.mail(ADA), SIX, origin="import", now=NOW, again=False)
    assert len(digests(engine)) == 1


def test_a_list_may_have_another_digest_for_who_still_gets_one(engine: Engine) -> None:
    listed(engine)
    listed(engine, SIX)
    stop(engine)
    assert listed(engine, Choice(query=Query(levels=(7,))))
    assert [d.state for d in digests(engine)] == [State.UNSUBSCRIBED, State.ACTIVE, State.ACTIVE]


def test_a_list_keeps_what_the_owner_changed_since(engine: Engine) -> None:
    listed(engine)
    token = KEYS.sign(Purpose.PREFERENCES, digests(engine)[0].uid, NOW)
    accounts.change(engine, KEYS, token, Choice(weekday="friday", minutes=60), NOW)
    assert not listed(engine)
    (kept,) = digests(engine)
    assert (kept.plan.weekday, kept.plan.minutes) == (5, 60)


@pytest.mark.parametrize("deed", DEEDS)
def test_a_command_brings_somebody_back_only_where_it_says_so(engine: Engine, deed: Callable[[Engine], None]) -> None:
    listed(engine)
    deed(engine)
    with pytest.raises(LeftAlone, match="--revive"):
        enrolment.enrol(engine, KEYS, addresses.mail(ADA), FIVE, origin="command", now=NOW)
    assert enrolment.enrol(engine, KEYS, addresses.mail(ADA), FIVE, origin="command", now=NOW, revive=True)
    assert [d.state for d in digests(engine)] == [State.ACTIVE]


def test_a_command_adds_another_digest_for_who_left_one(engine: Engine) -> None:
    listed(engine)
    stop(engine)
    assert enrolment.enrol(engine, KEYS, addresses.mail(ADA), SIX, origin="command", now=NOW)

"""Asking, confirming, changing, leaving: who may do what with which link, and what nobody is told."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from staycurrent.digest import accounts, addresses, enrolment, plans
from staycurrent.digest.plans import Choice
from staycurrent.digest.tokens import Purpose, TokenError
from staycurrent.errors import UsageError
from staycurrent.query import Query
from staycurrent.store import deliveries, subscribers
from staycurrent.store import engine as database
from staycurrent.store.engine import Engine
from staycurrent.store.subscribers import State, Subscription
from tests.digest.mailing import KEYS, MONDAY, OFFICE, papers

NOW = datetime(2026, 5, 20, 9, 30, 15, 123456, tzinfo=UTC)
FIVE = Choice(query=Query(levels=(5,)))
ADA = "ada@example.org"


def digests(engine: Engine, address: str = ADA) -> tuple[Subscription, ...]:
    with database.reading(engine) as session:
        return subscribers.of_address(session, address)


def ask(engine: Engine, address: str = ADA, choice: Choice = FIVE, *, client: str = "1.2.3.4", now: datetime = NOW) -> None:
    accounts.request(engine, KEYS, address, choice, client=client, now=now)


def confirm_token(found: Subscription) -> str:
    return KEYS.sign(Purpose.CONFIRM, [found.uid, int(found.asked_at.timestamp())], found.asked_at)


def confirmed(engine: Engine, choice: Choice = FIVE) -> Subscription:
    ask(engine, choice=choice)
    return accounts.confirm(engine, KEYS, confirm_token(digests(engine)[-1]), NOW)


def preferences(found: Subscription) -> str:
    return KEYS.sign(Purpose.PREFERENCES, found.uid, NOW)


def leaving(found: Subscription) -> str:
    return KEYS.sign(Purpose.UNSUBSCRIBE, found.uid, NOW)


def questions(engine: Engine) -> int:
    with database.reading(engine) as session:
        return deliveries.open_ones(session, NOW + timedelta(days=9))[1]


# ---- asking


def test_a_request_waits_for_a_yes_and_the_yes_makes_it_due(engine: Engine) -> None:
    ask(engine)
    (found,) = digests(engine)
    assert (found.state, found.next_due_at, questions(engine)) == (State.PENDING, None, 1)
    done = accounts.confirm(engine, KEYS, confirm_token(found), NOW)
    assert (done.state, done.next_due_at) == (State.ACTIVE, datetime(2026, 5, 25, 7, tzinfo=UTC))
    assert accounts.confirm(engine, KEYS, confirm_token(found), NOW) == done


def test_who_asks_again_gets_the_links_again_and_changes_nothing(engine: Engine) -> None:
    found = confirmed(engine)
    later = NOW + timedelta(minutes=5)
    ask(engine, "ADA@Example.ORG", Choice(query=Query(levels=(5,)), language="de"), now=later)
    (after,) = digests(engine)
    assert (after.state, after.plan, after.next_due_at) == (State.ACTIVE, found.plan, found.next_due_at)
    assert questions(engine) == 2


OTHERWISE = Choice(query=Query(levels=(5,)), minutes=45, weekday="friday", hour="18:30", language="de")


@pytest.mark.parametrize("state", [State.ACTIVE, State.PAUSED])
def test_other_choices_of_who_asks_again_count_with_the_yes_and_not_before(engine: Engine, state: State) -> None:
    before = confirmed(engine)
    if state is State.PAUSED:
        accounts.pause(engine, KEYS, preferences(before), NOW)
    then = NOW + timedelta(minutes=5)
    ask(engine, choice=OTHERWISE, now=then)
    (asked,) = digests(engine)
    assert (asked.state, asked.plan) == (state, before.plan)
    shown, waits = accounts.question(engine, KEYS, confirm_token(asked), then)
    assert (shown.plan, waits) == (plans.plan(OTHERWISE), True)
    for _ in range(2):
        done = accounts.confirm(engine, KEYS, confirm_token(asked), then)
        assert (done.state, done.plan, done.asked_plan) == (State.ACTIVE, plans.plan(OTHERWISE), None)
        assert done.next_due_at == datetime(2026, 5, 22, 18, 30, tzinfo=UTC)
    assert accounts.question(engine, KEYS, confirm_token(asked), then) == (done, False)


def test_a_yes_to_an_older_question_takes_over_nothing_that_a_stranger_asked_since(engine: Engine) -> None:
    ask(engine)
    old = confirm_token(digests(engine)[0])
    before = accounts.confirm(engine, KEYS, old, NOW)
    ask(engine, choice=OTHERWISE, now=NOW + timedelta(minutes=5))
    assert accounts.question(engine, KEYS, old, NOW)[1] is False
    assert accounts.confirm(engine, KEYS, old, NOW).plan == before.plan


def test_what_was_asked_for_ends_with_the_digest(engine: Engine) -> None:
    found = confirmed(engine)
    ask(engine, choice=OTHERWISE, now=NOW + timedelta(minutes=5))
    accounts.unsubscribe(engine, KEYS, leaving(found), NOW)
    ask(engine, now=NOW + timedelta(minutes=10))
    (again,) = digests(engine)
    assert accounts.confirm(engine, KEYS, confirm_token(again), NOW + timedelta(minutes=10)).plan == found.plan


def test_every_request_writes_alike_whoever_is_subscribed(engine: Engine) -> None:
    confirmed(engine)
    for number, address in enumerate([ADA, "new@example.org"]):
        before = questions(engine)
        assert ask(engine, address, now=NOW + timedelta(minutes=number + 1)) is None  # type: ignore[func-returns-value]
        assert questions(engine) == before + 1


def test_a_link_of_before_the_last_request_does_not_count(engine: Engine) -> None:
    ask(engine)
    old = confirm_token(digests(engine)[0])
    ask(engine, now=NOW + timedelta(minutes=1))
    with pytest.raises(TokenError):
        accounts.confirm(engine, KEYS, old, NOW)


def test_a_scanner_that_opens_an_old_link_subscribes_nobody_again(engine: Engine) -> None:
    ask(engine)
    token = confirm_token(digests(engine)[0])
    accounts.confirm(engine, KEYS, token, NOW)
    accounts.unsubscribe(engine, KEYS, leaving(digests(engine)[0]), NOW)
    with pytest.raises(TokenError):
        accounts.confirm(engine, KEYS, token, NOW)
    assert digests(engine)[0].state is State.UNSUBSCRIBED


def test_one_address_may_have_several_digests_but_not_any_number(engine: Engine) -> None:
    for number in range(accounts.MOST_DIGESTS + 5):
        query, then = Query(levels=(number % 9,), text="x" * (number // 9)), NOW + timedelta(hours=number)
        ask(engine, choice=Choice(query=query), now=then)
        accounts.confirm(engine, KEYS, confirm_token(digests(engine)[-1]), then)
    assert len(digests(engine)) == accounts.MOST_DIGESTS


def test_an_address_is_asked_three_times_an_hour_at_most_and_nobody_is_told(engine: Engine) -> None:
    for number in range(6):
        ask(engine, choice=Choice(query=Query(levels=(number,))), client=f"client{number}")
    assert questions(engine) == accounts.MOST_BY_ADDRESS
    then = NOW + timedelta(hours=1)
    accounts.confirm(engine, KEYS, confirm_token(digests(engine)[0]), then)
    ask(engine, choice=Choice(query=Query(levels=(8,))), now=then)
    assert questions(engine) == accounts.MOST_BY_ADDRESS + 1


def test_without_an_answer_an_address_is_asked_three_times_in_thirty_days(engine: Engine) -> None:
    def asked_on(day: float) -> int:
        before = questions(engine)
        ask(engine, client=f"client{day}", now=NOW + timedelta(days=day))
        return questions(engine) - before

    assert [asked_on(day) for day in (0, 1, 9, 10, 11, 29)] == [1, 1, 1, 0, 0, 0]
    assert [asked_on(day) for day in (30.1, 30.2, 31.1, 32)] == [1, 0, 1, 0]
    assert digests(engine)[0].state is State.PENDING


def test_leaving_and_erasing_are_no_answer_that_lets_strangers_ask_on(engine: Engine) -> None:
    for number in range(6):
        ask(engine, client=f"client{number}", now=NOW + timedelta(days=number))
        found = digests(engine)
        if found and number % 2:
            accounts.erase(engine, KEYS, KEYS.sign(Purpose.PREFERENCES, found[-1].uid, NOW), NOW)
        elif found:
            accounts.unsubscribe(engine, KEYS, leaving(found[-1]), NOW)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM deliveries")).scalar() == accounts.MOST_UNANSWERED


def test_the_operator_asks_no_more_often_and_is_told(engine: Engine) -> None:
    for number in range(accounts.MOST_UNANSWERED):
        ask(engine, now=NOW + timedelta(days=number))
    with pytest.raises(UsageError, match="did not answer"):
        enrolment.invite(engine, KEYS, addresses.mail(ADA), FIVE, origin="command", now=NOW + timedelta(days=4))
    enrolment.allow(engine, KEYS, addresses.mail(ADA))
    assert enrolment.invite(engine, KEYS, addresses.mail(ADA), FIVE, origin="command", now=NOW + timedelta(days=4))


# ---- never again


def declining(found: Subscription) -> str:
    return KEYS.sign(Purpose.DECLINE, [found.uid, addresses.hashes(KEYS, addresses.mail(ADA))[0]], NOW)


def test_who_says_never_is_not_asked_again_whoever_asks(engine: Engine) -> None:
    ask(engine)
    accounts.decline(engine, KEYS, declining(digests(engine)[0]), NOW)
    assert digests(engine)[0].state is State.UNSUBSCRIBED
    before = questions(engine)
    ask(engine, choice=Choice(query=Query(levels=(6,))), client="another", now=NOW + timedelta(days=400))
    assert (questions(engine), len(digests(engine))) == (before, 1)
    with pytest.raises(UsageError, match="declined"):
        enrolment.enrol(engine, KEYS, addresses.mail(ADA), FIVE, origin="import", now=NOW, again=False)


def test_saying_never_keeps_what_one_gets_already(engine: Engine) -> None:
    found = confirmed(engine)
    ask(engine, choice=Choice(query=Query(levels=(6,))))
    accounts.decline(engine, KEYS, declining(digests(engine)[1]), NOW)
    assert [d.state for d in digests(engine)] == [State.ACTIVE, State.UNSUBSCRIBED]
    assert accounts.unsubscribe(engine, KEYS, leaving(found), NOW).state is State.UNSUBSCRIBED


def test_saying_never_holds_after_erasing_and_before(engine: Engine) -> None:
    ask(engine)
    (found,) = digests(engine)
    accounts.erase(engine, KEYS, preferences(found), NOW)
    accounts.decline(engine, KEYS, declining(found), NOW)
    ask(engine, now=NOW + timedelta(days=1))
    assert digests(engine) == ()


@pytest.mark.parametrize("way", ["link", "operator"])
def test_who_said_never_may_change_their_mind(engine: Engine, way: str) -> None:
    ask(engine)
    token = declining(digests(engine)[0])
    accounts.decline(engine, KEYS, token, NOW)
    if way == "link":
        accounts.undo_declining(engine, KEYS, token, NOW)
    else:
        assert enrolment.allow(engine, KEYS, addresses.mail(ADA))
    ask(engine, now=NOW + timedelta(days=1))
    (again,) = digests(engine)
    assert accounts.confirm(engine, KEYS, confirm_token(again), NOW + timedelta(days=1)).state is State.ACTIVE


def test_a_link_that_says_never_lifts_no_complaint(engine: Engine) -> None:
    ask(engine)
    token = declining(digests(engine)[0])
    with database.writing(engine) as session:
        subscribers.suppress(session, addresses.hashes(KEYS, addresses.mail(ADA))[0], "complaint", NOW)
    accounts.decline(engine, KEYS, token, NOW)
    accounts.undo_declining(engine, KEYS, token, NOW)
    with database.reading(engine) as session:
        assert subscribers.suppressed(session, addresses.hashes(KEYS, addresses.mail(ADA))) == "complaint"


def test_a_client_that_asks_too_often_is_told_so(engine: Engine) -> None:
    for number in range(accounts.MOST_BY_CLIENT):
        ask(engine, f"reader{number}@example.org")
    with pytest.raises(accounts.TooManyRequests):
        ask(engine, "one.more@example.org")
    ask(engine, "one.more@example.org", client="another")


def test_neither_client_nor_address_of_a_request_is_kept_in_clear(engine: Engine) -> None:
    ask(engine, client="203.0.113.9")
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT scope, key FROM mail_requests")).all()
    assert {row[0] for row in rows} == {"client", "address", "question"}
    assert not any("203.0.113.9" in row[1] or ADA in row[1] for row in rows)


@pytest.mark.parametrize(
    "choice",
    [
        Choice(minutes=1),
        Choice(minutes=10**6),
        Choice(cadence="hourly"),
        Choice(language="fr"),
        Choice(weekday="someday"),
        Choice(weekday="8"),
        Choice(weekday="t"),
        Choice(hour="24"),
        Choice(hour="7:61"),
        Choice(timezone="Mars/Olympus"),
        Choice(timezone="../etc/passwd"),
        Choice(when_empty="maybe"),
        Choice(query=Query(since=NOW.date())),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(engine: Engine, choice: Choice) -> None:
    with pytest.raises(UsageError):
        ask(engine, choice=choice)
    assert digests(engine) == ()


@pytest.mark.parametrize(("written", "minute"), [("7", 420), ("07:30", 450), ("0", 0), ("23:59", 1439)])
def test_a_time_of_day_is_an_hour_or_a_time(written: str, minute: int) -> None:
    plan = plans.plan(Choice(hour=written, weekday="Thu", timezone="Europe/Berlin"))
    assert (plan.minute, plan.weekday, plan.timezone) == (minute, 4, "Europe/Berlin")


def test_equal_wishes_have_equal_keys_and_the_hour_is_no_part_of_them() -> None:
    one = plans.plan(Choice(query=Query(levels=(5, 6)), hour="7"))
    other = plans.plan(Choice(query=Query(levels=(5, 6)), hour="9", weekday="friday", timezone="Asia/Tokyo"))
    assert plans.wish_key(one) == plans.wish_key(other)
    assert plans.wish_key(one) != plans.wish_key(plans.plan(Choice(language="de"), one))
    assert plans.wish(one).query == Query(levels=(5, 6))


# ---- leaving


def test_leaving_is_at_once_for_good_and_again_no_error(engine: Engine) -> None:
    found = confirmed(engine)
    for _ in range(3):
        done = accounts.unsubscribe(engine, KEYS, leaving(found), NOW + timedelta(days=2000))
        assert (done.state, done.next_due_at) == (State.UNSUBSCRIBED, None)


def test_looking_at_a_page_changes_nothing(engine: Engine) -> None:
    found = confirmed(engine)
    for purpose, token in ((Purpose.UNSUBSCRIBE, leaving(found)), (Purpose.CONFIRM, confirm_token(found))):
        assert accounts.look(engine, KEYS, purpose, token, NOW) == found


def test_who_leaves_one_digest_keeps_the_other(engine: Engine) -> None:
    confirmed(engine)
    ask(engine, choice=Choice(query=Query(levels=(6,))))
    first, second = digests(engine)
    accounts.confirm(engine, KEYS, confirm_token(second), NOW)
    accounts.unsubscribe(engine, KEYS, leaving(first), NOW)
    assert [d.state for d in digests(engine)] == [State.UNSUBSCRIBED, State.ACTIVE]


def test_who_has_left_may_come_back_with_another_yes(engine: Engine) -> None:
    found = confirmed(engine)
    accounts.unsubscribe(engine, KEYS, leaving(found), NOW)
    ask(engine, now=NOW + timedelta(days=1))
    (again,) = digests(engine)
    assert again.state is State.PENDING
    assert accounts.confirm(engine, KEYS, confirm_token(again), NOW + timedelta(days=1)).state is State.ACTIVE


# ---- preferences


def test_preferences_show_every_digest_and_a_masked_address(engine: Engine) -> None:
    first = confirmed(engine)
    ask(engine, choice=Choice(query=Query(levels=(6,))))
    shown = accounts.preferences(engine, KEYS, preferences(first), NOW)
    assert shown.masked == "a…@e….org"
    assert [d.plan.query for d in shown.digests] == ["level=5", "level=6"]


def test_a_change_moves_the_next_moment_and_keeps_what_is_not_said(engine: Engine) -> None:
    found = confirmed(engine)
    choice = Choice(weekday="friday", hour="18:30", timezone="Europe/Berlin", language="de", minutes=60)
    done = accounts.change(engine, KEYS, preferences(found), choice, NOW)
    assert done.next_due_at == datetime(2026, 5, 22, 16, 30, tzinfo=UTC)
    assert (done.plan.query, done.plan.language, done.plan.minutes) == ("level=5", "de", 60)
    done = accounts.change(engine, KEYS, preferences(found), Choice(unbounded=True), NOW)
    assert (done.plan.minutes, done.plan.language) == (None, "de")


def test_no_two_digests_of_an_address_become_the_same(engine: Engine) -> None:
    first = confirmed(engine)
    ask(engine, choice=Choice(query=Query(levels=(6,))))
    with pytest.raises(UsageError, match="already"):
        accounts.change(engine, KEYS, preferences(first), Choice(query=Query(levels=(6,))), NOW)


def test_pausing_and_going_on(engine: Engine) -> None:
    found = confirmed(engine)
    assert accounts.pause(engine, KEYS, preferences(found), NOW).next_due_at is None
    done = accounts.resume(engine, KEYS, preferences(found), NOW + timedelta(days=30))
    assert (done.state, done.next_due_at) == (State.ACTIVE, datetime(2026, 6, 22, 7, tzinfo=UTC))


def test_a_link_opens_nobody_else_s_digests(engine: Engine) -> None:
    found = confirmed(engine)
    ask(engine, "bob@example.org")
    (bob,) = digests(engine, "bob@example.org")
    deeds: list[Callable[..., Any]] = [accounts.pause, accounts.resume, accounts.leave]
    for deed in deeds:
        with pytest.raises(TokenError):
            deed(engine, KEYS, preferences(found), NOW, uid=bob.uid)
    with pytest.raises(TokenError):
        accounts.change(engine, KEYS, preferences(found), FIVE, NOW, uid=bob.uid)


@pytest.mark.parametrize("deed", [accounts.preferences, accounts.export, accounts.erase, accounts.pause, accounts.leave])
def test_a_link_for_leaving_opens_no_preferences(engine: Engine, deed: Callable[..., Any]) -> None:
    found = confirmed(engine)
    with pytest.raises(TokenError):
        deed(engine, KEYS, leaving(found), NOW)


def test_an_export_has_all_that_is_kept(engine: Engine) -> None:
    from tests.digest.mailing import Installation

    papers(engine)
    Installation(engine).enrol([ADA], Query(levels=(5,)))
    token = KEYS.sign(Purpose.PREFERENCES, digests(engine)[0].uid, NOW)
    exported = json.loads(json.dumps(accounts.export(engine, KEYS, token, NOW)))
    assert exported["address"] == ADA
    assert exported["digests"][0]["query"] == "level=5"
    assert exported["digests"][0]["deliveries"] == exported["digests"][0]["items"] == []


def test_erasing_leaves_no_address_and_a_hash_that_keeps_imports_away(engine: Engine) -> None:
    found = confirmed(engine)
    ask(engine, choice=OTHERWISE, now=NOW + timedelta(minutes=5))
    accounts.erase(engine, KEYS, preferences(found), NOW)
    with engine.connect() as connection:
        for table in ("subscribers", "subscriptions", "suppressions", "deliveries", "mail_requests"):
            rows = connection.execute(text(f"SELECT * FROM {table}")).all()
            assert not any("ada" in str(value) or "level=5" in str(value) for row in rows for value in row), table
    with pytest.raises(UsageError, match="erased"):
        enrolment.enrol(engine, KEYS, addresses.mail(ADA), FIVE, origin="import", now=NOW)
    with pytest.raises(TokenError):
        accounts.preferences(engine, KEYS, preferences(found), NOW)


def test_who_was_erased_may_ask_anew_and_is_then_known_again(engine: Engine) -> None:
    accounts.erase(engine, KEYS, preferences(confirmed(engine)), NOW)
    ask(engine, now=NOW + timedelta(hours=2))
    (again,) = digests(engine)
    assert accounts.confirm(engine, KEYS, confirm_token(again), NOW + timedelta(hours=2)).state is State.ACTIVE
    assert not enrolment.enrol(engine, KEYS, addresses.mail(ADA), FIVE, origin="import", now=NOW)


def test_who_complained_is_not_even_asked(engine: Engine) -> None:
    with database.writing(engine) as session:
        subscribers.suppress(session, addresses.hashes(KEYS, addresses.mail(ADA))[0], "complaint", NOW)
    ask(engine)
    assert (digests(engine), questions(engine)) == ((), 0)
    assert enrolment.allow(engine, KEYS, addresses.mail(ADA))
    ask(engine, now=NOW + timedelta(hours=1))
    assert questions(engine) == 1


# ---- addresses


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" Ada.Lovelace+papers@Example.ORG ", "Ada.Lovelace+papers@example.org"),
        ("ada@bücher.example.org", "ada@xn--bcher-kva.example.org"),
        ("o'neil@example.org", "o'neil@example.org"),
    ],
)
def test_an_address_has_one_form(written: str, kept: str) -> None:
    assert addresses.mail(written).text == kept
    assert addresses.mail(written.upper()).folded == addresses.mail(written).folded


@pytest.mark.parametrize(
    "written",
    ["", "ada", "ada@", "@example.org", "a b@example.org", "ada@example.org\r\nBcc: bob@example.org", "ada@ex ample.org",
     "ada@@example.org", "adä@example.org", "a" * 65 + "@example.org", "x" * 500, "ada@-example.org",
     '"a b"@example.org', "ada@[127.0.0.1]"],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_being_shown(written: str) -> None:
    with pytest.raises(UsageError) as caught:
        addresses.mail(written)
    assert not written or written not in str(caught.value)


@given(st.emails())
def test_a_masked_address_shows_no_more_than_two_letters_and_the_top_domain(address: str) -> None:
    local, _, domain = address.rpartition("@")
    shown = addresses.mask(address)
    assert shown == f"{local[0]}…@{domain[0]}…{domain[domain.rindex('.') :] if '.' in domain else ''}"


def test_a_channel_s_address_is_masked_to_its_kind() -> None:
    to = addresses.parse("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js")
    assert addresses.mask(to.text) == "discord://…"
    with pytest.raises(UsageError):
        addresses.parse("nosuch://secret-token")


def test_a_return_path_proves_whose_bounce_it_is() -> None:
    key = "0123456789abcdef" * 2
    path = OFFICE.return_path(key)
    assert path.startswith("bounces+")
    assert OFFICE.delivery_of(f"To: <{path}>") == key
    assert OFFICE.delivery_of(path.replace("0123", "1123")) is None
    assert MONDAY.tzinfo is UTC


def test_nothing_of_all_this_logs_an_address(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        accounts.erase(engine, KEYS, preferences(confirmed(engine)), NOW)
    assert ADA not in caplog.text

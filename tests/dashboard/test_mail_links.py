"""Confirming and unsubscribing over HTTP: looking changes nothing, one press is enough, and strangers learn nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.mail import pages
from dashboard.observing import Templates
from staycurrent.digest import accounts, addresses
from staycurrent.digest.plans import Choice
from staycurrent.digest.tokens import Purpose
from staycurrent.query import build
from staycurrent.store import engine as database
from staycurrent.store import subscribers
from staycurrent.store.subscribers import State
from tests.dashboard import mailed
from tests.dashboard.mailed import ADA, HOST, KEYS, Place

PURPOSES = list(Purpose)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
FOREIGN = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}


@pytest.fixture
def place(url: str, tmp_path: Path) -> Iterator[Place]:
    with mailed.place(url, tmp_path) as made:
        yield made


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_changes_nothing_and_is_not_kept(place: Place, purpose: Purpose, method: str) -> None:
    digest = place.ask() if purpose is Purpose.CONFIRM else place.subscribe()
    before = place.state()
    answer = place.client.request(method, place.path(purpose, digest))
    assert answer.status_code == 200
    assert place.state() == before
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert answer.headers["content-security-policy"] == pages.POLICY
    assert "set-cookie" not in answer.headers


def test_one_press_confirms_and_a_second_one_does_no_harm(place: Place) -> None:
    digest = place.ask()
    path = place.path(Purpose.CONFIRM, digest)
    assert "Yes, send it" in place.client.get(path).text
    for _ in range(2):
        answer = place.client.post(path)
        assert answer.status_code == 200
        assert "Monday, 25 May, 07:00" in answer.text
        assert place.by_uid(digest.uid).state is State.ACTIVE
    assert "You get this digest already" in place.client.get(path).text


def test_a_question_quotes_no_word_of_a_stranger_and_no_address(place: Place) -> None:
    digest = place.ask(choice=Choice(query=build(text="call 555 now", exclude=["you fool"], level=["5"])))
    shown = place.client.get(place.path(Purpose.CONFIRM, digest)).text
    assert "555" not in shown
    assert "fool" not in shown
    assert ADA not in shown
    assert "a…@e….org" in shown


def test_who_asks_again_in_another_way_is_asked_for_just_that_and_gets_it(place: Place, tmp_path: Path) -> None:
    digest = place.subscribe()
    place.now += timedelta(minutes=5)
    other = Choice(query=mailed.BERLIN.query, timezone="Europe/Berlin", weekday="friday", minutes=45)
    path = place.path(Purpose.CONFIRM, place.ask(choice=other))
    assert place.by_uid(digest.uid).plan == digest.plan
    shown = place.client.get(path).text
    for words in ("You get it already", "Every Friday", "45 min"):
        assert words in shown
    mail, *_ = [m for m in place.send(tmp_path, "confirm") if "Friday" in m.get_body(("plain",)).get_content()]
    assert "at most 45 min" in mail.get_body(("plain",)).get_content()
    assert "Friday, 22 May, 07:00" in place.client.post(path).text
    assert (place.by_uid(digest.uid).plan.weekday, place.by_uid(digest.uid).plan.minutes) == (5, 45)
    assert "You get this digest already" in place.client.get(path).text


@pytest.mark.parametrize("purpose", [Purpose.CONFIRM, Purpose.PREFERENCES])
def test_an_old_link_says_what_to_do(place: Place, purpose: Purpose) -> None:
    path = place.path(purpose, place.ask())
    place.now += timedelta(days=91)
    for method in ("GET", "POST"):
        answer = place.client.request(method, path)
        assert answer.status_code == 410
        assert "no longer works" in answer.text
        assert 'href="../digest"' in answer.text


def test_a_newer_question_replaces_the_older_one(place: Place) -> None:
    old = place.path(Purpose.CONFIRM, place.ask())
    place.now += timedelta(hours=2)
    place.client.post(f"/unsubscribe/{place.token(Purpose.UNSUBSCRIBE, place.digests()[0])}", data=ONE_CLICK)
    place.ask()
    assert place.client.post(old).status_code == 410
    assert place.digests()[0].state is State.PENDING


@pytest.mark.parametrize("form", ["urlencoded", "multipart"])
def test_one_click_as_mail_programs_send_it(place: Place, form: str) -> None:
    digest = place.subscribe()
    path = place.path(Purpose.UNSUBSCRIBE, digest)
    kind = {"data": ONE_CLICK} if form == "urlencoded" else {"files": {"List-Unsubscribe": (None, "One-Click")}}
    for _ in range(3):
        answer = place.client.post(path, **kind, headers=FOREIGN)  # type: ignore[arg-type]
        assert (answer.status_code, "location" in answer.headers) == (200, False)
        assert place.by_uid(digest.uid).state is State.UNSUBSCRIBED


def test_one_click_counts_for_paused_and_erased_digests_too(place: Place) -> None:
    digest = place.subscribe()
    preferences, path = place.token(Purpose.PREFERENCES, digest), place.path(Purpose.UNSUBSCRIBE, digest)
    accounts.pause(place.engine, KEYS, preferences, place.now)
    assert place.client.post(path, data=ONE_CLICK).status_code == 200
    assert place.by_uid(digest.uid).state is State.UNSUBSCRIBED
    accounts.erase(place.engine, KEYS, preferences, place.now)
    for answer in (place.client.post(path, data=ONE_CLICK), place.client.get(path)):
        assert answer.status_code == 200
        assert "You are unsubscribed" in answer.text


def test_unsubscribing_is_open_for_ever(place: Place) -> None:
    digest = place.subscribe()
    path = place.path(Purpose.UNSUBSCRIBE, digest)
    place.now += timedelta(days=4000)
    assert place.client.post(path, data=ONE_CLICK).status_code == 200
    assert place.by_uid(digest.uid).state is State.UNSUBSCRIBED


def test_a_question_can_be_the_last_one(place: Place) -> None:
    digest = place.ask()
    path = place.path(Purpose.DECLINE, digest)
    assert "Never ask again" in place.client.get(path).text
    for _ in range(2):
        answer = place.client.post(path, data={"action": "decline"})
        assert (answer.status_code, "You are not asked again" in answer.text) == (200, True)
    assert place.by_uid(digest.uid).state is State.UNSUBSCRIBED
    place.now += timedelta(days=100)
    assert place.ask(client="192.0.2.9").state is State.UNSUBSCRIBED
    assert "Never ask again" in place.client.post(path, data={"action": "allow"}).text
    assert place.ask(client="192.0.2.9").state is State.PENDING


def test_a_question_can_be_the_last_one_after_all_was_erased(place: Place) -> None:
    digest = place.ask()
    path = place.path(Purpose.DECLINE, digest)
    accounts.erase(place.engine, KEYS, place.token(Purpose.PREFERENCES, digest), place.now)
    assert place.client.get(path).status_code == 200
    assert "You are not asked again" in place.client.post(path, data={"action": "decline"}).text
    place.now += timedelta(days=100)
    accounts.request(place.engine, KEYS, ADA, mailed.BERLIN, client="192.0.2.9", now=place.now)
    assert place.digests() == ()


def test_coming_back_needs_a_yes_from_the_mailbox(place: Place) -> None:
    digest = place.subscribe()
    path = place.path(Purpose.UNSUBSCRIBE, digest)
    assert "Get it again" in place.client.post(path, data={"action": "unsubscribe"}).text
    place.now += timedelta(minutes=5)
    answer = place.client.post(path, data={"action": "again"})
    assert (answer.status_code, "confirmation is on its way" in answer.text) == (200, True)
    asked = place.by_uid(digest.uid)
    assert (asked.state, asked.plan) == (State.PENDING, digest.plan)
    assert place.client.post(place.path(Purpose.CONFIRM, asked)).status_code == 200
    assert place.by_uid(digest.uid).state is State.ACTIVE


def test_a_link_for_leaving_opens_no_preferences_on_any_page(place: Place) -> None:
    """It never ends, and whoever was forwarded a mail has it."""
    path = place.path(Purpose.UNSUBSCRIBE, place.subscribe())
    pages_of_it = [place.client.get(path)]
    pages_of_it += [place.client.post(path, data={"action": action}) for action in ("unsubscribe", "again", "link")]
    pages_of_it.append(place.client.get(path))
    for shown in pages_of_it:
        assert shown.status_code == 200
        assert "preferences" not in shown.text
        assert ADA not in shown.text


def test_the_way_to_the_preferences_goes_by_the_mailbox(place: Place, tmp_path: Path) -> None:
    digest = place.subscribe()
    path = place.path(Purpose.UNSUBSCRIBE, digest)
    assert "Mail me the way" in place.client.post(path, data={"action": "unsubscribe"}).text
    place.now += timedelta(days=1)
    assert "a link is on its way" in place.client.post(path, data={"action": "link"}).text
    (mail,) = place.send(tmp_path, "link")
    assert (mail["To"], mail["Precedence"]) == (ADA, None)
    words = mail.get_body(("plain",)).get_content()
    link = next(line for line in words.splitlines() if line.startswith(f"{HOST}/preferences/"))
    assert "/decline/" not in words
    shown = place.client.get(link.removeprefix(HOST))
    assert (shown.status_code, "What you get by mail" in shown.text) == (200, True)


def test_ways_to_the_preferences_are_mailed_thrice_a_day_and_not_where_mail_came_back(place: Place, tmp_path: Path) -> None:
    path = place.path(Purpose.UNSUBSCRIBE, place.subscribe())
    answers = set()
    for _ in range(6):
        place.now += timedelta(hours=1)
        place.client.post(path, data=ONE_CLICK)
        answers.add(place.client.post(path, data={"action": "link"}).text)
    assert len(answers) == 1
    assert len(place.send(tmp_path, "link")) == accounts.MOST_LINKS
    place.now += timedelta(days=2)
    with database.writing(place.engine) as session:
        subscribers.suppress(session, addresses.hashes(KEYS, addresses.mail(ADA))[0], "bounce", place.now)
    assert {place.client.post(path, data={"action": "link"}).text} == answers
    assert len(place.send(tmp_path, "link")) == accounts.MOST_LINKS


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("headers", [FOREIGN, {"origin": "https://evil.example"}, {"sec-fetch-site": "same-site"}])
def test_a_form_of_another_site_does_nothing(place: Place, purpose: Purpose, headers: dict[str, str]) -> None:
    digest = place.ask() if purpose is Purpose.CONFIRM else place.subscribe()
    before = place.state()
    answer = place.client.post(place.path(purpose, digest), data={"action": "erase-sure"}, headers=headers)
    assert answer.status_code == 403
    assert place.state() == before


@pytest.mark.parametrize("headers", [{"origin": HOST}, {"origin": "null", "sec-fetch-site": "same-origin"}, {"origin": "null"}])
def test_a_form_of_our_own_page_counts(place: Place, headers: dict[str, str]) -> None:
    digest = place.ask()
    assert place.client.post(place.path(Purpose.CONFIRM, digest), headers=headers).status_code == 200
    assert place.by_uid(digest.uid).state is State.ACTIVE


def test_a_token_of_one_purpose_is_nothing_for_another(place: Place) -> None:
    digest = place.subscribe()
    for purpose in PURPOSES:
        for other in (p for p in PURPOSES if p is not purpose):
            token = place.path(other, digest).rpartition("/")[2]
            for method in ("GET", "POST"):
                assert place.client.request(method, f"/{purpose}/{token}", data=ONE_CLICK).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("purpose", PURPOSES)
def test_other_methods_are_refused(place: Place, purpose: Purpose, method: str) -> None:
    answer = place.client.request(method, place.path(purpose, place.subscribe()))
    assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, {"GET", "HEAD", "POST"})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(token=st.text(max_size=600), purpose=st.sampled_from(PURPOSES), body=st.binary(max_size=200), is_form=st.booleans())
def test_no_token_and_no_body_breaks_a_page(place: Place, token: str, purpose: Purpose, body: bytes, *, is_form: bool) -> None:
    kind = "application/x-www-form-urlencoded" if is_form else "multipart/form-data; boundary=x"
    path = f"/{purpose}/x{quote(token.encode('utf-8', 'replace'), safe='/')}"
    got, put = place.client.get(path), place.client.post(path, content=body, headers={"content-type": kind})
    for answer in (got, put):
        assert answer.status_code == 404
        assert "not one of ours" in answer.text
        assert len(token) < 8 or token not in answer.text


def test_a_body_without_end_is_refused(place: Place) -> None:
    answer = place.client.post(place.path(Purpose.CONFIRM, place.ask()), content=b"a" * 70_000)
    assert answer.status_code == 413


def test_asking_too_often_is_said_plainly(place: Place) -> None:
    path, statuses = place.path(Purpose.UNSUBSCRIBE, place.subscribe()), []
    for _ in range(accounts.MOST_BY_CLIENT + 1):
        place.client.post(path, data=ONE_CLICK)
        answer = place.client.post(path, data={"action": "again"})
        statuses.append(answer.status_code)
    assert statuses == [*[200] * accounts.MOST_BY_CLIENT, 429]
    assert "You asked too often" in answer.text


def test_the_page_speaks_the_language_of_the_digest(place: Place) -> None:
    digest = place.ask(choice=Choice(query=build(level=["5"]), language="de"))
    assert '<html lang="de">' in place.client.get(place.path(Purpose.CONFIRM, digest)).text
    assert '<html lang="de">' in place.client.get("/confirm/x", headers={"accept-language": "de"}).text


def test_a_database_that_cannot_be_used_is_no_traceback_and_no_path(tmp_path: Path) -> None:
    with mailed.place(f"sqlite:///{tmp_path / 'missing-secret-place' / 'x.db'}", tmp_path) as made:
        token = KEYS.sign(Purpose.UNSUBSCRIBE, "uid", made.now)
        answer = made.client.post(f"/unsubscribe/{token}", data=ONE_CLICK)
    assert answer.status_code == 503
    assert "missing-secret-place" not in answer.text


def test_previews_are_bounded_for_each_client(url: str, tmp_path: Path) -> None:
    with mailed.place(url, tmp_path, previews=3) as made:
        answers = [made.client.get("/digest/preview") for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) > 0


def test_no_log_line_names_a_token(place: Place) -> None:
    templates = Templates(place.client.app.routes)  # type: ignore[attr-defined]
    for purpose in PURPOSES:
        assert templates.of(f"/{purpose}/a-token/and%0Amore\n") == f"/{purpose}/{{token}}"

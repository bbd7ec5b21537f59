"""The preferences page over HTTP: every digest of an address, changed without a script, and by nobody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.mail import fields
from staycurrent.digest.plans import Choice
from staycurrent.digest.tokens import Purpose
from staycurrent.query import build
from staycurrent.store.subscribers import State, Subscription
from tests.dashboard import mailed
from tests.dashboard.mailed import ADA, Place

EVIL = '"><script>alert(1)</script>'


@pytest.fixture
def place(url: str, tmp_path: Path) -> Iterator[Place]:
    with mailed.place(url, tmp_path) as made:
        yield made


def form(digest: Subscription, **others: Any) -> dict[str, Any]:
    """The form as a browser would send it, with some fields changed."""
    f = fields.of_plan(digest.plan)
    what = {"level": list(f.levels), "topic": list(f.topics), "lab": list(f.labs), "exclude": f.exclude, "keep": "1"}
    when = {"cadence": f.cadence, "weekday": f.weekday, "hour": f.hour, "timezone": f.timezone}
    how = {"minutes": f.minutes, "language": f.language, "when_empty": f.when_empty}
    return {"digest": digest.uid, "action": "change"} | what | when | how | others


def path(place: Place, digest: Subscription) -> str:
    return place.path(Purpose.PREFERENCES, digest)


def test_everything_can_be_changed(place: Place) -> None:
    digest = place.subscribe()
    changed = {"level": ["6", "7"], "topic": ["rag"], "lab": ["qwen"], "exclude": "survey\r\n\r\n two words ", "minutes": "90"}
    how = {
        "cadence": "monthly",
        "weekday": "5",
        "hour": "18:30",
        "timezone": "Asia/Tokyo",
        "language": "de",
        "when_empty": "nothing",
    }
    answer = place.client.post(path(place, digest), data=form(digest, **changed, **how))
    assert (answer.status_code, answer.headers["location"]) == (303, "?done=change")
    plan = place.by_uid(digest.uid).plan
    assert mailed.query_of(place.by_uid(digest.uid)) == build(
        level=["6", "7"], topic=["rag"], lab=["qwen"], exclude=["survey", "two words"]
    )
    assert (plan.cadence, plan.weekday, plan.minute, plan.timezone) == ("monthly", 5, 18 * 60 + 30, "Asia/Tokyo")
    assert (plan.minutes, plan.language, plan.when_empty) == (90, "de", "nothing")
    shown = place.client.get(path(place, digest) + "?done=change").text
    assert '<html lang="de">' in shown
    assert 'value="18:30"' in shown


def test_saving_what_is_there_changes_nothing(place: Place) -> None:
    digest = place.subscribe(
        choice=Choice(query=build(level=["0", "5"], lab=["no-such-lab"], has_code="1", text="kv cache"), minutes=60)
    )
    shown = place.client.get(path(place, digest)).text
    assert len(re.findall(r"checkbox[^>]* checked", shown)) == 4, "two levels, the lab, and the filters without a field"
    assert place.client.post(path(place, digest), data=form(digest)).status_code == 303
    assert place.by_uid(digest.uid).plan == digest.plan


def test_an_empty_budget_is_any_time_and_other_filters_can_be_dropped(place: Place) -> None:
    digest = place.subscribe(choice=Choice(query=build(level=["5"], has_code="1"), minutes=60))
    place.client.post(path(place, digest), data=form(digest, minutes="", keep=""))
    after = place.by_uid(digest.uid)
    assert (after.plan.minutes, mailed.query_of(after)) == (None, build(level=["5"]))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("minutes", "4"),
        ("minutes", "soon"),
        ("minutes", EVIL),
        ("hour", "25:00"),
        ("hour", ""),
        ("timezone", "Berlin"),
        ("timezone", EVIL),
        ("weekday", "8"),
        ("cadence", "daily"),
        ("language", "fr"),
        ("when_empty", ""),
        ("topic", "no-such-topic"),
        ("lab", EVIL),
        ("level", "9"),
        ("exclude", "x" * 500),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_written_stays(place: Place, field: str, value: str) -> None:
    digest = place.subscribe()
    before = place.state()
    answer = place.client.post(path(place, digest), data=form(digest, **{"weekday": "3", field: value}))
    assert answer.status_code == 400
    assert len(re.findall(r'class="error"', answer.text)) == 1
    assert f'id="{field}-error-1"' in answer.text
    assert "<script" not in answer.text
    if field in ("minutes", "timezone", "exclude", "hour"):
        assert value.replace('"', "&#34;").replace("<", "&lt;").replace(">", "&gt;") in answer.text
    if field != "weekday":
        assert '<option value="3" selected>' in answer.text
    assert place.state() == before


def test_two_digests_cannot_become_one(place: Place) -> None:
    first, second = place.subscribe(), place.subscribe(choice=Choice(query=build(level=["6"])))
    answer = place.client.post(path(place, second), data=form(second, level=["5"], exclude="benchmark"))
    assert answer.status_code == 400
    assert "another of your digests is like this" in answer.text
    assert place.by_uid(second.uid).plan == second.plan
    assert place.by_uid(first.uid).plan == first.plan


def test_pausing_going_on_and_stopping(place: Place) -> None:
    digest = place.subscribe()
    for action, state in (("pause", State.PAUSED), ("resume", State.ACTIVE), ("leave", State.UNSUBSCRIBED)):
        for _ in range(2):
            answer = place.client.post(path(place, digest), data={"action": action, "digest": digest.uid})
            assert (answer.status_code, answer.headers["location"]) == (303, f"?done={action}")
            assert place.by_uid(digest.uid).state is state
    place.now = place.now.replace(hour=12)
    answer = place.client.post(path(place, digest), data={"action": "again", "digest": digest.uid})
    assert "confirmation is on its way" in answer.text
    assert place.by_uid(digest.uid).state is State.PENDING


def test_all_digests_of_an_address_are_there_and_stop_at_once(place: Place) -> None:
    digests = [place.subscribe(choice=Choice(query=build(level=[str(n)]))) for n in (3, 4, 5)]
    shown = place.client.get(path(place, digests[1])).text
    assert [shown.index(f'value="{d.uid}"') for d in digests] != []
    assert shown.index(digests[1].uid) < shown.index(digests[0].uid)
    place.client.post(path(place, digests[1]), data={"action": "leave-all"})
    assert {place.by_uid(d.uid).state for d in digests} == {State.UNSUBSCRIBED}


def test_what_waits_for_its_yes_shows_no_word_of_a_stranger_and_can_only_be_stopped(place: Place) -> None:
    digest = place.ask(choice=Choice(query=build(exclude=["you fool"])))
    shown = place.client.get(path(place, digest)).text
    assert ("fool" in shown, 'value="leave"' in shown, 'value="change"' in shown) == (False, True, False)
    assert place.client.post(path(place, digest), data=form(digest, level=["5"])).status_code == 400
    assert place.by_uid(digest.uid).plan == digest.plan


def test_nobody_changes_the_digest_of_somebody_else(place: Place) -> None:
    mine, other = place.subscribe(), place.subscribe("eve@example.org")
    before = place.state()
    for action in ("change", "pause", "leave", "again"):
        answer = place.client.post(path(place, mine), data=form(other, action=action, level=["8"]))
        assert answer.status_code == 410
    assert place.state() == before


def test_the_data_comes_as_a_file(place: Place) -> None:
    digest = place.subscribe()
    answer = place.client.post(path(place, digest), data={"action": "export"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert (answer.json()["address"], answer.json()["digests"][0]["timezone"]) == (ADA, "Europe/Berlin")


def test_erasing_is_asked_twice(place: Place) -> None:
    digest = place.subscribe()
    before = place.state()
    asked = place.client.post(path(place, digest), data={"action": "erase"})
    assert (asked.status_code, "Yes, erase it" in asked.text, place.state()) == (200, True, before)
    done = place.client.post(path(place, digest), data={"action": "erase-sure"})
    assert (done.status_code, place.by_uid(digest.uid).address) == (200, None)
    assert ADA not in str(place.state())
    assert place.client.get(path(place, digest)).status_code == 410
    assert place.client.post(path(place, digest), data={"action": "erase-sure"}).status_code == 410


def test_the_address_is_never_shown_in_full(place: Place) -> None:
    shown = place.client.get(path(place, place.subscribe())).text
    assert ADA not in shown
    assert "a…@e….org" in shown


def test_an_unknown_button_does_nothing(place: Place) -> None:
    digest = place.subscribe()
    before = place.state()
    assert place.client.post(path(place, digest), data={"action": "everything"}).status_code == 400
    assert place.client.post(path(place, digest)).status_code == 400
    assert place.state() == before


def test_words_that_are_markup_stay_words(place: Place) -> None:
    digest = place.subscribe(choice=Choice(query=build(text=EVIL, exclude=[EVIL, "</textarea><b>"])))
    shown = place.client.get(path(place, digest)).text
    assert "<script" not in shown
    assert "</textarea><b>" not in shown


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wrong=st.dictionaries(
        st.sampled_from(["level", "topic", "lab", "exclude", "minutes", "hour", "timezone", "weekday", "cadence", "language"]),
        st.text(max_size=60),
        min_size=1,
    )
)
def test_no_form_breaks_the_page(place: Place, wrong: dict[str, str]) -> None:
    digest = (place.digests() or [place.subscribe()])[0]
    answer = place.client.post(path(place, digest), data=form(digest, **wrong))
    assert answer.status_code in (303, 400)
    assert place.client.get(path(place, digest)).status_code == 200

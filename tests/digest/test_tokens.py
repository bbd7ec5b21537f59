"""Tokens: each for one purpose, some with an age, and keys that can be changed."""

from __future__ import annotations

import stat
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staycurrent.digest.tokens import FILE, Keys, Purpose, TokenError, load_keys
from staycurrent.errors import SettingsError, StoreError
from tests.digest.mailing import KEYS, MONDAY


@pytest.mark.parametrize("purpose", Purpose)
def test_a_token_says_what_was_signed_and_is_the_same_each_time(purpose: Purpose) -> None:
    token = KEYS.sign(purpose, ["abc", 1], MONDAY)
    assert KEYS.read(purpose, token, MONDAY + timedelta(days=1)) == ["abc", 1]
    assert token == KEYS.sign(purpose, ["abc", 1], MONDAY)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_token_of_one_purpose_is_nothing_for_another(purpose: Purpose) -> None:
    token = KEYS.sign(purpose, "abc", MONDAY)
    for other in set(Purpose) - {purpose}:
        with pytest.raises(TokenError, match="not one of ours"):
            KEYS.read(other, token, MONDAY)


@pytest.mark.parametrize(("purpose", "days"), [(Purpose.CONFIRM, 7), (Purpose.PREFERENCES, 90)])
def test_most_tokens_grow_too_old(purpose: Purpose, days: int) -> None:
    token = KEYS.sign(purpose, "abc", MONDAY)
    assert KEYS.read(purpose, token, MONDAY + timedelta(days=days)) == "abc"
    with pytest.raises(TokenError) as caught:
        KEYS.read(purpose, token, MONDAY + timedelta(days=days, seconds=2))
    assert caught.value.expired


def test_leaving_is_possible_for_ever() -> None:
    token = KEYS.sign(Purpose.UNSUBSCRIBE, "abc", MONDAY)
    assert KEYS.read(Purpose.UNSUBSCRIBE, token, MONDAY + timedelta(days=5000)) == "abc"


def test_an_older_key_still_proves_what_it_signed_and_an_unknown_one_does_not() -> None:
    old, new = Keys(("o" * 32,)), Keys(("n" * 32, "o" * 32))
    token = old.sign(Purpose.UNSUBSCRIBE, "abc", MONDAY)
    assert new.read(Purpose.UNSUBSCRIBE, token, MONDAY) == "abc"
    assert new.sign(Purpose.UNSUBSCRIBE, "abc", MONDAY) != token
    with pytest.raises(TokenError):
        Keys(("n" * 32,)).read(Purpose.UNSUBSCRIBE, token, MONDAY)
    assert new.hashes("x")[1] == old.hashes("x")[0]


@given(st.text(max_size=600))
def test_what_is_no_token_is_a_clear_error(text: str) -> None:
    for purpose in Purpose:
        with pytest.raises(TokenError):
            KEYS.read(purpose, text, MONDAY)


@given(st.data())
def test_a_token_that_was_changed_in_one_place_is_no_token(data: st.DataObject) -> None:
    token = KEYS.sign(Purpose.CONFIRM, ["a" * 24, 1_700_000_000], MONDAY)
    # The last character of a part holds bits that mean nothing in base64.
    place = data.draw(st.integers(0, len(token) - 2).filter(lambda n: token[n + 1] != "." and token[n] != "."))
    other = data.draw(st.sampled_from("abcXYZ019").filter(lambda c: c != token[place]))
    with pytest.raises(TokenError):
        KEYS.read(Purpose.CONFIRM, token[:place] + other + token[place + 1 :], MONDAY)


def test_without_a_setting_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    folder, found = tmp_path / "data", []
    makers = [threading.Thread(target=lambda: found.append(load_keys("", folder))) for _ in range(8)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert len({keys.values for keys in found}) == 1
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == [FILE]


def test_the_setting_may_hold_several_keys_and_none_that_can_be_guessed(tmp_path: Path) -> None:
    assert load_keys(f"{'n' * 32}, {'o' * 32}", tmp_path).values == ("n" * 32, "o" * 32)
    with pytest.raises(SettingsError):
        load_keys("secret", tmp_path)
    (tmp_path / FILE).write_text("short")
    with pytest.raises(StoreError):
        load_keys("", tmp_path)

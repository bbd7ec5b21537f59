"""Who may do what by a sign-in: claims, roles, the cookie, marks, and the page for admins; without a browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from sqlalchemy import insert, text
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from dashboard import timeline
from dashboard.api import parameters
from dashboard.login import LONGEST_NAME, Login, profile_of
from dashboard.marking import Marking
from dashboard.reader import NOBODY, visitor
from staycurrent.errors import SettingsError
from staycurrent.query import QueryError
from staycurrent.settings import Settings, load
from staycurrent.store import corrections, marks
from staycurrent.store.engine import open_engine, reading, writing
from staycurrent.store.mail_models import Delivery
from staycurrent.types import Correction
from tests.dashboard import build
from tests.dashboard.conftest import page_text
from tests.dashboard.mailed import place
from tests.dashboard.provider import PEOPLE

HOME = "http://127.0.0.1:8501"
ISSUER = "https://id.example.org"
KEY = "a-key-for-tests-of-thirty-two-characters"
ITEM = {"item": "2605.00100", "mark": "read"}
GIVEN: dict[str, Any] = {
    "oidc_url": ISSUER,
    "oidc_client_id": "c",
    "oidc_client_secret": "s",
    "public_url": HOME,
    "secret_key": KEY,
}


def login_of(**more: Any) -> Login:
    made = Login.of(Settings(_env_file=None, **{**GIVEN, **more}))  # type: ignore[call-arg]
    assert made
    return made


def claims_of(who: str) -> dict[str, Any]:
    return {"iss": ISSUER, "origin": HOME, "is_logged_in": True, "provider": "default", **PEOPLE[who]}


def cookie(claims: Any, secret: str) -> dict[str, str]:
    """The cookie as Streamlit sets it."""
    return {USER_COOKIE_NAME: create_signed_value(secret, USER_COOKIE_NAME, json.dumps(claims)).decode()}


def test_a_profile_is_a_hash_that_stays_when_mail_and_name_change() -> None:
    login, claims = login_of(), claims_of("ada")
    before, after = login.person(claims), login.person({**claims, "name": "A. King", "email": "king@example.org"})
    assert before
    assert after
    assert before.profile == after.profile == profile_of(ISSUER, "u-1") == marks.profile_name(before.profile)
    assert not any(part in before.profile for part in ("ada", "u-1", "example"))
    assert len({profile_of("a", "bc"), profile_of("ab", "c"), profile_of("a", "c")}) == 3


@pytest.mark.parametrize(
    ("who", "readers", "admins", "expected"),
    [
        ("ada", "", "", (True, False)),
        ("ada", "", "ada@example.org", (True, True)),
        ("ada", "", "u-1", (True, True)),
        ("ben", "", "ada@example.org, u-1", (True, False)),
        ("eve", "", "ada@example.org", (True, False)),  # an address that the provider has not verified
        ("ada", "@example.org", "", (True, False)),
        ("zoe", "@example.org", "", (False, False)),
        ("zoe", "@example.org", "zoe@elsewhere.example", (True, True)),
        ("eve", "@example.org", "", (False, False)),
        ("eve", "u-3", "", (True, False)),
    ],
)
def test_the_settings_say_who_is_let_in_and_who_is_admin(
    who: str, readers: str, admins: str, expected: tuple[bool, bool]
) -> None:
    person = login_of(oidc_readers=readers, oidc_admins=admins).person(claims_of(who))
    assert person
    assert (person.is_welcome, person.is_admin) == expected


def test_a_subject_that_looks_like_an_admins_address_is_none() -> None:
    person = login_of(oidc_admins="ada@example.org").person({**claims_of("eve"), "sub": "ada@example.org"})
    assert person
    assert not person.is_admin


@pytest.mark.parametrize("change", [{"is_logged_in": False}, {"is_logged_in": "yes"}, {"iss": None}, {"sub": ""}, {"sub": 7}])
def test_claims_that_name_nobody_are_nobody(change: dict[str, Any]) -> None:
    assert login_of().person({**claims_of("ada"), **change}) is None


def test_a_name_is_short_and_on_one_line() -> None:
    person = login_of().person({**claims_of("ada"), "name": "A\nB\u202e" + "x" * 100})
    assert person
    assert person.name.startswith("A B x")
    assert len(person.name) == LONGEST_NAME


def test_every_process_with_the_key_reads_the_cookie_of_another() -> None:
    one, other = login_of(), login_of(log_level="debug")
    assert one.claims(cookie(claims_of("ada"), other.cookie_secret))["sub"] == "u-1"
    assert KEY not in one.cookie_secret
    assert one.cookie_secret not in repr(one)


class _LongAgo(TimestampSigner):
    def get_timestamp(self) -> int:
        return super().get_timestamp() - 32 * 86_400


def test_a_cookie_that_is_forged_too_old_or_of_another_place_says_nothing() -> None:
    login, claims = login_of(), claims_of("ada")
    good = cookie(claims, login.cookie_secret)
    old = URLSafeTimedSerializer(login.cookie_secret, salt=USER_COOKIE_NAME, signer=_LongAgo).dumps(json.dumps(claims))
    assert login.claims(good)["name"] == "Ada Lovelace"
    bad: list[dict[str, str]] = [
        {},
        cookie(claims, "another key"),
        {USER_COOKIE_NAME: str(old)},
        {USER_COOKIE_NAME: good[USER_COOKIE_NAME][:-2] + "xx"},
        {USER_COOKIE_NAME: json.dumps(claims)},
        cookie({**claims, "origin": "https://elsewhere.example"}, login.cookie_secret),
        cookie(["ada"], login.cookie_secret),
        {"_streamlit_user_tokens": good[USER_COOKIE_NAME]},
    ]
    assert [dict(login.claims(cookies)) for cookies in bad] == [{}] * len(bad)


@given(st.text(max_size=80))
def test_no_cookie_breaks_it(value: str) -> None:
    assert not login_of().claims({USER_COOKIE_NAME: value})


def test_with_a_sign_in_the_owner_of_the_machine_has_no_rights_of_their_own() -> None:
    local = {"host": "127.0.0.1:8501"}
    assert visitor(None, {}, is_loopback=True, headers=local).is_admin
    assert visitor(login_of(), {}, is_loopback=True, headers=local) == NOBODY


def test_marks_of_two_readers_are_apart(example: Path) -> None:
    login = login_of(oidc_readers="@example.org")
    routes = Marking(f"sqlite:///{example}", is_loopback=True, clock=lambda: build.NOW, login=login).routes()

    def post(who: str | None, origin: str = HOME, secret: str = login.cookie_secret, path: str = "/marks") -> int:
        cookies = cookie(claims_of(who), secret) if who else {}
        with TestClient(Starlette(routes=routes), base_url=HOME, cookies=cookies, follow_redirects=False) as client:
            return client.post(path, data={**ITEM, "sure": "1"}, headers={"origin": origin}).status_code

    def kept() -> list[bool]:
        with reading(open_engine(f"sqlite:///{example}")) as session:
            names = [*(profile_of(ISSUER, sub) for sub in ("u-1", "u-2", "u-4")), marks.LOCAL]
            return [bool(marks.of_items(session, name)) for name in names]

    for path in ("/marks", "/erase"):
        refused = [post(None, path=path), post("ada", "https://evil.example", path=path), post("zoe", path=path)]
        assert [*refused, post("ada", secret="forged", path=path)] == [403] * 4
    assert post("ada") == 303
    assert kept() == [True, False, False, False]
    assert post("ben") == 303
    assert post("ada", path="/erase") == 303
    assert kept() == [False, True, False, False]


def test_no_address_shows_what_a_signed_in_reader_hides() -> None:
    name = profile_of(ISSUER, "u-1")
    with pytest.raises(QueryError, match="reader"):
        parameters.query({"reader": [name]})
    assert parameters.query({"reader": ["ada"]}).reader == "ada"


def test_the_page_of_an_item_does_not_tell_which_reader_corrected_it() -> None:
    name = profile_of(ISSUER, "u-1")
    assert name not in timeline.correction(Correction(name, 5, "why", build.NOW))


@pytest.mark.parametrize("missing", ["oidc_client_id", "oidc_client_secret", "public_url"])
def test_half_a_sign_in_is_a_wrong_setting(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    for name, value in {**GIVEN, missing: ""}.items():
        monkeypatch.setenv(f"STAYCURRENT_{name.upper()}", value)
    with pytest.raises(SettingsError, match=f"STAYCURRENT_{missing.upper()}"):
        load()


def test_the_metadata_may_be_named_in_full() -> None:
    full = f"{ISSUER}/.well-known/openid-configuration"
    assert login_of().metadata_url == login_of(oidc_url=full).metadata_url == full


def test_without_a_sign_in_nothing_of_it_is_shown(example: Path, open_page: Callable[..., AppTest]) -> None:
    assert [b.key for b in open_page().button if b.key in {"sign-in", "sign-out"}] == []


def test_the_page_for_admins_is_for_nobody_on_a_public_server(
    example: Path, open_page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAYCURRENT_HOST", "0.0.0.0")
    assert "Not found" in page_text(open_page("operations"))
    assert "Processes" not in page_text(open_page("operations"))


def test_the_owner_sees_what_needs_them_and_no_address(
    example: Path, tmp_path: Path, open_page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAYCURRENT_DATA_DIR", str(tmp_path))
    with place(f"sqlite:///{example}", tmp_path) as mail:
        digest = mail.subscribe()
        row = {"key": "k", "subscription_id": digest.id, "kind": "digest", "period": "2026-W20", "batch": "", "tries": 5}
        closed = {"state": "dead", "due_at": build.NOW, "next_try_at": build.NOW, "closed_at": build.NOW}
        with writing(mail.engine) as session:
            session.execute(insert(Delivery).values(**row, **closed, error="550 <ada@example.org>: no such box"))
            session.execute(text("CREATE TABLE procrastinate_jobs (queue_name text, status text)"))
            session.execute(text("INSERT INTO procrastinate_jobs VALUES ('mail', 'todo'), ('collect', 'todo')"))
            corrections.correct(session, 1, 6, who=profile_of(ISSUER, "u-1"), why="<i>about</i>", now=build.NOW)
    shown = page_text(open_page("operations"))
    assert "1 mail was given up." in shown
    assert "550 &lt;[mail]" in shown or "550 [mail]" in shown
    assert "ada@" not in shown
    assert "&lt;i&gt;about&lt;/i&gt;" in shown
    assert profile_of(ISSUER, "u-1") not in shown
    assert "timeout" in shown  # of the example's failed run
    assert "No scheduler is running" in shown
    assert "No worker is running: 2 jobs wait." in shown

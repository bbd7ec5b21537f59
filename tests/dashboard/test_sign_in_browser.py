"""The whole sign-in in a real browser, against a small provider: in and out, two readers, the admin's page, calm failures."""

from __future__ import annotations

import re
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from dashboard.login import Login
from staycurrent.settings import Settings
from tests.dashboard.browsing import CHROMIUM, SHOTS, WIDTHS, chromium, is_error, settle
from tests.dashboard.provider import CLIENT, PEOPLE, SECRET, Provider, provider
from tests.dashboard.serving import Serving, serving
from tests.dashboard.test_accessible import axe_source, faults

__all__ = ["axe_source"]
sync_api = pytest.importorskip("playwright.sync_api")
KEY = "a-key-for-tests-of-thirty-two-characters"
ROLES = {"SECRET_KEY": KEY, "OIDC_ADMINS": "ada@example.org", "OIDC_READERS": "@example.org"}
browser_test = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium")]
pytestmark = browser_test[:1]


@dataclass
class Place:
    """A served installation with its provider."""

    address: str
    provider: Provider
    served: Serving


@contextmanager
def installed(database: Path, folder: Path, told: Provider, **more: str) -> Iterator[Place]:
    copy = folder / "copy.db"
    shutil.copyfile(database, copy)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    given = {"PUBLIC_URL": address, "DATA_DIR": str(folder), **ROLES, **told.settings, **more}
    with serving(copy, port=port, **given) as served:
        yield Place(address, told, served)


@pytest.fixture(scope="module")
def place(example_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("sign-in")
    with provider() as told, installed(example_file, folder, told) as made:
        yield made
        said = made.served.end()
    assert "Traceback" not in said
    assert not [word for who in PEOPLE.values() for word in (who["email"], who["name"], who["sub"]) if word in said]
    assert SECRET not in said
    kept = (folder / "copy.db").read_bytes()
    assert not [word for who in PEOPLE.values() for word in (who["email"], who["name"]) if word.encode() in kept]
    assert SECRET.encode() not in b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM:
        pytest.skip("no Chromium")
    with chromium() as started:
        yield started


@contextmanager
def visiting(browser: Any, width: str = "desktop", **more: Any) -> Iterator[Any]:
    """A page of a fresh browser that must not complain, but of what the test expects."""
    wide, high = WIDTHS[width]
    context = browser.new_context(viewport={"width": wide, "height": high}, **more)
    page, trouble = context.new_page(), []
    page.on("pageerror", lambda error: trouble.append(f"page error: {error}"))
    page.on("console", lambda said: trouble.append(said.text) if is_error(said) else None)
    yield page
    context.close()
    assert trouble == []


def enter(page: Any, place: Place, who: str, path: str = "/") -> None:
    place.provider.who = who
    page.goto(place.address + path)
    settle(page)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()
    settle(page)


def test_a_reader_signs_in_comes_back_to_their_page_and_signs_out(browser: Any, place: Place) -> None:
    with visiting(browser) as page:
        enter(page, place, "ben", "/explore?level=5")
        assert page.url == f"{place.address}/explore?level=5"
        assert page.locator(".sc-who").inner_text() == "<b>Ben</b>"
        cookies = {c["name"]: c for c in page.context.cookies()}
        assert cookies["_streamlit_user"]["httpOnly"]
        assert cookies["_streamlit_user"]["sameSite"] == "Lax"
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("button", name="Sign in").wait_for()
        assert page.url == f"{place.address}/explore?level=5"
        assert "_streamlit_user" not in {c["name"] for c in page.context.cookies()}
        settle(page)
        assert page.locator(".sc-actions").count() == 0


def test_marks_of_two_readers_are_apart_and_survive_a_new_sign_in(browser: Any, place: Place) -> None:
    for who, read in (("ada", "0 of"), ("ben", "0 of"), ("ada", "1 of")):
        with visiting(browser) as page:
            enter(page, place, who)
            progress = sync_api.expect(page.locator(".sc-progress").first)
            progress.to_contain_text(read)
            if (who, read) == ("ada", "0 of"):
                with page.expect_response(lambda answer: answer.url.endswith("/marks") and answer.status == 204):
                    page.locator(".sc-card").first.get_by_role("button", name="Mark as read").click()


def test_the_admin_sees_how_the_installation_does_and_a_reader_does_not(browser: Any, place: Place) -> None:
    with visiting(browser) as page:
        enter(page, place, "ada")
        page.get_by_role("link", name="Operations").click()
        page.get_by_role("heading", name="Processes").wait_for()
    for who in ("ben", None):
        with visiting(browser) as page:
            if who:
                enter(page, place, who)
            page.goto(f"{place.address}/operations")
            page.get_by_role("heading", name="Not found").wait_for()
            settle(page)
            assert page.get_by_role("heading", name="Processes").count() == 0
            assert page.get_by_role("link", name="Operations").count() == 0


def test_an_account_that_may_not_reads_as_a_guest(browser: Any, place: Place) -> None:
    with visiting(browser) as page:
        enter(page, place, "zoe")
        page.get_by_text("You read as a guest").wait_for()
        assert page.locator(".sc-actions").count() == 0


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_new_pages_fit_every_screen_and_axe_finds_no_grave_fault(
    browser: Any, place: Place, axe_source: str, width: str, theme: str
) -> None:
    SHOTS.mkdir(exist_ok=True)
    with visiting(browser, width, color_scheme=theme, locale="de-DE") as page:
        page.goto(place.address)
        settle(page)
        assert faults(page, axe_source) == []
        place.provider.who = "ada"
        page.get_by_role("button", name="Anmelden").click()
        page.get_by_role("button", name="Abmelden").wait_for()
        page.goto(f"{place.address}/operations")
        page.get_by_role("heading", name="Prozesse").wait_for()
        settle(page)
        assert faults(page, axe_source) == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        page.screenshot(path=SHOTS / f"operations-{width}-{theme}.png", full_page=True)


def test_a_refusal_of_the_provider_is_a_calm_page(browser: Any, place: Place, axe_source: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    place.provider.refusal = "access_denied"
    try:
        page.goto(place.address)
        settle(page)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="You are not signed in").wait_for()
    finally:
        place.provider.refusal = ""
    page.screenshot(path=SHOTS / "sign-in-refused.png")
    page.get_by_role("link", name="To the reading").click()
    settle(page)
    assert page.url == f"{place.address}/"
    context.close()


def asked(place: Place, path: str, **headers: str) -> httpx.Response:
    return httpx.get(place.address + path, headers=headers, follow_redirects=False, timeout=10)


def test_a_callback_that_nobody_began_signs_nobody_in(place: Place) -> None:
    answer = asked(place, "/oauth2callback?code=stolen&state=forged")
    assert answer.status_code == 400
    assert "You are not signed in" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert not [c for c in answer.headers.get_list("set-cookie") if re.match('_streamlit_user=[^";]', c)]


def test_an_error_of_a_callback_is_not_repeated(place: Place) -> None:
    answer = asked(place, "/oauth2callback?error=<script>&error_description=ben@example.org", **{"accept-language": "de"})
    assert (answer.status_code, "Du bist nicht angemeldet" in answer.text) == (403, True)
    assert "script>" not in answer.text
    assert "ben@" not in answer.text


@pytest.mark.parametrize("came", ["https://evil.example/", "//evil.example", ""])
def test_it_leads_to_no_other_host(place: Place, came: str) -> None:
    back = asked(place, "/oauth2callback", cookie=f"staycurrent_return={came}", referer=came)
    out = asked(place, "/auth/logout", referer=came)
    assert back.headers["location"].startswith(f"{place.address}/")
    assert out.headers["location"].startswith((f"{place.address}/", place.provider.url))


def test_another_site_cannot_sign_a_reader_out(place: Place) -> None:
    answer = asked(place, "/auth/logout", **{"sec-fetch-site": "cross-site"})
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
    assert asked(place, "/auth/logout", **{"sec-fetch-site": "same-origin"}).status_code == 302


def test_a_provider_that_is_down_is_a_calm_page(example_file: Path, tmp_path: Path) -> None:
    with socket.socket() as dead:
        dead.bind(("127.0.0.1", 0))  # and listens to nobody
        told = Provider(url=f"http://127.0.0.1:{dead.getsockname()[1]}")
        with installed(example_file, tmp_path, told) as place:
            answer = asked(place, f"/auth/login?provider={_ticket(place)}")
            said = place.served.end()
    assert (answer.status_code, "Signing in does not work" in answer.text) == (502, True)
    assert "the provider does not answer" in said
    assert "Traceback" not in said


def _ticket(place: Place) -> str:
    """What Streamlit's button carries: the provider's name, signed, for two minutes."""
    given = {"oidc_url": place.provider.url, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET}
    login = Login.of(Settings(_env_file=None, public_url=place.address, secret_key=KEY, **given))  # type: ignore[arg-type,call-arg]
    assert login
    words = {"provider": "default", "exp": int(time.time()) + 60}
    return jwt.encode({"alg": "HS256"}, words, OctKey.import_key(login.cookie_secret))


def test_without_a_sign_in_its_addresses_are_not_there(example_file: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    shutil.copyfile(example_file, copy)
    with serving(copy) as running:
        paths = ("/auth/login", "/auth/logout", "/oauth2callback?code=1&state=2")
        assert {httpx.get(running.address + path).status_code for path in paths} == {404}

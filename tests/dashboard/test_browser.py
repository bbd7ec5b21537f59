"""A real browser on the real server: every page at both widths and in both themes, and the way through them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dashboard.browsing import CHROMIUM, PAGES, SHOTS, WIDTHS, chromium, is_error, settle
from tests.dashboard.serving import serving

sync_api = pytest.importorskip("playwright.sync_api")

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium")]


@pytest.fixture(scope="module")
def address(example_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    copy = tmp_path_factory.mktemp("browser") / "copy.db"
    shutil.copyfile(example_file, copy)
    with serving(copy) as running:
        yield running.address
        assert "Traceback" not in running.end()


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    with chromium() as started:
        yield started


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_is_shown_without_errors_and_without_other_hosts(
    browser: sync_api.Browser, address: str, width: str, theme: str
) -> None:
    wide, high = WIDTHS[width]
    context = browser.new_context(viewport={"width": wide, "height": high}, color_scheme=theme)
    page, trouble = context.new_page(), []
    own = (address, address.replace("http:", "ws:"), "data:", "blob:")
    page.on("pageerror", lambda error: trouble.append(f"page error: {error}"))
    page.on("request", lambda request: trouble.append(f"left: {request.url}") if not request.url.startswith(own) else None)
    page.on("console", lambda said: trouble.append(said.text) if is_error(said) else None)
    SHOTS.mkdir(exist_ok=True)
    for name, path in PAGES.items():
        page.goto(address + path)
        settle(page)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, f"{name} scrolls sideways"
        page.screenshot(path=SHOTS / f"{name}-{width}-{theme}.png")
    context.close()
    assert trouble == []


def test_a_page_finds_its_server_without_asking_below_its_own_path(browser: sync_api.Browser, address: str) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(address)))
    page.on("websocket", lambda socket: asked.append(socket.url.split("/", 3)[3]))
    page.goto(f"{address}/explore?level=5")
    settle(page)
    assert "_stcore/stream" in asked
    assert [path for path in asked if path.startswith("/explore/")] == []
    page.close()


def test_filters_links_and_the_back_button_work_together(browser: sync_api.Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(address)
    page.get_by_role("button", name=re.compile("^7 Agents")).click()
    page.wait_for_url("**/?month=2026-05&level=7")
    page.wait_for_selector("#level-1", state="detached")
    page.go_back()
    page.wait_for_selector("#level-1")
    page.get_by_role("link", name="Explore", exact=True).click()
    page.get_by_label("Search").first.fill("agents")
    page.keyboard.press("Enter")
    page.wait_for_url("**/explore?text=agents")
    page.get_by_role("link", name="Details").first.click()
    page.wait_for_selector(".sc-item h1")
    assert "/item?id=" in page.url
    page.close()

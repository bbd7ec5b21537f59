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


def test_something_quiet_is_seen_until_the_page_is_drawn_and_goes_for_good(browser: sync_api.Browser, address: str) -> None:
    context = browser.new_context(reduced_motion="reduce")
    page, goes_on = context.new_page(), []
    held = lambda route: goes_on.append(route)  # noqa: E731, PLW0108 - Playwright takes no method of a list
    page.route("**/static/js/index*.js", held)  # the app waits for its script
    page.goto(f"{address}/explore", wait_until="commit")
    waiting = page.locator("#sc-loading")
    sync_api.expect(waiting).to_be_visible()
    sync_api.expect(waiting.get_by_role("status")).to_have_text("Loading …")
    assert waiting.evaluate("e => getComputedStyle(e).position") == "fixed", "it would move the page"
    assert waiting.locator("i").first.evaluate("e => getComputedStyle(e).animationName") == "none"
    assert page.title() == "Explore · staycurrent"
    for route in goes_on:
        route.continue_()
    settle(page)
    sync_api.expect(waiting).to_have_count(0)
    context.close()


def test_an_unknown_path_says_so_and_leads_to_the_pages(browser: sync_api.Browser, address: str) -> None:
    page = browser.new_page()
    trouble: list[str] = []
    page.on("console", lambda said: trouble.append(said.text) if is_error(said) else None)
    answer = page.goto(f"{address}/nopage?lang=de")
    assert answer.status == 404
    sync_api.expect(page.get_by_role("heading", level=1)).to_have_text("Seite nicht gefunden")
    assert [line for line in trouble if "404" not in line] == []  # Chromium itself notes the status of a page
    assert len(trouble) <= 1
    page.get_by_role("link", name="Entdecken").click()
    settle(page)
    assert page.url == f"{address}/explore?lang=de"
    page.close()


def test_the_navigation_tells_where_the_reader_is_and_where_the_focus_is(browser: sync_api.Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/explore")
    settle(page)
    here = page.locator("[aria-current=page]")
    sync_api.expect(here).to_have_text(["Explore"])
    page.get_by_role("link", name="This month", exact=True).click()
    page.wait_for_selector("#level-1")
    sync_api.expect(here).to_have_text(["This month"])
    page.go_back()
    page.wait_for_selector(".sc-count")
    sync_api.expect(here).to_have_text(["Explore"])
    assert page.get_by_role("link", name="This month", exact=True).get_attribute("href") == "./"
    page.get_by_role("link", name="Explore", exact=True).focus()
    page.keyboard.press("Tab")
    focused = page.get_by_role("link", name="Roadmap", exact=True)
    sync_api.expect(focused).to_be_focused()
    assert focused.evaluate("e => getComputedStyle(e).outlineStyle + getComputedStyle(e).outlineWidth") == "solid2px"
    page.close()

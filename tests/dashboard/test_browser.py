"""A real browser on the real server: every page at both widths and in both themes, and the way through them."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dashboard.serving import serving

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
SHOTS = Path(__file__).parents[2] / "artifacts"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}
PAGES = {
    "month": "/",
    "month-level": "/?level=5&level=6",
    "month-empty": "/?month=2026-04&level=1",
    "explore": "/explore",
    "explore-found": "/explore?text=agents&level=7",
    "explore-wrong": "/explore?level=99",
    "roadmap": "/roadmap?level=5",
    "sources": "/sources",
    "item": "/item?id=2605.00100",
}
PROBING = re.compile(r"/(explore|roadmap|sources|item)/_stcore/(health|host-config)$")
"""Streamlit finds out below which path it is served by asking there first; the 404 is the answer that it looks for."""

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
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


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
    page.on("console", lambda said: trouble.append(said.text) if _is_error(said) else None)
    SHOTS.mkdir(exist_ok=True)
    for name, path in PAGES.items():
        page.goto(address + path)
        page.wait_for_selector(".sc-head, .sc-item", timeout=20_000)
        page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=20_000)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, f"{name} scrolls sideways"
        page.screenshot(path=SHOTS / f"{name}-{width}-{theme}.png")
    context.close()
    assert trouble == []


def _is_error(said: sync_api.ConsoleMessage) -> bool:
    return said.type == "error" and not PROBING.search(said.location.get("url", ""))


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

"""The reader in a real browser: marks without a reload, another level, the plan, back and reload; the console stays silent."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.dashboard.browsing import CHROMIUM, PAGES, WIDTHS, chromium, is_error, settle
from tests.dashboard.serving import serving

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium")]
ITEM = "/item?id=2605.00100"


@pytest.fixture(scope="module")
def address(example_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    copy = tmp_path_factory.mktemp("reader") / "copy.db"
    shutil.copyfile(example_file, copy)
    with serving(copy) as running:
        yield running.address
        assert "Traceback" not in running.end()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    """A page that must not complain, nor ask any other host."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, permissions=["clipboard-read", "clipboard-write"])
    page, trouble = context.new_page(), []
    page.on("pageerror", lambda error: trouble.append(f"page error: {error}"))
    page.on("console", lambda said: trouble.append(said.text) if is_error(said) else None)
    yield page
    context.close()
    assert trouble == []


def posted(page: Any) -> Any:
    return page.expect_response(lambda answer: answer.url.endswith("/marks") and answer.status == 204)


def test_a_mark_acts_at_once_survives_a_reload_and_is_taken_back(page: Any, address: str) -> None:
    page.goto(address)
    settle(page)
    card = page.locator(".sc-card").first
    with posted(page):
        card.get_by_role("button", name="Mark as read").click()
    sync_api.expect(page.locator(".sc-progress")).to_contain_text("1 of 30 read")
    page.reload()
    settle(page)
    sync_api.expect(page.locator(".sc-progress")).to_contain_text("1 of 30 read")
    with posted(page):
        page.locator(".sc-card").first.get_by_role("button", name="Read (take it back)").press("Enter")
    sync_api.expect(page.locator(".sc-progress")).to_contain_text("0 of 30 read")


def test_a_mark_that_is_not_kept_says_so(page: Any, address: str) -> None:
    page.goto(address)
    settle(page)
    page.route("**/marks", lambda route: route.fulfill(status=204 if route.request.method == "GET" else 302))
    card = page.locator(".sc-card").nth(1)
    card.get_by_role("button", name="Save").click()
    sync_api.expect(card.get_by_role("status")).to_contain_text("could not be kept")
    sync_api.expect(card.get_by_role("button", name="Save", exact=True)).to_be_visible()


def test_what_was_left_is_erased_after_two_steps(page: Any, address: str) -> None:
    page.goto(address + "/explore")
    settle(page)
    with posted(page):
        page.locator(".sc-card").first.get_by_role("button", name="Save").click()
    page.goto(address + "/about")
    settle(page)
    page.get_by_text("Erase all of it").click()
    page.get_by_role("button", name="Erase").click()  # the box is not ticked, so the browser keeps the form
    sync_api.expect(page.get_by_text("Kept of you:")).to_be_visible()
    page.get_by_label("Yes, erase everything").check()
    page.get_by_role("button", name="Erase").click()
    sync_api.expect(page.get_by_text("Nothing is kept of you.")).to_be_visible()
    assert page.url == address + "/about"


def test_a_level_is_corrected_and_the_correction_withdrawn(page: Any, address: str) -> None:
    page.goto(address + ITEM)
    settle(page)
    page.get_by_text("Correct this level").click()
    page.get_by_role("combobox").press_sequentially("6 M")
    page.keyboard.press("Enter")
    page.get_by_label("Why, for those").fill("it is <b>about</b> images")
    page.get_by_role("button", name="Set this level").click()
    page.wait_for_selector(".sc-origin")
    assert "it is <b>about</b> images" in page.locator(".sc-said").inner_text()
    page.reload()
    settle(page)
    page.get_by_text("Change your correction").click()
    page.get_by_role("button", name="Withdraw your correction").click()
    page.wait_for_selector(".sc-origin", state="detached")


def test_a_citation_is_copied(page: Any, address: str) -> None:
    page.goto(address + ITEM)
    settle(page)
    page.get_by_role("button", name="Copy BibTeX").click()
    page.wait_for_selector("text=Copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith("@misc{")


def test_the_plan_and_the_way_back(page: Any, address: str) -> None:
    page.goto(address + "/roadmap")
    settle(page)
    page.get_by_text("Twelve months", exact=True).click()
    page.wait_for_url("**/roadmap?view=plan")
    page.wait_for_selector(".sc-month")
    with posted(page):
        page.locator(".sc-now").get_by_role("button", name="Mark as read").first.click()
    sync_api.expect(page.locator(".sc-now .sc-progress")).to_contain_text(re.compile("^1 of"))
    page.go_back()
    page.wait_for_selector(".sc-step")
    sync_api.expect(page.locator(".sc-way")).to_contain_text(re.compile("1 of"))


def test_time_and_grouping_go_back_with_the_back_button(page: Any, address: str) -> None:
    page.goto(address)
    settle(page)
    page.get_by_role("combobox").nth(1).press_sequentially("60 min")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?minutes=60")
    sync_api.expect(page.locator(".sc-card")).not_to_have_count(30)
    page.go_back()
    sync_api.expect(page.locator("[data-counts=reading] .sc-card")).to_have_count(30)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_headings_are_in_order_and_nothing_scrolls_sideways(browser: Any, address: str, width: str, theme: str) -> None:
    wide, high = WIDTHS[width]
    context = browser.new_context(viewport={"width": wide, "height": high}, color_scheme=theme)
    page = context.new_page()
    for name, path in PAGES.items():
        page.goto(address + path)
        settle(page)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, f"{name} scrolls sideways"
        levels = page.eval_on_selector_all("h1, h2, h3, h4", "all => all.map(e => Number(e.tagName[1]))")
        assert levels[0] == 1, f"{name}: {levels}"
        assert all(deeper - level <= 1 for level, deeper in pairwise(levels)), f"{name}: {levels}"
    context.close()

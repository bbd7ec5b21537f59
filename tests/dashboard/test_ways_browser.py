"""Ways through the pages in a real browser, on a desk and on a telephone: paging, filters, marks and a correction with back
and reload; an empty library, and one with a source that is down. The console stays silent."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.dashboard import build
from tests.dashboard.browsing import CHROMIUM, PAGES, SHOTS, WIDTHS, chromium, is_error, settle
from tests.dashboard.serving import serving

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium")]
ITEM = "2605.00100"


@pytest.fixture(scope="module")
def address(example_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    copy = tmp_path_factory.mktemp("ways") / "copy.db"
    shutil.copyfile(example_file, copy)
    with serving(copy) as running:
        yield running.address
        assert "Traceback" not in running.end()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(params=WIDTHS)
def page(request: pytest.FixtureRequest, browser: Any) -> Iterator[Any]:
    """A page of each width, which must not complain."""
    wide, high = WIDTHS[request.param]
    context = browser.new_context(viewport={"width": wide, "height": high})
    page, trouble = context.new_page(), []
    page.on("pageerror", lambda error: trouble.append(f"page error: {error}"))
    page.on("console", lambda said: trouble.append(said.text) if is_error(said) else None)
    yield page
    context.close()
    assert trouble == []


def opened(page: Any, address: str) -> None:
    page.goto(address)
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, f"{address} scrolls sideways"


def ids(page: Any) -> list[str]:
    links = page.locator(".sc-card").get_by_role("link", name="Details")
    return [link.get_attribute("href").removeprefix("./item?id=") for link in links.all()]


def posted(page: Any) -> Any:
    return page.expect_response(lambda answer: answer.url.endswith("/marks") and answer.status == 204)


def test_explore_is_paged_through_and_back(page: Any, address: str) -> None:
    opened(page, f"{address}/explore")
    seen = [ids(page)]
    for _following in range(2):
        page.get_by_role("link", name="Next page").click()
        page.wait_for_url(re.compile(r"cursor="))
        settle(page)
        seen.append(ids(page))
    assert [len(found) for found in seen] == [25, 25, 11]
    assert len({public_id for found in seen for public_id in found}) == 61
    page.go_back()
    settle(page)
    assert ids(page) == seen[1]
    page.reload()
    settle(page)
    assert ids(page) == seen[1]
    page.get_by_role("link", name="First page").click()
    page.wait_for_url(f"{address}/explore")
    settle(page)
    assert ids(page) == seen[0]


def test_filters_stand_in_the_address_and_survive_back_and_reload(page: Any, address: str) -> None:
    opened(page, address)
    every = page.locator(".sc-section[data-level]")
    page.get_by_role("button", name=re.compile("^7 Agents")).click()
    page.wait_for_url(re.compile("level=7"))
    sync_api.expect(every).to_have_count(1)
    page.reload()
    settle(page)
    sync_api.expect(every).to_have_count(1)
    page.go_back()
    sync_api.expect(every).not_to_have_count(1)


def test_the_chosen_level_goes_along_from_page_to_page(page: Any, address: str) -> None:
    opened(page, f"{address}/?level=5")
    for name, path in (("Explore", "explore"), ("About", "about"), ("This month", "")):
        page.locator(".st-key-nav").get_by_role("link", name=name, exact=True).click()
        page.wait_for_url(f"{address}/{path}?level=5")
        settle(page)
    sync_api.expect(page.locator(".sc-section[data-level]")).to_have_count(1)
    page.get_by_role("link", name="staycurrent", exact=True).click()
    page.wait_for_url(f"{address}/")


def test_a_mark_is_found_again_among_ones_own_and_taken_back(page: Any, address: str) -> None:
    opened(page, f"{address}/item?id={ITEM}")
    with posted(page):
        page.get_by_role("button", name="Star", exact=True).click()
    page.get_by_role("link", name="Your marks", exact=True).click()
    page.get_by_role("link", name=re.compile("^Starred 1")).click()
    page.wait_for_url(re.compile(r"/mine\?mark=star"))
    settle(page)
    assert ids(page) == [ITEM]
    with posted(page):
        page.get_by_role("button", name="Starred (take it back)").click()
    page.reload()
    settle(page)
    sync_api.expect(page.get_by_text("Nothing is here yet")).to_be_visible()
    page.go_back()
    settle(page)
    sync_api.expect(page.get_by_role("link", name=re.compile("^Starred 0"))).to_be_visible()


def test_what_was_hidden_is_told_of_by_a_search_and_brought_back(page: Any, address: str) -> None:
    opened(page, f"{address}/explore?text=wait")
    with posted(page):
        page.get_by_role("button", name="Hide").click()
    opened(page, f"{address}/explore?text=wait&kind=post")
    sync_api.expect(page.get_by_text("1 hidden item fits")).to_be_visible()
    page.get_by_role("link", name="Show what is hidden").click()
    page.wait_for_url(re.compile(r"/mine\?mark=hidden&text=wait&kind=post|/mine\?mark=hidden&kind=post&text=wait"))
    with posted(page):
        page.get_by_role("button", name="Hidden (take it back)").click()
    page.go_back()
    page.reload()
    sync_api.expect(page.locator(".sc-card")).to_have_count(1, timeout=20_000)


def test_a_correction_stands_after_a_reload_and_is_withdrawn(page: Any, address: str) -> None:
    opened(page, f"{address}/item?id={ITEM}")
    page.get_by_text("Correct this level").click()
    page.get_by_role("combobox").press_sequentially("6 M")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Set this level").click()
    page.wait_for_selector(".sc-origin")
    page.reload()
    settle(page)
    sync_api.expect(page.locator(".sc-origin").first).to_be_visible()
    page.get_by_text("Change your correction").click()
    page.get_by_role("button", name="Withdraw your correction").click()
    page.wait_for_selector(".sc-origin", state="detached")


def test_a_source_that_is_down_is_told_of_where_its_items_are_missing(page: Any, address: str) -> None:
    opened(page, address)
    told = page.locator(".sc-notice.sc-warn")
    sync_api.expect(told).to_contain_text("Hugging Face Daily Papers could not be read")
    told.get_by_role("link", name="All sources").click()
    page.wait_for_url(f"{address}/sources")
    settle(page)
    sync_api.expect(page.get_by_text("timeout: no answer within 30 s").first).to_be_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_of_an_empty_library_says_so(browser: Any, tmp_path: Path, width: str) -> None:
    build.empty(tmp_path / "empty.db").dispose()
    wide, high = WIDTHS[width]
    context = browser.new_context(viewport={"width": wide, "height": high})
    page, trouble = context.new_page(), []
    page.on("pageerror", lambda error: trouble.append(f"page error: {error}"))
    page.on("console", lambda said: trouble.append(said.text) if is_error(said) else None)
    SHOTS.mkdir(exist_ok=True)
    with serving(tmp_path / "empty.db") as running:
        for name, path in PAGES.items():
            opened(page, f"{running.address}{path}")
            page.screenshot(path=SHOTS / f"empty-{name}-{width}.png")
            assert "Something went wrong" not in page.inner_text("body"), name
            assert page.locator(".sc-card").count() == 0, name
        context.close()
        assert "Traceback" not in running.end()
    assert trouble == []

"""axe-core on every page, at both widths and in both themes: no serious and no critical fault."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.dashboard.browsing import CHROMIUM, PAGES, WIDTHS, chromium, settle
from tests.dashboard.serving import serving

pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium")]
GRAVE = ("serious", "critical")
STREAMLITS_OWN: frozenset[tuple[str, str]] = frozenset()
"""Faults of Streamlit's own shell that no page of ours can mend: rule and the beginning of its selector."""


@pytest.fixture(scope="module")
def address(example_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    copy = tmp_path_factory.mktemp("accessible") / "copy.db"
    shutil.copyfile(example_file, copy)
    with serving(copy) as running:
        yield running.address


@pytest.fixture(scope="module")
def axe_source() -> str:
    import axe_playwright_python

    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")


def faults(page: Any, axe_source: str) -> list[str]:
    """The grave faults of a page, each in a line with the first place where it is."""
    page.evaluate(axe_source)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{rule['id']}: {rule['help']}: {node['html'][:160]} {node['any'][:1] and node['any'][0]['message']}"
        for rule in found
        if rule["impact"] in GRAVE
        for node in rule["nodes"]
        if not any(rule["id"] == own and str(node["target"][0]).startswith(place) for own, place in STREAMLITS_OWN)
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_no_grave_fault_on_any_page(address: str, axe_source: str, width: str, theme: str) -> None:
    wide, high = WIDTHS[width]
    found: dict[str, list[str]] = {}
    with chromium() as browser:
        context = browser.new_context(viewport={"width": wide, "height": high}, color_scheme=theme)
        page = context.new_page()
        for name, path in PAGES.items():
            page.goto(address + path)
            settle(page)
            found[name] = faults(page, axe_source)
    assert {name: lines for name, lines in found.items() if lines} == {}

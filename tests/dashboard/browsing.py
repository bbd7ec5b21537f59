"""What the tests in a real browser share: Chromium itself, the pages, and what may stand in its console."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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
    "month-topics": "/?group=topic&minutes=120",
    "roadmap": "/roadmap?level=5",
    "plan": "/roadmap?view=plan&start=2026-03-01",
    "trends": "/trends",
    "labs": "/labs",
    "lab": "/labs?lab=qwen",
    "digest": "/digest?level=5",
    "mine": "/mine",
    "mine-hidden": "/mine?mark=hidden&level=5",
    "about": "/about",
    "sources": "/sources",
    "operations": "/operations",
    "german-month": "/?lang=de",
    "german-sources": "/sources?lang=de",
    "item": "/item?id=2605.00100",
}


@contextmanager
def chromium() -> Iterator[Any]:
    """A Chromium without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


def settle(page: Any) -> None:
    """Wait until the page is drawn and its script has come to rest."""
    page.wait_for_selector(".sc-head, .sc-item", timeout=20_000)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]", timeout=20_000)


def is_error(said: Any) -> bool:
    """Whether a line of the console tells of a fault."""
    return bool(said.type == "error")

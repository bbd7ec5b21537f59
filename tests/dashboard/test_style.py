"""The style sheet's colours meet WCAG AA (4.5:1) in light and dark, and the sheet cannot end its own element."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import dashboard

SHEET = (Path(dashboard.__file__).parent / "style.css").read_text("utf-8")
COLOURS = {name: pair for name, *pair in re.findall(r"--sc-([\w-]+): light-dark\((#\w+), (#\w+)\)", SHEET)}
ON_PAGE = ["text", "quiet", "link", "warn", "error"]
LEVELS = [f"level-{n}" for n in range(9)]


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("name", ON_PAGE)
def test_words_can_be_read_on_page_and_tint(name: str, theme: int) -> None:
    assert min(_contrast(COLOURS[name][theme], COLOURS[ground][theme]) for ground in ("page", "tint")) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("name", LEVELS)
def test_level_numbers_can_be_read_on_their_colour(name: str, theme: int) -> None:
    assert _contrast(COLOURS["on-level"][theme], COLOURS[name][theme]) >= 4.5


def test_the_sheet_stays_a_sheet() -> None:
    assert "<" not in SHEET
    assert "url(" not in SHEET
    assert "@import" not in SHEET

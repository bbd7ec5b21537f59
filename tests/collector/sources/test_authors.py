from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.sources.authors import split_authors


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ()),
        ("Ada Example", ("Ada Example",)),
        ("A. One, B. Two and C. Three", ("A. One", "B. Two", "C. Three")),
        ("A. One, B. Two, and C. Three", ("A. One", "B. Two", "C. Three")),
        ("A. One & B. Two; C. Three", ("A. One", "B. Two", "C. Three")),
        ("Sand Andrews and Randy Band", ("Sand Andrews", "Randy Band")),
        ("A. One (MIT, USA), B. Two (ETH (Zurich), CH)", ("A. One", "B. Two")),
        ("A. One (1 and 2), B. Two (2) ((1) MIT, (2) ETH and friends)", ("A. One", "B. Two")),
        ("A. One (MIT, B. Two", ("A. One", "B. Two")),
        ("A. One), B. Two", ("A. One", "B. Two")),
        ("A. One, Jr., B. Two III, C. Three, III", ("A. One Jr.", "B. Two III", "C. Three III")),
        ("Antonio Example Jr. and B. Two", ("Antonio Example Jr.", "B. Two")),
        ("Wilson Example-Jr", ("Wilson Example-Jr",)),
        ("A. One\n  and\n  B. Two", ("A. One", "B. Two")),
        ("A. One et al.", ("A. One",)),
        ("Gemini Team: A. One, B. Two", ("Gemini Team", "A. One", "B. Two")),
        ("Qwen Team", ("Qwen Team",)),
        (r"Christoph L\"udeling", ("Christoph Lüdeling",)),
        (r"Wilson Marc{\'\i}lio and \v{S}ime \'{A}d{\'a}m", ("Wilson Marcílio", "Šime Ádám")),
        (r"S{\o}ren Stra{\ss}e, \L ukasz \AA sa", ("Søren Straße", "Łukasz Åsa")),
        (", and ,", ()),
    ],
)
def test_authors_are_split(text: str, names: tuple[str, ...]) -> None:
    assert split_authors(text) == names


@given(st.text())
def test_no_text_breaks_the_splitting(text: str) -> None:
    assert all(name and name == name.strip() for name in split_authors(text))

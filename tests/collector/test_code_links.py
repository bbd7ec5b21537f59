"""Repositories in an author's own words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.code_links import canonical_repository, find_repositories, with_code
from staycurrent.types import Repository
from tests import build

LOOPS = "https://github.com/ada/loops"


@pytest.mark.parametrize(
    "address",
    [
        LOOPS,
        "http://www.github.com/ada/loops/",
        "github.com/ada/loops.git",
        "https://github.com/ada/loops/tree/main/src?x=1#readme",
        "HTTPS://GitHub.com/ada/loops",
        "https://github.com/ada/loops.",
        "https://github.com/ada/loops.git.",
        "https://github.com/Ada/Loops.GIT",
    ],
)
def test_one_repository_has_one_address(address: str) -> None:
    assert canonical_repository(address) == LOOPS


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://github.com/ada",
        "https://github.com/topics/loops",
        "https://github.com/sponsors/ada",
        "https://gist.github.com/ada/0123",
        "https://docs.github.com/en/actions",
        "https://notgithub.com/ada/loops",
        "https://evil-github.com/ada/loops",
        "https://github.community/ada/loops",
        "https://github.com/ada/...",
    ],
)
def test_other_addresses_are_no_repositories(address: str) -> None:
    assert canonical_repository(address) is None


def test_other_hosts_keep_the_spelling_of_a_path() -> None:
    assert canonical_repository("https://GitLab.com/Ada/Loops.git") == "https://gitlab.com/Ada/Loops"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"Code is available at {LOOPS}.", [LOOPS]),
        (f"Code: ({LOOPS}), [{LOOPS}/issues]", [LOOPS]),
        (f"Code: {LOOPS}, mirrored at github.com/ADA/Loops", [LOOPS]),
        (r"\url{https://GitHub.com/ada/loops}", [LOOPS]),
        (f"See {LOOPS} and gitlab.com/bob/knots", [LOOPS, "https://gitlab.com/bob/knots"]),
        (f"代码见{LOOPS}。", [LOOPS]),
        (f"代码 {LOOPS}上", [LOOPS]),
        ("We scrape GitHub.", []),
        ("", []),
    ],
)
def test_a_text_names_its_repositories_in_order_and_once(text: str, found: list[str]) -> None:
    assert [r.url for r in find_repositories(text)] == found


@given(st.text(alphabet="githubcom./:-_ adaloops\n", max_size=80))
def test_any_text_gives_canonical_addresses_or_none(text: str) -> None:
    for repository in find_repositories(text):
        assert canonical_repository(repository.url) == repository.url


def test_what_a_source_knows_goes_before_what_the_words_say() -> None:
    paper = build.arxiv("2605.00001", abstract=f"Code: {LOOPS}", comment="see github.com/ada/more")
    known = with_code(build.arxiv("2605.00001", abstract=paper.abstract, repositories=(Repository(f"{LOOPS.upper()}/", 7),)))
    assert [(r.url.lower(), r.stars) for r in known.repositories] == [(LOOPS, 7)]
    assert [r.url for r in with_code(paper).repositories] == [LOOPS, "https://github.com/ada/more"]


def test_an_address_elsewhere_stays_as_it_is() -> None:
    paper = build.arxiv("2605.00001", repositories=(Repository("https://git.example.org/loops"),))
    assert with_code(paper).repositories == paper.repositories


def test_a_paper_without_code_is_left_alone() -> None:
    paper = build.arxiv("2605.00001")
    assert with_code(paper) is paper

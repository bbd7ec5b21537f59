from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.identity import arxiv_id, canonical_url, doi, keys, split_arxiv_id, title_fingerprint
from staycurrent.types import Kind, ParsedItem


def item(**more: object) -> ParsedItem:
    told = {"source": "s", "key": "k", "kind": Kind.POST, "title": "A Title", "url": "mailto:nobody"} | more
    return ParsedItem(**told)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2605.19577", ("2605.19577", None)),
        ("2605.19577v12", ("2605.19577", 12)),
        ("0704.0248v2", ("0704.0248", 2)),
        ("arXiv:2605.19577", ("2605.19577", None)),
        ("oai:arXiv.org:hep-th/9901001v1", ("hep-th/9901001", 1)),
        ("math.CA/0611800v2", ("math/0611800", 2)),
        ("physics.ao-ph/0611800", ("physics/0611800", None)),
        ("cond-mat.mes-hall/0001001", ("cond-mat/0001001", None)),
        ("https://arxiv.org/abs/2605.19577v2?context=cs", ("2605.19577", 2)),
        ("http://www.arxiv.org/pdf/2605.19577.pdf", ("2605.19577", None)),
        ("https://export.arxiv.org/abs/hep-th%2F9901001", ("hep-th/9901001", None)),
        ("https://doi.org/10.48550/arXiv.2605.19577", ("2605.19577", None)),
        ("10.48550/arXiv.2605.19577", ("2605.19577", None)),
        ("https://huggingface.co/papers/2605.19577", ("2605.19577", None)),
        ("https://www.alphaxiv.org/abs/2605.19577v1", ("2605.19577", 1)),
        ("2605.19577v0", None),
        ("2613.19577", None),
        ("2605.195", None),
        ("9901001", None),
        ("https://example.org/abs/2605.19577", None),
        ("https://arxiv.org/list/cs.LG/new", None),
        ("", None),
    ],
)
def test_an_arxiv_id_in_any_spelling(text: str, expected: tuple[str, int | None] | None) -> None:
    assert split_arxiv_id(text) == expected


def test_papers_of_two_archives_with_one_number_are_two() -> None:
    assert arxiv_id("hep-th/9901001") != arxiv_id("math/9901001")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.1000/XYZ.", "10.1000/xyz"),
        ("https://doi.org/10.1000/xyz", "10.1000/xyz"),
        ("doi: 10.1000/xyz (preprint)", "10.1000/xyz"),
        ("doi:10.1000/xyz", "10.1000/xyz"),
        ("%20", None),
        ("  ", None),
        (None, None),
        ("none", None),
    ],
)
def test_a_doi_compares_without_case(text: str | None, expected: str | None) -> None:
    assert doi(text) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://WWW.Example.org:80/a/?utm_source=x&b=2&a=1#top", "https://example.org/a?a=1&b=2"),
        ("https://example.org:8443/", "https://example.org:8443"),
        ("javascript:alert(1)", None),
        ("https://[::1", None),
        ("http://[::1]:8080/a", "https://[::1]:8080/a"),
        ("https://example.org/\ud800", None),
        ("https://example.org:port/", None),
        ("not an address", None),
    ],
)
def test_a_page_has_one_address(url: str, expected: str | None) -> None:
    assert canonical_url(url) == expected


def test_titles_compare_by_their_letters() -> None:
    assert title_fingerprint("Über-Größe:  a Title!") == title_fingerprint("uber grosse A title")


def test_keys_are_told_strongest_first() -> None:
    paper = item(url="https://arxiv.org/abs/2605.00001v2", doi="10.1000/X")
    assert keys(paper) == ("arxiv:2605.00001", "doi:10.1000/x")
    assert keys(item(url="https://www.example.org/a/")) == ("url:https://example.org/a",)
    assert keys(item(doi="10.48550/arXiv.2605.00001", url="https://arxiv.org/abs/2605.00001")) == ("arxiv:2605.00001",)
    (title,) = keys(item(published=datetime(2026, 1, 1, tzinfo=UTC)))
    assert title.startswith("title:")
    assert title.endswith(":2026")


@given(st.text(st.characters()), st.sampled_from(["", "https://", "https://arxiv.org/abs/", "https://a/?", "doi:"]))
def test_no_text_breaks_identity(text: str, prefix: str) -> None:
    told = item(title=text, url=prefix + text, doi=prefix + text)
    assert keys(told)
    assert keys(told) == keys(told)


@given(st.text(st.sampled_from("aA/?&=#.:w1 %2F\ud800"), max_size=20))
def test_canonical_addresses_stay_what_they_are(tail: str) -> None:
    once = canonical_url(f"http://www.example.org/{tail}")
    assert once is None or canonical_url(once) == once

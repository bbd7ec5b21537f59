from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector import clean
from staycurrent.errors import UnexpectedContent


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" a\n\tb  c ", "a b c"),
        ("a\x00b\x1b[31mc", "ab[31mc"),
        ("a\u202eb\u200b\ufeff\ud800c", "abc"),
        ("ключ 鍵 🔑", "ключ 鍵 🔑"),
        ("a\u2028b\x85c\u00a0d", "a b c d"),
    ],
)
def test_text_is_folded(text: str, expected: str) -> None:
    assert clean.fold(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<p>one</p><p>two</p>", "one two"),
        ("a <b>bold</b> word", "a bold word"),
        ("<script>alert(1)</script>safe<style>p{}</style>", "safe"),
        ("Tom &amp; Ann", "Tom & Ann"),
        ("x < y and y > z", "x < y and y > z"),
        ('<img src="x" onerror="alert(1)">seen', "seen"),
        ("<!-- hidden -->seen", "seen"),
    ],
)
def test_html_becomes_text(text: str, expected: str) -> None:
    assert clean.plain(text) == expected


@pytest.mark.parametrize(
    ("text", "base", "expected"),
    [
        ("https://a.example/b", "", "https://a.example/b"),
        ("/b", "https://a.example/c", "https://a.example/b"),
        ("//a.example/b", "https://x.example", "https://a.example/b"),
        ("javascript:alert(1)", "https://a.example", None),
        ("data:text/html,x", "", None),
        ("https://", "", None),
        ("https://[bad", "", None),
        ("b", "", None),
        ("https://a.example/a b", "", None),
    ],
)
def test_addresses_are_http_or_none(text: str, base: str, expected: str | None) -> None:
    assert clean.http_url(text, base) == expected


def test_a_cut_is_made_between_words() -> None:
    assert clean.capped("one two three", 9) == "one two…"
    assert clean.capped("one", 3) == "one"
    assert clean.capped("unbroken", 4) == "unb…"


def test_forbidden_bytes_leave_xml_and_entities_refuse_it() -> None:
    assert clean.xml_bytes(b"<a>\x00b\x0b\t\n</a>") == b"<a>b\t\n</a>"
    assert clean.xml_bytes("<a/>".encode("utf-16")) == "<a/>".encode("utf-16")
    with pytest.raises(UnexpectedContent):
        clean.xml_bytes(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')


@given(st.text(st.characters()))
def test_any_text_comes_out_printable_and_stays(text: str) -> None:
    once = clean.fold(text)
    assert clean.fold(once) == once
    assert "\x00" not in clean.plain(text)
    clean.plain(text).encode()
    clean.http_url(text, "https://a.example/")

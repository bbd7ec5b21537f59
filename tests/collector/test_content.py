"""Whether a body is what was asked for, and whole."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.content import check_content
from staycurrent import errors

ATOM = ("xml",)


@pytest.mark.parametrize(
    ("body", "accept"),
    [
        (b"\xef\xbb\xbf \n<rss></rss>", ATOM),
        ("<feed>é</feed>".encode("utf-16"), ATOM),
        (b"<?xml version='1.0'?><!-- <html> --><!DOCTYPE rss [<!ENTITY a 'b'>]><rss>x</rss \n><!-- cached -->", ATOM),
        (b"<feed a='1'/>", ATOM),
        (b"<oai:x xmlns:oai='y'></oai:x>", ATOM),
        (b' {"a": 1}\n', ("json",)),
        (b"[]", ("xml", "json")),
        (b"<htmlish></htmlish>", ATOM),
        (b"anything", ()),
    ],
)
def test_right_bodies_pass(body: bytes, accept: tuple[str, ...]) -> None:
    check_content(body, accept, httpx.URL("http://h/"))


@pytest.mark.parametrize(
    ("body", "accept", "error"),
    [
        (b"<?xml version='1.0'?>\n<!DOCTYPE HTML PUBLIC 'x'><html></html>", ATOM, errors.UnexpectedContent),
        (b"<!-- x --><HTML>", ATOM, errors.UnexpectedContent),
        (b"{}", ATOM, errors.UnexpectedContent),
        (b"<a/>", ("json",), errors.UnexpectedContent),
        (b"Rate exceeded.", ("xml", "json"), errors.UnexpectedContent),
        (b"<rss><item></item>", ATOM, errors.Incomplete),
        (b"<feed><entry/><feedburner:a></feedburner:a>", ATOM, errors.Incomplete),
        (b"<feed", ATOM, errors.Incomplete),
        (b"<feed></feed", ATOM, errors.Incomplete),
        (b'[{"a": 1}', ("json",), errors.Incomplete),
        (b"{", ("json",), errors.Incomplete),
    ],
)
def test_wrong_and_cut_bodies_do_not(body: bytes, accept: tuple[str, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        check_content(body, accept, httpx.URL("http://h/"))


@given(st.binary())
def test_any_body_is_judged(body: bytes) -> None:
    for start in (b"", b"<", b"{", b"\xff\xfe", b"<!DOCTYPE x ["):
        try:
            check_content(start + body, ("xml", "json"), httpx.URL("http://h/"))
        except errors.FetchError as error:
            assert len(str(error)) < 100  # noqa: PT017 - either outcome is right

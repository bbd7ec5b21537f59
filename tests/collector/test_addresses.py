"""Where a fetch may lead, and what of a URL may be shown."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.addresses import check_peer, check_public, check_redirect, is_private, resolve, safe_url
from staycurrent.errors import Unsafe

NAMES = {
    "arxiv.org": ["151.101.3.42"],
    "mirror.org": ["2606:4700::1"],
    "evil.org": ["10.0.0.7"],
    "half.org": ["151.101.3.42", "127.0.0.1"],
    "localhost": ["::1", "127.0.0.1"],
    "feeds.lan": ["192.168.1.5"],
    "127.1": ["127.0.0.1"],
}


def names(host: str, _port: int) -> list[str]:
    return NAMES.get(host, [])


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *("224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1"),
        *("ff02::1", "::ffff:127.0.0.1", "::ffff:a00:1", "2002:7f00:1::", "2002:c0a8:1::1", "64:ff9b::7f00:1", "nonsense"),
    ],
)
def test_everything_but_public_unicast_is_private(address: str) -> None:
    assert is_private(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "151.101.3.42", "2606:4700::1", "::ffff:8.8.8.8", "2002:808:808::", "64:ff9b::808:808"]
)
def test_public_addresses_are_public(address: str) -> None:
    assert not is_private(address)


@pytest.mark.parametrize(
    ("start", "target"),
    [
        ("http://arxiv.org/a", "https://arxiv.org/a"),
        ("https://arxiv.org/a", "https://mirror.org/b"),
        ("http://127.0.0.1:8900/a", "http://127.0.0.1:8900/b"),
        ("http://localhost:8900/a", "http://127.0.0.1:8900/b"),
        ("http://feeds.lan/a", "https://arxiv.org/b"),
        # Behind a proxy no name resolves here; the proxy or `check_peer` decides.
        ("https://arxiv.org/a", "https://unresolved.org/"),
    ],
)
def test_redirects_that_are_followed(start: str, target: str) -> None:
    check_redirect(start, target, resolve=names)


@pytest.mark.parametrize(
    ("start", "target"),
    [
        ("http://arxiv.org/", "http://127.0.0.1/"),
        ("http://arxiv.org/", "http://127.1/"),
        ("http://arxiv.org/", "http://[::1]/"),
        ("http://arxiv.org/", "http://[::ffff:10.0.0.1]/"),
        ("http://arxiv.org/", "http://evil.org/"),
        ("http://arxiv.org/", "http://half.org/"),
        ("http://unresolved.org/", "http://evil.org/"),
        ("http://127.0.0.1:8900/", "http://127.0.0.1:1/"),
        ("http://127.0.0.1:8900/", "http://feeds.lan:8900/"),
        ("http://127.0.0.1:8900/", "http://localhost:8900/"),
        ("https://arxiv.org/", "http://arxiv.org/"),
        ("https://arxiv.org/", "ftp://arxiv.org/"),
        ("https://arxiv.org/", "file:///etc/passwd"),
        ("https://arxiv.org/", "https:///path"),
        ("https://arxiv.org/", "https://me:secret@mirror.org/"),
        ("https://arxiv.org/", "https://me:secret@mirror.org:port/"),
    ],
)
def test_redirects_that_are_refused_without_telling_a_secret(start: str, target: str) -> None:
    with pytest.raises(Unsafe) as caught:
        check_redirect(start, target, resolve=names)
    assert "secret" not in f"{caught.value} {caught.value.url}"


def test_a_name_that_resolves_inside_after_the_check_is_caught_at_the_connection() -> None:
    check_peer("https://arxiv.org/", "https://mirror.org/", "151.101.3.42", resolve=names)
    check_peer("http://localhost:8900/", "http://localhost:8900/b", "127.0.0.1", resolve=names)
    with pytest.raises(Unsafe, match="inside"):
        check_peer("https://arxiv.org/", "https://mirror.org/", "10.0.0.1", resolve=names)
    with pytest.raises(Unsafe, match="inside"):
        check_peer("https://arxiv.org/", "https://mirror.org/", "", resolve=names)


def test_what_a_reader_adds_must_be_public() -> None:
    check_public("https://arxiv.org/rss", resolve=names)
    for url in ("http://localhost/", "http://half.org/", "http://unresolved.org/", "http://10.0.0.1/", "gopher://arxiv.org/"):
        with pytest.raises(Unsafe):
            check_public(url, resolve=names)


def test_the_system_resolves_literals_and_odd_spellings() -> None:
    assert list(resolve("127.0.0.1", 80)) == ["127.0.0.1"]
    assert list(resolve("2130706433", 80)) == ["127.0.0.1"]
    assert list(resolve("a" * 70 + ".", 80)) == []


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:pw@h.org:8443/a?b=c#d", "https://h.org:8443/a?b=c"),
        ("https://h.org/?token=abc&q=x", "https://h.org/?token=hidden&q=x"),
        ("https://h.org/?api_key=abc", "https://h.org/?api_key=hidden"),
        (
            "https://h.org/oai?verb=ListRecords&resumptionToken=1%7C2",
            "https://h.org/oai?verb=ListRecords&resumptionToken=1%7C2",
        ),
        ("http://me:pw@h:port/", ""),
    ],
)
def test_a_url_is_shown_without_secrets(url: str, shown: str) -> None:
    assert safe_url(url) == shown


@given(st.text(), st.text(min_size=1, alphabet=st.characters(codec="ascii", categories=["L", "N"])))
def test_no_redirect_target_raises_anything_but_unsafe(rest: str, host: str) -> None:
    for target in (rest, f"http://{rest}", f"http://{host}/{rest}"):
        try:
            check_redirect("https://arxiv.org/", target, resolve=names)
        except Unsafe as error:
            assert len(error.url) < 310  # noqa: PT017 - either outcome is right
        except (httpx.HTTPError, ValueError):  # pragma: no cover
            pytest.fail(target)

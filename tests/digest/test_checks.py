"""The checks of the mail set-up: each names what is wrong, and no network is no failure."""

from __future__ import annotations

from pathlib import Path

import pytest

from staycurrent.digest import checks
from staycurrent.digest.channels import server as servers
from staycurrent.digest.checks import Level, Unknown
from tests.digest.mailserver import serving

GOOD = {
    "example.org": ["v=spf1 mx -all", "another record"],
    "mail._domainkey.example.org": ["v=DKIM1; p=abc"],
    "_dmarc.example.org": ["v=DMARC1; p=none"],
}
AWAY = servers.parse("smtp://127.0.0.1:1?tls=none")


def found(
    records: dict[str, list[str]], url: str = "https://papers.example.org", sender: str = "digest@example.org"
) -> dict[str, Level]:
    told = checks.check(AWAY, sender, url, texts=lambda name: records.get(name, []))
    assert all(f.sentence.endswith(".") for f in told)
    return {f.name: f.level for f in told}


def test_a_sound_set_up_is_ok(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        told = checks.check(
            servers.parse(server.url), "digest@example.org", "https://papers.example.org", texts=lambda n: GOOD.get(n, [])
        )
    assert {f.level for f in told} == {Level.OK}
    assert [f.name for f in told] == ["sender and links", "mail server", "SPF", "DKIM", "DMARC"]


def test_a_server_that_is_away_fails() -> None:
    assert found(GOOD)["mail server"] is Level.FAIL


@pytest.mark.parametrize(
    ("url", "sender", "level"),
    [
        ("https://papers.example.org", "Digest <digest@mail.example.org>", Level.OK),
        ("https://papers.example.net", "digest@example.org", Level.WARN),
        ("http://papers.example.org", "digest@example.org", Level.FAIL),
        ("", "digest@example.org", Level.FAIL),
        ("https://papers.example.org", "", Level.FAIL),
    ],
)
def test_sender_and_links_agree(url: str, sender: str, level: Level) -> None:
    assert found(GOOD, url, sender)["sender and links"] is level


def test_missing_records_are_named() -> None:
    told = found({})
    assert (told["SPF"], told["DKIM"], told["DMARC"]) == (Level.FAIL, Level.WARN, Level.FAIL)
    assert found({"example.org": ["v=spf1 -all", "v=spf1 mx -all"]})["SPF"] is Level.FAIL


@pytest.mark.parametrize(
    ("bounces", "records", "level", "words"),
    [
        ("", ["example.org"], Level.OK, "example.org has"),
        ("bounces@example.org", ["example.org"], Level.OK, "example.org has"),
        ("Bounces <b@returns.example.org>", ["returns.example.org"], Level.OK, "agrees with From (example.org)"),
        ("b@returns.example.org", ["example.org"], Level.FAIL, "returns.example.org has no TXT record"),
        ("b@relay.example.net", ["example.org", "relay.example.net"], Level.WARN, "does not agree with From (example.org)"),
        ("b@relay.example.net", ["example.org"], Level.FAIL, "relay.example.net has no TXT record"),
    ],
)
def test_spf_is_looked_up_where_receivers_do(bounces: str, records: list[str], level: Level, words: str) -> None:
    def texts(name: str) -> list[str]:
        return ["v=spf1 mx -all"] if name in records else []

    told = checks.check(AWAY, "digest@example.org", "https://papers.example.org", bounces=bounces, texts=texts)
    (spf,) = [f for f in told if f.name == "SPF"]
    assert (spf.level, words in spf.sentence) == (level, True)


def test_two_names_under_a_country_s_second_level_are_two_organizations() -> None:
    def texts(name: str) -> list[str]:
        return ["v=spf1 mx -all"]

    told = checks.check(AWAY, "d@one.co.uk", "https://one.co.uk", bounces="b@two.co.uk", texts=texts)
    assert {f.name: f.level for f in told}["SPF"] is Level.WARN
    told = checks.check(AWAY, "d@mail.one.co.uk", "https://one.co.uk", bounces="b@back.one.co.uk", texts=texts)
    assert {f.name: f.level for f in told}["SPF"] is Level.OK


def test_no_network_is_not_checked() -> None:
    def nobody(name: str) -> list[str]:
        raise Unknown

    told = checks.check(AWAY, "digest@example.org", "https://papers.example.org", texts=nobody)
    assert {f.sentence for f in told if f.name in ("SPF", "DKIM", "DMARC")} == {"Not checked: no name server answered."}
    assert {f.level for f in told if f.name in ("SPF", "DKIM", "DMARC")} == {Level.WARN}


def test_without_a_server_there_is_one_finding() -> None:
    assert [f.level for f in checks.checks(smtp_url="", mail_from="", public_url="")] == [Level.WARN]
    assert [f.level for f in checks.checks(smtp_url="nonsense", mail_from="", public_url="")] == [Level.FAIL]

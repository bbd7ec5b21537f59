"""Whether mail of this installation can arrive: what `doctor` says of it. No network is no failure, it is "not checked"."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email.utils import parseaddr
from enum import StrEnum
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from staycurrent.digest.channels import Down
from staycurrent.digest.channels import server as servers
from staycurrent.digest.channels.server import Server, Tls
from staycurrent.digest.channels.smtp import Smtp
from staycurrent.errors import SettingsError

LOOKUP_SECONDS = 5.0
SELECTORS = ("default", "mail", "dkim", "s1", "s2", "k1", "google", "selector1", "selector2", "20230601")
"""Names under which DKIM keys often stand; the true one is known to the mail server alone."""


_SECOND_LEVEL = {"ac", "co", "com", "edu", "gov", "gv", "ne", "net", "or", "org"}


class Level(StrEnum):
    """Of a finding."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(NamedTuple):
    """A check, how it ended, and a sentence."""

    name: str
    level: Level
    sentence: str


class Unknown(Exception):
    """No name server answered."""


class Texts(Protocol):
    """TXT records of a name; empty where there are none. Raises `Unknown`."""

    def __call__(self, name: str, /) -> list[str]: ...


def check(
    server: Server | None, sender: str, public_url: str, *, bounces: str = "", texts: Texts | None = None
) -> list[Finding]:
    """Every check of the mail set-up, in the order in which one would mend things. `bounces` is the return path, if any."""
    if server is None:
        return [
            Finding("mail server", Level.WARN, "SMTP_URL is not set: mails are written as files to MAIL_DIR and sent nowhere.")
        ]
    domain = _domain(sender)
    found = [_addresses(domain, public_url), _handshake(server)]
    if domain:
        found += _dns(domain, _domain(bounces) or domain, texts or txt)
    return found


def _domain(address: str) -> str:
    return parseaddr(address)[1].rpartition("@")[2].lower()


def checks(*, smtp_url: str, mail_from: str, public_url: str, mail_bounces: str = "") -> list[Finding]:
    """The same by what the settings say."""
    try:
        server = servers.parse(smtp_url) if smtp_url else None
    except SettingsError as error:
        return [Finding("mail server", Level.FAIL, str(error))]
    return check(server, mail_from, public_url, bounces=mail_bounces)


def _addresses(domain: str, public_url: str) -> Finding:
    name, parts = "sender and links", urlsplit(public_url)
    if not domain:
        return Finding(name, Level.FAIL, "MAIL_FROM is not set to an address, so no mail can be sent.")
    if not parts.hostname:
        return Finding(name, Level.FAIL, "PUBLIC_URL is not set, so the links in mails would lead nowhere.")
    if parts.scheme != "https":
        return Finding(name, Level.FAIL, "PUBLIC_URL is not https: mail programs offer one-click unsubscription only with it.")
    if _base(parts.hostname) != _base(domain):
        words = f"Mails come from {domain} and link to {parts.hostname}; receivers trust mails more where the two agree."
        return Finding(name, Level.WARN, words)
    return Finding(name, Level.OK, f"Mails come from {domain} and link to {parts.hostname}.")


def _base(host: str) -> str:
    """The organizational domain by a rule of thumb, good enough for a warning: two labels, three under `co.uk` and its like."""
    labels = host.lower().rstrip(".").split(".")
    is_second = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL  # noqa: PLR2004 - a country's code
    return ".".join(labels[-3 if is_second else -2 :])


def _handshake(server: Server) -> Finding:
    name = "mail server"
    smtp = Smtp(server, hello="localhost", timeout=15)
    try:
        smtp.check()
    except Down as error:
        return Finding(name, Level.FAIL, f"{str(error)[:1].upper()}{str(error)[1:]}.")
    if server.tls is Tls.NONE:
        local = server.host in ("localhost", "127.0.0.1", "::1")
        return Finding(name, Level.OK if local else Level.WARN, f"{server.host} answers, without TLS as SMTP_URL asks.")
    login = " and takes the log-in" if server.user else ""
    return Finding(name, Level.OK, f"{server.host} answers with a valid certificate{login}.")


def _dns(domain: str, returning: str, texts: Texts) -> Iterator[Finding]:
    spf = _record("SPF", returning, "v=spf1", texts, "names the servers that may send for the domain of the return path")
    yield _aligned(spf, domain, returning) if returning != domain else spf
    yield _dkim(domain, texts)
    yield _record(
        "DMARC", f"_dmarc.{domain}", "v=DMARC1", texts, "says what becomes of mails that fail; `v=DMARC1; p=none` is enough"
    )


def _aligned(spf: Finding, domain: str, returning: str) -> Finding:
    """Receivers judge SPF by the return path; DMARC takes it only for a From of the same organization (RFC 7489, 3.1.2)."""
    if spf.level is not Level.OK:
        return spf
    if _base(returning) == _base(domain):
        return spf._replace(sentence=f"{spf.sentence} It is the return path's, and agrees with From ({domain}) for DMARC.")
    words = f"It is the return path's, and does not agree with From ({domain}): for DMARC only DKIM counts then."
    return Finding(spf.name, Level.WARN, f"{spf.sentence} {words}")


def _record(name: str, host: str, begins: str, texts: Texts, purpose: str) -> Finding:
    def looked() -> Finding:
        found = [t for t in texts(host) if t.lower().startswith(begins.lower())]
        if len(found) == 1:
            return Finding(name, Level.OK, f"{host} has a TXT record {begins}.")
        if found:
            return Finding(name, Level.FAIL, f"{host} has {len(found)} TXT records {begins}; there must be one.")
        return Finding(name, Level.FAIL, f"{host} has no TXT record {begins}; it {purpose}.")

    return _guarded(name, looked)


def _dkim(domain: str, texts: Texts) -> Finding:
    def looked() -> Finding:
        for selector in SELECTORS:
            if any("p=" in t for t in texts(f"{selector}._domainkey.{domain}")):
                return Finding("DKIM", Level.OK, f"{selector}._domainkey.{domain} has a key.")
        words = f"No key under the usual names (SELECTOR._domainkey.{domain}); the mail server must sign, and knows the name."
        return Finding("DKIM", Level.WARN, words)

    return _guarded("DKIM", looked)


def _guarded(name: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except Unknown:
        return Finding(name, Level.WARN, "Not checked: no name server answered.")


def txt(name: str) -> list[str]:
    """TXT records by the machine's own name servers. Raises `Unknown`."""
    from dns import exception, resolver

    try:
        answer = resolver.resolve(name, "TXT", lifetime=LOOKUP_SECONDS)
    except (resolver.NXDOMAIN, resolver.NoAnswer):
        return []
    except (exception.DNSException, OSError) as error:
        raise Unknown from error
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]

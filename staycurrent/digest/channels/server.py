"""The address of a mail server: `smtps://user:password@host:465`, `smtp://user:password@host:587`, `smtp://host?tls=none`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qs, unquote, urlsplit

from staycurrent.errors import SettingsError

_WRONG = "SMTP_URL: must be as smtps://user:password@host:465 or smtp://user:password@host:587"


class Tls(StrEnum):
    """How the connection is protected; there is no "if possible"."""

    FROM_START = "from-start"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed over."""

    host: str
    port: int
    tls: Tls
    user: str = ""
    password: str = field(default="", repr=False)


def parse(url: str) -> Server:
    """The server of an address. Raises `SettingsError`, which never shows the address: it may hold a password."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise SettingsError(_WRONG) from None
    if parts.scheme not in ("smtp", "smtps") or not host or parts.path not in ("", "/") or parts.fragment:
        raise SettingsError(_WRONG)
    tls = _tls(parts.scheme, parse_qs(parts.query, keep_blank_values=True))
    if tls is Tls.NONE and parts.username:
        raise SettingsError("SMTP_URL: credentials never go over a connection without TLS; take tls=none out")
    usual = {Tls.FROM_START: 465, Tls.STARTTLS: 587, Tls.NONE: 25}[tls]
    return Server(host, port or usual, tls, unquote(parts.username or ""), unquote(parts.password or ""))


def _tls(scheme: str, options: dict[str, list[str]]) -> Tls:
    if set(options) - {"tls"}:
        raise SettingsError("SMTP_URL: the only option is tls=none")
    if not options:
        return Tls.FROM_START if scheme == "smtps" else Tls.STARTTLS
    if options["tls"] != ["none"] or scheme == "smtps":
        raise SettingsError("SMTP_URL: the only option is tls=none, with smtp://")
    return Tls.NONE

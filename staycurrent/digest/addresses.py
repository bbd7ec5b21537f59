"""Mail addresses: checked, compared, hashed, and shown without being shown."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, ValidatedEmail, validate_email

from staycurrent.digest.tokens import Keys
from staycurrent.errors import UsageError
from staycurrent.store.subscribers import Kind

LONGEST = 400


@dataclass(frozen=True, slots=True)
class Address:
    """`text` is what is written to; `folded` is equal for two spellings of one address."""

    kind: Kind
    text: str
    folded: str


def mail(text: str) -> Address:
    """A mail address in its normal form, with an international domain in ASCII. Raises `UsageError`, without the address."""
    if len(text) > LONGEST:
        raise UsageError("that is no mail address: it is too long")
    try:
        checked = _checked(text.strip())
    except EmailNotValidError as error:
        raise UsageError(f"that is no mail address: {_without_address(str(error), text)}") from None
    plain = checked.ascii_email or checked.normalized
    return Address(Kind.MAIL, plain, plain.casefold())


def _checked(text: str) -> ValidatedEmail:
    """Without asking any name server: a request must not take longer for one address than for another."""
    return validate_email(text, check_deliverability=False, allow_smtputf8=False, test_environment=True, strict=True)


def _without_address(message: str, text: str) -> str:
    """The validator quotes characters, at times the domain; a message goes into logs, an address does not."""
    return "; ".join(part for part in message.split("\n") if not any(p and p in part for p in text.split("@")))[:200] or "wrong"


def webhook(url: str) -> Address:
    """A channel's address as apprise reads it. Raises `UsageError`, without the address: it holds a secret."""
    from apprise import Apprise

    if len(url) > LONGEST * 5 or not url.isprintable() or not Apprise().add(url):
        raise UsageError("that is no address of a channel; see: github.com/caronc/apprise/wiki")
    return Address(Kind.WEBHOOK, url, url)


def known(kind: Kind, text: str) -> Address:
    """An address that was checked when it came in."""
    return Address(kind, text, text.casefold() if kind is Kind.MAIL else text)


def parse(text: str) -> Address:
    """A mail address, or with `scheme://` a channel's."""
    return webhook(text.strip()) if "://" in text else mail(text)


def mask(address: str | None) -> str:
    """An address as it may be shown and logged: `a…@e….org`, `discord://…`."""
    if not address:
        return "(erased)"
    if "://" in address:
        return f"{urlsplit(address).scheme}://…"
    local, _, domain = address.rpartition("@")
    name, dot, top = domain.rpartition(".")
    return f"{local[:1]}…@{name[:1]}…{dot}{top}"


def hashes(keys: Keys, address: Address) -> list[str]:
    """The address's keyed hash, under the newest key first."""
    return keys.hashes(f"address:{address.folded}")


def domain(address: str) -> str:
    """The domain, for what is counted by it."""
    return address.rpartition("@")[2].casefold()

"""Optional sign-in by OpenID Connect: what Streamlit's login is told, and whom its cookie names. Pure but for the key.

The provider says who somebody is, the settings say what they may. Nothing of it is stored but the name of a profile, which
is a hash. Streamlit keeps the provider's word in a signed cookie (30 days, HttpOnly, SameSite=Lax).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeGuard
from urllib.parse import urlsplit

from streamlit.auth_util import get_cookie_with_chunks
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from staycurrent.digest.tokens import load_keys
from staycurrent.i18n import gettext as _
from staycurrent.query import QueryError
from staycurrent.settings import Settings

CALLBACK = "/oauth2callback"
PREFIX = "oidc-"
"""How the profiles of signed-in readers begin. They are nobody else's: no address may name one."""
LONGEST_NAME = 40
_METADATA = "/.well-known/openid-configuration"
_PURPOSE = b"staycurrent.sign-in.cookie"
Claims = Mapping[str, Any]
"""What a provider says of somebody (OpenID Connect Core, section 5.1), as Streamlit hands it on."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signed in. `name` is shown to themselves only."""

    profile: str
    name: str
    is_welcome: bool
    is_admin: bool


@dataclass(frozen=True, slots=True)
class Login:
    """The sign-in of this installation."""

    metadata_url: str
    client_id: str
    public_url: str
    readers: frozenset[str]
    """Who may sign in; empty lets everybody in."""
    admins: frozenset[str]
    client_secret: str = field(repr=False)
    cookie_secret: str = field(repr=False)

    @classmethod
    def of(cls, given: Settings) -> Login | None:
        """The sign-in by these settings, None without. Raises `SettingsError`, `StoreError` where there is no key."""
        return _of(given) if given.oidc_url else None

    @property
    def origin(self) -> str:
        """Scheme and host under which readers come."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"

    def secrets(self) -> dict[str, Any]:
        """The section of Streamlit's secrets; it goes from memory to memory, no file is written."""
        return {
            "auth": {
                "redirect_uri": self.public_url + CALLBACK,
                "cookie_secret": self.cookie_secret,
                "client_id": self.client_id,
                "client_secret": self.client_secret,
                "server_metadata_url": self.metadata_url,
            }
        }

    def claims(self, cookies: Mapping[str, str]) -> Claims:
        """What the cookie of a request says; nothing where it is forged, too old or of another address."""

        def one(name: str) -> bytes | None:
            return decode_signed_value(self.cookie_secret, name, cookies.get(name, ""))

        found = get_cookie_with_chunks(one, USER_COOKIE_NAME)
        claims = json.loads(found) if found else {}
        return claims if isinstance(claims, dict) and claims.get("origin") == self.origin else {}

    def person(self, claims: Claims) -> Person | None:
        """Whom the claims name, None where nobody is signed in."""
        issuer, subject = claims.get("iss"), claims.get("sub")
        if claims.get("is_logged_in") is not True or not _is_text(issuer) or not _is_text(subject):
            return None
        names = _names(claims)
        is_admin = not self.admins.isdisjoint(names)
        return Person(
            profile=profile_of(issuer, subject),
            name=_shown(claims),
            is_welcome=is_admin or not self.readers or not self.readers.isdisjoint(names),
            is_admin=is_admin,
        )


@lru_cache(maxsize=4)
def _of(given: Settings) -> Login:
    url = given.oidc_url if given.oidc_url.endswith(_METADATA) else given.oidc_url + _METADATA
    keys = load_keys(given.secret_key.get_secret_value(), given.data_dir)
    return Login(
        metadata_url=url,
        client_id=given.oidc_client_id,
        public_url=given.public_url,
        readers=_listed(given.oidc_readers),
        admins=_listed(given.oidc_admins),
        client_secret=given.oidc_client_secret.get_secret_value(),
        cookie_secret=hmac.new(keys.values[0].encode(), _PURPOSE, hashlib.sha256).hexdigest(),
    )


def profile_of(issuer: str, subject: str) -> str:
    """The profile of a subject: the pair is what stays the same of somebody (OpenID Connect Core, section 5.7)."""
    return f"{PREFIX}{hashlib.sha256(json.dumps([issuer, subject]).encode()).hexdigest()[:32]}"


def is_of_a_login(profile: str | None) -> bool:
    """Whether a profile is that of a signed-in reader."""
    return profile is not None and profile.startswith(PREFIX)


def refuse_foreign(profile: str | None, own: str | None = None) -> None:
    """Raises `QueryError` where an address names another signed-in reader's profile: what they hide is theirs to know."""
    if is_of_a_login(profile) and profile != own:
        raise QueryError("reader", _("this profile is open to its own reader only"))


def _listed(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.casefold() if "@" in name else name for name in names)


def _names(claims: Claims) -> set[str]:
    """By what the settings may name somebody.

    An address counts where the provider has verified it: else anyone writes any. A subject with an @ counts for none, since
    it may be a user name that somebody chose to look like another one's address.
    """
    subject, mail = str(claims["sub"]), claims.get("email")
    names = set() if "@" in subject else {subject}
    if _is_text(mail) and claims.get("email_verified") in (True, "true"):
        names |= {mail.casefold(), f"@{mail.casefold().rpartition('@')[2]}"}
    return names


def _shown(claims: Claims) -> str:
    given = (claims.get(key) for key in ("name", "preferred_username", "email"))
    name = next((g for g in given if _is_text(g)), "")
    clean = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    return clean if len(clean) <= LONGEST_NAME else f"{clean[: LONGEST_NAME - 1]}…"


def _is_text(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value.strip())

"""Signed tokens of mails, and the key that signs them. A token of one purpose is nothing for another."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from itsdangerous import BadSignature, SignatureExpired, TimestampSigner, URLSafeSerializer, URLSafeTimedSerializer

from staycurrent.errors import SettingsError, StoreError, UsageError

FILE = "secret-key"
SHORTEST_KEY = 16
LONGEST_TOKEN = 500


class Purpose(StrEnum):
    """What a token lets its bearer do."""

    CONFIRM = "confirm"
    PREFERENCES = "preferences"
    UNSUBSCRIBE = "unsubscribe"
    DECLINE = "decline"
    """Never be asked again; stands in the mail that asks, and nowhere else."""


MAX_AGE = {Purpose.CONFIRM: timedelta(days=7), Purpose.PREFERENCES: timedelta(days=90)}
"""Whoever wants no more mail can say so for ever: those tokens have no age."""


class TokenError(UsageError):
    """A token that is not ours, or no longer one; `expired` tells which."""

    def __init__(self, message: str, *, expired: bool = False) -> None:
        super().__init__(message)
        self.expired = expired


@dataclass(frozen=True, slots=True)
class Keys:
    """The newest key first: it signs. The older ones still prove what they signed."""

    values: tuple[str, ...]

    def sign(self, purpose: Purpose, payload: Any, now: datetime) -> str:
        """A token; the same for the same arguments."""
        return str(_serializer(self.values, purpose, int(now.timestamp())).dumps(payload))

    def read(self, purpose: Purpose, token: str, now: datetime) -> Any:
        """What a token says. Raises `TokenError`."""
        if len(token) > LONGEST_TOKEN or not token.isascii():
            raise TokenError("this link is not one of ours")
        serializer, age = _serializer(self.values, purpose, int(now.timestamp())), MAX_AGE.get(purpose)
        try:
            return serializer.loads(token, **({"max_age": age.total_seconds()} if age else {}))
        except SignatureExpired as error:
            raise TokenError("this link is too old; ask for a new one", expired=True) from error
        except BadSignature as error:
            raise TokenError("this link is not one of ours") from error

    def hashes(self, text: str) -> list[str]:
        """Keyed hashes of a text, under the newest key first: nobody without a key finds the text by trying."""
        return [hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest() for key in self.values]


class _Signer(TimestampSigner):
    """Signs at a moment that is given, so that a message that is made twice is the same."""

    def __init__(self, *arguments: Any, moment: int, **rest: Any) -> None:
        super().__init__(*arguments, **rest)
        self._moment = moment

    def get_timestamp(self) -> int:
        return self._moment


_HOW = {"key_derivation": "hmac", "digest_method": hashlib.sha256}


@lru_cache(maxsize=64)
def _serializer(keys: tuple[str, ...], purpose: Purpose, moment: int) -> Any:
    salt, oldest_first = f"staycurrent.mail.{purpose}", [k.encode() for k in reversed(keys)]
    if purpose not in MAX_AGE:
        return URLSafeSerializer(oldest_first, salt=salt, signer_kwargs=_HOW)
    return URLSafeTimedSerializer(oldest_first, salt=salt, signer=_Signer, signer_kwargs=_HOW | {"moment": moment})


def load_keys(setting: str, folder: Path) -> Keys:
    """The keys of the setting (comma-separated, the newest first), else the one in the folder, made where there is none.

    Raises `SettingsError` for a key that can be guessed, `StoreError` where the folder cannot be used.
    """
    given = tuple(k.strip() for k in setting.split(",") if k.strip())
    if any(len(k) < SHORTEST_KEY for k in given):
        raise SettingsError(f"SECRET_KEY: each key must have at least {SHORTEST_KEY} characters")
    return Keys(given or (_kept(folder / FILE),))


def _kept(path: Path) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        key = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"the key in {path} cannot be used: {error}") from error
    if len(key) < SHORTEST_KEY:
        raise StoreError(f"the key in {path} is too short; remove the file to get a new one")
    return key


def _make(path: Path) -> None:
    """Whole or not at all, and the first of two processes wins: a link is made only where there is none."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()

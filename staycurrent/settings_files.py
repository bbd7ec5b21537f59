"""Settings out of files: the TOML file, and files of one secret each, as container platforms mount them."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from staycurrent.errors import SettingsError

PREFIX = "STAYCURRENT_"
_OF_FILE = "_file"


def toml(known: Collection[str], secret: Collection[str]) -> dict[str, Any]:
    """What the TOML file says, by names in lower case. Raises `SettingsError`, also for a name that is no setting."""
    named = os.environ.get(f"{PREFIX}CONFIG")
    path = Path(named) if named else Path("staycurrent.toml")
    if not named and not path.exists():
        return {}
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"settings file {path} is not TOML: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"settings file {path} cannot be read: {error}") from error
    names = {*known, *(f"{name}{_OF_FILE}" for name in secret)}
    unknown = sorted(k for k in values if k.lower() not in names)
    if unknown:
        raise SettingsError(f"settings file {path} has unknown settings: {', '.join(map(repr, unknown))}")
    return {k.lower(): v for k, v in values.items()}


def secrets(values: Mapping[str, Any], secret: Collection[str]) -> dict[str, str]:
    """The secrets whose files are named, as `secret_key_file`. Raises `SettingsError` for a file without one.

    An empty file is a mount that went wrong, and the default in its place would be a key or a database of its own.
    """
    found: dict[str, str] = {}
    for name in secret:
        path, shown = values.get(f"{name}{_OF_FILE}"), f"{PREFIX}{name}{_OF_FILE}".upper()
        if not path:
            continue
        try:
            found[name] = Path(str(path)).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError, ValueError) as error:
            raise SettingsError(f"{shown} cannot be read: {error}") from error
        if not found[name]:
            raise SettingsError(f"{shown}: {path} is empty")
    return found

"""The list of lab feeds: `feeds.toml` in this package, or the operator's own file (`STAYCURRENT_LAB_FEEDS`)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collector import clean
from staycurrent.errors import SettingsError

PACKAGED = Path(__file__).parent.parent / "feeds.toml"
KINDS = ("official", "community")
DEFAULT_ALARM_DAYS = 30
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_KEYS = frozenset({"lab", "id", "name", "url", "kind", "alarm_days"})


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed of a lab. `alarm_days`: a newest entry older than this says that the feed has stopped."""

    lab: str
    name: str
    url: str
    kind: str
    alarm_days: int = DEFAULT_ALARM_DAYS
    id: str | None = None
    public_only: bool = False
    """Whether fetching it must never lead to a private address: the rule for what a reader added."""

    @property
    def source(self) -> str:
        """Name of the source: `lab:<lab>`, or `lab:<lab>-<id>` for a further feed of a lab."""
        return f"lab:{self.lab}-{self.id}" if self.id else f"lab:{self.lab}"

    @property
    def official(self) -> bool:
        return self.kind == "official"


def load_feeds(path: Path | None = None) -> tuple[Feed, ...]:
    """The feeds of a TOML file, by default the packaged one. Raises `SettingsError` with one line that says where."""
    file = path or PACKAGED
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"lab feeds {file}: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"lab feeds {file}: not TOML: {clean.fold(str(error))}") from error
    tables = document.get("feed", [])
    if not isinstance(tables, list) or document.keys() - {"feed"}:
        raise SettingsError(f"lab feeds {file}: only [[feed]] tables may stand there")
    feeds = tuple(_feed(table, f"lab feeds {file}: feed {n}") for n, table in enumerate(tables, start=1))
    _check_names(feeds, file)
    return feeds


def _feed(table: Mapping[str, Any], where: str) -> Feed:
    if not isinstance(table, Mapping):
        raise SettingsError(f"{where} is not a table")
    if unknown := sorted(table.keys() - _KEYS):
        raise SettingsError(f"{where} has the unknown key {unknown[0]!r}; known are {', '.join(sorted(_KEYS))}")
    return Feed(
        lab=_slug(table, "lab", where),
        name=_text(table, "name", where),
        url=_url(table, where),
        kind=_kind(table, where),
        alarm_days=_alarm_days(table, where),
        id=_slug(table, "id", where) if "id" in table else None,
    )


def _text(table: Mapping[str, Any], key: str, where: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise SettingsError(f"{where} needs {key!r}, a text")
    return clean.fold(value)


def _slug(table: Mapping[str, Any], key: str, where: str) -> str:
    value = _text(table, key, where)
    if not _SLUG.fullmatch(value):
        raise SettingsError(f"{where}: {key} {value!r} is not a slug (small letters, digits, single hyphens)")
    return value


def _url(table: Mapping[str, Any], where: str) -> str:
    value = _text(table, "url", where)
    url = clean.http_url(value)
    if url is None:
        raise SettingsError(f"{where}: url {value!r} is not an http or https address")
    return url


def _kind(table: Mapping[str, Any], where: str) -> str:
    value = _text(table, "kind", where)
    if value not in KINDS:
        raise SettingsError(f"{where}: kind {value!r} is neither {' nor '.join(KINDS)}")
    return value


def _alarm_days(table: Mapping[str, Any], where: str) -> int:
    value = table.get("alarm_days", DEFAULT_ALARM_DAYS)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise SettingsError(f"{where}: alarm_days must be a whole number of days, at least 1")
    return value


def _check_names(feeds: tuple[Feed, ...], file: Path) -> None:
    seen: dict[str, str] = {}
    for feed in feeds:
        if feed.source in seen:
            raise SettingsError(
                f"lab feeds {file}: {seen[feed.source]!r} and {feed.name!r} are both {feed.source}; give one an id"
            )
        seen[feed.source] = feed.name

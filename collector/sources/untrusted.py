"""Typed reads from JSON that others wrote: a value of the wrong type is a value that is not there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeAlias

from collector import clean
from staycurrent.errors import Incomplete, UnexpectedContent

Fields: TypeAlias = Mapping[str, Any]
MAX_COUNT = 2**31 - 1
"""What PostgreSQL's integer holds; no count of votes or stars comes near it."""


def load(body: bytes, url: str = "") -> object:
    """The JSON document. Raises `Incomplete` for one that was cut and `UnexpectedContent` for anything else."""
    try:
        # strict=False: control characters inside strings are taken, and cleaned away where the string is read.
        return json.loads(body, strict=False)
    except (ValueError, RecursionError) as error:
        bare = body.strip()
        closing = {b"[": b"]", b"{": b"}"}.get(bare[:1])
        if closing and not bare.endswith(closing):
            raise Incomplete("the JSON ends before its end", url=url) from error
        raise UnexpectedContent(f"not JSON: {type(error).__name__}", url=url) from error


def fields(value: object) -> Fields:
    """The object itself, or an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Fields]:
    """The objects in a list, anything else in it left out."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def text(source: Fields, *names: str) -> str | None:
    """The first of the named values that is a non-empty string, folded."""
    for name in names:
        value = source.get(name)
        if isinstance(value, str) and (folded := clean.fold(value)):
            return folded
    return None


def texts(source: Fields, name: str) -> list[str]:
    """The non-empty strings in a list."""
    value = source.get(name)
    found = [clean.fold(entry) for entry in value if isinstance(entry, str)] if isinstance(value, list) else []
    return [entry for entry in found if entry]


def count(source: Fields, *names: str) -> int | None:
    """The first of the named values that is a whole number from 0 to `MAX_COUNT`."""
    for name in names:
        value = source.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_COUNT:
            return value
    return None


def flag(source: Fields, name: str) -> bool | None:
    """The value where it is a boolean."""
    value = source.get(name)
    return value if isinstance(value, bool) else None


def moment(source: Fields, *names: str) -> datetime | None:
    """The first of the named values that is an ISO 8601 date or time, in UTC; a time without zone is taken as UTC."""
    for name in names:
        value = source.get(name)
        if not isinstance(value, str):
            continue
        try:
            parsed = datetime.fromisoformat(value.strip())
            return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None


def day(source: Fields, *names: str) -> date | None:
    """The UTC day of `moment`."""
    found = moment(source, *names)
    return found.date() if found else None

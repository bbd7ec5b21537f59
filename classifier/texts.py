"""Reading texts for training and evaluation: JSON lines, plain or gzip, one paper a line."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from staycurrent.errors import UsageError
from staycurrent.types import Document, Kind

from .labels import json_object


def read(path: Path, wanted: Collection[str] | None = None) -> dict[str, Document]:
    """The documents with a wanted id (all where None); the file is streamed, the rest of it is not kept."""
    keep = None if wanted is None else frozenset(wanted)
    return {
        row["id"]: document(row, where=where)
        for where, row in rows(path)
        if isinstance(row.get("id"), str) and (keep is None or row["id"] in keep)
    }


def rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each line's object, with the words that say where it stands."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    where = f"{path.name}, line {number}"
                    yield where, json_object(line, where=where)
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise UsageError(f"cannot read the texts in {path}: {error}") from error


def document(row: Mapping[str, Any], *, where: str) -> Document:
    """One document out of a row with at least id and title."""
    comment = row.get("comment")
    return Document(
        id=_text(row, "id", where),
        title=_text(row, "title", where),
        abstract=_text(row, "abstract", where) if row.get("abstract") is not None else "",
        categories=_texts(row, "categories", where),
        authors=_texts(row, "authors", where),
        comment=comment if isinstance(comment, str) else None,
        organizations=_texts(row, "organizations", where),
        kind=Kind.POST if row.get("kind") == Kind.POST else Kind.PAPER,
    )


def _text(row: Mapping[str, Any], name: str, where: str) -> str:
    value = row.get(name)
    if not isinstance(value, str):
        raise UsageError(f"{where}: {name} must be a text, not {value!r}")
    return value


def _texts(row: Mapping[str, Any], name: str, where: str) -> tuple[str, ...]:
    value = row.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise UsageError(f"{where}: {name} must be a list of texts")
    return tuple(value)

"""Where an export goes: stdout, or a file that is there whole or not at all."""

from __future__ import annotations

import contextlib
import gzip
import os
import secrets
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from staycurrent.errors import StaycurrentError, UsageError


def write(pieces: Iterable[str], path: Path | None) -> None:
    """Write text as UTF-8, packed where the file's name ends in `.gz`.

    Raises `UsageError` where the file cannot be made and `StaycurrentError` where writing fails, the disk being full.
    """
    if path is None:
        for piece in pieces:
            sys.stdout.buffer.write(piece.encode("utf-8"))
        sys.stdout.buffer.flush()
    elif path.exists() and not path.is_file() and not path.is_dir():
        _fill(path, path, pieces)  # a device or a pipe is written to, not replaced
    else:
        _replace(path, pieces)


def _replace(path: Path, pieces: Iterable[str]) -> None:
    if path.is_dir():
        raise UsageError(f"{path}: is a folder; name a file")
    goal = path.resolve()  # a link stays one
    part = goal.with_name(f".{goal.name[:200]}.{secrets.token_hex(4)}.part")
    try:
        _fill(path, part, pieces)
        if goal.exists():
            part.chmod(goal.stat().st_mode & 0o777)
        part.replace(goal)
    except OSError as error:
        raise StaycurrentError(f"{path}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _fill(shown: Path, path: Path, pieces: Iterable[str]) -> None:
    try:
        raw = path.open("wb")
    except OSError as error:
        raise UsageError(f"{shown}: {error.strerror or error}") from error
    try:
        with raw:
            _encode(pieces, shown, raw)
    except OSError as error:  # closing writes too
        raise StaycurrentError(f"{shown}: {error.strerror or error}") from error


def _encode(pieces: Iterable[str], shown: Path, raw: BinaryIO) -> None:
    if shown.suffix == ".gz":
        with gzip.GzipFile(fileobj=raw, mode="wb", filename="", mtime=0, compresslevel=6) as packed:
            for piece in pieces:
                packed.write(piece.encode("utf-8"))
    else:
        for piece in pieces:
            raw.write(piece.encode("utf-8"))
    raw.flush()
    if os.path.isfile(raw.fileno()):  # noqa: PTH113 - an open file has no path
        os.fsync(raw.fileno())

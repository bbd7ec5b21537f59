"""Which model answers here, without loading it."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

PACKAGED = Path(__file__).parent / "data"


def version(directory: Path | None = None) -> str:
    """The version of the model in a directory, the packaged one by default; empty where it cannot be read.

    Long-lived processes ask again and again, and `train` may have written another model meanwhile: the file is read
    when it changed.
    """
    words = (directory or PACKAGED) / "model.json"
    try:
        found = words.stat()
    except OSError:
        return ""  # which is for `predict` to say
    return _read(words, found.st_mtime_ns, found.st_ino)


@lru_cache(maxsize=2)
def _read(words: Path, _changed: int, _inode: int) -> str:
    try:
        return str(json.loads(words.read_text("utf-8"))["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""

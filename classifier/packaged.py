"""Which model this program brings, without loading it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

_WORDS = Path(__file__).parent / "data" / "model.json"


@cache
def version() -> str:
    """The version of the packaged model; empty where its file cannot be read, which is for `predict` to say."""
    try:
        return str(json.loads(_WORDS.read_text("utf-8"))["version"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""

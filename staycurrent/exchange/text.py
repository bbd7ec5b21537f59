"""Text for formats of lines: one line, without characters that a line cannot hold."""

from __future__ import annotations

import re

# C0 and C1 controls, line and paragraph separator, and lone surrogates, which UTF-8 cannot hold.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def one_line(text: str | None) -> str:
    """The text with white space folded to single spaces and control characters gone."""
    return " ".join(_UNFIT.sub(" ", text or "").split())

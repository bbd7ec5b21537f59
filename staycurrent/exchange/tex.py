"""Plain text as TeX: mathematics kept, everything else escaped, capitals protected where styles would lower them.

Unicode stays as it is: BibTeX files are UTF-8 today, and Zotero, JabRef and biber read them so.
"""

from __future__ import annotations

import re
import unicodedata

from staycurrent.exchange.text import one_line

# As pandoc reads dollars: no white space inside the ends, no digit behind. So "$5 and $10" is money.
_MATH = re.compile(r"(?<!\\)(\$(?!\s)[^$]*?(?<![\s\\])\$)(?!\d)")
_ACCENT = re.compile(r"\\([\"'`^~=.]|[cvuHkrbd](?![a-zA-Z]))\s*(?:\{\s*\\?([a-zA-Z])\s*\}|\\?([a-zA-Z]))(?![a-zA-Z]*\{)")
_COMBINING = dict(
    zip(
        "\"'`^~=.cvuHkrbd",
        "\u0308\u0301\u0300\u0302\u0303\u0304\u0307\u0327\u030c\u0306\u030b\u0328\u030a\u0331\u0323",
        strict=True,
    )
)
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",  # \{ would do for TeX, but BibTeX counts braces and does not know the backslash
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{c: "\\" + c for c in "&%$#_"},
}
_WORD = re.compile(r"[^\W_]+(?:[-'\u2019][^\W_]+)*")


def escape(text: str | None) -> str:
    """A text without mathematics, every character of it taken literally."""
    return _literal(one_line(text))


def prose(text: str | None) -> str:
    """A text that may hold mathematics."""
    return "".join(part if is_math else _literal(_ACCENT.sub(_accented, part)) for is_math, part in _parts(text))


def title(text: str | None) -> str:
    """A title: as `prose`, with braces about what a style must not set in lower case."""
    return "".join(_shield(part) if is_math else _protected(part) for is_math, part in _parts(text))


def _parts(text: str | None) -> list[tuple[bool, str]]:
    """The text in turns of prose and mathematics."""
    pieces = _MATH.split(one_line(text))
    return [(n % 2 == 1 and _is_whole(piece), piece) for n, piece in enumerate(pieces) if piece]


def _is_whole(math: str) -> bool:
    """Whether TeX comes out of this mathematics as it went in: braces in pairs, no comment, no end of the file."""
    bare = re.sub(r"\\.", "", math)
    depth = 0
    for c in math:  # BibTeX counts escaped braces too
        depth += (c == "{") - (c == "}")
        if depth < 0:
            return False
    return depth == 0 and not re.search(r"[%#&\\]", bare) and len(math) > 2  # noqa: PLR2004 - two dollars


def _accented(match: re.Match[str]) -> str:
    letter = match[2] or match[3]
    made = unicodedata.normalize("NFC", letter + _COMBINING[match[1]])
    return made if len(made) == 1 else match[0]


def _shield(math: str) -> str:
    return f"{{{math}}}" if any(c.isupper() for c in math) else math


def _protected(text: str) -> str:
    """Words with a capital that no rule of grammar put there: GPT, LoRA, mT5."""
    text = _ACCENT.sub(_accented, text)
    made, end = [], 0
    for match in _WORD.finditer(text):
        made.append(_literal(text[end : match.start()]))
        made.append(f"{{{match[0]}}}" if any(c.isupper() for c in match[0][1:]) else match[0])
        end = match.end()
    return "".join(made) + _literal(text[end:])


def _literal(text: str) -> str:
    return "".join(_SPECIAL.get(c, c) for c in text)

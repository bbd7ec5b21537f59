"""Source text made fit for a mail: one line, no control or direction characters, no endless words. Pure.

What is escaped for HTML comes after this; a subject and a plain-text part have no escaping, so this is all they get.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, urlsplit

from staycurrent.digest.types import CONFIRM_MARK, PREFERENCES_MARK, UNSUBSCRIBE_MARK
from staycurrent.exchange.text import one_line

LONGEST_WORD = 80
MOST_ACCENTS = 2
"""Combining marks on one letter; a tower of them would paint over the lines around."""
_WITHOUT_MARKS = re.compile("|".join(map(re.escape, (PREFERENCES_MARK, UNSUBSCRIBE_MARK, CONFIRM_MARK))))
"""A source that wrote a mark would get a recipient's own address in its place."""
_JOINERS = "\u200c\u200d"
"""Of the format characters only these belong to words: Persian needs them, and composed emoji."""
_FSI, _PDI = "\u2068", "\u2069"
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[\"“(\[]?[A-Z0-9])")
_ABBREVIATED = re.compile(r"(?:\b(?:e\.g|i\.e|et al|vs|cf|Fig|Figs|Eq|Sec|resp|approx|etc|Dr|Prof|No)|\b[A-Z])\.$")
_SAFE = "%/:=&?~#+!$,;@()*'[]"


def line(text: str, most: int) -> str:
    """The text as one line of at most `most` characters, cut at a word where it has to be."""
    words = _WITHOUT_MARKS.sub("", "".join(_kept(one_line(text)))).split()
    return shorten(" ".join(_word(word) for word in words), most)


def shorten(text: str, most: int) -> str:
    """At most `most` characters; what is cut ends in an ellipsis."""
    if len(text) <= most:
        return text
    head = text[: most - 1]
    at_word = head[: head.rfind(" ")] if " " in head[most // 2 :] else head
    return at_word.rstrip(" ,;:-\u2013") + "…"


def beginning(text: str, most: int) -> str:
    """The first sentence of an abstract, and the second where both fit."""
    first, second = _first_two(line(text, 4 * most))
    return f"{first} {second}" if second and len(first) + 1 + len(second) <= most else shorten(first, most)


def isolated(text: str) -> str:
    """For plain text: writing from the right is closed in, so that it does not turn what stands around it."""
    turns = not text.isascii() and any(unicodedata.bidirectional(c) in _RIGHT_TO_LEFT for c in text)
    return f"{_FSI}{text}{_PDI}" if turns else text


def has_wide(text: str) -> bool:
    """Whether there is writing of double width, as Chinese: it needs no spaces, and its lines break anywhere."""
    return not text.isascii() and any(unicodedata.east_asian_width(c) in "WF" for c in text)


def address(url: str) -> str:
    """A plain http(s) address in ASCII, empty for anything else."""
    try:
        parts = urlsplit(url.strip())
        there = parts.scheme in ("http", "https") and parts.hostname and not _WITHOUT_MARKS.search(url)
    except ValueError:
        return ""
    return quote(url.strip(), safe=_SAFE, errors="replace") if there else ""


def _kept(text: str) -> str:
    if text.isascii():
        return text
    kept: list[str] = []
    accents = 0
    for c in unicodedata.normalize("NFC", text):
        category = unicodedata.category(c)
        accents = accents + 1 if category in ("Mn", "Me") else 0
        if accents <= MOST_ACCENTS and (category not in ("Cf", "Co", "Cn") or c in _JOINERS):
            kept.append(c)
    return "".join(kept)


def _word(word: str) -> str:
    return word if len(word) <= LONGEST_WORD or has_wide(word) else f"{word[: LONGEST_WORD - 1]}…"


def _first_two(text: str) -> tuple[str, str]:
    found: list[str] = []
    for part in _SENTENCE.split(text):
        if found and _ABBREVIATED.search(found[-1]):
            found[-1] += f" {part}"
        elif len(found) < 3:  # noqa: PLR2004 - the third ends the second
            found.append(part)
        else:
            break
    return found[0] if found else "", found[1] if len(found) > 1 else ""

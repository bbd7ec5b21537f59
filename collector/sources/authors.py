"""arXiv's one-string author lists as names: "A. B. Sea (MIT, USA) and C. Dee, Jr." is two people."""

from __future__ import annotations

import re
import unicodedata

from collector import clean

_SEPARATOR = re.compile(r"\s*[,;]\s*(?:and\s+|&\s+)?|\s+(?:and|&)\s+|(?<=[a-z]):\s+")
_SUFFIX = re.compile(r"(?:Jr|Sr|Ph\.?D|M\.?D|I{2,3}|IV)\.?")
_ET_AL = re.compile(r"\s*\bet\.? al\.?$")
_UNCLOSED = re.compile(r"\([^,]*")

# TeX's accents as the combining characters that follow the letter (arXiv keeps what the submitter typed).
_ACCENTS = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", "=": "\u0304", "u": "\u0306", ".": "\u0307",
    '"': "\u0308", "r": "\u030a", "H": "\u030b", "v": "\u030c", "c": "\u0327", "k": "\u0328",
}  # fmt: skip
# A match begins at the first of several backslashes only: else a line of nothing else would take its length squared.
_SLASHES = r"\{?(?<!\\)\\+"
_ACCENTED = re.compile(
    _SLASHES + r"(?:([`'^~=.\"])\s*\{?\\*([A-Za-z])\}?|([urHvck])(?:\s*\{\\*([A-Za-z])\}|\s+([A-Za-z])\b))\}?"
)
_LETTERS = {
    "ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ",
    "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å", "i": "i",
}  # fmt: skip
_LETTER = re.compile(_SLASHES + r"(ss|ae|AE|oe|OE|aa|AA|o|O|l|L|i)(?:\{\}|\}|\s+|(?![A-Za-z]))")


def split_authors(text: str) -> tuple[str, ...]:
    """The names in their order, affiliations in parentheses left out, "Jr." and "III" kept with their name."""
    if "(" in text or ")" in text:
        text = _without_parentheses(text)
    if "\\" in text:
        text = _from_tex(text)
    names: list[str] = []
    for part in _SEPARATOR.split(clean.fold(text)):
        name = _ET_AL.sub("", part).strip(" ,;").removeprefix("and ")
        if _SUFFIX.fullmatch(name) and names:
            names[-1] = f"{names[-1]} {name}"
        elif name != "and" and any(c.isalpha() for c in name):
            names.append(name)
    return tuple(names)


def _without_parentheses(text: str) -> str:
    """Nested ones too; one that is never closed ends at the next comma, so that no author behind it is lost."""
    while True:
        shorter = re.sub(r"\([^()]*\)", " ", text)
        if shorter == text:
            return _UNCLOSED.sub(" ", text).replace(")", " ")
        text = shorter


def _from_tex(text: str) -> str:
    def accented(match: re.Match[str]) -> str:
        accent, letter = match[1] or match[3], match[2] or match[4] or match[5]
        return unicodedata.normalize("NFC", letter + _ACCENTS[accent])

    text = _LETTER.sub(lambda match: _LETTERS[match[1]], _ACCENTED.sub(accented, text))
    return text.replace("{", "").replace("}", "")

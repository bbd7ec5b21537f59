"""Authors as reference managers want them: the last name first, teams whole."""

from __future__ import annotations

import re
import unicodedata

from staycurrent.exchange.text import one_line

_PARTICLES = frozenset(
    "af al bin da das de del della den der di do dos du el ibn la le ten ter van vom von zu zum zur".split()  # noqa: SIM905
)
_SUFFIX = re.compile(r"(jr|sr)\.?|i{2,3}|iv", re.IGNORECASE)
_TEAM = re.compile(
    r"\b(team|group|collaboration|consortium|community|project|foundation|institute|university|laborator(y|ies)|labs?|"
    r"research|inc|ai|llm)\b",
    re.IGNORECASE,
)


def last_first(name: str) -> str | None:
    """`Béla van Beispiel Jr.` as `van Beispiel, Béla, Jr.`; None for a team, an organization or a single word."""
    words = one_line(name).split()
    if len(words) < 2 or _TEAM.search(name) or "," in name:  # noqa: PLR2004 - a first and a last name
        return None
    suffix = words.pop() if _SUFFIX.fullmatch(words[-1]) and len(words) > 2 else ""  # noqa: PLR2004
    start = len(words) - 1
    while start > 1 and words[start - 1] in _PARTICLES:
        start -= 1
    last, first = " ".join(words[start:]), " ".join(words[:start])
    return f"{last}, {first}" + (f", {suffix}" if suffix else "")


def last_name(name: str) -> str:
    """What a citation key is made of."""
    turned = last_first(name)
    return turned.split(",")[0] if turned else one_line(name).split(",")[0]


def ascii_word(text: str) -> str:
    """Lower-case letters and digits of ASCII, accents taken off."""
    folded = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ø", "o").replace("ł", "l").lower())
    return "".join(c for c in folded if c.isascii() and c.isalnum())

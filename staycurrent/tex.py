r"""Titles and abstracts with simple TeX, made readable. Pure: text in, escaped HTML out.

Only what stands in real arXiv titles is understood: `$O(n^2)$`, `$\alpha$`, `\emph{…}`, `\"o`. Everything else stays as it is.
"""
# ruff: noqa: RUF001 - the tables hold Greek and signs on purpose

from __future__ import annotations

import re
import unicodedata
from html import escape

_MATH = re.compile(r"\$\$?([^$]{1,300})\$\$?|\\\((.{1,300}?)\\\)")
_PLAIN = re.compile(r"[A-Za-z0-9\u0370-\u03ff]{1,12}'*")
"""Math without any TeX in it: `$k$`, `$10$`, `$δ$`; dollars of a price do not look like that ("$5 and $9")."""
_STYLED = re.compile(
    r"\\(?:text(?:it|bf|tt|sc|rm|sf|up)?|emph|math(?:bf|rm|cal|bb|it|sf|frak|scr)|operatorname|boldsymbol|bm|underline|url)\s*\{([^{}]*)\}"
)
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_ROOT = re.compile(r"\\sqrt\s*\{([^{}]*)\}")
_ACCENT = re.compile(r"""\{?\\([`'^"~=.uvHck])\s*(?:\{([A-Za-z])\}|([A-Za-z]))\}?""")
_LETTER_ACCENT = re.compile(r"\{?\\([uvHck])(?:\{([A-Za-z])\}|\s+([A-Za-z]))\}?")
_COMMAND = re.compile(r"\\([A-Za-z]+)\s?")
_RAISED = re.compile(r"\^(?:\{([^{}]*)\}|(\S))")
_LOWERED = re.compile(r"_(?:\{([^{}]*)\}|(\S))")
_MARKS = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "k": "\u0328",
}  # fmt: skip
_GREEK = (
    "alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ lambda λ "
    "mu μ nu ν xi ξ pi π rho ρ sigma σ tau τ upsilon υ phi φ varphi φ chi χ psi ψ omega ω "
    "Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ "
    "Phi Φ Psi Ψ Omega Ω"
)
_SIGNS = (
    "times × cdot · pm ± leq ≤ le ≤ geq ≥ ge ≥ neq ≠ ne ≠ approx ≈ sim ∼ simeq ≃ equiv ≡ infty ∞ to → rightarrow → leftarrow ← "
    "Rightarrow ⇒ leftrightarrow ↔ mapsto ↦ in ∈ notin ∉ subset ⊂ subseteq ⊆ cup ∪ cap ∩ forall ∀ exists ∃ nabla ∇ partial ∂ "
    "sum ∑ prod ∏ int ∫ ell ℓ ldots … dots … cdots ⋯ circ ∘ star ⋆ ast ∗ ll ≪ gg ≫ propto ∝ perp ⊥ parallel ∥ oplus ⊕ otimes ⊗ "
    "langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ top ⊤ dagger † degree ° "
    "textdegree ° ss ß o ø O Ø ae æ AE Æ aa å AA Å l ł L Ł"
)


def _pairs(line: str) -> dict[str, str]:
    words = line.split()
    return dict(zip(words[::2], words[1::2], strict=True))


_SYMBOLS = _pairs(_GREEK) | _pairs(_SIGNS)
_SPACING = {
    "quad",
    "qquad",
    "left",
    "right",
    "big",
    "Big",
    "bigl",
    "bigr",
    "rm",
    "bf",
    "it",
    "displaystyle",
    "xspace",
    "limits",
}

_OPERATORS = {
    "log",
    "ln",
    "exp",
    "min",
    "max",
    "argmin",
    "argmax",
    "arg",
    "sin",
    "cos",
    "tan",
    "lim",
    "sup",
    "inf",
    "det",
    "Pr",
}


def readable(text: str) -> str:
    """`text` as escaped HTML: simple math in Unicode, `<sup>` and `<sub>`, other TeX commands reduced to their words."""
    shown, last = [], 0
    for match in _MATH.finditer(text):
        inner = match[1] if match[1] is not None else match[2]
        if not (re.search(r"[\\^_{}]", inner) or _PLAIN.fullmatch(inner)):
            continue
        shown += [_prose(text[last : match.start()]), _math(inner)]
        last = match.end()
    return "".join([*shown, _prose(text[last:])])


def plain(text: str) -> str:
    """`text` made readable without markup, unescaped: for page titles and tooltips."""
    return unicodedata.normalize("NFC", _words(re.sub(r"\$([^$]{1,300})\$", r"\1", text)))


def _prose(text: str) -> str:
    return escape(unicodedata.normalize("NFC", _words(text)) if re.search(r"\\|``|''|\{,\}", text) else text)


def _math(text: str) -> str:
    html = escape(_words(text).replace("~", " "))
    for _ in range(2):  # one level of nesting is what titles have
        html = _RAISED.sub(lambda m: f"<sup>{m[1] if m[1] is not None else m[2]}</sup>", html)
        html = _LOWERED.sub(lambda m: f"<sub>{m[1] if m[1] is not None else m[2]}</sub>", html)
    return html.replace("{", "").replace("}", "").replace("\\", "").strip()


def _words(text: str) -> str:
    """Commands replaced by what they mean; braces of `^{…}` and `_{…}` are left for `_math`."""
    text = _LETTER_ACCENT.sub(_accented, text)
    text = _ACCENT.sub(lambda m: _accented(m) if m[1] in "`'^\"~=." else m[0], text)
    for _ in range(3):
        text = _STYLED.sub(r"\1", text)
    text = _FRACTION.sub(r"\1/\2", text)
    text = _ROOT.sub(r"√\1", text)
    text = _COMMAND.sub(_command, text)
    text = text.replace("{,}", ",").replace("``", "“").replace("''", "”")
    return re.sub(r"\\([%&#$_{}\-, ;:!])", lambda m: m[1] if m[1] in "%&#$_{}" else "", text)


def _accented(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", (match[2] or match[3]) + _MARKS[match[1]])


def _command(match: re.Match[str]) -> str:
    name = match[1]
    if name in _SYMBOLS:
        return _SYMBOLS[name]
    if name in _SPACING:
        return ""
    return match[0].removeprefix("\\") if name in _OPERATORS else match[0]

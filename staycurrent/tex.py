r"""Titles and abstracts with simple TeX, made readable. Pure: text in, escaped HTML out.

Only what stands in real arXiv titles and abstracts is understood: `$O(n^2)$`, `$p<0.01$`, `\emph{…}`, `\href{…}{…}`, `\"o`.
Everything else stays as it is. Each pattern is linear: no two parts of one can take the same characters.
"""
# ruff: noqa: RUF001 - the tables hold Greek and signs on purpose

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from html import escape


def _names(line: str) -> frozenset[str]:
    return frozenset(line.split())


_MATH = re.compile(r"(?<!\\)(\$\$?)((?:[^$\\]|\\.){1,300})\1|\\\((.{1,300}?)\\\)|\\\[(.{1,300}?)\\\]")
_TEX = re.compile(r"[\\^_{}]")
_SENTENCE = re.compile(r"[A-Za-z]{3,},? [A-Za-z]{2,}")
_AMOUNT = re.compile(r"\d[^A-Za-z]*[A-Za-z]?[^A-Za-z]* [A-Za-z]{2,}")
"""A price goes on with words: "$5 for each and $9"."""
_SPACED = re.compile(r" (?!.*[A-Za-z]{2})[^,;:]+")
_WRAPPED = re.compile(r"\\([A-Za-z]+)\*?(?:\[[^][{}]{0,80}\])? ?\{([^{}]*)\}")
_AROUND_MATH = re.compile(r"\\([A-Za-z]+) ?\{((?:[^{}]|\{[^{}]*\})*)\}")
_PAIRED = re.compile(r"\\(href|textcolor|colorbox|hyperlink|hyperref|[dt]?frac) ?\{([^{}]*)\} ?\{([^{}]*)\}")
_SWITCHED = re.compile(r"\{ ?\\(?:em|bf|it|sc|sf|sl|tt|rm|small|bfseries|itshape|scshape|ttfamily|sffamily)\b ?([^{}]*)\}")
"""A command of one argument, the same with math in it, a command of two, and one that acts to the end of its group."""
_NESTED = 4
"""As deep as commands stand in one another in real abstracts."""
_STYLES = _names(
    "text textit textbf texttt textsc textrm textsf textup textsl textnormal textmd textsuperscript textsubscript emph "
    "mathbf mathrm mathcal mathbb mathit mathsf mathfrak mathscr mathtt operatorname boldsymbol bm underline uline "
    "url mbox hbox fbox ac acp acs acl acf gls glspl Gls ensuremath enquote"
)
_CITED = _names("cite citep citet citealp citeauthor citeyear autocite textcite parencite ref cref Cref autoref eqref")
_GONE = _names("label color footnotemark vspace hspace thanks keywords small")
_HATS = {
    "hat": "\u0302", "widehat": "\u0302", "tilde": "\u0303", "widetilde": "\u0303", "bar": "\u0304", "overline": "\u0304",
    "vec": "\u20d7", "dot": "\u0307", "ddot": "\u0308", "check": "\u030c", "breve": "\u0306", "mathring": "\u030a",
}  # fmt: skip
_ACCENT = re.compile(r"""\{?\\([`'^"~=.uvHck])\s*(?:\{([A-Za-z])\}|([A-Za-z]))\}?""")
_LETTER_ACCENT = re.compile(r"\{?\\([uvHck])(?:\{([A-Za-z])\}|\s+([A-Za-z]))\}?")
_COMMAND = re.compile(r"\\([A-Za-z]+)\s?")
_RAISED = re.compile(r"\^(?:\{([^{}]*)\}|(&#?\w{1,8};|\S))")
_LOWERED = re.compile(r"_(?:\{([^{}]*)\}|(&#?\w{1,8};|\S))")
_TIED = re.compile(r"(?<=\w)~(?=\w|$)")
_DASH = re.compile(r"(?<![\s-])(--|---)(?![\s-])")
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
    "setminus ∖ emptyset ∅ varnothing ∅ land ∧ wedge ∧ lor ∨ vee ∨ neg ¬ lnot ¬ mid | vert | Vert ‖ lVert ‖ rVert ‖ lvert | "
    "rvert | triangleq ≜ coloneqq ≔ lesssim ≲ gtrsim ≳ supset ⊃ supseteq ⊇ odot ⊙ bullet • colon : prime ′ cong ≅ mp ∓ div ÷ "
    "checkmark ✓ gets ← longrightarrow ⟶ Longrightarrow ⟹ implies ⟹ iff ⟺ Leftrightarrow ⇔ uparrow ↑ downarrow ↓ "
    "hookrightarrow ↪ sqrt √ hbar ℏ aleph ℵ Re ℜ Im ℑ square □ Box □ triangle △ angle ∠ models ⊨ vdash ⊢ vDash ⊨ succ ≻ "
    "prec ≺ succeq ⪰ preceq ⪯ leqslant ⩽ geqslant ⩾ asymp ≍ vdots ⋮ ddots ⋱ euro € pounds £ copyright © S § P ¶ "
    "textasciitilde ~ textasciicircum ^ textgreater > textless < textendash – textemdash — texttimes × textmu µ "
    "textquotesingle ' textregistered ® texttrademark ™ textbullet • slash / "
    "textdegree ° ss ß o ø O Ø ae æ AE Æ aa å AA Å l ł L Ł"
)


def _pairs(line: str) -> dict[str, str]:
    words = line.split()
    return dict(zip(words[::2], words[1::2], strict=True))


_SYMBOLS = _pairs(_GREEK) | _pairs(_SIGNS)
_SHORT = {
    "eg": "e.g.",
    "ie": "i.e.",
    "etal": "et al.",
    "etc": "etc.",
    "vs": "vs.",
    "wrt": "w.r.t.",
    "LaTeX": "LaTeX",
    "TeX": "TeX",
}
_SPACING = _names(
    "quad qquad left right big Big bigl bigr Bigl Bigr bigg Bigg biggl biggr middle rm bf it em displaystyle textstyle xspace "
    "limits nolimits noindent newline par item protect nobreak centering"
)
_OPERATORS = _names(
    "log ln exp min max argmin argmax arg sin cos tan tanh cosh sinh lim sup inf liminf limsup det Pr dim ker deg gcd mod bmod"
)


def readable(text: str) -> str:
    """`text` as escaped HTML: simple math in Unicode, `<sup>` and `<sub>`, other TeX commands reduced to their words."""
    return "".join(_math(part) if is_math else _prose(part) for part, is_math in _parts(text))


def plain(text: str) -> str:
    """`text` made readable without markup, unescaped: for page titles and tooltips."""
    return unicodedata.normalize("NFC", "".join(_words(part) if is_math else _spoken(part) for part, is_math in _parts(text)))


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces, each with whether it is math. A dollar that opens no math may still close or open another."""
    last, at, text = 0, 0, _AROUND_MATH.sub(_freed, text) if "$" in text and "\\" in text else text
    while match := _MATH.search(text, at):
        inner = match[2] or match[3] or match[4]
        if match[1] and not _is_math(inner, text[match.end() : match.end() + 1]):
            at = match.start() + len(match[1])
            continue
        yield text[last : match.start()], False
        yield inner, True
        last = at = match.end()
    yield text[last:], False


def _is_math(inner: str, after: str) -> bool:
    """Whether what stands between two dollars is math, and not what stands between two prices: "$5 and $9", "$5-$9"."""
    if "\\" in inner:
        return True
    if inner != inner.strip() and not (_TEX.search(inner) or _SPACED.fullmatch(inner)):
        return False
    return not (_SENTENCE.search(inner) or _AMOUNT.match(inner) or (inner[0].isdigit() and after.isdigit()))


def _prose(text: str) -> str:
    return escape(_spoken(text))


def _spoken(text: str) -> str:
    """Prose with its commands replaced, and with the dashes, quotes and spaces of TeX; that of a post has none of them."""
    if "\\" in text or "{,}" in text:
        text = unicodedata.normalize("NFC", _words(text))
    text = text.replace("``", "“").replace("''", "”") if "``" in text or "''" in text else text
    text = _TIED.sub(" ", text) if "~" in text else text
    return _DASH.sub(lambda m: "–—"[len(m[1]) - 2], text) if "--" in text else text


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
    for _ in range(_NESTED):
        text, before = _WRAPPED.sub(_wrapped, _PAIRED.sub(_paired, _SWITCHED.sub(r"\1", text))), text
        if text == before:
            break
    text = _COMMAND.sub(_command, text)
    text = text.replace("{,}", ",").replace("``", "“").replace("''", "”")
    return re.sub(r"\\([%&#$_{}\-, ;:!])", lambda m: m[1] if m[1] in "%&#$_{}" else "", text)


def _freed(match: re.Match[str]) -> str:
    """A command around math leaves it alone; one within math is that of `_words`."""
    return _wrapped(match) if "$" in match[2] else match[0]


def _wrapped(match: re.Match[str]) -> str:
    """A command with one argument: its argument, a sign that something was cited, or what it does to a letter."""
    name, inner = match[1], match[2]
    if name in _HATS and len(inner) == 1:
        return unicodedata.normalize("NFC", inner + _HATS[name])
    if name in _STYLES:
        return inner
    if name in _CITED or name in _GONE:
        return "[…]" if name in _CITED else ""
    return {"footnote": f" ({inner})", "sqrt": f"√{inner}"}.get(name, match[0])


def _paired(match: re.Match[str]) -> str:
    """A command with two arguments: a fraction, a link with its address, or a text in a colour."""
    name, first, second = match.groups()
    if name.endswith("frac"):
        return f"{first}/{second}"
    is_address = name == "href" and first.split("://", 1)[-1].rstrip("/") not in second
    return f"{second} ({first})" if is_address else second


def _accented(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", (match[2] or match[3]) + _MARKS[match[1]])


def _command(match: re.Match[str]) -> str:
    name = match[1]
    if name in _SYMBOLS:
        return _SYMBOLS[name]
    if name in _SHORT:
        return _SHORT[name] + (" " if match[0].endswith(" ") else "")
    if name in _SPACING:
        return ""
    return match[0].removeprefix("\\") if name in _OPERATORS else match[0]

"""A sheet as HTML for mail clients: tables, styles in the elements, no picture, nothing fetched, under 80 kB."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from css_inline import CSSInliner
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from staycurrent.digest import clean, message
from staycurrent.digest.sheet import WHOLE, Sheet, Size
from staycurrent.digest.types import CONFIRM_MARK, DECLINE_MARK, PREFERENCES_MARK, UNSUBSCRIBE_MARK
from staycurrent.i18n import gettext as _
from staycurrent.i18n import language
from staycurrent.tex import readable

LARGEST = 80_000
"""Bytes of the encoded part. Gmail cuts a mail off at 102 kB, and with it the link for unsubscribing."""
SHORT_TITLE = 80
"""Characters; so even a mail of nothing but long titles in the widest writing stays below."""
FOLDER = Path(__file__).parent


def html(sheet: Sheet, subject: str, footer: str = "") -> str:
    """The HTML part of a digest. Where it would be too large, abstracts go first, from the end; no entry goes."""
    n = len(sheet.entries)
    made = ""
    for size in (WHOLE, Size(n, n // 2), Size(n, 0), Size(n // 2, 0, 120), Size(0, 0, SHORT_TITLE)):
        made = _drawn("digest.html.j2", subject, sheet=sheet.shortened(size), footer=footer.splitlines(), **_labels())
        if message.encoded_size(made) < LARGEST:
            break
    return made


def letter(subject: str, paragraphs: list[str], home: str, button: str, footer: str = "", *, asks: bool) -> str:
    """The HTML part of a short mail with one button. One that asks may be the last."""
    labels = {
        "confirm": button,
        "unsubscribe": _("Unsubscribe"),
        "decline": _("Never ask this address again") if asks else "",
    }
    values = {"confirm_url": CONFIRM_MARK, "decline_url": DECLINE_MARK, "footer": footer.splitlines()}
    return _drawn("letter.html.j2", subject, paragraphs=paragraphs, home=home, label=labels, **values)


def _labels() -> dict[str, dict[str, str]]:
    """The fixed words of the template; they stand here, where the catalogue's tools find them."""
    return {
        "label": {
            "level": _("Level {n}"),
            "why": _("Why here"),
            "details": _("Details"),
            "paper": _("Read it"),
            "changed": _("Changed since you got it"),
            "landmark": _("Time for a landmark paper"),
            "sources": _("Sources"),
            "preferences": _("Change what you get"),
            "unsubscribe": _("Unsubscribe"),
        }
    }


def _drawn(name: str, subject: str, **values: object) -> str:
    marks = {"preferences_url": PREFERENCES_MARK, "unsubscribe_url": UNSUBSCRIBE_MARK}
    drawn = _template(name).render(subject=subject, language=language(), **marks, **values)
    return _inliner().inline(drawn)


@cache
def _template(name: str) -> Template:
    loader = FileSystemLoader(FOLDER)
    space = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    space.filters |= {"readable": readable, "cut": clean.shorten}  # `readable` escapes what it is given
    return space.get_template(name)


@cache
def _inliner() -> CSSInliner:
    # Style tags stay, since dark mode and narrow screens cannot be said inside an element.
    return CSSInliner(
        extra_css=FOLDER.joinpath("mail.css").read_text("utf-8"), keep_style_tags=True, load_remote_stylesheets=False
    )

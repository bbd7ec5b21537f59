"""The pages as HTML: a notice with its buttons, and the preferences. Pure; every value is escaped by the templates."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import streamlit
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from staycurrent.i18n import language

FOLDER = Path(__file__).parent
FONTS = {"Source Sans": "SourceSansVF-Upright.*.woff2", "Source Serif": "SourceSerifVariable-Roman.*.woff2"}
"""The dashboard's typefaces, as Streamlit serves them; where a release names its files otherwise, the system's do."""


def _style() -> str:
    media = Path(streamlit.__file__).parent / "static" / "static" / "media"
    faces = [
        f'@font-face {{ font-family: "{family}"; src: url("../static/media/{file.name}") format("woff2"); '
        "font-weight: 200 900; font-display: swap; }\n"
        for family, pattern in FONTS.items()
        for file in sorted(media.glob(pattern))[:1]
    ]
    return "".join([*faces, FOLDER.joinpath("pages.css").read_text("utf-8")])


STYLE = _style()
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = "; ".join(
    [
        "default-src 'none'",
        f"style-src 'sha256-{_STYLE_HASH}'",
        "font-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
"""No script at all, and one style sheet that stands in the page."""


@dataclass(frozen=True, slots=True)
class Button:
    """A form of one button; `action` is what it sends, `look` is first, grave or nothing."""

    action: str
    label: str
    look: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A page that says something: `facts` and `links` are pairs, of name and value, and of address and name."""

    title: str
    paragraphs: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    buttons: tuple[Button, ...] = ()
    links: tuple[tuple[str, str], ...] = ()


def notice(shown: Notice, home: str) -> str:
    """The page of a notice; `home` is the relative address of the dashboard."""
    return drawn("notice.html.j2", shown.title, home, notice=shown)


def drawn(name: str, title: str, home: str, **values: object) -> str:
    """A template with its values, in the language of the task at hand."""
    frame = {"title": title, "home": home, "language": language(), "style": STYLE}  # nosec B704
    return _template(name).render(**frame, **values)


@cache
def _template(name: str) -> Template:
    loader = FileSystemLoader(FOLDER)
    space = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return space.get_template(name)

"""The product's languages: gettext catalogues, and dates and numbers in the reader's form.

English is in the code, every other language in `locale/<language>/LC_MESSAGES/staycurrent.po`. The catalogue is read as
it is written, so there is no compiled file that could be stale. The language belongs to the task at hand (a context
variable): one script run of the dashboard, one mail.
"""

from __future__ import annotations

import gettext as standard
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import cache
from io import BytesIO
from pathlib import Path

from babel import Locale, dates, numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = {"en": "English", "de": "Deutsch"}
DEFAULT = "en"
DOMAIN = "staycurrent"
FOLDER = Path(__file__).with_name("locale")
_FORMS = {"en": Locale("en", "GB"), "de": Locale("de", "DE")}
"""Whose dates and numbers: day before month, and 24 hours, in both."""
_language: ContextVar[str] = ContextVar("language", default=DEFAULT)


def language() -> str:
    """The language of the task at hand."""
    return _language.get()


def speak(wanted: str) -> None:
    """Set the language of this task from here on; one that the product does not speak becomes English."""
    _language.set(wanted if wanted in LANGUAGES else DEFAULT)


@contextmanager
def speaking(wanted: str) -> Iterator[None]:
    """The language of a block."""
    token = _language.set(wanted if wanted in LANGUAGES else DEFAULT)
    try:
        yield
    finally:
        _language.reset(token)


def gettext(message: str) -> str:
    """The message in the reader's language; itself where the catalogue has none. Import it as `_`."""
    return _catalogue(language()).gettext(message) if message else ""


def ngettext(singular: str, plural: str, n: int) -> str:
    """The form for `n`, with `{n}` still to be filled in (`.format(n=number(n))`)."""
    return _catalogue(language()).ngettext(singular, plural, n)


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "mark it, translate it later"
    """Mark a message for the catalogue where it is defined; `gettext` translates it where it is shown."""
    return message


def number(value: float) -> str:
    """`12345` as "12,345" or "12.345"."""
    return str(numbers.format_decimal(value, locale=_form()))


def percent(value: float) -> str:
    """`0.93` as "93%" or "93 %"."""
    return str(numbers.format_percent(value, locale=_form()))


def day(value: date) -> str:
    """`2026-05-04` as "4 May 2026" or "4. Mai 2026"."""
    return str(dates.format_date(value, "d MMM yyyy" if language() == "en" else "d. MMM yyyy", locale=_form()))


def month(value: date) -> str:
    """The month of a day: "May 2026" or "Mai 2026"."""
    return str(dates.format_date(value, "LLLL yyyy", locale=_form()))


def weekday(value: date) -> str:
    """The day of the week: "Thursday" or "Donnerstag"."""
    return str(dates.format_date(value, "EEEE", locale=_form()))


def moment(value: datetime) -> str:
    """A moment as "4 May, 13:05 UTC"."""
    form = "d MMM, HH:mm 'UTC'" if language() == "en" else "d. MMM, HH:mm 'UTC'"
    return str(dates.format_datetime(value, form, locale=_form()))


def _form() -> Locale:
    return _FORMS[language()]


@cache
def _catalogue(wanted: str) -> standard.NullTranslations:
    path = FOLDER / wanted / "LC_MESSAGES" / f"{DOMAIN}.po"
    if not path.exists():
        return standard.NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=wanted))
    compiled.seek(0)
    return standard.GNUTranslations(compiled)

"""The product's languages: gettext catalogues, and dates and numbers in the reader's form.

English is in the code, every other language in `locale/<language>/LC_MESSAGES/staycurrent.po`. The catalogue is read as
it is written, so there is no compiled file that could be stale. The language belongs to the task at hand (a context
variable): one script run of the dashboard, one mail.
"""

from __future__ import annotations

import gettext as standard
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Literal

from babel import Locale, dates, lists, numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = {"en": "English", "de": "Deutsch"}
DEFAULT = "en"
DOMAIN = "staycurrent"
FOLDER = Path(__file__).with_name("locale")
_FORMS = {"en": Locale("en", "GB"), "de": Locale("de", "DE")}
"""Whose dates and numbers: day before month, and 24 hours, in both."""
_WEIGHTED = re.compile(r"\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9]{1,8})*\s*(?:;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?")
"""One language of an Accept-Language header, and its weight (RFC 9110, 12.5.4)."""
_MOST_WANTED = 40
"""So many languages of a header are looked at."""
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


def preferred(accepted: str) -> str:
    """The language that an Accept-Language header wants most of those that the product speaks; else English.

    Where the header names none of them, English is what most readers share.
    """
    best, weight = DEFAULT, 0.0
    for part in accepted.split(",")[:_MOST_WANTED]:
        found = _WEIGHTED.fullmatch(part)
        if found and found[1].lower() in LANGUAGES and (wanted := float(found[2] or 1)) > weight:
            best, weight = found[1].lower(), wanted
    return best


def gettext(message: str) -> str:
    """The message in the reader's language; itself where the catalogue has none. Import it as `_`."""
    return _catalogue(language()).gettext(message) if message else ""


def ngettext(singular: str, plural: str, n: int) -> str:
    """The form for `n`, with `{n}` still to be filled in (`.format(n=number(n))`)."""
    return _catalogue(language()).ngettext(singular, plural, n)


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "mark it, translate it later"
    """Mark a message for the catalogue where it is defined; `gettext` translates it where it is shown."""
    return message


def Nn_(singular: str, plural: str) -> tuple[str, str]:  # noqa: N802 - as N_
    """Mark both forms of a message that counts something; `ngettext(*forms, n)` translates them."""
    return singular, plural


def number(value: float) -> str:
    """`12345` as "12,345" or "12.345"."""
    return _number(value, language())


@lru_cache(maxsize=4096)
def _number(value: float, spoken: str) -> str:
    """Kept: a page writes some hundred numbers, most of them again and again, at 30 µs each."""
    return str(numbers.format_decimal(value, locale=_FORMS[spoken]))


def percent(value: float, *, decimals: int = 0) -> str:
    """`0.93` as "93%" or "93 %"; `0.042` with one decimal as "4.2%" or "4,2 %"."""
    exact = round(value, decimals + 2)
    return str(numbers.format_percent(exact, locale=_form(), decimal_quantization=not decimals))


def day(value: date) -> str:
    """`2026-05-04` as "4 May 2026" or "4. Mai 2026"."""
    return str(dates.format_date(value, "d MMM yyyy" if language() == "en" else "d. MMM yyyy", locale=_form()))


def short_day(value: date) -> str:
    """A day whose year is plain: "4 May" or "4. Mai"."""
    return str(dates.format_date(value, "d MMM" if language() == "en" else "d. MMM", locale=_form()))


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


def away(span: timedelta) -> str:
    """A span from now: "in 3 hours", "2 days ago"; in whole minutes, from an hour on in hours, from two days on in days."""
    size = abs(span)
    unit: Literal["minute", "hour", "day"]
    unit = "minute" if size < timedelta(hours=1) else "hour" if size < timedelta(days=2) else "day"
    whole = size // timedelta(**{f"{unit}s": 1}) * timedelta(**{f"{unit}s": 1})
    signed = whole if span > timedelta(0) else -whole
    return str(dates.format_timedelta(signed, unit, threshold=math.inf, add_direction=True, locale=_form()))


def listing(parts: Sequence[str]) -> str:
    """Parts as "a, b and c" or "a, b und c"."""
    return str(lists.format_list(parts, locale=_form()))


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

"""The reader's language: what the address says, else what the browser asks for. The address is never rewritten for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from html import escape
from typing import ParamSpec, TypeVar
from urllib.parse import parse_qs, urlencode

import streamlit as st

from dashboard import address
from staycurrent import i18n

NAME = address.LANGUAGE
P = ParamSpec("P")
R = TypeVar("R")


def chosen(given: Sequence[str], accepted: str) -> str:
    """The language for the values of `lang` in an address and for an Accept-Language header.

    What an address names counts, the last value as everywhere; a language that the product does not speak is English.
    """
    if not given:
        return i18n.preferred(accepted)
    return given[-1] if given[-1] in i18n.LANGUAGES else i18n.DEFAULT


def begin() -> None:
    """Speak the reader's language in this run, and let every address of ours carry it where the reader's address names it."""
    given = st.query_params.get_all(NAME)
    i18n.speak(chosen(given, st.context.headers.get("Accept-Language") or st.context.locale or ""))
    address.carry(i18n.language() if given else None)


def spoken(run: Callable[P, R]) -> Callable[P, R]:
    """A fragment, dialog or callback that speaks the reader's language: Streamlit runs these without the script around them."""

    @wraps(run)
    def speaking(*args: P.args, **kwargs: P.kwargs) -> R:
        begin()
        return run(*args, **kwargs)

    return speaking


def switch(path: str) -> str:
    """Links to this page, as it is, in the other languages; each is written in its own."""
    kept = [(name, value) for name in st.query_params if name != NAME for value in st.query_params.get_all(name)]
    others = [(code, name) for code, name in i18n.LANGUAGES.items() if code != i18n.language()]
    return "".join(
        f'<a lang="{code}" hreflang="{code}" href="{escape(f"{path}?{urlencode([*kept, (NAME, code)])}")}">{escape(name)}</a>'
        for code, name in others
    )


def of_page(query_string: str, accepted: str) -> str:
    """The language in which a page will be shown, for its `<html lang>`; as `begin` will find it."""
    return chosen(parse_qs(query_string, keep_blank_values=True).get(NAME, []), accepted)


def named(query_string: str) -> str | None:
    """The language that an address names, to be carried on; None where it leaves that to the browser."""
    return chosen(given, "") if (given := parse_qs(query_string, keep_blank_values=True).get(NAME)) else None

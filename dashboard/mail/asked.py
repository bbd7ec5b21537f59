"""A digest as an address names it: the filters, and beside them how it comes. Page and preview read it alike. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from staycurrent.digest import plans
from staycurrent.digest.plans import Choice
from staycurrent.errors import UsageError
from staycurrent.i18n import gettext as _
from staycurrent.query import Query, Sort
from staycurrent.store.subscribers import Plan

NAMES = ("cadence", "minutes", "language", "when_empty", "weekday", "hour", "timezone")
"""Parameters beside the filters."""


def query(params: Mapping[str, Sequence[str]], reader: str | None = None) -> Query:
    """The filters of an address as a digest can have them: its period is its own, and so is its order.

    Whose marks act on it is nobody's choice but that reader's. Raises `QueryError`.
    """
    found = Query.from_params(params)
    own = found.reader if found.reader == reader else None
    return replace(found, since=None, until=None, sort=Sort.NEWEST, reader=own)


def choice(params: Mapping[str, Sequence[str]], reader: str | None = None, **usual: str | None) -> Choice:
    """The digest of an address; `usual` is what it does not name. Raises `UsageError`."""

    def one(name: str) -> str | None:
        return (params[name][-1].strip() if params.get(name) else "") or usual.get(name)

    return Choice(
        query=query(params, reader),
        cadence=one("cadence"),
        minutes=_minutes(one("minutes")),
        language=one("language"),
        when_empty=one("when_empty"),
        weekday=one("weekday"),
        hour=one("hour"),
        timezone=one("timezone"),
    )


def plan(params: Mapping[str, Sequence[str]], reader: str | None = None, **usual: str | None) -> Plan:
    """The plan that the choice makes. Raises `UsageError`."""
    return plans.plan(choice(params, reader, **usual))


def _minutes(text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        lowest, highest = plans.MINUTES
        raise UsageError(_("minutes: give a whole number from {lowest} to {highest}").format(lowest=lowest, highest=highest))
    return int(text[:9])

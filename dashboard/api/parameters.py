"""The parameters that addresses take: one table that checks, and that the OpenAPI document is made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from dashboard.login import refuse_foreign
from staycurrent import period as periods
from staycurrent import roadmap
from staycurrent.errors import UsageError
from staycurrent.period import Period
from staycurrent.query import MAX_TEXT, MAX_VALUES, PARAMETERS, Query, QueryError, Sort
from staycurrent.reading.monthly import MAX_LIMIT as MAX_READING
from staycurrent.store.listing import MAX_LIMIT as MAX_ITEMS
from staycurrent.types import Kind

Schema = dict[str, Any]
Params = Mapping[str, list[str]]
MAX_FEED = 200
MAX_MINUTES = 100_000
MAX_CURSOR = 400
SHOWN = 60
_SLUG = r"[a-z0-9][a-z0-9._-]{0,59}"
DAY: Schema = {"type": "string", "format": "date"}
TEXT: Schema = {"type": "string", "maxLength": MAX_TEXT}
LAB: Schema = {"type": "string", "pattern": f"^{_SLUG}$"}
_READER = r"[a-z0-9][a-z0-9._@+:|-]{0,79}"
_SOURCE = r"[a-z0-9][a-z0-9._-]{0,39}(:(\*|[a-z0-9][a-z0-9._-]{0,59}))?"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter with its meaning and its values; `several` may be given more than once."""

    name: str
    words: str
    schema: Schema = field(default_factory=lambda: {"type": "string"})
    several: bool = False
    may_be_empty: bool = False
    """Empty means not given, as forms send it."""


def _topics() -> Schema:
    return {"type": "string", "enum": sorted(roadmap.topics())}


def _whole(highest: int, default: int | None = None) -> Schema:
    return {"type": "integer", "minimum": 1, "maximum": highest} | ({} if default is None else {"default": default})


_KNOWN = (
    Parameter("level", "Level 1 to 8, or 0 for off the roadmap", {"type": "integer", "minimum": 0, "maximum": 8}, several=True),
    Parameter("topic", "Topic, see `/topics`", _topics(), several=True),
    Parameter("lab", "Lab, see `/labs`", LAB, several=True),
    Parameter("source", "Source, `lab:*` for all lab feeds", {"type": "string", "pattern": f"^{_SOURCE}$"}, several=True),
    Parameter("kind", "Papers or posts only", {"type": "string", "enum": [k.value for k in Kind]}),
    Parameter("since", "Listed on or after this UTC day; not after `until`", DAY),
    Parameter("until", "Listed on or before this UTC day", DAY),
    Parameter("text", 'Full text: words, "phrases", prefix*, -without, title: author: abstract:', TEXT),
    Parameter("exclude", "Leave out items with this word or phrase", TEXT, several=True),
    Parameter("without_topic", "Leave out items with this topic", _topics(), several=True),
    Parameter("without_lab", "Leave out items of this lab", LAB, several=True),
    Parameter("has_code", "1: only with code; 0: only without", {"type": "string", "enum": ["1", "0", "true", "false"]}),
    Parameter("min_confidence", "The level is at least this sure", {"type": "number", "minimum": 0, "maximum": 1}),
    Parameter("reader", "Leave out what this profile hid or wants less of", {"type": "string", "pattern": f"^{_READER}$"}),
    Parameter("sort", "Order; `relevance` needs a `text`", {"type": "string", "enum": [s.value for s in Sort]}),
)
FILTERS = tuple(replace({p.name: p for p in _KNOWN}.get(name, Parameter(name, "")), may_be_empty=True) for name in PARAMETERS)
"""The filters, in the order of `Query`; what `Query` knows and this table does not is taken all the same."""
CURSOR = Parameter(
    "cursor",
    "Where the next page begins: `cursor` of the page before, with the same filters",
    {"type": "string", "pattern": "^[A-Za-z0-9_-]+$"},
)
ITEMS_LIMIT = Parameter("limit", "Items on a page", _whole(MAX_ITEMS, 50))
READING_LIMIT = Parameter("limit", "At most this many items", _whole(MAX_READING, 30))
FEED_LIMIT = Parameter("limit", "At most this many entries", _whole(MAX_FEED, 50))
MINUTES = Parameter("minutes", "At most this much reading time, in minutes", _whole(MAX_MINUTES))
PERIOD = Parameter(
    "period",
    "A month, `2026-05`, or an ISO week, `2026-W21`",
    {"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2]|W(0[1-9]|[1-4][0-9]|5[0-3]))$"},
)
FEED_PERIOD = Parameter("period", "The reading of a month, `2026-05`, a week, `2026-W21`, `this-month` or `this-week`")
MONTH = Parameter("month", "The same for a month, as the dashboard calls it")


def read(pairs: Iterable[tuple[str, str]], takes: Iterable[Parameter]) -> Params:
    """The values by name. Raises `QueryError` for a name that the address does not take."""
    known = [p.name for p in takes]
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    unknown = [shown(name) for name in found if name not in known]
    if unknown:
        offered = f"it takes {', '.join(known)}" if known else "it takes none"
        raise QueryError(unknown[0], f"not a parameter of this address{_also(unknown[1:])}; {offered}")
    if found and any(len(values) > MAX_VALUES for values in found.values()):
        raise QueryError(next(n for n, v in found.items() if len(v) > MAX_VALUES), f"at most {MAX_VALUES} values")
    return found


def _also(names: list[str]) -> str:
    return f", nor are {', '.join(names[:10])}" if names else ""


def query(params: Params) -> Query:
    """The query of the filters. Raises `QueryError`."""
    found = Query.from_params(params)
    refuse_foreign(found.reader)
    return found


def whole(params: Params, parameter: Parameter) -> int | None:
    """A whole number in the bounds of the parameter; its default where it is not given. Raises `QueryError`."""
    schema = parameter.schema
    text = one(params, parameter.name)
    if text is None:
        default: int | None = schema.get("default")
        return default
    lowest, highest = schema["minimum"], schema["maximum"]
    if not re.fullmatch(r"[0-9]{1,9}", text) or not lowest <= int(text) <= highest:
        raise QueryError(parameter.name, f"must be a whole number from {lowest} to {highest}")
    return int(text)


def one(params: Params, name: str) -> str | None:
    """The only value of a parameter. Raises `QueryError` where there are several."""
    values = params.get(name, [])
    if len(values) > 1:
        raise QueryError(name, "given more than once")
    return values[0] if values else None


def csv_format(what: str) -> Parameter:
    """The parameter of an address that answers as CSV, too; `what` says what that is of."""
    return Parameter("format", f"`csv`: {what} as CSV", {"type": "string", "enum": ["json", "csv"], "default": "json"})


def one_of(params: Params, parameter: Parameter) -> str:
    """A value of the parameter's list; the first where none is given. Raises `QueryError`."""
    choices: list[str] = parameter.schema["enum"]
    text = one(params, parameter.name) or choices[0]
    if text not in choices:
        raise QueryError(parameter.name, f"is one of {', '.join(choices)}")
    return text


def cursor(params: Params) -> str | None:
    """A cursor, unread. Raises `QueryError` for what is too long to be one."""
    text = one(params, CURSOR.name)
    if text is not None and not re.fullmatch(rf"[A-Za-z0-9_-]{{1,{MAX_CURSOR}}}", text):
        raise QueryError(CURSOR.name, "is not one of this list")
    return text


def period(text: str, name: str = PERIOD.name) -> Period:
    """The period that a text names. Raises `QueryError`."""
    try:
        return periods.parse(text)
    except UsageError as error:
        raise QueryError(name, str(error)) from error


def feed_period(params: Params, today: date) -> Period | None:
    """The period of a reading as a feed, None for a plain list. Raises `QueryError`."""
    given = {name: text for name in ("period", "month") if (text := one(params, name)) is not None}
    if not given:
        return None
    if len(given) > 1:
        raise QueryError("month", "is period by another name; give one of them")
    ((name, text),) = given.items()
    if text in ("this-month", "this-week"):
        year, week, _ = today.isocalendar()
        return periods.month(today) if text == "this-month" else periods.parse(f"{year:04}-W{week:02}")
    return period(text, name)


def shown(text: str) -> str:
    """A text of the client's, fit to be shown to it."""
    clean = "".join(c if c.isprintable() else "?" for c in text)
    return clean if len(clean) <= SHOWN else f"{clean[: SHOWN - 3]}..."

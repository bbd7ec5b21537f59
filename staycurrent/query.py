"""The one filter object. Page, feed, API, digest and command line all use it, with the same names everywhere.

In a URL: `?level=5&level=6&topic=rag&lab=qwen&text=kv+cache&has_code=1&since=2026-05-01&sort=votes`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlencode

from staycurrent import roadmap
from staycurrent.errors import UsageError
from staycurrent.i18n import gettext as _
from staycurrent.types import Kind

E = TypeVar("E", bound=StrEnum)
MAX_TEXT = 400
MAX_VALUES = 100
MAX_SHOWN = 60
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})
_SOURCE = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}(:(\*|[a-z0-9][a-z0-9._-]{0,59}))?")
_READER = re.compile(r"[a-z0-9][a-z0-9._@+:|-]{0,79}")
_LAB = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")


class Sort(StrEnum):
    """Orders of a list. `relevance` needs a text; without one it means `newest`."""

    NEWEST = "newest"
    VOTES = "votes"
    STARS = "stars"
    RELEVANCE = "relevance"
    CONFIDENCE = "confidence"


class QueryError(UsageError):
    """A filter has a value that it cannot take; `parameter` names it."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(f"{parameter}: {message}")
        self.parameter = parameter


@dataclass(frozen=True, slots=True)
class Query:
    """What to show. Values of one field are alternatives, fields narrow each other; empty means no limit.

    `since` and `until` are UTC days, both included, and speak of the day on which an item was listed as news.
    """

    levels: tuple[int, ...] = ()
    topics: tuple[str, ...] = ()
    labs: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    kind: Kind | None = None
    since: date | None = None
    until: date | None = None
    text: str = ""
    exclude: tuple[str, ...] = ()
    """Words or phrases that must not occur in title or abstract."""
    without_topics: tuple[str, ...] = ()
    without_labs: tuple[str, ...] = ()
    has_code: bool | None = None
    min_confidence: float | None = None
    reader: str | None = None
    """Profile whose hidden items and dislikes are left out; None leaves out nobody's."""
    sort: Sort = Sort.NEWEST

    @classmethod
    def from_params(cls, params: Mapping[str, Sequence[str]]) -> Query:
        """The query of URL parameters (name → values). Names that are not ours are ignored; raises `QueryError`."""
        return build(**{name: list(params[name]) for name in PARAMETERS if name in params})

    def params(self) -> list[tuple[str, str]]:
        """URL parameters in canonical order: equal queries give equal lists."""
        found: list[tuple[str, str]] = []
        for name, attribute in PARAMETERS.items():
            value = getattr(self, attribute)
            found += [(name, _show(v)) for v in (value if isinstance(value, tuple) else (value,)) if v not in (None, "")]
        return [pair for pair in found if pair != ("sort", Sort.NEWEST.value)]

    def url_query(self) -> str:
        """The canonical query string, without `?`; empty for the empty query."""
        return urlencode(self.params())


PARAMETERS = {
    "level": "levels",
    "topic": "topics",
    "lab": "labs",
    "source": "sources",
    "kind": "kind",
    "since": "since",
    "until": "until",
    "text": "text",
    "exclude": "exclude",
    "without_topic": "without_topics",
    "without_lab": "without_labs",
    "has_code": "has_code",
    "min_confidence": "min_confidence",
    "reader": "reader",
    "sort": "sort",
}
"""URL parameter → field of `Query`; the command line spells them with hyphens."""


def build(
    *,
    level: Iterable[str | int] = (),
    topic: Iterable[str] = (),
    lab: Iterable[str] = (),
    source: Iterable[str] = (),
    kind: Iterable[str] | str | None = None,
    since: Iterable[str] | str | date | None = None,
    until: Iterable[str] | str | date | None = None,
    text: Iterable[str] | str | None = None,
    exclude: Iterable[str] = (),
    without_topic: Iterable[str] = (),
    without_lab: Iterable[str] = (),
    has_code: Iterable[str] | str | bool | None = None,
    min_confidence: Iterable[str] | str | float | None = None,
    reader: Iterable[str] | str | None = None,
    sort: Iterable[str] | str | None = None,
) -> Query:
    """A checked query out of raw values. Raises `QueryError` naming the parameter and what it takes."""
    query = Query(
        levels=tuple(sorted({_level(v) for v in _several("level", level)})),
        topics=_slugs("topic", topic, known=roadmap.topics()),
        labs=tuple(sorted({_matching("lab", v, _LAB) for v in _several("lab", lab)})),
        sources=tuple(sorted({_matching("source", v, _SOURCE) for v in _several("source", source)})),
        kind=_choice("kind", kind, Kind),
        since=_day("since", since),
        until=_day("until", until),
        text=_text("text", _one("text", text)),
        exclude=tuple(sorted({t for v in _several("exclude", exclude) if (t := _text("exclude", v))})),
        without_topics=_slugs("without_topic", without_topic, known=roadmap.topics()),
        without_labs=tuple(sorted({_matching("without_lab", v, _LAB) for v in _several("without_lab", without_lab)})),
        has_code=_flag("has_code", has_code),
        min_confidence=_share("min_confidence", min_confidence),
        reader=_profile(reader),
        sort=_choice("sort", sort, Sort) or Sort.NEWEST,
    )
    if query.since and query.until and query.since > query.until:
        raise QueryError("since", _("is later than until"))
    return query


def parse_day(text: str) -> date:
    """A day as YYYY-MM-DD, else `ValueError`; other ISO forms are refused, since they are mostly typing errors."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError("not a day; write it as YYYY-MM-DD")
    return date.fromisoformat(text)


def _several(name: str, values: Iterable[Any]) -> list[str]:
    found = [str(v).strip() for v in ([values] if isinstance(values, str | int) else values)]
    if len(found) > MAX_VALUES:
        raise QueryError(name, _("at most {n} values").format(n=MAX_VALUES))
    return [v for v in found if v]


def _one(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str | int | float):
        return str(value)
    values = list(value)
    if len(values) > 1:
        raise QueryError(name, _("given more than once"))
    return str(values[0]) if values else ""


def _level(text: str) -> int:
    if not re.fullmatch(r"[0-8]", text):
        message = _("{value} is not a level; levels are 1 to 8, and 0 for off the roadmap")
        raise QueryError("level", message.format(value=_quoted(text)))
    return int(text)


def _slugs(name: str, values: Iterable[str], known: Mapping[str, object]) -> tuple[str, ...]:
    found = set(_several(name, values))
    for slug in sorted(found - set(known)):
        noun = name.removeprefix("without_")
        message = _("{value} is not a {noun}; see: staycurrent {noun}s")
        raise QueryError(name, message.format(value=_quoted(slug), noun=noun))
    return tuple(sorted(found))


def _matching(name: str, text: str, pattern: re.Pattern[str]) -> str:
    if not pattern.fullmatch(text):
        raise QueryError(name, _("{value} is not a {noun}").format(value=_quoted(text), noun=name.removeprefix("without_")))
    return text


def _profile(value: Any) -> str | None:
    text = _one("reader", value)
    return _matching("reader", text.casefold(), _READER) if text else None


def _choice(name: str, value: Any, choices: type[E]) -> E | None:
    text = _one(name, value)
    if not text:
        return None
    try:
        return choices(text)
    except ValueError:
        message = _("{value} is not one of {choices}").format(value=_quoted(text), choices=", ".join(choices))
        raise QueryError(name, message) from None


def _day(name: str, value: Any) -> date | None:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    text = _one(name, value)
    try:
        return parse_day(text) if text else None
    except ValueError:
        raise QueryError(name, _("{value} is not a day; write it as YYYY-MM-DD").format(value=_quoted(text))) from None


def _text(name: str, text: str) -> str:
    if len(text) > MAX_TEXT:
        raise QueryError(name, _("at most {n} characters").format(n=MAX_TEXT))
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _flag(name: str, value: Any) -> bool | None:
    if isinstance(value, bool) or value is None:
        return value
    text = _one(name, value).lower()
    if text not in _TRUE | _FALSE:
        raise QueryError(name, _("{value} is not yes or no").format(value=_quoted(text)))
    return text in _TRUE if text else None


def _share(name: str, value: Any) -> float | None:
    text = _one(name, value)
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise QueryError(name, _("{value} is not a number from 0 to 1").format(value=_quoted(text)))
    return number + 0.0  # -0.0 is 0.0, and is shown as such


def _show(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return repr(value + 0.0).removesuffix(".0") if isinstance(value, float) else str(value)


def _quoted(text: str) -> str:
    shown = "".join(c if c.isprintable() else "?" for c in text)
    return repr(shown if len(shown) <= MAX_SHOWN else shown[:57] + "...")


def today_utc(now: datetime) -> date:
    """The UTC day of a moment."""
    return now.astimezone(UTC).date()


assert set(PARAMETERS.values()) == {f.name for f in fields(Query)}, "every field of Query has a URL parameter"

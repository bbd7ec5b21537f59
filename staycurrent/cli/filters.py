"""The filters, once for all commands: a command that takes a `Query` gets them as options under their common names."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, Optional

import typer

from staycurrent import query as queries

_Several = Optional[list[str]]  # noqa: UP045 - typer reads it at run time
_One = Optional[str]  # noqa: UP045
_PANEL = "Filters"


def _option(hint: Any, name: str, text: str, **extra: Any) -> Any:
    return Annotated[hint, typer.Option(name, help=text, rich_help_panel=_PANEL, **extra)]


FILTERS: dict[str, Any] = {
    "level": _option(_Several, "--level", "Level 1 to 8, or 0 for off the roadmap; several may be given"),
    "topic": _option(_Several, "--topic", "Topic slug, see `staycurrent topics`; several may be given"),
    "lab": _option(_Several, "--lab", "Lab slug, see `staycurrent labs`; several may be given"),
    "source": _option(_Several, "--source", "Source name, `lab:*` for all lab feeds; several may be given"),
    "kind": _option(_One, "--kind", "paper or post"),
    "since": _option(_One, "--since", "Listed on or after this day, YYYY-MM-DD"),
    "until": _option(_One, "--until", "Listed on or before this day, YYYY-MM-DD"),
    "text": _option(_One, "--text", 'Full text: words, "phrases", prefix*, -without, title: author: abstract:'),
    "exclude": _option(_Several, "--exclude", "Leave out items with this word or phrase; several may be given"),
    "without_topic": _option(_Several, "--without-topic", "Leave out items with this topic; several may be given"),
    "without_lab": _option(_Several, "--without-lab", "Leave out items of this lab; several may be given"),
    "has_code": _option(Optional[bool], "--has-code/--no-code", "Only with code, or only without"),  # noqa: UP045
    "min_confidence": _option(_One, "--min-confidence", "Only where the level is at least this sure, 0 to 1"),
    "reader": _option(_One, "--reader", "Leave out what this profile hid or wants less of, e.g. local"),
    "sort": _option(_One, "--sort", "newest, votes, stars, relevance or confidence"),
}
_LISTS = frozenset(name for name, hint in FILTERS.items() if hint.__origin__ == _Several)


def with_filters(command: Callable[..., Any], *, without: tuple[str, ...] = ()) -> Callable[..., Any]:
    """The command with the filters as options in place of its parameter `query`.

    Typer reads signatures, so this writes one: the command's own parameters, then the filters.
    """
    offered = {name: hint for name, hint in FILTERS.items() if name not in without}
    own = [p for p in inspect.signature(command, eval_str=True).parameters.values() if p.name != "query"]

    @wraps(command)
    def run(**values: Any) -> Any:
        given = {name: values.pop(name) for name in offered}
        filled = {name: (value or []) if name in _LISTS else value for name, value in given.items()}
        return command(query=queries.build(**filled), **values)

    filters = [inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=h) for n, h in offered.items()]
    keyword_only = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own]
    run.__signature__ = inspect.Signature([*keyword_only, *filters])  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in (*keyword_only, *filters)}
    return run

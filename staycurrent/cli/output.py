"""What commands print: JSON documents, tables for people, progress on stderr."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from staycurrent import roadmap
from staycurrent.shapes import lab_slugs
from staycurrent.shapes import moment as moment
from staycurrent.types import ItemView

# A pipe has no width; rich would take it for 80 columns and cut names.
log = logging.getLogger("staycurrent")
out = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 240)
err = Console(stderr=True, highlight=False)


def print_json(document: Any) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")


def say(message: str) -> None:
    """A line for the person, on stderr."""
    err.print(message, markup=False, soft_wrap=True)


def announce(message: str, form: str) -> None:
    """What a process that stays says of itself: a line for the person, or of the log where machines read it."""
    if form == "json":
        log.info(message)
    else:
        say(message)


def table(*headers: str) -> Table:
    """An empty table; what is in a column is never cut, since people copy names out of it."""
    made = Table(box=None, pad_edge=False)
    for header in headers:
        made.add_column(header, no_wrap=True, overflow="ignore")
    return made


@contextmanager
def progress() -> Iterator[Progress]:
    """Progress bars on stderr; silent where stderr is no terminal."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        yield bar


class Advance:
    """One bar a source. How many papers there will be nobody knows, so the bar counts days where a long window is read,
    and its estimate is the time that the days so far took; without days it only counts items.
    """

    def __init__(self, bar: Progress, names: Iterable[str]) -> None:
        self._bar = bar
        self._tasks = {name: bar.add_task(name, total=None) for name in names}

    def items(self, name: str, fetched: int) -> None:
        """So many items have come in."""
        self._bar.update(self._tasks[name], description=f"{name} · {fetched:,} items")

    def days(self, name: str, done: int, days: int) -> None:
        """So many days of a long window are read."""
        self._bar.update(self._tasks[name], completed=done, total=days)


def print_items(items: tuple[ItemView, ...]) -> None:
    """Items for people: one line each, and the address beneath."""
    for item in items:
        _print_item(item, prefix="")


def _print_item(item: ItemView, prefix: str) -> None:
    marks = [level_mark(item), *(roadmap.labs()[s].name if s in roadmap.labs() else s for s in lab_slugs(item))]
    if item.votes:
        marks.append(f"{item.votes:,} votes")
    if item.withdrawn:
        marks.append("withdrawn")
    out.print(f"{prefix}{item.title}", style="bold", markup=False)
    out.print(f"    {' · '.join(marks)} · {item.listed_on}", markup=False)
    out.print(f"    {item.url}", markup=False, style="dim")


def print_placed(rank: int, item: ItemView, why: list[str]) -> None:
    """A place of a reading for people."""
    _print_item(item, prefix=f"{rank:>2}. ")
    if why:
        out.print(f"    why: {'; '.join(why)}", markup=False, style="italic")


def level_mark(item: ItemView) -> str:
    """`level 5`, `level 5?` where the classifier is unsure, `level 5 (corrected)`, or `not classified`."""
    if item.level is None:
        return "not classified"
    if item.corrected:
        return f"level {item.level} (corrected)"
    return f"level {item.level}{'?' if item.unsure else ''}"

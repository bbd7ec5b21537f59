"""What commands print: JSON documents, tables for people, progress on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from staycurrent import roadmap
from staycurrent.types import ItemView, SightingView, Version

# A pipe has no width; rich would take it for 80 columns and cut names.
out = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 240)
err = Console(stderr=True, highlight=False)


def print_json(document: Any) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")


def say(message: str) -> None:
    """A line for the person, on stderr."""
    err.print(message, markup=False)


def table(*headers: str) -> Table:
    """An empty table; what is in a column is never cut, since people copy names out of it."""
    made = Table(box=None, pad_edge=False)
    for header in headers:
        made.add_column(header, no_wrap=True, overflow="ignore")
    return made


@contextmanager
def progress() -> Iterator[Progress]:
    """Progress bars on stderr; silent where stderr is no terminal."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        yield bar


def moment(value: datetime | None) -> str | None:
    """An ISO 8601 time in UTC, to the second, with Z."""
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if value else None


def item_json(item: ItemView) -> dict[str, Any]:
    """An item as every `--json` output shows it."""
    return {
        "id": item.id,
        "arxiv_id": item.arxiv_id,
        "kind": item.kind.value,
        "title": item.title,
        "authors": list(item.authors),
        "url": item.url,
        "published": moment(item.published),
        "updated": moment(item.updated),
        "listed": item.listed_on.isoformat(),
        "version": item.version,
        "withdrawn": item.withdrawn,
        "level": item.level,
        "confidence": item.confidence,
        "unsure": item.unsure,
        "topics": [t.slug for t in item.topics],
        "labs": lab_slugs(item),
        "sources": list(item.sources),
        "votes": item.votes,
        "stars": item.stars,
        "repositories": [r.url for r in item.repositories],
    }


def lab_slugs(item: ItemView) -> list[str]:
    """The labs of an item, strongest evidence first, each once."""
    return list(dict.fromkeys(e.lab for e in item.labs))


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
    """`level 5`, `level 5?` where the classifier is unsure, or `not classified`."""
    if item.level is None:
        return "not classified"
    return f"level {item.level}{'?' if item.unsure else ''}"


def sighting_json(seen: SightingView) -> dict[str, Any]:
    """A sighting as every output shows it."""
    return {
        "source": seen.source,
        "key": seen.key,
        "url": seen.url,
        "seen": moment(seen.seen_at),
        "listed": seen.listed_on.isoformat() if seen.listed_on else None,
        "announce_type": seen.announce_type,
        "organization": seen.organization,
        "votes": seen.votes,
        "stars": seen.stars,
        "comments": seen.comments,
    }


def version_json(version: Version) -> dict[str, Any]:
    """A version as every output shows it."""
    return {"version": version.number, "submitted": moment(version.submitted), "withdrawn": version.withdrawn}

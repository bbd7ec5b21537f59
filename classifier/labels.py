"""The labelled papers that the classifier learns from: ids and judgements, no texts.

`data/labels.jsonl` is the project's own work by the rules of the labelling guide; the texts belong to their authors
and are fetched by whoever trains.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from staycurrent import roadmap
from staycurrent.errors import UsageError

LEVELS = 9
"""Level 0 (off the roadmap) to 8."""
PACKAGED = Path(__file__).parent / "data" / "labels.jsonl"
BLIND = PACKAGED.with_name("blind.jsonl")
"""Papers of an earlier pass read again in a later one without sight of the first label."""
YEAR_BEFORE = PACKAGED.with_name("year-before.jsonl")
"""Papers of March and April 2025, a year before those of the other labels: a test for what changes with time, never learned."""


@dataclass(frozen=True, slots=True)
class Label:
    """The judgement on one paper."""

    id: str
    level: int
    also: int | None = None
    """A second level that fits as well."""
    topics: tuple[str, ...] = ()
    """The primary one first."""
    drawn: str | None = None
    """How the paper came to be labelled: `random`; `remaining`, by chance among the papers that no earlier
    pass had picked (easier than average, since those picked were hard); `rare`, since a first model thought its level
    rare; or `uncertain`, since that model was (harder than average)."""
    reading: int | None = None
    """In which pass of labelling it was read; `pass` in the file."""


def read(path: Path = PACKAGED) -> list[Label]:
    """The labels of a JSON-lines file, by id. Raises UsageError with the line's number for anything wrong in it."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the labels in {path}: {error}") from error
    found: dict[str, Label] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        label = parse_line(line, where=f"{path.name}, line {number}")
        if label.id in found:
            raise UsageError(f"{path.name}, line {number}: {label.id} is labelled twice")
        found[label.id] = label
    return sorted(found.values(), key=lambda label: label.id)


def write(labels: Iterable[Label], path: Path) -> None:
    """Write the labels in the committed form: sorted by id, one JSON object a line."""
    rows = (
        {"id": label.id, "level": label.level, "also": label.also, "topics": label.topics, "drawn": label.drawn}
        | ({} if label.reading is None else {"pass": label.reading})
        for label in sorted(labels, key=lambda label: label.id)
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def parse_line(line: str, *, where: str) -> Label:
    """One label out of one line of JSON; fields beyond those of a label are let alone."""
    return parse(json_object(line, where=where), where=where)


def json_object(line: str, *, where: str) -> dict[str, Any]:
    """The object in one line of JSON, or a UsageError that says where it should have been."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where}: not JSON: {error}") from error
    if not isinstance(row, dict):
        raise UsageError(f"{where}: expected an object, found {type(row).__name__}")
    return row


def parse(row: Mapping[str, Any], *, where: str) -> Label:
    """Check one row; all but `id` and `level` may be absent."""
    identity = row.get("id")
    if not isinstance(identity, str) or not identity:
        raise UsageError(f"{where}: a label needs an id")
    also = row.get("also")
    drawn = row.get("drawn")
    return Label(
        id=identity,
        level=_level(row.get("level"), where),
        also=None if also is None else _level(also, where),
        topics=_topics(row.get("topics"), where),
        drawn=drawn if isinstance(drawn, str) else None,
        reading=_reading(row.get("pass"), where),
    )


def _level(value: object, where: str) -> int:
    # bool is an int in Python, and `true` is no level.
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < LEVELS:
        return value
    raise UsageError(f"{where}: a level is a number from 0 to {LEVELS - 1}, not {value!r}")


def _reading(value: object, where: str) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0):
        return value
    raise UsageError(f"{where}: a pass is a number from 1 on, not {value!r}")


def _topics(value: object, where: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise UsageError(f"{where}: topics is a list of slugs, not {value!r}")
    known = roadmap.topics()
    for slug in value:
        if not isinstance(slug, str) or slug not in known:
            raise UsageError(f"{where}: unknown topic {slug!r}")
    return tuple(dict.fromkeys(value))

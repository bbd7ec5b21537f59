"""JSON Lines: an item a line, complete. Every line bears the number of the format, so a file can be cut and joined.

Beside the whole record a line has what other programs ask for first: `topics`, `labs` and `sources` as lists of names.
Reading a line back ignores those, and keys that it does not know.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from staycurrent.errors import UsageError
from staycurrent.exchange.text import one_line
from staycurrent.store.records import Record

FORMAT = 1
_MARK = f'{{"format": {FORMAT}, '
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_LINE_ENDS = ("\x85", "\u2028", "\u2029")
"""JSON allows them in a string, and some readers of lines take them for the end of one."""
_LARGE = 1e16
"""From here on PostgreSQL gives a whole float back as an integer."""


@dataclass(frozen=True, slots=True)
class _Envelope:
    format: int


_RECORDS = TypeAdapter(Record)
_ENVELOPES = TypeAdapter(_Envelope)


def write(records: Iterable[Record]) -> Iterator[str]:
    """The lines, each with its end."""
    return (line(record) + "\n" for record in records)


def line(record: Record) -> str:
    """An item as a line; equal records give equal lines, whatever database they come from."""
    whole: dict[str, Any] = _RECORDS.dump_python(record, mode="json")
    for repository, known in zip(whole["repositories"], record.repositories, strict=True):
        repository["official"] = known.official
    for seen in whole["sightings"]:
        seen["extra"] = _canonical(seen["extra"])
    names = {"topics": record.topics, "labs": record.labs, "sources": record.sources}
    text = json.dumps({"format": FORMAT, **whole, **names}, ensure_ascii=False, allow_nan=False)
    for end in _LINE_ENDS:
        text = text.replace(end, f"\\u{ord(end):04x}")
    return text


def _canonical(facts: Any) -> Any:
    """Facts as every database gives them back: keys in order, whole floats alike."""
    if isinstance(facts, dict):
        return {key: _canonical(facts[key]) for key in sorted(facts)}
    if isinstance(facts, list):
        return [_canonical(fact) for fact in facts]
    if isinstance(facts, float) and facts.is_integer() and (facts == 0 or abs(facts) >= _LARGE):
        return int(facts) if facts else 0.0
    return facts


def read(text: bytes) -> Record:
    """The record of a line. Raises `UsageError` that says what is wrong with it."""
    if _NUL.search(text):
        raise UsageError("holds a NUL character, which no database takes")
    if not text.startswith(_MARK.encode()):
        _check_format(text)
    try:
        return _RECORDS.validate_json(text, strict=True)
    except ValidationError as error:
        raise UsageError(_first(error)) from None


def _check_format(text: bytes) -> None:
    try:
        found = _ENVELOPES.validate_json(text, strict=True).format
    except ValidationError as error:
        wrong = error.errors()[0]
        if wrong["type"] == "json_invalid":
            raise UsageError(_first(error)) from None
        raise UsageError("has no format number; only what `export --format jsonl` wrote can be imported") from None
    if found != FORMAT:
        raise UsageError(f"has format {found}, this program reads format {FORMAT}; import it with the program that wrote it")


def _first(error: ValidationError) -> str:
    wrong = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in wrong["loc"])
    message = one_line(wrong["msg"])
    return f"{where}: {message}" if where else message

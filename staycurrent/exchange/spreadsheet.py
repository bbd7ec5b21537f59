"""CSV (RFC 4180) that a spreadsheet opens without running what is in it.

A cell of text that begins like a formula gets an apostrophe before it, which Excel and LibreOffice take for "this is text".
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final

from staycurrent.exchange.text import one_line
from staycurrent.store.records import Record

COLUMNS: Final = (
    "id", "arxiv_id", "doi", "kind", "title", "authors", "url", "published", "updated", "listed", "version", "withdrawn",
    "level", "confidence", "unsure", "topics", "labs", "sources", "votes", "stars", "repositories", "categories", "comment",
    "journal_ref", "abstract",
)  # fmt: skip
BOM = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What begins a formula, in full width too: Excel takes either in East Asian settings."""


def write(records: Iterable[Record], *, bom: bool = False) -> Iterator[str]:
    """The header and a line for each item, lines ended by CR LF; `bom` is for Excel, which takes UTF-8 for Latin without."""
    yield (BOM if bom else "") + _line(COLUMNS)
    for record in records:
        yield _line(_cells(record))


def _line(cells: Iterable[object]) -> str:
    made = io.StringIO()
    csv.writer(made, lineterminator="\r\n").writerow(cells)
    return made.getvalue()


def _cells(record: Record) -> Iterator[object]:
    for column in COLUMNS:
        value = [r.url for r in record.repositories] if column == "repositories" else getattr(record, column)
        yield _cell(value)


def _cell(value: object) -> object:
    if value is None or isinstance(value, int | float):
        return str(value).lower() if isinstance(value, bool) else value
    if isinstance(value, tuple | list):
        return safe("; ".join(value))
    return safe(value.isoformat() if hasattr(value, "isoformat") else str(value))


def safe(text: str) -> str:
    """The text on one line, never a formula."""
    folded = one_line(text)
    return f"'{folded}" if folded.startswith(_FORMULA) else folded

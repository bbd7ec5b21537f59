"""RIS as Zotero, EndNote and Mendeley read it: a tag a line, CR LF, UTF-8, `ER` behind each item."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from staycurrent.exchange import names
from staycurrent.exchange.text import one_line
from staycurrent.store.records import Record
from staycurrent.types import Kind

END: Final = "\r\n"


def write(records: Iterable[Record], keys: Mapping[str, str]) -> Iterator[str]:
    """An entry for each item; `keys` are the citation keys of BibTeX, so that both files name an item alike."""
    return (entry(record, keys[record.id]) for record in records if record.id in keys)


def entry(record: Record, key: str) -> str:
    """One entry, an empty line behind it."""
    lines = [f"{tag}  - {value}" for tag, text in _tags(record, key) if (value := one_line(text))]
    return END.join([*lines, "ER  - ", "", ""])


def _tags(record: Record, key: str) -> Iterator[tuple[str, str | None]]:
    day = record.published.date() if record.published else record.listed
    yield "TY", _type(record)
    yield "ID", key
    yield "TI", record.title
    for author in record.authors:
        yield "AU", names.last_first(author) or author
    yield "PY", f"{day.year:04}"
    yield "DA", f"{day:%Y/%m/%d}"
    yield "JO" if record.journal_ref else "PB", record.journal_ref or ("arXiv" if record.arxiv_id else None)
    yield "AN", f"arXiv:{record.arxiv_id}" if record.arxiv_id else None
    yield "DO", record.doi
    yield "UR", record.url
    for topic in record.topics:
        yield "KW", topic
    yield "N1", "Withdrawn" if record.withdrawn else record.comment
    yield "AB", record.abstract


def _type(record: Record) -> str:
    if record.journal_ref:
        return "JOUR"
    return "BLOG" if record.kind is Kind.POST else "UNPD"

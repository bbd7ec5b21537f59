"""BibTeX as Zotero, JabRef and biber read it: UTF-8, `@misc` with the arXiv fields, `@article` where a journal is known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from urllib.parse import quote

from staycurrent.exchange import names, tex
from staycurrent.exchange.text import one_line
from staycurrent.store.records import Record
from staycurrent.types import Kind

MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONG_WORD = 3
_COMMON = frozenset(
    "about from into over than that their these this toward towards what when where which with your".split()  # noqa: SIM905
)
_SAFE_IN_URL = "!#$&'()*+,/:;=?@[]~%"


@dataclass(frozen=True, slots=True)
class Cited:
    """What a citation key is made of; items are numbered by it, the oldest first, so that newer ones rename none."""

    day: date
    id: str
    base: str


def cited(record: Record) -> Cited:
    """The part of an item that its key needs."""
    return Cited(_day(record), record.id, _base(record))


def keys(items: Iterable[Cited]) -> dict[str, str]:
    """Public id → citation key, unique and in ASCII: `example2026attention`, the next one `example2026attentiona`."""
    found: dict[str, str] = {}
    counters = _Counters()
    for item in sorted(items, key=lambda i: (i.day, i.id)):
        found[item.id] = counters.next(item.base)
    return found


@dataclass(slots=True)
class _Counters:
    used: set[str] = field(default_factory=set)
    last: dict[str, int] = field(default_factory=dict)

    def next(self, base: str) -> str:
        """The next free key: another base with its letter may look like this one."""
        number = self.last.get(base, -1) + 1
        while (key := base + _letters(number)) in self.used:
            number += 1
        self.last[base] = number
        self.used.add(key)
        return key


def _letters(number: int) -> str:
    """Nothing, a, b, …, z, aa, ab."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("a") + rest) + letters
    return letters


def _base(record: Record) -> str:
    author = names.ascii_word(names.last_name(record.authors[0])) if record.authors else ""
    words = (names.ascii_word(w) for w in re.split(r"[\s/:\u2014-]+", re.sub(r"\$[^$]*\$", " ", record.title)))
    telling = next((w for w in words if len(w) > _LONG_WORD and w not in _COMMON), "")
    return f"{author or 'anonymous'}{_day(record).year}{telling}"


def _day(record: Record) -> date:
    return record.published.date() if record.published else record.listed


def write(records: Iterable[Record], keys: Mapping[str, str]) -> Iterator[str]:
    """An entry for each item that has a key; one that came in after the keys were given has none."""
    return (entry(record, keys[record.id]) for record in records if record.id in keys)


def entry(record: Record, key: str) -> str:
    """One entry, an empty line behind it."""
    fields = {name: value for name, value in _fields(record).items() if value}
    lines = [f"  {name} = {value if name == 'month' else f'{{{value}}}'}," for name, value in fields.items()]
    return "\n".join([f"@{'article' if record.journal_ref else 'misc'}{{{key},", *lines, "}", "", ""])


def _fields(record: Record) -> dict[str, str]:
    day = _day(record)
    return {
        "title": tex.title(record.title),
        "author": " and ".join(_author(a) for a in record.authors if one_line(a)),
        "year": str(day.year),
        "month": MONTHS[day.month - 1],
        "journal": tex.escape(record.journal_ref),
        "eprint": record.arxiv_id or "",
        "archivePrefix": "arXiv" if record.arxiv_id else "",
        "primaryClass": _bare(record.categories[0]) if record.arxiv_id and record.categories else "",
        "doi": _bare(record.doi or ""),
        "url": quote(one_line(record.url), safe=_SAFE_IN_URL),
        "howpublished": tex.escape(f"Post of {', '.join(record.labs)}") if record.kind is Kind.POST and record.labs else "",
        "keywords": tex.escape(", ".join(record.topics)),
        "note": "Withdrawn" if record.withdrawn else "",
        "abstract": tex.prose(record.abstract),
    }


def _author(name: str) -> str:
    turned = names.last_first(name)
    if turned is None or re.search(r"\band\b", turned, re.IGNORECASE):
        return f"{{{tex.escape(name)}}}"
    last, *first = turned.split(", ")
    return ", ".join(tex.escape(part) for part in (last, *reversed(first)))  # BibTeX wants: von Last, Jr, First


def _bare(text: str) -> str:
    """What is read letter by letter and takes no escape; nothing rather than a broken file."""
    return "" if set(text) & set('{}\\%"~^ ') else one_line(text)

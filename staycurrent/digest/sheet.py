"""An edition as words: every line of the mail in the subscriber's language, before it is laid out as text or HTML.

Values of a sheet are clean (`clean.py`) and not escaped. Titles are as the source wrote them, TeX and all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

ALL = 10**6


@dataclass(frozen=True, slots=True)
class Entry:
    """A paper or post of the digest."""

    number: int
    title: str
    url: str
    """The paper itself; the item's page where there is no address."""
    page: str
    by: str
    facts: tuple[str, ...]
    """Minutes, day, votes: short, in this order."""
    level: int | None
    level_name: str
    unsure: str
    """ "unsure (54%)", empty where the level is sure."""
    abstract: str
    why: str
    code: tuple[str, str] | None
    """Label and address."""


@dataclass(frozen=True, slots=True)
class Group:
    """Entries of one level with the same primary topic."""

    topic: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A level's part of the digest."""

    level: int | None
    name: str
    note: str
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A paper that was sent before, and what happened to it since."""

    title: str
    page: str
    what: tuple[str, ...]
    gone: bool


@dataclass(frozen=True, slots=True)
class Size:
    """How much of each entry is shown."""

    full: int = ALL
    """So many entries with all that there is, those after them by title and link alone."""
    abstracts: int = ALL
    """So many entries with their abstract."""
    titles: int = ALL
    """Characters of a title."""


WHOLE = Size()


@dataclass(frozen=True, slots=True)
class Sheet:
    """The mail, line by line."""

    language: str
    name: str
    """ "Week 21"."""
    days: str
    lead: str
    news: str
    """That papers changed which the subscriber got earlier; empty where none did."""
    sections: tuple[Section, ...]
    changed: tuple[Told, ...]
    more: tuple[str, str] | None
    """Label and address of everything in the period."""
    month: tuple[str, tuple[tuple[str, str, str], ...]] | None
    """Heading, and titles with their addresses and where the reader had them before."""
    landmark: tuple[str, str, str, str] | None
    """Title, address, authors, year and minutes, why."""
    unexplained: str
    """What it means that an entry has no reason; empty where all have one."""
    completeness: str
    reason: str
    """Why the reader gets this."""
    home: str
    size: Size = WHOLE

    def shortened(self, size: Size) -> Sheet:
        """The same with less of each entry, to make fewer bytes."""
        return replace(self, size=size)

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(e for s in self.sections for g in s.groups for e in g.entries)

"""What a source is: it turns a window of days into pages of `ParsedItem`, and says what it reached.

A source fetches through the `Fetcher` it is given and parses; it neither writes nor sleeps. Every page is committed
before the next one is asked for, and the state in `Finish` is written only after the last page is committed, so a
watermark never runs ahead of the store.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol, TypeAlias

from staycurrent.types import DayCount, ParsedItem


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server gave to ask "changed since?" by (RFC 9110, section 13)."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """One answer, whole and unpacked. `not_modified` (304) comes with an empty body."""

    url: str
    status: int
    body: bytes
    content_type: str = ""
    validators: Validators = field(default_factory=Validators)
    not_modified: bool = False


class Fetcher(Protocol):
    """Politeness, retries, caps and error mapping in one place; `collector.fetch` has the real one."""

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        validators: Validators | None = None,
        accept: tuple[str, ...] = (),
        public: bool = False,
    ) -> Fetched:
        """The answer to a GET.

        `accept` names what the body must look like: "xml" or "json"; an HTML page where XML or JSON must be is
        `UnexpectedContent`. `public` refuses every private address, the first one too: the rule for what a reader
        added. Raises a `FetchError`, after bounded retries where it is transient.
        """
        ...


@dataclass(frozen=True, slots=True)
class Window:
    """The UTC days to collect, both included."""

    since: date
    until: date

    def days(self) -> list[date]:
        """Every day of the window, oldest first."""
        return [self.since + timedelta(days=n) for n in range((self.until - self.since).days + 1)]


@dataclass(frozen=True, slots=True)
class Page:
    """Items that are committed together."""

    items: tuple[ParsedItem, ...]


@dataclass(frozen=True, slots=True)
class Finish:
    """How far the source got: what its row remembers for the next run, and what the day should have held."""

    watermark: date | None = None
    validators: Validators | None = None
    expected: int | None = None
    """How many distinct entries the source says there are in the window, where it says so."""
    days: tuple[DayCount, ...] = ()
    """The same day by day, for the days that the source can count."""
    empty_is_fine: bool = False
    """Nothing had to be there: an unchanged feed, a week-end, a holiday."""
    note: str | None = None


Harvest: TypeAlias = Generator[Page, None, Finish]


class Source(Protocol):
    """One source. `name` is `arxiv`, `huggingface`, `paperswithcode` or `lab:<slug>[-<feed>]`."""

    @property
    def name(self) -> str: ...

    @property
    def by_day(self) -> bool:
        """Whether the window bounds what is fetched, so that a long one can be collected in slices."""
        ...

    def collect(self, fetcher: Fetcher, window: Window, now: datetime, validators: Validators | None = None) -> Harvest:
        """Pages of the window, then what was reached. Raises a `FetchError` where the source could not be read."""
        ...

"""What a digest is on its way: a wish, an edition (its content), a rendering, and a message for one recipient. Frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from staycurrent.period import Period
from staycurrent.query import Query
from staycurrent.reading.monthly import Placed, ReadingList
from staycurrent.roadmap import Landmark
from staycurrent.types import ItemView, Kind

PREFERENCES_MARK = "https://preferences.invalid/"
UNSUBSCRIBE_MARK = "https://unsubscribe.invalid/"
CONFIRM_MARK = "https://confirm.invalid/"
DECLINE_MARK = "https://decline.invalid/"
"""Stand in a rendering for the addresses that are each recipient's own; composing a message replaces them."""

FEED = "lab:"
"""How the names of the labs' feeds begin."""


class Cadence(StrEnum):
    """How often."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"


class WhenEmpty(StrEnum):
    """What is sent when nothing fits."""

    NOTE = "note"
    NOTHING = "nothing"


class Changed(StrEnum):
    """What happened to a paper since it was sent."""

    REVISED = "revised"
    WITHDRAWN = "withdrawn"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Wish:
    """Everything that a subscriber chose and that shapes the content. Equal wishes with an equal history share a rendering."""

    query: Query
    cadence: Cadence = Cadence.WEEKLY
    minutes: int | None = None
    """Time budget; None bounds the digest by its number of items alone."""
    language: str = "en"
    when_empty: WhenEmpty = WhenEmpty.NOTE


@dataclass(frozen=True, slots=True)
class Sent:
    """An item as this subscriber got it: what must not come again, and against what "changed since" is told."""

    item_id: int
    at: datetime
    version: int
    withdrawn: bool
    has_code: bool
    period: str = ""
    """Of the digest that had it as new."""

    @classmethod
    def of(cls, item: ItemView, at: datetime) -> Sent:
        """The state to keep of an item that was sent, or whose change was told, at this moment."""
        return cls(item.row, at, item.version, item.withdrawn, bool(item.repositories))


@dataclass(frozen=True, slots=True)
class Change:
    """A paper that was sent before, and what happened to it since."""

    item: ItemView
    kind: Changed
    sent_on: date
    """When the subscriber last heard of it."""
    version: int = 1
    """The version that the subscriber was told of then."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A source that is not complete in the period: the line that says so is made of these."""

    source: str
    days: tuple[date, ...]
    """The days that lack something, oldest first."""
    unread: tuple[date, ...] = ()
    """Those of them that were not read at all."""
    since: date | None = None
    """The first day that was ever read, where that is after the period's first."""


@dataclass(frozen=True, slots=True)
class Edition:
    """The content of one digest. `placed` is in reading order; grouping by level and topic is the rendering's business."""

    period: Period
    wish: Wish
    placed: tuple[Placed, ...]
    considered: int
    """How many items of the period fit the wish and were new to the subscriber."""
    changed: tuple[Change, ...] = ()
    gaps: tuple[Gap, ...] = ()
    complete: tuple[str, ...] = ()
    """Sources that are complete in the period."""
    judged: int | None = None
    """How many days of the period were over when the edition was chosen; None for all."""
    is_collecting: bool = True
    """Whether any source was ever read: an installation that has not begun has no outage."""
    late: int = 0
    """How many of the `considered` were listed before the period, and came after the subscriber's last digest."""
    monthly: ReadingList | None = None
    """Last month's reading, in the first digest of a month."""
    mailed: tuple[tuple[int, str], ...] = ()
    """Row ids of titles of that reading which an earlier digest had, and the name of its period."""
    landmark: Landmark | None = None
    """A paper of the roadmap to read instead, where the period has little for the subscriber."""

    @property
    def is_empty(self) -> bool:
        return not self.placed and not self.changed and self.monthly is None

    @property
    def may_stay_unsent(self) -> bool:
        """Whether it says nothing to who wants no mail when nothing fits. That the sources were not read is something."""
        return self.is_empty and not (self.is_blind and self.is_collecting)

    @property
    def blind_spots(self) -> tuple[Gap, ...]:
        """The gaps of those sources that could bring what the wish asks for."""
        return tuple(gap for gap in self.gaps if _could_bring(gap.source, self.wish.query))

    @property
    def is_blind(self) -> bool:
        """Whether none of the sources was read that could bring what the wish asks for: so nothing is known.

        A lab's feed counts only where no other source is asked for, since papers come from those.
        """
        wholly = {gap.source for gap in self.blind_spots if self.is_unread(gap)}
        wanted = [s for s in (*self.complete, *(gap.source for gap in self.gaps)) if _could_bring(s, self.wish.query)]
        telling = [s for s in wanted if not s.startswith(FEED)] or wanted
        return bool(telling) and wholly.issuperset(telling)

    def is_unread(self, gap: Gap) -> bool:
        """Whether a source was not read for any day of the period."""
        days = (self.period.last - self.period.first).days + 1 if self.judged is None else self.judged
        return 0 < days <= len(gap.unread)

    @property
    def item_ids(self) -> tuple[int, ...]:
        """Row ids of what this edition shows as new."""
        return tuple(p.item.row for p in self.placed)


def _could_bring(source: str, query: Query) -> bool:
    is_feed = source.startswith(FEED)
    if query.kind is not None and (query.kind is Kind.POST) != is_feed:
        return False
    if is_feed and query.labs and source.removeprefix(FEED) not in query.labs:
        return False
    return not query.sources or source in query.sources or (is_feed and f"{FEED}*" in query.sources)


@dataclass(frozen=True, slots=True)
class Rendered:
    """Subject, plain text and HTML of an edition, with the marks above where personal addresses belong."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """What makes a message out of a rendering for one recipient. Every value is one line; a line break in any is refused."""

    recipient: str
    sender: str
    """From, "staycurrent <digest@example.org>"."""
    return_path: str
    """Envelope sender (VERP), of which a bounce tells whose it is."""
    message_id: str
    """With angle brackets; the same for the same delivery, however often it is tried."""
    date: datetime
    list_id: str
    preferences_url: str
    unsubscribe_url: str
    """Page and one-click POST address (RFC 8058) in one."""
    headers: tuple[tuple[str, str], ...] = field(default=())
    confirm_url: str = ""
    """Only in a mail that answers somebody: takes the place of `CONFIRM_MARK`, and leaves out what marks a bulk mail."""
    decline_url: str = ""
    """Only in a mail that asks for a yes: takes the place of `DECLINE_MARK`."""

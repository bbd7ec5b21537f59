"""The reader of a page: who they are, and everything that a page may read and write for them.

`visitor` is the one place that says whose profile a request may change. Where there is a sign-in (`dashboard.login`), it is
that of whoever signed in, and of nobody else. Without one there is one profile, its owner's, on a server that only this
machine reaches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from ipaddress import ip_address

from dashboard import origin
from dashboard.login import Claims, Login, Person
from staycurrent import roadmap
from staycurrent.errors import NotFound, UsageError
from staycurrent.query import Query
from staycurrent.reading import progress as progresses
from staycurrent.reading.progress import Progress
from staycurrent.store import corrections, erasing, items, marks, shelf, visits
from staycurrent.store import engine as store
from staycurrent.store.engine import Engine
from staycurrent.store.erasing import Kept
from staycurrent.store.marks import LOCAL, Kind, Left
from staycurrent.store.shelf import Counts
from staycurrent.types import ItemView


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever asks. `profile` is what they may read and change; an admin may look at how the installation does."""

    profile: str | None = None
    is_admin: bool = False
    person: Person | None = None


NOBODY = Visitor()


def visitor(login: Login | None, claims: Claims, *, is_loopback: bool, headers: Mapping[str, str]) -> Visitor:
    """Who asks. `claims` is what a signed cookie says; `headers` by lower-case name."""
    if login is None:
        owner = who(is_loopback=is_loopback, headers=headers)
        return Visitor(owner, is_admin=owner is not None)
    person = login.person(claims)
    if person is None or not person.is_welcome:
        return Visitor(person=person)
    return Visitor(person.profile, person.is_admin, person)


def who(*, is_loopback: bool, headers: Mapping[str, str]) -> str | None:
    """The owner's profile where nobody signs in and the request is the owner's, else None. `headers` by lower-case name.

    A server bound to loopback may still answer strangers: through a proxy, or to a page of another site whose name was
    made to lead here (DNS rebinding). So the browser must have asked for this machine by name, and nobody in between.
    """
    if not is_loopback or any(name in headers for name in origin.FORWARDED):
        return None
    asked = [origin.split(f"//{headers['host']}")] if "host" in headers else []
    asked += [origin.split(headers["origin"])] if "origin" in headers else []
    return LOCAL if all(_is_this_machine(parts.hostname or "") for parts in asked) else None


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader with a profile. What is read is fresh: a mark that was just set must show. Raises `StoreError`."""

    name: str
    engine: Engine
    now: datetime

    def left(self, rows: Sequence[int]) -> dict[int, Left]:
        """What they left on items, by row id."""
        with store.reading(self.engine) as session:
            return marks.of_items(session, self.name, rows)

    def counts(self, query: Query) -> Counts:
        """How many items they marked and tagged, of those that fit a query."""
        with store.reading(self.engine) as session:
            return shelf.counts(session, self.name, query, self.now.date())

    def marked(self, kind: Kind, query: Query, *, size: int, start: int = 0) -> tuple[ItemView, ...]:
        """What they marked, the newest mark first."""
        with store.reading(self.engine) as session:
            return shelf.marked(session, self.name, kind, query, self.now.date(), size=size, start=start)

    def tagged(self, name: str, query: Query, *, size: int, start: int = 0) -> tuple[ItemView, ...]:
        """What bears a tag of theirs, the newest first."""
        with store.reading(self.engine) as session:
            return shelf.tagged(session, self.name, name, query, self.now.date(), size=size, start=start)

    def landmarks(self) -> dict[str, frozenset[Kind]]:
        """What they marked of the landmark papers, by arXiv id or address."""
        with store.reading(self.engine) as session:
            return {name: frozenset(kinds) for name, kinds in marks.landmarks(session, self.name).items()}

    def progress(self) -> Progress:
        """Their way through the roadmap."""
        return progresses.progress(self.engine, self.name, today=self.now.date())

    def mark(self, kind: Kind, public_id: str, *, on: bool) -> None:
        """Mark an item, or take the mark back. Raises `NotFound`."""
        with store.writing(self.engine) as session:
            row = items.find(session, (public_id,))
            if on:
                marks.put(session, self.name, kind, (row,), self.now)
            else:
                marks.take_back(session, self.name, kind, (row,))

    def mark_landmark(self, kind: Kind, name: str, *, on: bool) -> None:
        """Mark a landmark of the roadmap by its arXiv id or address. Raises `NotFound`, `UsageError`."""
        if name not in map(progresses.landmark_name, roadmap.landmarks()):
            raise NotFound("that is no landmark of the roadmap")
        with store.writing(self.engine) as session:
            if on:
                marks.put_landmark(session, self.name, kind, (name,), self.now)
            else:
                marks.take_back_landmark(session, self.name, kind, (name,))

    def tag(self, name: str, public_id: str, *, on: bool) -> None:
        """Give an item a tag, or take it from it. Raises `NotFound`, `UsageError`."""
        with store.writing(self.engine) as session:
            row = items.find(session, (public_id,))
            if on:
                marks.tag(session, self.name, row, (name,), self.now)
            else:
                marks.untag(session, self.name, row, (name,))

    def annotate(self, row: int, note: str, tags: Iterable[str]) -> None:
        """Let an item's note and tags be these. Raises `UsageError` and changes nothing then."""
        wanted = {marks.tag_name(tag) for tag in tags}
        with store.writing(self.engine) as session:
            before = marks.of_items(session, self.name, (row,)).get(row, Left())
            marks.note(session, self.name, row, note, self.now)
            marks.untag(session, self.name, row, set(before.tags) - wanted)
            if wanted:
                marks.tag(session, self.name, row, wanted, self.now)

    def tags(self) -> tuple[str, ...]:
        """Every tag they use, the most used first."""
        with store.reading(self.engine) as session:
            return tuple(marks.tags(session, self.name))

    def correct(self, row: int, level: int, why: str) -> None:
        """Say what level an item has. Raises `UsageError`."""
        with store.writing(self.engine) as session:
            corrections.correct(session, row, level, who=self.name, why=why, now=self.now)

    def withdraw(self, row: int) -> None:
        """Take their correction back. Raises `UsageError` where there is none."""
        with store.writing(self.engine) as session:
            if not corrections.take_back(session, row, self.name):
                raise UsageError("level: it was not corrected by this profile")

    def news(self, page: str, period: str, rows: Sequence[int]) -> frozenset[int] | None:
        """Those of the items that came since the last visit, None on a first one."""
        with store.reading(self.engine) as session:
            then = visits.since(session, self.name, page, period, self.now)
            return None if then is None else visits.first_seen_after(session, list(rows), then)

    def look(self, page: str, period: str) -> None:
        """Write down that they see a page."""
        with store.reading(self.engine) as session:
            due = visits.is_due(session, self.name, page, period, self.now)
        if due:
            with store.writing(self.engine) as session:
                visits.look(session, self.name, page, period, self.now)

    def plan_start(self) -> date | None:
        """The day on which their plan begins."""
        with store.reading(self.engine) as session:
            return visits.plan_start(session, self.name)

    def begin_plan(self, start: date | None) -> None:
        """Let their plan begin on a day; None ends it."""
        with store.writing(self.engine) as session:
            visits.begin_plan(session, self.name, start, self.now)

    def kept(self) -> Kept:
        """How much is kept of them."""
        with store.reading(self.engine) as session:
            return erasing.kept(session, self.name)

    def erase(self) -> None:
        """Forget them; there is no way back."""
        with store.writing(self.engine) as session:
            erasing.erase(session, self.name)

"""What the tests of mail share: a library of papers, subscribers, and an installation that sends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from staycurrent.digest import addresses, deliver, enrolment, queueing
from staycurrent.digest.channels import Channel
from staycurrent.digest.channels import server as servers
from staycurrent.digest.channels.smtp import Smtp
from staycurrent.digest.deliver import Report
from staycurrent.digest.office import Office
from staycurrent.digest.plans import Choice
from staycurrent.digest.tokens import Keys
from staycurrent.query import Query
from staycurrent.store import engine as database
from staycurrent.store import listing, subscribers
from staycurrent.store.engine import Engine
from staycurrent.store.subscribers import Kind, Subscription
from tests import build

KEYS = Keys(("a-key-for-tests-of-thirty-two-characters",))
OFFICE = Office("staycurrent <digest@example.org>", "https://papers.example.org", KEYS, "bounces@example.org")
MONDAY = datetime(2026, 5, 18, 7, tzinfo=UTC)
"""The default moment of a weekly digest; it tells of 2026-W20."""
BEFORE = MONDAY - timedelta(days=3)


@dataclass
class Installation:
    """A database with a mail server; its clock stands until it is moved."""

    engine: Engine
    url: str = "smtp://127.0.0.1:1?tls=none"
    now: datetime = MONDAY
    office: Office = OFFICE
    more: dict[Kind, Channel] = field(default_factory=dict)
    timeout: float = 5.0

    def clock(self) -> datetime:
        return self.now

    def channels(self) -> dict[Kind, Channel]:
        smtp = Smtp(servers.parse(self.url), hello="papers.example.org", timeout=self.timeout)
        return {Kind.MAIL: smtp, **self.more}

    def send(self, *, rate: float = 0.0, lease: timedelta = deliver.LEASE) -> Report:
        """One run: what is due, and what waits."""
        queueing.queue_due(self.engine, self.now)
        return deliver.deliver(self.engine, self.channels(), self.office, self.clock, rate=rate, lease=lease)

    def later(self, **time: float) -> Installation:
        return replace(self, now=self.now + timedelta(**time))

    def enrol(self, names: Iterable[str], query: Query = Query(), *, now: datetime = BEFORE, **choice: str) -> None:  # noqa: B008
        for name in names:
            wanted = Choice(query=query, **choice)  # type: ignore[arg-type]
            enrolment.enrol(self.engine, KEYS, addresses.mail(name), wanted, origin="import", now=now)

    def subscription(self, address: str) -> Subscription:
        with database.reading(self.engine) as session:
            (found,) = subscribers.of_address(session, address)
        return found


def papers(engine: Engine, count: int = 40, *, week: int = 20, first: int = 0, seen: datetime | None = None) -> None:
    """Papers of an ISO week of 2026, of levels 1 to 8 in turn; seen on its Sunday, or at another moment."""
    monday = datetime.fromisocalendar(2026, week, 1)
    made = []
    for n in range(first, first + count):
        day = (monday + timedelta(days=n % 5)).date().isoformat()
        made.append(build.arxiv(f"26{monday:%m}.{n:05d}", f"Study {n} of loops in week {week}", day=day))
    now = seen or monday.replace(tzinfo=UTC) + timedelta(days=6)
    build.store(engine, made, now)
    with database.reading(engine) as session:
        views = listing.page(session, Query(since=monday.date()), now.date(), limit=500).items
    build.classify(engine, [build.answer(v.row, n % 8 + 1) for n, v in enumerate(views)], now)

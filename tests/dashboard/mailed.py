"""What the tests of mail's pages share: the routes on a database, digests in it, and their tokens."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from sqlalchemy import text
from starlette.applications import Starlette

from dashboard.api.limits import Buckets
from dashboard.mail.desk import Desk
from dashboard.mail.routes import Mail
from staycurrent.digest import accounts, addresses, deliver
from staycurrent.digest.channels import Channel
from staycurrent.digest.channels.folder import Folder
from staycurrent.digest.office import Office
from staycurrent.digest.plans import Choice
from staycurrent.digest.tokens import Keys, Purpose
from staycurrent.query import Query, build
from staycurrent.store import engine as database
from staycurrent.store import subscribers
from staycurrent.store.engine import Engine
from staycurrent.store.subscribers import Kind, Subscription

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # starlette's test client warns of the httpx that is installed
    from starlette.testclient import TestClient

SECRET = "a-key-for-tests-of-thirty-two-characters"
KEYS = Keys((SECRET,))
NOW = datetime(2026, 5, 20, 9, tzinfo=UTC)
HOST = "https://papers.example.org"
ADA = "ada@example.org"
TABLES = ("subscribers", "subscriptions", "deliveries", "suppressions", "mail_requests", "editions", "edition_items")
BERLIN = Choice(query=build(level=["5"], exclude=["benchmark"]), timezone="Europe/Berlin")


@dataclass
class Place:
    """The routes of mail without the dashboard around them; `now` may be moved."""

    engine: Engine
    client: TestClient
    now: datetime = NOW

    def ask(self, address: str = ADA, choice: Choice = BERLIN, client: str = "192.0.2.7") -> Subscription:
        """A digest that waits for its yes."""
        accounts.request(self.engine, KEYS, address, choice, client=client, now=self.now)
        return self.digests(address)[-1]

    def subscribe(self, address: str = ADA, choice: Choice = BERLIN) -> Subscription:
        """A digest that is confirmed."""
        return accounts.confirm(self.engine, KEYS, self.confirmation(self.ask(address, choice)), self.now)

    def digests(self, address: str = ADA) -> tuple[Subscription, ...]:
        with database.reading(self.engine) as session:
            return subscribers.of_address(session, address)

    def by_uid(self, uid: str) -> Subscription:
        with database.reading(self.engine) as session:
            found = subscribers.by_uid(session, uid)
        assert found
        return found

    def confirmation(self, digest: Subscription) -> str:
        return KEYS.sign(Purpose.CONFIRM, [digest.uid, int(digest.asked_at.timestamp())], self.now)

    def token(self, purpose: Purpose, digest: Subscription) -> str:
        if purpose is Purpose.DECLINE:
            key = addresses.hashes(KEYS, addresses.mail(digest.address or ""))[0]
            return KEYS.sign(purpose, [digest.uid, key], self.now)
        return KEYS.sign(purpose, digest.uid, self.now)

    def path(self, purpose: Purpose, digest: Subscription) -> str:
        return f"/{purpose}/{self.confirmation(digest) if purpose is Purpose.CONFIRM else self.token(purpose, digest)}"

    def send(self, folder: Path, word: str) -> list[Any]:
        """Send what waits, as files; what was sent so far whose subject has this word."""
        office = Office("staycurrent <digest@example.org>", HOST, KEYS)
        channels: dict[Kind, Channel] = {Kind.MAIL: Folder(folder / "mail")}
        deliver.deliver(self.engine, channels, office, lambda: self.now)
        files = sorted((folder / "mail").glob("*.eml"))
        mails = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
        return [mail for mail in mails if word in mail["Subject"]]

    def state(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that mail has in the database."""
        with database.reading(self.engine) as session:
            return {name: sorted(map(tuple, session.execute(text(f"SELECT * FROM {name}"))), key=repr) for name in TABLES}


@contextmanager
def place(url: str, folder: Path, *, previews: int = 1000) -> Iterator[Place]:
    """The routes on a database."""
    engine = database.open_engine(url)
    desk = Desk(by_server=True, folder=folder, public_url=HOST, secret=SECRET, data_dir=folder)
    made = Place(engine, None)  # type: ignore[arg-type]
    mail = Mail(url, desk, lambda: made.now, buckets=Buckets(previews))
    made.client = TestClient(Starlette(routes=mail.routes()), base_url=HOST, follow_redirects=False)
    yield made
    mail.close()
    engine.dispose()


def query_of(digest: Subscription) -> Query:
    from dashboard.mail import fields

    return fields.query_of(digest.plan)

"""Messages that came back: read as servers write them, believed as far as they prove whose they are."""

from __future__ import annotations

import mailbox
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staycurrent.digest import bounces, queueing
from staycurrent.digest.bounces import Bounce, Kind
from staycurrent.digest.office import delivery_key
from staycurrent.errors import UsageError
from staycurrent.query import Query
from staycurrent.store import engine as database
from staycurrent.store import subscribers
from staycurrent.store.engine import Engine
from staycurrent.store.subscribers import State
from tests.digest.mailing import MONDAY, OFFICE, Installation, papers

ADA = "ada@example.org"
KEY = "0123456789abcdef" * 2


def report(to: str, *parts: tuple[str, str]) -> bytes:
    """A multipart report with these parts, as (content type, text)."""
    head = f"From: MAILER-DAEMON@mx.example.net\nTo: {to}\nMIME-Version: 1.0\n"
    lines = [f"{head}Content-Type: multipart/report; boundary=edge\n"]
    lines += [f"--edge\nContent-Type: {kind}\n\n{text}" for kind, text in (("text/plain", "I am sorry.\n"), *parts)]
    return "\n".join([*lines, "--edge--\n"]).encode()


def returned(key: str = KEY, *, status: str = "5.1.1", action: str = "failed", signed: bool = True, more: str = "") -> bytes:
    """A delivery status notification, as Postfix writes one."""
    fields = f"Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; {ADA}\nAction: {action}\nStatus: {status}\n{more}"
    head = f"Message-ID: <{key}@example.org>\nSubject: Week 20\n"
    to = OFFICE.return_path(key) if signed else "digest@example.org"
    return report(to, ("message/delivery-status", fields), ("text/rfc822-headers", head))


def complaint(key: str = KEY, *, signed: bool = True, kind: str = "abuse") -> bytes:
    """A report of a reader's complaint, in the Abuse Reporting Format."""
    origin = f"Original-Mail-From: <{OFFICE.return_path(key)}>\n" if signed else ""
    fields = f"Feedback-Type: {kind}\nUser-Agent: Test/1\nVersion: 1\n{origin}"
    mail = f"Message-ID: <{key}@example.org>\nSubject: Week 20\n\nText.\n"
    return report("digest@example.org", ("message/feedback-report", fields), ("message/rfc822", mail))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (returned(), Bounce(Kind.HARD, KEY, signed=True)),
        (returned(signed=False), Bounce(Kind.HARD, KEY, signed=False)),
        (returned(status="4.2.2"), Bounce(Kind.SOFT, KEY, signed=True)),
        (returned(status="5.2.2"), Bounce(Kind.SOFT, KEY, signed=True)),
        (returned(status="5.7.1"), Bounce(Kind.SOFT, KEY, signed=True)),
        (returned(status="5.0.0", more="Diagnostic-Code: smtp; 550 5.1.1 no such user\n"), Bounce(Kind.HARD, KEY, signed=True)),
        (returned(status="4.4.1", action="delayed"), None),
        (returned(status="2.0.0", action="delivered"), None),
        (complaint(), Bounce(Kind.COMPLAINT, KEY, signed=True)),
        (complaint(signed=False), Bounce(Kind.COMPLAINT, KEY, signed=False)),
        (complaint(kind="not-spam"), None),
        (b"Subject: I am on holiday\r\n\r\nBack on Monday.\r\n", None),
        (b"", None),
    ],
)
def test_what_came_back_and_whose_it_is(data: bytes, expected: Bounce | None) -> None:
    assert bounces.read(OFFICE, data) == expected


def test_a_made_up_return_path_proves_nothing() -> None:
    forged = returned().replace(OFFICE.return_path(KEY).encode(), f"bounces+{KEY}.{'0' * 12}@example.org".encode())
    found = bounces.read(OFFICE, forged)
    assert found is not None
    assert not found.signed


@given(st.binary(max_size=600))
def test_anything_may_come_in(data: bytes) -> None:
    assert bounces.read(OFFICE, data) is None
    bounces.read(OFFICE, returned()[:-20] + data)
    bounces.read(OFFICE, b"Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\n" + data)


@pytest.fixture
def home(engine: Engine) -> Installation:
    papers(engine, 8)
    made = Installation(engine)
    made.enrol([ADA], Query(levels=(5,)))
    made.enrol([ADA], Query(levels=(6,)))
    queueing.queue_due(engine, MONDAY)
    return made


def states(home: Installation) -> list[tuple[State, str | None]]:
    with database.reading(home.engine) as session:
        return [(s.state, s.reason) for s in subscribers.of_address(session, ADA)]


def key_of(home: Installation) -> str:
    with database.reading(home.engine) as session:
        return delivery_key(subscribers.of_address(session, ADA)[0].uid, "2026-W20")


def take(home: Installation, data: bytes) -> Bounce | None:
    return bounces.take(home.engine, OFFICE, data, MONDAY)


def test_a_mailbox_that_is_not_there_gets_nothing_any_more(home: Installation) -> None:
    assert take(home, returned(key_of(home)))
    assert states(home) == [(State.SUPPRESSED, "bounce")] * 2


def test_a_complaint_stops_every_digest(home: Installation) -> None:
    take(home, complaint(key_of(home)))
    assert states(home) == [(State.SUPPRESSED, "complaint")] * 2


def test_a_complaint_that_proves_nothing_stops_one_digest(home: Installation) -> None:
    take(home, complaint(key_of(home), signed=False))
    assert states(home) == [(State.UNSUBSCRIBED, "complaint"), (State.ACTIVE, None)]


def test_the_same_bounce_again_counts_once(home: Installation) -> None:
    for _ in range(5):
        take(home, returned(key_of(home), status="4.2.2"))
    assert home_failures(home) == 1


def test_a_bounce_that_proves_nothing_counts_as_a_failure_only(home: Installation) -> None:
    take(home, returned(key_of(home), signed=False))
    assert states(home) == [(State.ACTIVE, None)] * 2
    assert home_failures(home) == 1


def home_failures(home: Installation) -> int:
    with database.reading(home.engine) as session:
        return subscribers.of_address(session, ADA)[0].failures


def test_a_bounce_of_another_installation_is_left_alone(home: Installation) -> None:
    assert take(home, returned("f" * 32)) is None
    assert states(home) == [(State.ACTIVE, None)] * 2


@pytest.mark.parametrize("kind", ["file", "mbox", "maildir"])
def test_bounces_come_as_a_file_an_mbox_or_a_maildir(tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    if kind == "file":
        path.write_bytes(returned())
    else:
        box = mailbox.mbox(path) if kind == "mbox" else mailbox.Maildir(path)
        for data in (returned(), complaint()):
            box.add(data)
        box.close()
    found = [bounces.read(OFFICE, data) for data in bounces.messages(path)]
    assert {b.kind for b in found if b} == ({Kind.HARD} if kind == "file" else {Kind.HARD, Kind.COMPLAINT})


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        list(bounces.messages(tmp_path / "nosuch"))

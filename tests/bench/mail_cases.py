"""The digest by mail: composing, sending beside bare smtplib, memory, and a sender that is killed."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import smtplib
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from staycurrent import roadmap
from staycurrent.digest import accounts, addresses, deliver, message, plans, queueing, writing
from staycurrent.digest.channels import Letter, Outcome, Result
from staycurrent.digest.channels import server as servers
from staycurrent.digest.channels.smtp import Smtp
from staycurrent.digest.office import Office, delivery_key
from staycurrent.digest.plans import Choice
from staycurrent.digest.tokens import Keys, Purpose
from staycurrent.query import Query
from staycurrent.store import engine as database
from staycurrent.store import subscribers
from staycurrent.store.deliveries import Claim, What
from staycurrent.store.engine import Engine
from staycurrent.store.subscribers import Kind, State
from tests import databases
from tests.bench.filling import fill
from tests.bench.papers import FIRST_DAY
from tests.digest.mailserver import MailServer, serving

KEYS = Keys(("a-key-for-benchmarks-of-forty-characters",))
OFFICE = Office("staycurrent <digest@example.org>", "https://papers.example.org", KEYS, "bounces@example.org")
NOW = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, 9, tzinfo=UTC) + timedelta(days=715)
PAPERS = 20_000
QUERIES = 200
KILLS = 20
CHUNK = 1000


def mail(kind: str, items: int) -> dict[str, float]:
    """Composed messages a second, and messages a second to a server in a process of its own, as `items` subscribers."""
    with _library(kind) as (engine, folder), serving(folder) as server:
        claim = _claim(1)
        _, rendered = writing.choose(engine, claim, OFFICE.public_url, NOW)
        started = time.perf_counter()
        for n in range(items):
            message.compose(rendered, OFFICE.envelope(_claim(n)))
        composed = items / (time.perf_counter() - started)
        letters = [(f"reader{n}@example.org", message.compose(rendered, OFFICE.envelope(_claim(n)))) for n in range(items)]
        bare = [_bare(server, letters)]
        enrol(engine, items, queries=1)
        queueing.queue_due(engine, NOW)
        report = deliver.deliver(engine, _channels(server), OFFICE, lambda: NOW)
        assert report.sent == items, report
        bare.append(_bare(server, letters))
        ours, baseline = items / report.seconds, max(bare)
    return {
        "composed messages/s": composed,
        "sent messages/s": ours,
        "bare smtplib messages/s": baseline,
        "of bare smtplib, %": 100 * ours / baseline,
    }


def mail_memory(kind: str, items: int) -> dict[str, float]:
    """Peak memory of a process that notes and sends a digest to a thousand subscribers, and to `items`."""
    figures: dict[str, float] = {}
    with _library(kind) as (engine, _):
        for count, queries in ((1000, 4), (items, 5)):  # each wish has its own subscribers
            enrol(engine, count, queries=queries)
            code = "import sys; from tests.bench.mail_cases import send_nowhere; send_nowhere(*sys.argv[1:])"
            command = [sys.executable, "-c", code, engine.url.render_as_string(hide_password=False)]
            done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)
            sent, peak, seconds = json.loads(done.stdout)
            assert sent == count, done.stdout
            figures |= {f"peak for {count:,}, MB": peak, f"noted and sent nowhere, {count:,}, messages/s": sent / seconds}
    return figures


class Nowhere:
    """Takes every letter, for what is measured on our side alone."""

    def send(self, letter: Letter, ready: Callable[[], bool]) -> Outcome:
        return Outcome(Result.ACCEPTED if ready() else Result.HELD)

    def close(self) -> None:
        """Nothing is open."""


def send_nowhere(url: str) -> None:
    """What a process of its own does; prints messages, its peak memory in megabytes, and seconds."""
    engine, started = database.open_engine(url), time.perf_counter()
    queueing.queue_due(engine, NOW)
    sent = deliver.deliver(engine, {Kind.MAIL: Nowhere()}, OFFICE, lambda: NOW).sent
    # Not `ru_maxrss`: a process inherits that of the one that started it.
    peak = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024  # type: ignore[index]
    print(json.dumps([sent, peak, time.perf_counter() - started]))


def mail_kill(kind: str, items: int) -> dict[str, float]:
    """A sender that is killed again and again; counts what must be none: lost, repeated, sent to who had gone."""
    with _library(kind) as (engine, folder), serving(folder) as server:
        queries = min(QUERIES, max(1, items // 20))
        enrol(engine, items, queries=queries)
        told = kill_often(engine, server, folder, items=items, kills=KILLS if items >= 10_000 else 5)
        first = dict(told)
        second = second_week(engine, server)
    return first | second


def kill_often(engine: Engine, server: MailServer, folder: Path, *, items: int, kills: int) -> dict[str, float]:
    """Send a week by a process that dies at random moments, while every tenth subscriber leaves half-way."""
    dice, done, gone = random.Random(7), 0, {}
    while True:
        sender = subprocess.Popen(_sender(engine, server), cwd=Path(__file__).parents[2])
        if done < kills:
            _let_it_send(sender, server, items * (done + 1) // (kills + 2), dice)
            sender.send_signal(signal.SIGKILL)
            done += 1
        if sender.wait() == 0:
            break
        if done == kills // 2 and not gone:
            gone = _leave(engine, server, dice, items // 10)
    return _counted(server, items, gone) | {"kills": done}


def _let_it_send(sender: subprocess.Popen[bytes], server: MailServer, goal: int, dice: random.Random) -> None:
    """Until it has sent so many, and a moment that nobody can foresee."""
    end = time.monotonic() + 60
    while sender.poll() is None and time.monotonic() < end and _size(server) < goal:
        time.sleep(0.005)
    time.sleep(dice.random() * 0.05)


def _size(server: MailServer) -> int:
    file = server.receipts_file
    return file.read_bytes().count(b"\n") if file.exists() else 0


def _leave(engine: Engine, server: MailServer, dice: random.Random, count: int) -> dict[str, str]:
    """Some who have got nothing yet unsubscribe; returns them. No sender is at work."""
    time.sleep(0.2)
    had = {to for receipt in server.receipts() for to in receipt.to}
    with database.reading(engine) as session:
        every = [s for s in _all(session) if s.address and s.address not in had]
    chosen = dice.sample(every, min(count, len(every)))
    for found in chosen:
        accounts.unsubscribe(engine, KEYS, KEYS.sign(Purpose.UNSUBSCRIBE, found.uid, NOW), NOW)
    return {found.address or "": found.uid for found in chosen}


def _all(session: database.Session) -> Iterator[subscribers.Subscription]:
    after: int | None = 0
    while after is not None:
        page = subscribers.page(session, after, CHUNK)
        yield from page
        after = page[-1].id if page else None


def _counted(server: MailServer, items: int, gone: dict[str, str]) -> dict[str, float]:
    arrived = Counter((receipt.to[0], receipt.id) for receipt in server.receipts())
    people = Counter(to for to, _ in arrived)
    # One may have been accepted from a killed sender, left, and so never been repeated: it counts as arrived.
    return {
        "messages": sum(arrived.values()),
        "lost": items - len(gone) - sum(1 for to in people if to not in gone),
        "with two ids": sum(n > 1 for n in people.values()),
        "repeated under the same id": sum(n - 1 for n in arrived.values()),
        "sent to who had gone": sum(1 for to in people if to in gone),
        "gone": len(gone),
    }


def second_week(engine: Engine, server: MailServer) -> dict[str, float]:
    """How many items the second week's editions show, and how many of them as new although they were in the first."""
    sent = _week(engine, server, NOW + timedelta(days=7))
    shown = "SELECT count(*) FROM edition_items a JOIN editions n ON n.id = a.edition_id WHERE n.history > 0"
    again = (
        "AND EXISTS (SELECT 1 FROM edition_items b WHERE b.edition_id = n.history AND b.item_id = a.item_id "
        "AND b.version = a.version AND b.withdrawn = a.withdrawn AND b.has_code = a.has_code)"
    )
    with engine.connect() as connection:
        count = [float(connection.exec_driver_sql(f"{shown} {more}").scalar() or 0) for more in ("", again)]
    return {"messages of the second week": sent, "its items": count[0], "of them repeated": count[1]}


def send_once(url: str, smtp_url: str) -> None:
    """What the killed process does."""
    engine = database.open_engine(url)
    queueing.queue_due(engine, NOW)
    channels = {Kind.MAIL: Smtp(servers.parse(smtp_url), hello="bench")}
    report = deliver.deliver(engine, channels, OFFICE, lambda: NOW)
    sys.exit(1 if report.stopped else 0)


def _sender(engine: Engine, server: MailServer) -> list[str]:
    code = "import sys; from tests.bench.mail_cases import send_once; send_once(*sys.argv[1:])"
    return [sys.executable, "-c", code, engine.url.render_as_string(hide_password=False), server.url]


@contextmanager
def _library(kind: str) -> Iterator[tuple[Engine, Path]]:
    with tempfile.TemporaryDirectory() as name, databases.fresh_url(kind, Path(name)) as url:
        engine = database.open_engine(url)
        fill(engine, PAPERS)
        yield engine, Path(name)
        engine.dispose()


def enrol(engine: Engine, count: int, *, queries: int) -> None:
    """Subscribers in the fewest statements, due now; their wishes go round over so many queries."""
    wishes = [plans.plan(Choice(query=_query(n), weekday=str(NOW.isoweekday()), hour=f"{NOW.hour}")) for n in range(queries)]
    for start in range(0, count, CHUNK):
        with database.writing(engine) as session:
            for n in range(start, min(start + CHUNK, count)):
                to = addresses.known(Kind.MAIL, f"reader{n}.{queries}@example{n % 50}.org")
                owner = subscribers.subscriber(session, to.kind, to.text, to.folded, NOW)
                made = subscribers.add(session, owner, os.urandom(12).hex(), wishes[n % queries], State.ACTIVE, "import", NOW)
                subscribers.reschedule(session, [(made.id, NOW)])


def _query(number: int) -> Query:
    topics = list(roadmap.topics())
    base = Query(levels=(number % 8 + 1,))
    return base if number < 8 else replace(base, topics=(topics[number % len(topics)],), has_code=None)


def _week(engine: Engine, server: MailServer, now: datetime) -> int:
    queueing.queue_due(engine, now)
    return deliver.deliver(engine, _channels(server), OFFICE, lambda: now).sent


def _channels(server: MailServer) -> dict[Kind, Smtp]:
    return {Kind.MAIL: Smtp(servers.parse(server.url), hello="bench")}


def _claim(number: int) -> Claim:
    uid = f"{number:024x}"
    plan = plans.DEFAULTS
    address, name = f"reader{number}@example.org", "2025-W50"
    key = delivery_key(uid, name)
    return Claim(number, key, number, uid, What.DIGEST, name, 0, NOW, NOW, Kind.MAIL, address, plan, None)


def _bare(server: MailServer, letters: list[tuple[str, bytes]]) -> float:
    """What smtplib does with bytes that are ready."""
    with smtplib.SMTP("127.0.0.1", server.port, "bench") as smtp:
        started = time.perf_counter()
        for to, data in letters:
            smtp.sendmail("bounces@example.org", [to], data)
        return len(letters) / (time.perf_counter() - started)

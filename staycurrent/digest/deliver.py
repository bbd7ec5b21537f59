"""Sending: claim, write, hand over, record. May be killed at any moment and started again.

One thread writes letters ahead, another hands them over. The book is written between two letters, in the time in which the
server answers, and always before the next letter is handed over: a crash repeats one message at most, under the same id.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import socket
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Self, TypeAlias

from staycurrent.clock import Clock
from staycurrent.digest import addresses, fates
from staycurrent.digest.channels import Channel, Down, Outcome, Result
from staycurrent.digest.office import Office
from staycurrent.digest.pace import Pace
from staycurrent.digest.writing import Parcel, Writer
from staycurrent.errors import StaycurrentError
from staycurrent.store import deliveries, ledger
from staycurrent.store import engine as database
from staycurrent.store.deliveries import Claim, Fate
from staycurrent.store.engine import Engine
from staycurrent.store.ledger import Closing, Ledger, Look
from staycurrent.store.subscribers import Kind

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=2)
BATCH = 64
RELEASE_SECONDS = 2.0
"""Between two tries to give back what is claimed, while the database is away."""
AHEAD = 128
"""Letters that are written and wait, some megabytes at most: about as many as go out while an edition is chosen."""
MOST_HELD = 256
"""Letters that wait for the turn of their domain."""
MOST_BREAKS = 5
MOST_REFUSALS = 20
"""So many letters in a row that broke the connection, or that the server refused for its own reasons, end a run."""
_Made: TypeAlias = Parcel | BaseException | None


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did, in messages. `stopped` says why it ended early."""

    sent: int
    skipped: int
    later: int
    dead: int
    suppressed: int
    editions: int
    seconds: float
    stopped: str | None = None


def deliver(
    engine: Engine,
    channels: Mapping[Kind, Channel],
    office: Office,
    clock: Clock,
    *,
    rate: float = 0.0,
    lease: timedelta = LEASE,
    start: float = 0.0,
) -> Report:
    """Send everything whose time has come, and return what came of it; channels are closed at the end.

    `start`, from 0 to 1, is where this sender begins among the letters. Senders that begin apart do not choose and render
    the same editions side by side.
    """
    owner, started = _owner(), time.monotonic()
    _release_the_dead(engine)
    writer, stopped = Writer(engine, office, clock), None
    claim = partial(_claim, engine, owner, lease, clock, deliveries.batch_at(start))
    try:
        with ledger.opened(engine, owner, lease) as book:
            sender = _Sender(engine, book, channels, office, clock, Pace(rate))
            try:
                moved = -1
                while sender.count[fates.MOVED] > moved:
                    moved = sender.count[fates.MOVED]
                    with _Ahead(writer, claim) as made:
                        sender.run(made)
                        sender.flush()
            except Down as error:
                stopped = str(error)
            finally:
                sender.flush()
    finally:
        if not _released(engine, owner):
            threading.Thread(target=_release_later, args=(engine, owner, lease), name="release", daemon=True).start()
        for channel in set(channels.values()):
            channel.close()
    done = {name: sender.count[name] for name in ("sent", "skipped", "later", "dead", "suppressed")}
    return Report(**done, editions=writer.editions, seconds=time.monotonic() - started, stopped=stopped)


def _owner() -> str:
    return f"{socket.gethostname()[:60]}:{os.getpid()}:{uuid.uuid4().hex[:12]}"


def _release_the_dead(engine: Engine) -> None:
    """Take back at once what a killed process of this machine had claimed; of others nobody knows before the lease ends."""
    with database.reading(engine) as session:
        found = deliveries.owners(session)
    for owner in found:
        host, _, rest = owner.partition(":")
        if host == socket.gethostname()[:60] and not _is_alive(int(rest.partition(":")[0])):
            with database.writing(engine) as session:
                log.info("%d deliveries of a sender that died", deliveries.release(session, owner))


def _released(engine: Engine, owner: str) -> bool:
    """Give back what is claimed and was not sent, if the database can be asked."""
    try:
        with database.writing(engine) as session:
            deliveries.release(session, owner)
    except StaycurrentError:
        return False
    return True


def _release_later(engine: Engine, owner: str, lease: timedelta) -> None:
    """As soon as the database is back: this process lives, so nobody else may take its letters before the lease ends."""
    ends = time.monotonic() + lease.total_seconds()
    while not _released(engine, owner) and time.monotonic() < ends:
        time.sleep(RELEASE_SECONDS)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _claim(engine: Engine, owner: str, lease: timedelta, clock: Clock, start: str) -> tuple[Claim, ...]:
    now = clock()
    with database.writing(engine) as session:
        return deliveries.claim(session, owner, now, now + lease, BATCH, start)


class _Ahead:
    """Claims deliveries and writes their letters in a thread of its own, some letters ahead."""

    def __init__(self, writer: Writer, claim: Callable[[], tuple[Claim, ...]]) -> None:
        self._writer, self._claim = writer, claim
        self._made: queue.Queue[_Made] = queue.Queue(AHEAD)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="staycurrent-letters", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the thread; what it had written is given back with its claims."""
        self._stop.set()
        while self._thread.is_alive():
            with contextlib.suppress(queue.Empty):
                self._made.get(timeout=0.02)

    def get(self, timeout: float | None = 0.0) -> Parcel | None:
        """The next letter, None at the end. Raises `queue.Empty` after `timeout` seconds, never with None."""
        found = self._made.get(block=timeout != 0, timeout=timeout or None)
        if isinstance(found, BaseException):
            raise found
        return found

    def _work(self) -> None:
        try:
            while not self._stop.is_set() and (claims := self._claim()):
                for claim in claims:
                    if not self._put(self._writer.parcel(claim)):
                        return
            self._put(None)
        except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that sends
            self._put(error)

    def _put(self, made: _Made) -> bool:
        while not self._stop.is_set():
            with contextlib.suppress(queue.Full):
                self._made.put(made, timeout=0.1)
                return True
        return False


class _Sender:
    """Hands letters over and keeps the book. `_closing` is what is settled and not yet in the book."""

    def __init__(
        self,
        engine: Engine,
        book: Ledger,
        channels: Mapping[Kind, Channel],
        office: Office,
        clock: Clock,
        pace: Pace[Parcel],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._engine, self._book, self._channels, self._office = engine, book, channels, office
        self._clock, self._pace, self._sleep = clock, pace, sleep
        self.count: Counter[str] = Counter()
        self._closing: Closing | None = None
        self._look = Look.LOST
        self._breaks = self._refusals = 0
        self._over = False

    def run(self, made: _Ahead) -> None:
        """Send until there is nothing more. Raises `Down`."""
        self._over = False
        while parcel := self._next(made):
            if parcel.letter is None:
                self._settle(fates.unwritten(parcel, self._clock()))
            else:
                self._send(parcel)

    def flush(self) -> None:
        """Write what is settled into the book."""
        if self._closing:
            self._book.turn(self._closing, None, self._clock())
            self._closing = None

    def _next(self, made: _Ahead) -> Parcel | None:
        """The next letter whose domain may get one; the book is up to date before we wait for anything."""
        while True:
            wait = self._pace.wait(time.monotonic())
            if wait == 0:
                return self._pace.take()
            if self._over or len(self._pace) >= MOST_HELD:
                if wait is None:
                    return None
                self.flush()
                self._sleep(wait)
                continue
            try:
                parcel = self._got(made, wait)
            except queue.Empty:
                continue
            if parcel is None:
                self._over = True
            elif parcel.letter is None or self._may_pass(parcel):
                return parcel

    def _got(self, made: _Ahead, wait: float | None) -> Parcel | None:
        try:
            return made.get()
        except queue.Empty:
            self.flush()
            return made.get(wait)

    def _may_pass(self, parcel: Parcel) -> bool:
        claim = parcel.claim
        if claim.kind is not Kind.MAIL:
            return True
        return self._pace.admit(parcel, addresses.domain(claim.address or ""), time.monotonic())

    def _send(self, parcel: Parcel) -> None:
        assert parcel.letter, "the caller looked"
        outcome = self._channels[parcel.claim.kind].send(parcel.letter, lambda: self._ready(parcel.claim))
        self.flush()  # where the connection broke before anybody was asked
        if outcome.result is Result.HELD:
            self._settle(fates.held(parcel, self._look, self._clock()))
            return
        self._settle(fates.of(parcel, outcome, self._clock()))
        self._watch(outcome)

    def _ready(self, claim: Claim) -> bool:
        """Record the letter before, and look whether this one is still wanted."""
        closing, self._closing = self._closing, None
        self._look = self._book.turn(closing, claim, self._clock())
        return self._look is Look.GO

    def _settle(self, closing: Closing | None) -> None:
        self.flush()
        if closing is None:
            return
        self._closing = closing
        self.count[fates.word(closing)] += 1
        if closing.fate is Fate.DEAD:
            self.count["suppressed"] += fates.blame(self._engine, self._office.keys, closing, self._clock())

    def _watch(self, outcome: Outcome) -> None:
        """A server that breaks or refuses one letter after the other has trouble of its own: come back later."""
        self._breaks = self._breaks + 1 if outcome.broke else 0
        self._refusals = self._refusals + 1 if outcome.result is Result.REFUSED else 0
        if self._breaks >= MOST_BREAKS:
            raise Down(f"the connection broke {MOST_BREAKS} times in a row: {outcome.reply}")
        if self._refusals >= MOST_REFUSALS:
            raise Down(f"{MOST_REFUSALS} letters in a row were refused: {outcome.reply}")

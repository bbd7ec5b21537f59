"""Turns: one request at a time with a distance between two, over threads, engines and killed processes."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import zlib
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from filelock import FileLock
from sqlalchemy import text

from staycurrent.errors import StoreError
from staycurrent.store import engine as database
from staycurrent.store.engine import Engine, writing
from staycurrent.store.turns import Turns
from tests import databases
from tests.waiting import until

DELAY = 0.05
CLOCK_GRAIN = 0.002
"""SQLite's clock counts milliseconds."""


class Naps(list[float]):
    """A sleep that only remembers."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def test_two_engines_in_two_threads_never_overlap_and_keep_the_distance(url: str) -> None:
    spans: list[tuple[float, float]] = []

    def ask(_number: int) -> None:
        engine = database.open_engine(url)
        turns = Turns(engine, "arxiv", DELAY)
        for _ in range(3):
            with turns.turn():
                start = time.monotonic()
                time.sleep(0.005)  # a request takes its time
                spans.append((start, time.monotonic()))
        engine.dispose()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(ask, range(2)))
    spans.sort()
    assert len(spans) == 6
    for (_, end), (start, _) in pairwise(spans):
        assert start - end >= DELAY - CLOCK_GRAIN


def test_the_first_turn_is_free_and_the_second_waits(engine: Engine) -> None:
    naps = Naps()
    turns = Turns(engine, "arxiv", 3.0, naps)
    with turns.turn():
        assert naps == []
    with turns.turn():
        assert sum(naps) == pytest.approx(3.0)


def test_the_distance_outlives_the_process(url: str) -> None:
    for expected in (0.0, 3.0):
        engine = database.open_engine(url)
        naps = Naps()
        with Turns(engine, "arxiv", 3.0, naps).turn():
            assert sum(naps) == pytest.approx(expected)
        engine.dispose()


def test_services_do_not_wait_for_each_other(engine: Engine) -> None:
    naps = Naps()
    with Turns(engine, "arxiv", 3.0, naps).turn(), Turns(engine, "other", 3.0, naps).turn():
        assert naps == []


def test_a_request_that_fails_gives_its_turn_back_and_keeps_the_distance(engine: Engine) -> None:
    naps = Naps()
    turns = Turns(engine, "arxiv", 3.0, naps)
    with pytest.raises(ZeroDivisionError), turns.turn():
        raise ZeroDivisionError
    with turns.turn():
        assert sum(naps) == pytest.approx(3.0)


@pytest.mark.parametrize("ahead", [10, 1e6])
def test_a_clock_that_jumped_back_holds_nobody_longer_than_one_delay(engine: Engine, ahead: float) -> None:
    with writing(engine) as session:
        session.execute(text("INSERT INTO turns (service, free_at) VALUES ('arxiv', :t)"), {"t": time.time() + ahead})
    naps = Naps()
    with Turns(engine, "arxiv", 3.0, naps).turn():
        assert sum(naps) == pytest.approx(3.0)


HOLDER = """
import sys, time
from staycurrent.store.engine import open_engine
from staycurrent.store.turns import Turns
with Turns(open_engine(sys.argv[1]), "arxiv", 0.2).turn():
    print("mine", flush=True)
    time.sleep(600)
"""


def test_a_killed_holder_blocks_nobody(url: str, engine: Engine) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, url], stdout=subprocess.PIPE, text=True, cwd=Path.cwd())
    with holder:
        assert holder.stdout
        assert holder.stdout.readline() == "mine\n"
        holder.send_signal(signal.SIGKILL)
    killed = time.monotonic()
    with Turns(engine, "arxiv", 0.2).turn():
        assert time.monotonic() - killed < 20


HOLDERS = """
SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = :n
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def test_a_turn_whose_connection_broke_while_it_waited_is_waited_for_again(tmp_path: Path) -> None:
    """Else two of them wait for the same moment, and ask at the same moment."""
    with databases.fresh_url("postgresql", tmp_path) as url:
        first, second = database.open_engine(url), database.open_engine(url)
        spans: list[tuple[float, float]] = []

        def ask(turns: Turns) -> None:
            with turns.turn():
                start = time.monotonic()
                time.sleep(0.05)  # a request takes its time
                spans.append((start, time.monotonic()))

        def holders() -> list[int]:
            with database.reading(second) as session:
                number = zlib.crc32(b"staycurrent.turn.arxiv")
                return list(session.scalars(text(HOLDERS), {"n": number}))

        with ThreadPoolExecutor(1) as pool:
            others: list[Future[None]] = []

            def nap(seconds: float) -> None:
                if not others:
                    (holder,) = holders()
                    with writing(second) as session:
                        session.execute(text("SELECT pg_terminate_backend(:p)"), {"p": holder})
                    assert until(lambda: not holders())
                    others.append(pool.submit(ask, Turns(second, "arxiv", 0.5)))
                    assert until(holders)
                time.sleep(seconds)

            mine = Turns(first, "arxiv", 0.5, nap)
            ask(mine)
            ask(mine)
            others[0].result(20)
        first.dispose()
        second.dispose()
    spans.sort()
    assert len(spans) == 3
    for (_, end), (start, _) in pairwise(spans):
        assert start - end >= 0.5 - CLOCK_GRAIN


def test_a_lock_file_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    engine = database.open_engine(f"sqlite:///{tmp_path}/gone/x.db")
    (tmp_path / "gone").rmdir()
    (tmp_path / "gone").write_text("a file where the folder was")
    with pytest.raises(StoreError, match="lock file") as refused, Turns(engine, "arxiv", 3.0).turn():
        pass
    assert "\n" not in str(refused.value)


def test_one_of_two_gets_a_lock_without_waiting(url: str, engine: Engine) -> None:
    other = database.open_engine(url)
    with database.try_lock(engine, "job", 7) as first, database.try_lock(other, "job", 7) as second:
        assert (first, second) == (True, False)
    with database.try_lock(other, "job", 7) as again:
        assert again
    other.dispose()


def test_locks_of_two_names_are_two_locks(engine: Engine) -> None:
    with database.try_lock(engine, "a", 1) as first, database.try_lock(engine, "b", 2) as second:
        assert first
        assert second


def test_the_lock_file_stands_beside_the_database(tmp_path: Path) -> None:
    engine = database.open_engine(f"sqlite:///{tmp_path}/x.db")
    path = database.lock_file(engine, "arxiv")
    assert path == tmp_path / "x.db.arxiv.lock"
    with Turns(engine, "arxiv", 0)._alone(), pytest.raises(TimeoutError):
        FileLock(path).acquire(timeout=0)
    engine.dispose()

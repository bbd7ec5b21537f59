"""A collector that is killed, a disk that is full, a database that is locked: nothing is lost, torn or there twice."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from filelock import FileLock
from sqlalchemy import event, text

from staycurrent.clock import system_clock
from staycurrent.errors import StoreError
from staycurrent.store import engine as database
from staycurrent.store.engine import Engine, lock_file
from staycurrent.types import Outcome
from tests import databases
from tests.e2e.upstream import ROOT, Collector, Upstream, content, differences, needs_upstream, serving

pytestmark = [*needs_upstream, pytest.mark.xdist_group("upstream-kill")]

DAYS = ("2026-05-18", "2026-05-19", "2026-05-20")
KILLS = {"sqlite": 50, "postgresql": 6}
SEED = 20260520
LONGEST_LIFE = 0.8
"""Seconds until the latest kill; a run takes about one where nothing else runs."""
FEW: dict[str, Any] = {"categories": ("stat.ML", "cs.RO"), "feeds": ("openai", "qwen")}


# ---- killed


@pytest.mark.parametrize("kind", databases.kinds())
def test_a_collector_killed_at_random_moments_ends_with_what_an_undisturbed_one_has(kind: str, tmp_path: Path) -> None:
    with (
        serving(DAYS[0]) as upstream,
        databases.fresh_url(kind, tmp_path) as calm_url,
        databases.fresh_url(kind, tmp_path) as killed_url,
    ):
        told = collect_days(upstream, calm_url, killed_url, KILLS[kind])
        assert told["kills"] == KILLS[kind]
        calm, killed = database.open_engine(calm_url), database.open_engine(killed_url)
        assert len(content(calm)["items"]) > 300
        assert differences(content(killed), content(calm)) == {}
        assert polling_state(killed) == polling_state(calm)
        assert_sound(killed)
        calm.dispose()
        killed.dispose()


def collect_days(upstream: Upstream, calm_url: str, killed_url: str, kills: int) -> dict[str, Any]:
    """Both collections in one helper, a fresh process without threads, so that a restart is a fork and costs nothing."""
    arguments = [upstream.address, calm_url, killed_url, str(kills)]
    done = subprocess.run(
        [sys.executable, "-c", "from tests.e2e.test_upstream_kill import main; main()", *arguments],
        cwd=ROOT,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def main() -> None:
    """The helper: collect three days undisturbed and the same days with kills in between."""
    from classifier import model as models
    from collector.sources import huggingface

    huggingface.LOOK_BACK = 6  # days; fourteen would only take longer
    address, calm_url, killed_url, kills = sys.argv[1:]
    upstream, model = Upstream(address), models.load()
    dice, done = random.Random(SEED), 0
    for n, day in enumerate(DAYS):
        upstream.move_to(day)
        started = time.monotonic()
        assert wait_for(start(address, calm_url, day, model)) == 0
        needed = min(time.monotonic() - started, LONGEST_LIFE)
        wanted = int(kills) * (n + 1) // len(DAYS)
        while done < wanted:
            child = start(address, killed_url, day, model)
            time.sleep(dice.uniform(0, needed))
            os.kill(child, signal.SIGKILL)
            status = wait_for(child)
            assert status in (0, -signal.SIGKILL), status
            done += status != 0
        assert wait_for(start(address, killed_url, day, model)) == 0
    sys.stdout.write(json.dumps({"kills": done}))


def start(address: str, url: str, day: str, model: Any) -> int:
    """The process id of a collector that collects the day, classifies and ends."""
    child = os.fork()
    if not child:
        collect_and_classify(address, url, day, model)
    return child


def collect_and_classify(address: str, url: str, day: str, model: Any) -> NoReturn:
    from classifier import run

    status = 1
    try:
        engine = database.open_engine(url)
        collector = Collector(engine, Upstream(address), delay=0.02, **FEW)
        reports = collector.collect(day, since=day if day == DAYS[0] else None)
        run.classify(engine, model, system_clock)
        status = 0 if all(r.outcome in (Outcome.OK, Outcome.OK_EMPTY) for r in reports.values()) else 2
    except Exception:  # noqa: BLE001 - told on stderr; nothing of the parent may run on in the child
        traceback.print_exc()
    finally:
        os._exit(status)


def wait_for(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def polling_state(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT name, watermark, etag, error, error_count, newest_item_on FROM sources"))
        return sorted(map(tuple, rows))


def assert_sound(engine: Engine) -> None:
    """No run stands open, no lock is held, and the database finds nothing wrong with itself."""
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM runs WHERE finished_at IS NULL")) == 0
        if engine.dialect.name == "postgresql":
            here = "locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            assert connection.scalar(text(f"SELECT count(*) FROM pg_locks WHERE {here}")) == 0
            return
        assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
    with FileLock(lock_file(engine, "arxiv"), timeout=0):
        pass


# ---- full, locked


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with serving(DAYS[2]) as running:
        yield running


@pytest.fixture(scope="module")
def undisturbed(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What a database holds after the day without trouble."""
    with databases.fresh_url("sqlite", tmp_path_factory.mktemp("calm")) as url:
        engine = database.open_engine(url)
        Collector(engine, upstream, **FEW).collect(DAYS[2], since=DAYS[1])
        found = content(engine)
        engine.dispose()
        return found


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    with databases.fresh_url("sqlite", tmp_path) as url:
        yield Path(url.removeprefix("sqlite:///"))


def assert_goes_on(upstream: Upstream, path: Path, undisturbed: dict[str, list[str]]) -> None:
    """A further run without the trouble completes the day."""
    engine = database.open_engine(f"sqlite:///{path}")
    reports = Collector(engine, upstream, **FEW).collect(DAYS[2], since=DAYS[1])
    assert {r.outcome for r in reports.values()} <= {Outcome.OK, Outcome.OK_EMPTY}
    assert differences(content(engine), undisturbed) == {}
    assert_sound(engine)
    engine.dispose()


@pytest.mark.parametrize("spare_pages", [2, 40, 150])
def test_a_full_disk_is_one_line_and_the_next_run_goes_on(
    upstream: Upstream, undisturbed: dict[str, list[str]], path: Path, spare_pages: int
) -> None:
    engine = database.open_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        most = connection.scalar(text("PRAGMA page_count")) + spare_pages
    engine.dispose()

    @event.listens_for(engine, "connect")
    def be_small(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {most}")

    with pytest.raises(StoreError, match=r"^database: database or disk is full$"):
        Collector(engine, upstream, **FEW).collect(DAYS[2], since=DAYS[1])
    engine.dispose()
    assert_goes_on(upstream, path, undisturbed)


def test_a_file_that_may_not_grow_ends_the_command_with_one_line(
    upstream: Upstream, undisturbed: dict[str, list[str]], path: Path, tmp_path: Path
) -> None:
    def no_more() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        size = path.stat().st_size + (300 << 10)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    env = upstream.environment(tmp_path, DAYS[2])
    env |= {"STAYCURRENT_DATABASE_URL": f"sqlite:///{path}", "STAYCURRENT_ARXIV_CATEGORIES": "stat.ML,cs.RO"}
    env |= {"STAYCURRENT_ARXIV_DELAY": "0.02"}
    done = subprocess.run(
        [sys.executable, "-m", "staycurrent", "collect", "--since", DAYS[1]],
        cwd=tmp_path,
        env=os.environ | env,
        preexec_fn=no_more,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.strip().splitlines()[-1].endswith(("database or disk is full", "disk I/O error")), done.stderr


@pytest.mark.parametrize("committed_before", [0, 1, 150])
def test_a_locked_database_is_one_line_and_the_next_run_goes_on(
    upstream: Upstream,
    undisturbed: dict[str, list[str]],
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    committed_before: int,
) -> None:
    """Another program takes the database as soon as so many items of a source are in, and does not let go."""
    # Long enough for what the sources' threads wait for each other.
    monkeypatch.setattr(database, "SQLITE_BUSY_SECONDS", 1.0)
    turn = threading.Lock()
    engine = database.open_engine(f"sqlite:///{path}")
    other = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)

    def lock(_source: str = "", fetched: int = 0) -> None:
        with turn:
            if fetched >= committed_before and not other.in_transaction:
                other.execute("BEGIN EXCLUSIVE")

    if not committed_before:
        lock()
    with pytest.raises(StoreError, match=r"^database: database is locked$"):
        Collector(engine, upstream, **FEW).collect(DAYS[2], since=DAYS[1], progress=lock)
    other.execute("ROLLBACK")
    other.close()
    engine.dispose()
    monkeypatch.undo()
    assert_goes_on(upstream, path, undisturbed)

"""A day of a large installation: collection, classification and due digests by one, two and three workers on PostgreSQL.

First each part alone with one worker, then the parts together. What they should take together is the larger of two
bounds: the longest way (collection, then classification by all workers; mail by all workers), and all processor time of
the parts, that of the mail server included, over the cores that readers leave. Beside the whole day readers are on a `web`;
what they take is measured before it begins, so nothing of the day itself is in what is expected of it.

`--items` is the library. SCALE_SUBSCRIBERS (100,000), SCALE_PAPERS (10,000) and SCALE_SHARE (5) are the day's size, and
which part of it the rounds with one, two and three workers have.
"""

from __future__ import annotations

import asyncio
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from datetime import time as clock
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import text

from classifier import packaged
from staycurrent.cli.context import migrate_all
from staycurrent.store.engine import Engine
from tests.bench import browser_cases, sockets
from tests.bench.mail_cases import QUERIES, enrol
from tests.digest.mailserver import free_port
from tests.drills.place import settings_of
from tests.drills.sources import answering
from tests.queue.processes import Installation, Lab, installation
from tests.waiting import until

SUBSCRIBERS = int(os.environ.get("SCALE_SUBSCRIBERS", "100000"))
PAPERS = int(os.environ.get("SCALE_PAPERS", "10000"))
SHARE = int(os.environ.get("SCALE_SHARE", "5"))
WORKERS = (1, 2, 3)
PAGE = 2500
PATIENCE = 1200.0
NUMBERS = 11_000
"""Papers of a round at most; arXiv has five digits for a month."""
READERS, THINKING, IDLE = 4, 1.0, 20.0
"""On the dashboard, mean seconds between two of their acts, and for how long they are watched while nothing else runs."""
_FIRST = date(2025, 9, 3)
"""A Wednesday, the day after the digests of `enrol` are due; each round has the next one."""
_TABLES = ("deliveries", "edition_items", "editions", "subscriptions", "subscribers")


@dataclass
class Site:
    """The database, and everything around it."""

    engine: Engine
    folder: Path
    today: date = _FIRST
    letters: Path = field(init=False)

    def __post_init__(self) -> None:
        self.letters = self.folder / "letters"

    def run(self, statement: str, **values: Any) -> Any:
        with self.engine.begin() as connection:
            found = connection.execute(text(statement), values)
            return found.scalar() if found.returns_rows else None


@dataclass(frozen=True)
class Took:
    """A round: seconds by the clock, and seconds of a processor over all its processes and the database's."""

    wall: float
    cpu: float
    others: float
    """Cores that all else on this machine kept busy meanwhile: the mail server, the readers, and what is not ours."""


def scale(kind: str, items: int) -> dict[str, float]:
    """All of it; only for PostgreSQL, since SQLite has no workers."""
    if kind != "postgresql":
        raise SystemExit("scale: only with --database postgresql")
    from tests.bench.cases import filled_engine

    with filled_engine(kind, items) as engine, tempfile.TemporaryDirectory() as name:
        site = Site(engine, Path(name))
        prepare(site)
        parts = {
            "collect": _round(site, "collect", 1, PAPERS, 0),
            "classify": _round(site, "classify", 1, PAPERS, 0),
            "mail": _round(site, "mail", 1, 0, SUBSCRIBERS),
        }
        figures = {f"{name} alone, one worker, s": part.wall for name, part in parts.items()}
        figures |= {f"{name} alone, cores busy": part.cpu / part.wall for name, part in parts.items()}
        for workers in WORKERS:
            took = _round(site, "", workers, PAPERS // SHARE, SUBSCRIBERS // SHARE)
            what = f"{workers} workers, {PAPERS // SHARE:,} papers, {SUBSCRIBERS // SHARE:,} readers"
            figures |= {f"{what}, s": took.wall, f"{what}, cores busy": took.cpu / took.wall, f"{what}, others": took.others}
        figures |= _whole_day(site, parts)
        figures["letters twice"] = _twice(site.letters)
        return figures


def predicted(parts: dict[str, Took], workers: int, readers: float) -> float:
    """Seconds for the parts together, by so many workers, where readers keep so many cores busy."""
    way = max(parts["collect"].wall + parts["classify"].wall / workers, parts["mail"].wall / workers)
    cores = max(0.5, (os.cpu_count() or 1) - readers)
    return max(way, sum(part.cpu + part.others * part.wall for part in parts.values()) / cores)


def _whole_day(site: Site, parts: dict[str, Took]) -> dict[str, float]:
    workers = WORKERS[-1]
    watch = Watch()
    took = _round(site, "", workers, PAPERS, SUBSCRIBERS, watch)
    expected, name = predicted(parts, workers, watch.cores), f"the day, {workers} workers"
    idle, busy = (statistics.quantiles(taken, n=20)[18] for taken in (watch.idle, watch.busy))
    return {
        f"{name}, s": took.wall,
        f"{name}, predicted, s": expected,
        f"{name}, of predicted, %": 100 * took.wall / expected,
        f"{name}, cores busy": took.cpu / took.wall,
        f"{name}, cores that others had": took.others,
        "web idle, cores busy": watch.cores,
        "web idle, p95 ms": idle,
        "web meanwhile, p95 ms": busy,
        "web, times idle": busy / idle,
    }


@dataclass
class Watch:
    """Readers on a `web`: what each of their reruns took in milliseconds, before and meanwhile."""

    idle: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    cores: float = 0.0
    """Cores that were busy before: readers, `web`, its database, and whatever else runs here."""


def prepare(site: Site) -> None:
    """The library counts as classified; subscribers come by the fewest statements, the first ones as a person makes them."""
    migrate_all(site.engine)
    version = packaged.version()
    if site.run("SELECT count(*) FROM items WHERE model IS DISTINCT FROM :v", v=version):
        site.run("UPDATE items SET model = :v WHERE model IS DISTINCT FROM :v", v=version)
        with site.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE items"))
    site.run("DELETE FROM items WHERE uid ~ :collected", collected="^[0-9]{4}[.][0-9]{5}$")  # by an earlier measurement
    site.run(f"TRUNCATE {', '.join(_TABLES)} CASCADE")
    enrol(site.engine, QUERIES, queries=QUERIES)
    for table, columns in (("subscribers", _copied("address", "folded")), ("subscriptions", _copied("uid", "subscriber_id"))):
        _multiply(site, table, columns)
    with site.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def _copied(*changed: str) -> dict[str, str]:
    """What differs between a row and its copy number `n`; ids are counted on."""
    written = {
        "address": "'copy' || n || '.' || t.address",
        "folded": "'copy' || n || '.' || t.folded",
        "uid": "md5(t.uid || n)",
        "subscriber_id": f"t.subscriber_id + n * {QUERIES}",
    }
    return {name: written[name] for name in changed}


def _multiply(site: Site, table: str, changed: dict[str, str]) -> None:
    first = site.run(f"SELECT min(id) FROM {table}")
    names = f"SELECT string_agg(column_name, ',') FROM information_schema.columns WHERE table_name = '{table}'"
    columns = [n for n in str(site.run(names)).split(",") if n != "id"]
    values = [changed.get(n, f"t.{n}") for n in columns]
    copies = math.ceil(SUBSCRIBERS / QUERIES) - 1
    site.run(
        f"INSERT INTO {table} (id, {', '.join(columns)}) SELECT t.id + n * {QUERIES}, {', '.join(values)} "
        f"FROM {table} t, generate_series(1, {copies}) n WHERE t.id < {first} + {QUERIES}"
    )
    site.run(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")


def _round(site: Site, only: str, workers: int, papers: int, readers: int, watch: Watch | None = None) -> Took:
    """One day: from the start of the workers, who are warm by then, to the last item and the last letter."""
    if only != "classify":  # which has what was collected before
        site.today += timedelta(days=7)
    _due(site, readers)
    before = site.run("SELECT max(id) FROM items")
    lanes = f"--queues {only or 'collect,classify,mail'},upkeep"
    with ExitStack() as stack:
        here = stack.enter_context(_place(site, papers if only != "classify" else 0))
        port = stack.enter_context(browser_cases.web(_url(site), str(site.today))) if watch else 0
        if watch:
            began, machine = time.perf_counter(), _busy()
            _, watch.idle = asyncio.run(sockets.reruns(port, READERS, IDLE, thinking=THINKING))
            watch.cores = (_busy() - machine) / (time.perf_counter() - began)
        cpu = Cpu(site)
        started = time.perf_counter()
        behind = replace(here, inside=("nice", "-n", "10"))  # as the unit for systemd has it, so that readers come first
        processes = [behind.start(*f"worker {lanes}".split()) for _ in range(workers)]
        processes.append(here.start("scheduler"))
        done = partial(_is_done, site, only, before, 0 if only == "classify" else papers)
        if watch:
            watch.busy = asyncio.run(_until_done(port, done))
        elif not until(done, PATIENCE, 0.25):
            raise RuntimeError("\n".join(p.said()[-3000:] for p in here.started))
        took = cpu.took(time.perf_counter() - started, [p.popen.pid for p in processes])
        print(f"{only or 'all'}, {workers} workers, {papers} papers, {readers} readers: {took}", file=sys.stderr, flush=True)
        return took


async def _until_done(port: int, done: Any) -> list[float]:
    taken: list[float] = []
    ends = time.perf_counter() + PATIENCE
    while not done():
        if time.perf_counter() > ends:
            raise RuntimeError("the day does not end")
        taken += (await sockets.reruns(port, READERS, 5, thinking=THINKING))[1]
    return taken


def _due(site: Site, readers: int) -> None:
    moment = datetime.combine(site.today - timedelta(days=1), clock(9))
    site.run("UPDATE subscriptions SET next_due_at = '2030-01-01'")
    first = "(SELECT min(id) FROM subscriptions)"
    due = "UPDATE subscriptions SET next_due_at = CAST(:at AS timestamp) AT TIME ZONE 'UTC'"
    site.run(f"{due} WHERE id < {first} + :n", at=moment, n=readers)
    site.run("TRUNCATE procrastinate_jobs CASCADE")
    site.run("UPDATE sources SET next_check_at = NULL")


def _is_done(site: Site, only: str, before: int, papers: int) -> bool:
    waiting = site.run("SELECT count(*) FROM deliveries WHERE state IN ('waiting', 'claimed')")
    due = site.run("SELECT count(*) FROM subscriptions WHERE next_due_at < '2029-01-01' AND next_due_at < :d", d=site.today)
    if only in ("", "mail") and (waiting or due):
        return False
    if only in ("", "collect") and site.run("SELECT count(*) FROM items WHERE id > :b", b=before) < papers:
        return False
    return only not in ("", "classify") or not site.run("SELECT count(*) FROM items WHERE model IS NULL")


class Cpu:
    """Seconds of a processor since it was made, of the database's processes and of those that are named (proc(5))."""

    def __init__(self, site: Site) -> None:
        backend = int(site.run("SELECT pg_backend_pid()"))
        self._postmaster = int(_stat(backend)[1])
        self._began, self._machine = self._database(), _busy()

    def took(self, wall: float, pids: Sequence[int]) -> Took:
        cpu = self._database() - self._began + sum(_seconds(pid) for pid in pids)
        return Took(wall, cpu, max(0.0, _busy() - self._machine - cpu) / wall)

    def _database(self) -> float:
        running = subprocess.run(["pgrep", "-P", str(self._postmaster)], capture_output=True, text=True, check=False)
        return sum(_seconds(int(pid)) for pid in [self._postmaster, *running.stdout.split()])


def _busy() -> float:
    """Busy seconds of all cores since the start of the machine."""
    user, nice, system, _idle, _wait, irq, soft = (
        int(n) for n in Path("/proc/stat").read_text("ascii").split("\n", 1)[0].split()[1:8]
    )
    return (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """Fields from the third on, which is the state."""
    return Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()


def _seconds(pid: int) -> float:
    """Of a process and of its children that have ended."""
    try:
        return sum(int(n) for n in _stat(pid)[11:15]) / os.sysconf("SC_CLK_TCK")
    except OSError:
        return 0.0


@contextmanager
def _place(site: Site, papers: int) -> Iterator[Installation]:
    """Sources, a mail server, and the settings of processes."""
    pages = max(1, math.ceil(papers / PAGE))
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.sink", str(port), str(site.letters)]
    sink = subprocess.Popen(command, cwd=Path(__file__).parents[2])
    try:
        with (
            answering(
                site.today,
                first=(site.today - _FIRST).days // 7 * NUMBERS,
                pages=pages,
                a_page=max(1, papers // pages),
                taking=0,
            ) as sources,
            installation(_url(site), site.folder, Lab(sources.address), today=str(site.today)) as here,
        ):
            own = settings_of(sources, f"smtp://127.0.0.1:{port}?tls=none", 0.0)
            rest = {
                "WORKER_BEAT": "10",
                "SCHEDULE_EVERY": "5",
                "MAIL_RATE": "0",
                "RETENTION_COUNTS": "0",
                "RETENTION_RUNS": "0",
            }
            here.environment = {**here.environment, **own, **{f"STAYCURRENT_{n}": v for n, v in rest.items()}}
            yield here
    finally:
        sink.kill()
        sink.wait()


def _url(site: Site) -> str:
    return str(site.engine.url.render_as_string(hide_password=False))


def _twice(letters: Path) -> float:
    """Letters beyond one for each reader and round cannot be told from the addresses alone, so the last round counts."""
    lines = letters.read_text("utf-8").split()[-SUBSCRIBERS:] if letters.exists() else []
    return float(len(lines) - len(set(lines)))

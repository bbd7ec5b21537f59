"""The stand-in of every source as a process, and the product's command as a person types it."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from collector import run
from collector.fetch import TIMEOUTS, HttpFetcher, Timeouts, user_agent
from collector.politeness import ArxivGate
from collector.sources import build_sources, describe
from collector.sources.base import Source
from collector.sources.lab_feeds import Feed
from staycurrent import __version__
from staycurrent.store import engine as database
from staycurrent.store import sources as source_store
from staycurrent.store.engine import Engine
from staycurrent.store.turns import Turns
from staycurrent.types import RunReport

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("UPSTREAM_DIR", ROOT.parent / "shared" / "upstream"))
CATEGORIES = frozenset({"cs.LG", "cs.CL", "cs.CV", "cs.AI", "stat.ML"})

needs_upstream = [
    pytest.mark.upstream,
    pytest.mark.skipif(not (FOLDER / "serve.py").exists(), reason="the stand-in of the sources is not here (UPSTREAM_DIR)"),
]


@dataclass(frozen=True)
class Upstream:
    """A running stand-in."""

    address: str

    def control(self, path: str, body: Any = None, method: str | None = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.address}/_control/{path}", data=data, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def move_to(self, day: str) -> None:
        self.control("clock", {"today": day}, "POST")

    def break_down(self, *faults: dict[str, Any]) -> None:
        self.control("faults", list(faults), "POST")

    def log(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("log")
        return found

    def forget_log(self) -> None:
        self.control("log", method="DELETE")

    @contextmanager
    def broken(self, path: str, fault: str, times: int = -1) -> Iterator[None]:
        """A fault that is gone after the block."""
        self.break_down({"path": path, "fault": fault, "times": times})
        try:
            yield
        finally:
            self.break_down()

    def environment(self, folder: Path, today: str) -> dict[str, str]:
        """Settings that point every source here."""
        feeds = folder / "feeds.toml"
        feeds.write_text(_feeds(self.address), "utf-8")
        ours = {
            "DATA_DIR": str(folder / "data"),
            "TODAY": today,
            "CONTACT": "tests@example.org",
            "ARXIV_OAI_URL": f"{self.address}/arxiv/oai",
            "ARXIV_API_URL": f"{self.address}/arxiv/api/query",
            "ARXIV_RSS_URL": f"{self.address}/arxiv/rss",
            "ARXIV_DELAY": "0.2",
            "HUGGINGFACE_URL": f"{self.address}/hf",
            "PAPERSWITHCODE_URL": f"{self.address}/pwc",
            "LAB_FEEDS": str(feeds),
        }
        return {f"STAYCURRENT_{k}": v for k, v in ours.items()}


FEEDS = {
    "openai": ("OpenAI", "openai.xml", "official"),
    "google-deepmind": ("Google DeepMind", "deepmind.xml", "official"),
    "qwen": ("Qwen", "qwen.xml", "official"),
    "anthropic": ("Anthropic", "community_anthropic_research.xml", "community"),
    "deepseek": ("DeepSeek", "community_deepseek_news.xml", "community"),
    "meta-fair": ("Meta FAIR", "community_meta_ai.xml", "community"),
}


def _feeds(address: str) -> str:
    tables = [
        f'[[feed]]\nlab = "{lab}"\nname = "{name}"\nurl = "{address}/feeds/{file}"\nkind = "{kind}"\nalarm_days = 30\n'
        for lab, (name, file, kind) in FEEDS.items()
    ]
    return "\n".join(tables)


class Naps(list[float]):
    """A sleep that only remembers; the seconds of all sources together."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@dataclass(frozen=True)
class Collector:
    """The collectors of an installation inside this process, composed as the command composes them.

    Clock and sleep are the test's: it is always half past six in the morning, and nothing waits unless it is told to.
    """

    engine: Engine
    upstream: Upstream
    categories: tuple[str, ...] = tuple(sorted(CATEGORIES))
    feeds: tuple[str, ...] = tuple(FEEDS)
    timeouts: Timeouts = TIMEOUTS
    attempts: int = 4
    delay: float = 0.0

    def sources(self) -> dict[str, Source]:
        address = self.upstream.address
        return build_sources(
            oai_url=f"{address}/arxiv/oai",
            rss_url=f"{address}/arxiv/rss",
            api_url=f"{address}/arxiv/api/query",
            categories=self.categories,
            huggingface_url=f"{address}/hf",
            huggingface_token="",
            paperswithcode_url=f"{address}/pwc",
            feeds=[feed for feed in self._feeds() if feed.lab in self.feeds],
        )

    def _feeds(self) -> list[Feed]:
        return [Feed(lab, name, f"{self.upstream.address}/feeds/{file}", kind) for lab, (name, file, kind) in FEEDS.items()]

    @contextmanager
    def fetching(self, sleep: Callable[[float], None]) -> Iterator[HttpFetcher]:
        gate = ArxivGate(Turns(self.engine, "arxiv", self.delay), (f"{self.upstream.address}/arxiv/",))
        agent = user_agent(__version__, "tests@example.org")
        with HttpFetcher(
            user_agent=agent, gate=gate, sleep=sleep, random=lambda: 0.0, timeouts=self.timeouts, attempts=self.attempts
        ) as fetcher:
            yield fetcher

    def collect(
        self,
        day: str,
        *names: str,
        since: str | None = None,
        sleep: Callable[[float], None] | None = None,
        progress: run.Progress = lambda _source, _fetched: None,
    ) -> dict[str, RunReport]:
        """One `collect` on that day, of the named sources or of all."""
        known = self.sources()
        with database.writing(self.engine) as session:
            source_store.register(session, describe(known))
        wanted = {name: source for name, source in known.items() if name in names or not names}
        order = run.Order(date.fromisoformat(since) if since else None)
        now = datetime.combine(date.fromisoformat(day), time(6, 30), UTC)
        with self.fetching(Naps() if sleep is None else sleep) as fetcher:
            reports = run.collect(self.engine, wanted, fetcher, lambda: now, order=order, progress=progress)
        return {report.source: report for report in reports}

    def state(self, name: str) -> dict[str, Any]:
        """The row of a source, with the note of its last run."""
        row = text("SELECT * FROM sources WHERE name = :name")
        note = text("SELECT note FROM runs WHERE source = :name ORDER BY id DESC LIMIT 1")
        with self.engine.connect() as connection:
            found = connection.execute(row, {"name": name}).mappings().one()
            return {**found, "note": connection.scalar(note, {"name": name})}


_ITEM = "(SELECT uid FROM items WHERE items.id = t.item_id)"
_CONTENT = {
    "items": (
        "SELECT uid, kind, arxiv_id, doi, url, content_source, content_hash, published, updated, listed_on, version,"
        " withdrawn, level, confidence, unsure, model, votes, stars, source_count, has_code FROM items"
    ),
    "texts": f"SELECT {_ITEM}, title, authors, abstract, categories, comment, journal_ref, license FROM item_texts t",
    "keys": f"SELECT {_ITEM}, key FROM item_keys t",
    "versions": f"SELECT {_ITEM}, number, submitted, withdrawn FROM item_versions t",
    "sightings": (
        f"SELECT {_ITEM}, source, key, hash, listed_on, url, announce_type, organization, lab, official, votes, stars,"
        " comments, extra FROM sightings t"
    ),
    "metrics": f"SELECT {_ITEM}, source, name, day, value FROM metrics t",
    "repositories": "SELECT url, stars FROM repositories",
    "code": (
        f"SELECT {_ITEM}, (SELECT url FROM repositories r WHERE r.id = t.repository_id), source, official"
        " FROM item_repositories t"
    ),
    "labs": f"SELECT {_ITEM}, lab, method, evidence, confidence FROM item_labs t",
    "topics": f"SELECT {_ITEM}, topic, rank, score FROM item_topics t",
    "classifications": (f"SELECT {_ITEM}, model, level, confidence, unsure, probabilities, explanation FROM classifications t"),
    "readings": "SELECT period, query FROM readings",
}


def content(engine: Engine) -> dict[str, list[str]]:
    """What a database holds, without row numbers and without the moments at which it was written."""
    with engine.connect() as connection:
        return {
            table: sorted(repr(tuple(row)) for row in connection.execute(text(statement)))
            for table, statement in _CONTENT.items()
        }


def differences(one: dict[str, list[str]], other: dict[str, list[str]], limit: int = 3) -> dict[str, Sequence[Any]]:
    """What stands in one content only, table by table; short enough for a failed test to show."""
    found: dict[str, Sequence[Any]] = {}
    for table, rows in one.items():
        mine, theirs = set(rows), set(other[table])
        if rows != other[table]:
            found[table] = sorted(mine - theirs)[:limit], sorted(theirs - mine)[:limit], len(mine ^ theirs)
    return found


@contextmanager
def serving(today: str) -> Iterator[Upstream]:
    """A stand-in on a free port, gone after the block."""
    command = [sys.executable, str(FOLDER / "serve.py"), "--port", "0", "--today", today]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        yield Upstream(first.split()[2])
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def staycurrent(*arguments: str, env: dict[str, str], cwd: Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, without this machine's settings."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("STAYCURRENT_")}
    return subprocess.run(
        [sys.executable, "-m", "staycurrent", *arguments],
        env=clean | env,
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@cache
def papers() -> dict[str, dict[str, Any]]:
    """The pack's arXiv records by id, without their texts."""
    found = {}
    with gzip.open(FOLDER / "pack" / "arxiv.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            record.pop("abstract")
            found[record["id"]] = record
    return found


def announced(since: str, today: str, categories: Iterable[str] = CATEGORIES) -> set[str]:
    """Ids in the categories that were announced or revised from `since` to `today`."""
    found = set()
    for paper_id, record in papers().items():
        seen = [v[3] for v in record["versions"] if v[3] <= today]
        if seen and seen[-1] >= since and not set(categories).isdisjoint(record["categories"]):
            found.add(paper_id)
    return found


def listed_on_huggingface(since: str, today: str) -> set[str]:
    """Ids on Hugging Face's daily lists from `since` to `today`."""
    found = set()
    for path in (FOLDER / "pack" / "hf").glob("*.json.gz"):
        if since <= path.name[:10] <= today:
            with gzip.open(path, "rt", encoding="utf-8") as text:
                found |= {entry["paper"]["id"] for entry in json.load(text)}
    return found

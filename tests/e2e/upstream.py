"""The stand-in of every source as a process, and the product's command as a person types it."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

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


def announced(since: str, today: str) -> set[str]:
    """Ids in the default categories that were announced or revised from `since` to `today`."""
    found = set()
    for paper_id, record in papers().items():
        seen = [v[3] for v in record["versions"] if v[3] <= today]
        if seen and seen[-1] >= since and CATEGORIES & set(record["categories"]):
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

"""The archive of Papers with Code: links to rows, with a file as large as the real one."""

from __future__ import annotations

import json
import resource
import tempfile
import time
from pathlib import Path

from collector.archive import records
from collector.archive_import import Tally, import_links
from staycurrent.store.engine import Engine
from tests import build
from tests.conftest import NOW

STORED = 10_000
MOST_MEMORY = 150
"""MB over idle."""


def measure(engine: Engine, links: int) -> dict[str, float]:
    """Import into a database that knows some of the papers, twice. Raises where memory grows with the file."""
    build.store(engine, [build.arxiv(f"2605.{n:05}", f"Paper {n}") for n in range(min(STORED, links))], NOW)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "links.json"
        _write(path, links)
        idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        seconds = [_import(engine, path, links) for _ in range(2)]
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - idle) / 1024
    if grown > MOST_MEMORY:
        raise RuntimeError(f"{grown:.0f} MB over idle")
    return {"links/s": links / seconds[0], "second time, links/s": links / seconds[1], "MB over idle": grown}


def _write(path: Path, links: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        for n in range(links):
            row = {"paper_arxiv_id": f"26{n % 12 + 1:02}.{n % 99_999:05}", "paper_title": f"Paper {n} " + "of loops " * 6}
            repository = {"repo_url": f"https://github.com/ada/loops{n}", "is_official": n % 3 == 0, "framework": "pytorch"}
            file.write(("," if n else "[") + json.dumps(row | repository))
        file.write("]")


def _import(engine: Engine, path: Path, links: int) -> float:
    tally, started = Tally(), time.perf_counter()
    import_links(engine, records(path), lambda: NOW, tally)
    if tally.read != links or not tally.linked:
        raise RuntimeError(f"not all links were read: {tally.read:,}")
    return time.perf_counter() - started

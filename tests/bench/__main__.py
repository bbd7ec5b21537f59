"""`./run bench [--items N] [--repeat N] [--database sqlite|postgresql] [CASE…]`: a table with medians and peak memory."""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
from collections import defaultdict

from rich.console import Console
from rich.table import Table

from tests.bench.cases import CASES
from tests.databases import kinds

DEFAULT_ITEMS = {
    "intake": 20_000,
    "predict": 5_000,
    "queries": 100_000,
    "feeds": 20_000,
    "archive": 300_000,
    "personal": 100_000,
    "mail": 3_000,
    "mail-memory": 100_000,
    "mail-kill": 10_000,
    "trends": 100_000,
    "pages": 100_000,
    "sessions": 100_000,
    "scale": 1_000_000,
}

ONLY_BY_NAME = "scale"
"""It takes a quarter of an hour, and PostgreSQL."""


def main() -> None:
    options = _options()
    if options.child:
        _child(options.child, options.database[0], options.items)
        return
    table = Table("case", "database", "items", "figure", "median", "runs", "peak MB", box=None)
    for name in options.cases or [name for name in CASES if name != ONLY_BY_NAME]:
        for database in options.database:
            if name == "predict" and database != options.database[0]:
                continue
            _measure(table, name, database, options.items or DEFAULT_ITEMS[name], options.repeat)
    console = Console(width=140)
    console.print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    console.print(table)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run bench", description="Measure speed and memory.")
    parser.add_argument("cases", nargs="*", choices=[[], *CASES], help="cases; all by default")
    parser.add_argument("--items", type=int, default=0, help="papers to generate; each case has its default")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each case")
    parser.add_argument("--database", action="append", choices=kinds(), help="sqlite by default; may be given twice")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.database = options.database or ["sqlite"]
    return options


def _measure(table: Table, name: str, database: str, items: int, repeat: int) -> None:
    figures: defaultdict[str, list[float]] = defaultdict(list)
    for _ in range(repeat):
        command = [sys.executable, "-m", "tests.bench", "--child", name, "--database", database, "--items", str(items)]
        # One core for the arithmetic too, so that the figures compare between machines.
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | threads)
        if done.returncode:
            sys.exit(f"{name} on {database} failed:\n{done.stderr}")
        for figure, value in json.loads(done.stdout.splitlines()[-1]).items():
            figures[figure].append(value)
    peak = statistics.median(figures.pop("peak"))
    for figure, values in figures.items():
        middle = statistics.median(values)
        shown = f"{middle:,.0f}" if middle >= 100 else f"{middle:.1f}"
        table.add_row(name, database, f"{items:,}", figure, shown, str(len(values)), f"{peak:,.0f}")


def _child(name: str, database: str, items: int) -> None:
    figures = CASES[name](database, items)
    figures["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(figures))


if __name__ == "__main__":
    main()

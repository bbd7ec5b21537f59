"""Machines whose clock jumps while they work, days ahead and days back."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.drills.conftest import LONG, MakePlace
from tests.waiting import until

COMPILER = shutil.which("cc")
DAY = 86_400


@pytest.mark.skipif(COMPILER is None, reason="there is no C compiler to make a clock that can be turned")
@pytest.mark.parametrize("jump", [3 * DAY, -3 * DAY] if LONG else [3 * DAY])
def test_a_scheduler_and_a_worker_whose_clocks_jump(make_place: MakePlace, tmp_path: Path, jump: int) -> None:
    place = make_place(today=None)
    with place.engine.begin() as connection:  # without replay the digests of the library were due long ago
        due = "weekday = extract(isodow FROM now()), minute = 0, timezone = 'UTC', next_due_at = date_trunc('day', now())"
        connection.execute(text(f"UPDATE subscriptions SET {due}"))
    turned = tmp_path / "clock"
    turned.write_bytes(struct.pack("l", 0))
    preload = {"LD_PRELOAD": str(_library(tmp_path)), "CLOCK_FILE": str(turned)}
    scheduler, worker = place.start("scheduler", "worker", extra=preload)
    assert until(lambda: place.sources.harvested() >= 1, 40), place.told()
    with turned.open("r+b") as file:
        file.write(struct.pack("l", jump))
    place.start("worker")
    assert until(lambda: "the clock jumped by" in scheduler.said(), 30), scheduler.said()
    assert place.recovered() < 60
    place.assert_all_once()
    assert place.number("runs WHERE source = 'arxiv'") == 1
    beyond = "now() - interval '1 hour' AND now() + interval '1 hour'"
    assert place.number(f"runs WHERE started_at NOT BETWEEN {beyond}") == 0, "moments are the database's"
    assert place.number(f"deliveries WHERE closed_at NOT BETWEEN {beyond}") == 0
    assert worker.popen.poll() is None


def _library(folder: Path) -> Path:
    assert COMPILER
    made = folder / "clock.so"
    source = Path(__file__).with_name("clock.c")
    subprocess.run([COMPILER, "-shared", "-fPIC", "-O2", "-o", str(made), str(source), "-ldl"], check=True)
    return made

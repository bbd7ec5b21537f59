"""PostgreSQL that stops in the middle of everything and comes back: all processes live on and finish."""

from __future__ import annotations

import time
import urllib.request
from urllib.error import HTTPError

import pytest

from tests.drills.conftest import LONG, MakePlace
from tests.drills.servers import Server
from tests.drills.test_killed import _port, in_the_middle
from tests.waiting import until

AWAY = 30.0 if LONG else 5.0


@pytest.mark.parametrize("how", ["fast", "immediate"] if LONG else ["immediate"])
def test_the_database_stops_and_comes_back(make_place: MakePlace, server: Server, how: str) -> None:
    place = make_place()
    web, *_ = place.start("web --port 0", "scheduler", "worker", "worker")
    port = _port(web)
    assert until(lambda: in_the_middle(place), 40), web.said()
    stopped = time.monotonic()
    server.stop(how=how)
    try:
        assert _status(port, "/healthz") == 200
        assert _status(port, "/readyz") == 503
        time.sleep(max(0.0, AWAY - (time.monotonic() - stopped)))
    finally:
        server.start()
    place.kills += 2  # each worker's letter on the way
    assert until(lambda: _status(port, "/readyz") == 200, 10)
    assert place.recovered() < 60
    place.assert_all_once()
    assert all(process.popen.poll() is None for process in place.processes), "nobody ended"
    assert all("database:" in process.said() for process in place.processes[1:]), "each said what was wrong"


def _status(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=15) as answer:
            return int(answer.status)
    except HTTPError as error:
        error.close()
        return error.code

"""kill -9 of every kind of process, in the middle of its work: what it did is not done twice, what it had is done by others."""

from __future__ import annotations

import json
import re
import urllib.request

from tests.drills.conftest import MakePlace
from tests.drills.place import READERS, Place
from tests.queue.processes import Process
from tests.waiting import until


def in_the_middle(place: Place) -> bool:
    """arXiv is asked for its second page, and letters go out."""
    return place.sources.harvested() >= 2 and 0 < place.letters() < READERS


def test_a_worker_that_is_killed_in_the_middle_of_everything(make_place: MakePlace) -> None:
    place = make_place()
    (first, *_) = place.start("worker", "scheduler")
    assert until(lambda: in_the_middle(place), 40), first.said()
    first.kill()
    place.kills += 1
    second, _third = place.start("worker", "worker")
    assert place.recovered() < 60
    place.assert_all_once()
    assert place.ask("SELECT count(*) > 0 FROM queue_failures WHERE error LIKE 'its worker died%'") == [(True,)]
    assert "of workers that died are given to others" in "".join(p.said() for p in place.processes), second.said()


def test_two_schedulers_of_which_one_is_killed(make_place: MakePlace) -> None:
    place = make_place()
    first, _second, *_workers = place.start("scheduler", "scheduler", "worker", "worker")
    assert until(lambda: place.sources.harvested() >= 1, 40), first.said()
    first.kill()
    assert place.recovered() < 60
    place.assert_all_once()
    assert place.number("runs WHERE source = 'arxiv'") == 1, "two schedulers put in no job twice"
    assert place.letters() == READERS


def test_a_web_process_that_is_killed_and_started_anew(make_place: MakePlace) -> None:
    place = make_place()
    (first,) = place.start("web --port 0")
    port = _port(first)
    assert _ready(port)["status"] == "ok"
    first.kill()
    (second,) = place.start(f"web --port {port}")
    assert until(lambda: "staycurrent is at" in second.said(), 30), second.said()
    assert _ready(port)["status"] == "ok"
    assert f"http://127.0.0.1:{port}" in second.said(), "at the same port, where its readers find it"
    assert second.end() == 0


def _port(web: Process) -> int:
    assert until(lambda: "staycurrent is at" in web.said(), 30), web.said()
    found = re.search(r"http://127\.0\.0\.1:(\d+)", web.said())
    assert found
    return int(found[1])


def _ready(port: int) -> dict[str, object]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
        found: dict[str, object] = json.load(answer)
        return found

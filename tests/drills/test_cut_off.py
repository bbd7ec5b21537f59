"""A worker on another machine whose network goes: others do its jobs, and what it says late does no harm."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from tests.drills import network
from tests.drills.conftest import LONG, MakePlace
from tests.drills.network import Machine
from tests.drills.place import READERS
from tests.drills.servers import Server
from tests.waiting import until

AWAY = 60.0 if LONG else 10.0
QUICKLY = "?options=" + "%20".join(
    f"-c%20{name}%3D{value}"
    for name, value in {
        "tcp_keepalives_idle": 1, "tcp_keepalives_interval": 1, "tcp_keepalives_count": 3, "tcp_user_timeout": 4000,
    }.items()
)  # fmt: skip
"""The server gives up who is silent after four seconds, where the product's own setting is half a minute."""


BESIDE_OTHERS = "a browser of another test would see the network change; alone: ./run test tests/drills/test_cut_off.py"


@pytest.fixture
def elsewhere(server: Server) -> Iterator[Machine]:
    if "PYTEST_XDIST_WORKER" in os.environ:
        pytest.skip(BESIDE_OTHERS)
    if not network.allowed():
        pytest.skip(network.REASON)
    with network.machine() as machine:
        server.listen(machine.here)
        yield machine


def test_a_worker_that_is_cut_off_and_comes_back(make_place: MakePlace, elsewhere: Machine) -> None:
    place = make_place(host=elsewhere.here, options="" if LONG else QUICKLY)
    place.sources.taking = 1.0
    (lost,) = place.elsewhere(elsewhere.inside, "worker --queues collect,classify,upkeep")
    place.start("scheduler", "worker --queues mail")
    assert until(lambda: place.sources.harvested() >= 2, 25), place.told()
    elsewhere.cut()
    place.sources.forget_open()
    cut, asked = time.monotonic(), place.sources.harvested()
    place.start("worker --queues collect,classify,upkeep")
    try:
        assert until(lambda: place.sources.harvested() > asked, 45), "another worker asks arXiv again"
        time.sleep(max(0.0, AWAY - (time.monotonic() - cut)))
    finally:
        elsewhere.mend()
    assert place.recovered() < 60
    time.sleep(0.5)  # for what the lost one may still want to say
    place.assert_all_once()
    assert lost.popen.poll() is None, "the worker that was cut off goes on"
    assert lost.end() == 0


def test_a_sender_that_is_cut_off_and_comes_back(make_place: MakePlace, elsewhere: Machine) -> None:
    """From the database and from the mail server at once, in the middle of a letter as likely as not."""
    place = make_place(host=elsewhere.here, options="" if LONG else QUICKLY)
    (lost,) = place.elsewhere(elsewhere.inside, "worker --queues mail")
    place.start("scheduler", "worker --queues collect,classify,upkeep")
    assert until(lambda: place.letters() >= READERS // 10, 25), place.told()
    elsewhere.cut()
    cut = time.monotonic()
    place.kills += 1
    assert place.letters() < READERS, "it was cut off in the middle"
    place.start("worker --queues mail")
    try:
        time.sleep(max(0.0, AWAY - (time.monotonic() - cut)))
    finally:
        elsewhere.mend()
    assert place.recovered() < 60
    time.sleep(0.5)  # for what the lost one may still want to say
    place.assert_all_once()
    assert lost.popen.poll() is None, "the sender that was cut off goes on"
    assert lost.end() == 0

"""A sender that is killed at random moments: everybody gets one message, and a crash repeats one at most, under its id."""

from __future__ import annotations

from pathlib import Path

import pytest

from staycurrent.store import deliveries
from staycurrent.store import engine as database
from staycurrent.store.engine import Engine
from tests.bench import mail_cases
from tests.bench.filling import fill
from tests.digest.mailserver import serving

KILLS = 5
pytestmark = pytest.mark.xdist_group("mail-kill")


def test_a_killed_sender_loses_nobody_and_repeats_one_message_a_crash(engine: Engine, tmp_path: Path) -> None:
    fill(engine, 1500)
    mail_cases.enrol(engine, 400, queries=20)
    with serving(tmp_path) as server:
        told = mail_cases.kill_often(engine, server, tmp_path, items=400, kills=KILLS)
        second = mail_cases.second_week(engine, server)
    assert told["kills"] == KILLS
    assert told["gone"] == 40
    assert (told["lost"], told["with two ids"], told["sent to who had gone"]) == (0, 0, 0)
    assert told["repeated under the same id"] <= KILLS
    assert second["messages of the second week"] == 360
    assert second["its items"] > 0
    assert second["of them repeated"] == 0
    with database.reading(engine) as session:
        assert deliveries.open_ones(session, mail_cases.NOW)[1] == 0

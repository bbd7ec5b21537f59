"""Retention: what may go goes in small steps, what counts stays, and doing it twice is doing it once."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select

from staycurrent.store import heartbeats, retention
from staycurrent.store.engine import Engine, reading, writing
from staycurrent.store.models import Classification, Item, Metric, Run, Sighting
from staycurrent.store.process_models import Heartbeat
from staycurrent.store.retention import Policy, prune
from tests import build
from tests.conftest import NOW

DAY = timedelta(days=1)
ALL = Policy(runs=100, counts=100, answers=100)


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """One paper with the votes of ten months, the answers of three models, and a run a day of two sources."""
    build.store(engine, [build.arxiv("2605.00001")], NOW)
    with writing(engine) as session:
        item = session.scalars(select(Item.id)).one()
        runs = [
            run(source, NOW - n * DAY)
            for n in reversed(range(300))
            for source in ("arxiv", "lab:qwen")
            if source == "arxiv" or n > 150
        ]
        session.execute(insert(Run), runs)
        session.execute(insert(Metric), [votes(item, NOW.date() - n * DAY) for n in range(300)])
        for n, model in enumerate(("old", "newest", "present")):
            session.execute(insert(Classification), [classified(item, model, NOW - (200 - n) * DAY)])
        session.get_one(Item, item).model = "present"
    return engine


def run(source: str, at: datetime) -> dict[str, object]:
    return {"source": source, "started_at": at, "finished_at": at, "outcome": "ok", "since": at.date(), "until": at.date()}


def votes(item: int, day: date) -> dict[str, object]:
    return {"item_id": item, "source": "huggingface", "name": "votes", "day": day, "value": 1}


def classified(item: int, model: str, at: datetime) -> dict[str, object]:
    answer = {"level": 5, "confidence": 0.5, "unsure": False, "probabilities": [], "explanation": []}
    return {"item_id": item, "model": model, "classified_at": at} | answer


def count(engine: Engine, table: type) -> int:
    with reading(engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_old_runs_go_and_each_sources_newest_stays(filled: Engine) -> None:
    assert prune(filled, ALL, NOW)["runs"] == 199 + 148
    with reading(filled) as session:
        kept = session.execute(
            select(Run.source, func.count(), func.min(Run.started_at)).group_by(Run.source).order_by(Run.source)
        )
        assert [(s, n) for s, n, _ in kept] == [("arxiv", 101), ("lab:qwen", 1)]


def test_of_old_votes_the_first_stays_and_the_young_ones_all(filled: Engine) -> None:
    assert prune(filled, ALL, NOW)["counts"] == 198
    with reading(filled) as session:
        days = sorted(session.scalars(select(Metric.day)))
    assert days[:2] == [NOW.date() - 299 * DAY, NOW.date() - 100 * DAY]
    assert len(days) == 102


def test_old_answers_go_but_the_present_and_the_newest(filled: Engine) -> None:
    with writing(filled) as session:
        session.scalars(select(Item)).one().model = "newest"
    assert prune(filled, ALL, NOW)["answers"] == 1
    with reading(filled) as session:
        assert set(session.scalars(select(Classification.model))) == {"newest", "present"}


def test_processes_that_are_long_gone_are_forgotten(filled: Engine) -> None:
    heartbeats.beat(filled, heartbeats.SCHEDULER, "1")
    with writing(filled) as session:
        long_ago = datetime.now(NOW.tzinfo) - 8 * DAY
        session.add(Heartbeat(name="old:1:worker", role="worker", version="1", started_at=long_ago, at=long_ago))
    assert prune(filled, ALL, NOW)["heartbeats"] == 1
    assert count(filled, Heartbeat) == 1


def test_zero_keeps_everything(filled: Engine) -> None:
    before = {table: count(filled, table) for table in (Run, Metric, Classification)}
    assert set(prune(filled, Policy(0, 0, 0), NOW).values()) == {0}
    assert {table: count(filled, table) for table in before} == before


def test_a_second_time_finds_nothing_and_evidence_is_never_touched(filled: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    sightings, items = count(filled, Sighting), count(filled, Item)
    monkeypatch.setattr(retention, "BATCH", 7)
    assert prune(filled, ALL, NOW)["runs"] == 347
    assert set(prune(filled, ALL, NOW).values()) == {0}
    assert (count(filled, Sighting), count(filled, Item)) == (sightings, items)

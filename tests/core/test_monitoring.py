"""Dashboard and alert rules name what `/metrics` shows, and nothing else."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.middleware import Middleware

from dashboard.metrics import Metrics
from dashboard.observing import Observed, Templates
from staycurrent.store import engine as database
from staycurrent.store import figures, heartbeats
from staycurrent.store import sources as source_store
from staycurrent.store.engine import writing
from staycurrent.types import Outcome, RunReport
from tests import build, databases
from tests.conftest import NOW

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # starlette's test client warns of the httpx that is installed
    from starlette.testclient import TestClient

FOLDER = Path(__file__).parents[2] / "docs" / "monitoring"
OF_PROMETHEUS = {"up"}
NAME = re.compile(r"\b(?:staycurrent|process|python)_\w+|\bup\b")
WORDS = re.compile(r'"[^"]*"')


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, set[str]]]:
    """Every sample that an installation with something of everything shows, with the names of its labels."""
    with databases.fresh_url("sqlite", tmp_path_factory.mktemp("monitored")) as url:
        engine = database.open_engine(url)
        build.store(engine, [build.arxiv("2605.00001")], NOW)
        with writing(engine) as session:
            number = source_store.start_run(session, "arxiv", NOW.date(), NOW.date(), NOW - timedelta(hours=1))
            source_store.finish_run(session, number, RunReport("arxiv", Outcome.OK), NOW)
            session.execute(text("CREATE TABLE procrastinate_jobs (queue_name text, status text)"))
            session.execute(text("INSERT INTO procrastinate_jobs VALUES ('mail', 'todo')"))
        heartbeats.beat(engine, heartbeats.SCHEDULER, "1")
        engine.dispose()
        metrics = Metrics(url, clock=lambda: NOW)
        middleware = [Middleware(Observed, templates=Templates(metrics.routes()), requests=metrics.requests)]
        client = TestClient(
            Starlette(routes=metrics.routes(), middleware=middleware), base_url="http://127.0.0.1", client=("127.0.0.1", 1)
        )
        client.get("/metrics")
        found: dict[str, set[str]] = {}
        for family in text_string_to_metric_families(client.get("/metrics").text):
            found.setdefault(family.name, set())
            for sample in family.samples:
                found.setdefault(sample.name, set()).update(sample.labels)
        metrics.close()
        yield found | {"staycurrent_mails": {"state"}}  # no mail waits here; its label is the figures'


def rules() -> list[dict[str, Any]]:
    document = yaml.safe_load((FOLDER / "alerts.yml").read_text("utf-8"))
    return [rule for group in document["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    document = json.loads((FOLDER / "grafana.json").read_text("utf-8"))
    return [panel for panel in document["panels"] if panel["type"] != "row"]


def expressions() -> list[str]:
    return [r["expr"] for r in rules()] + [t["expr"] for p in panels() for t in p["targets"]]


def test_every_metric_that_is_asked_for_is_shown(shown: dict[str, set[str]]) -> None:
    asked = {name for e in expressions() for name in NAME.findall(WORDS.sub('""', e))}
    assert asked - OF_PROMETHEUS <= set(shown)
    assert len(asked) > 15


def test_every_label_that_is_asked_for_is_there(shown: dict[str, set[str]]) -> None:
    for expression in expressions():
        for name, inside in re.findall(r"(staycurrent_\w+)\{([^}]*)\}", expression):
            assert set(re.findall(r"(\w+)\s*[=!]~?\s*\"", inside)) <= shown[name], expression


def test_every_state_that_is_asked_for_is_one() -> None:
    for expression in expressions():
        for state in re.findall(r"staycurrent_mails\{state=\"(\w+)\"\}", expression):
            assert state in figures.OPEN_MAILS
        for state in re.findall(r"staycurrent_queue_jobs\{state=\"(\w+)\"\}", expression):
            assert state in figures.OPEN_JOBS


def test_every_expression_is_balanced() -> None:
    for expression in expressions():
        bare = WORDS.sub("", expression)
        for left, right in ("()", "[]", "{}"):
            assert bare.count(left) == bare.count(right), expression


def test_every_alert_says_how_bad_it_is_and_what_to_do() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))
    for rule in rules():
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert set(rule["annotations"]) == {"summary", "what"}
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}


def test_no_two_panels_overlap() -> None:
    document = json.loads((FOLDER / "grafana.json").read_text("utf-8"))
    taken: set[tuple[int, int]] = set()
    for panel in document["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
    assert len({p["id"] for p in document["panels"]}) == len(document["panels"])

"""`/metrics`: the same figures from every process, cheap, closed to strangers; and what is noted of a request."""

from __future__ import annotations

import json
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert, text, update
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from dashboard.metrics import Metrics
from dashboard.observing import PAGES, Observed, Templates, request_id
from dashboard.web import Probes
from staycurrent.store import figures as figures_module
from staycurrent.store import heartbeats
from staycurrent.store import sources as source_store
from staycurrent.store.engine import Engine, writing
from staycurrent.store.figures import figures
from staycurrent.store.models import Run
from staycurrent.store.process_models import Heartbeat
from staycurrent.types import DayCount, Outcome, RunReport
from tests import build
from tests.conftest import NOW

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # starlette's test client warns of the httpx that is installed
    from starlette.testclient import TestClient

TOKEN = "a-token-of-the-operator"


def client_of(metrics: Metrics, peer: str = "127.0.0.1") -> TestClient:
    return TestClient(Starlette(routes=metrics.routes()), base_url="http://127.0.0.1:8501", client=(peer, 50000))


Make = Callable[..., Metrics]


@pytest.fixture
def make() -> Iterator[Make]:
    """Metrics, whose databases are given back at the end."""
    made: list[Metrics] = []

    def metrics(url: str = "sqlite://", **facts: Any) -> Metrics:
        made.append(Metrics(url, **{"clock": lambda: NOW} | facts))
        return made[-1]

    yield metrics
    for one in made:
        one.close()


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """Three items of which one is classified, a good run of arXiv with a gap, a failed one of Hugging Face."""
    items = [build.arxiv("2605.00001"), build.arxiv("2605.00002"), build.huggingface("2605.00003")]
    build.store(engine, items, NOW)
    build.classify(engine, [build.answer(1)], NOW)
    run(engine, RunReport("arxiv", Outcome.OK, 2, 2, 0, 0), NOW - timedelta(hours=2), days=[DayCount(date(2026, 5, 12), 9, 2)])
    run(engine, RunReport("arxiv", Outcome.OK, 1, 1, 3, 0), NOW - timedelta(days=2))
    run(engine, RunReport("huggingface", Outcome.FAILED, error="timeout: x"), NOW - timedelta(hours=1))
    return engine


def run(engine: Engine, report: RunReport, at: datetime, days: list[DayCount] | None = None) -> None:
    with writing(engine) as session:
        number = source_store.start_run(session, report.source, at.date(), at.date(), at)
        source_store.finish_run(session, number, report, at, days=days or [])


def shown(client: TestClient, **headers: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """Every sample: (name, values of its labels in the order of their names) → number."""
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    families = text_string_to_metric_families(answer.text)
    return {(s.name, tuple(s.labels[name] for name in sorted(s.labels))): s.value for f in families for s in f.samples}


def test_the_figures_tell_of_sources_runs_and_items(url: str, make: Make, filled: Engine) -> None:
    found = shown(client_of(make(url, model_version=lambda: "m-1")))
    assert found["staycurrent_items", ()] == 3
    assert found["staycurrent_items_unclassified", ()] == 2
    assert found["staycurrent_source_lag_seconds", ("huggingface",)] == 3600, "it never succeeded, so since its first try"
    assert found["staycurrent_source_errors", ("huggingface",)] == 1
    assert found["staycurrent_source_incomplete_days", ("arxiv",)] == 1
    assert found["staycurrent_runs_last_day", ("ok", "arxiv")] == 1
    assert found["staycurrent_runs_last_day", ("failed", "huggingface")] == 1
    assert found["staycurrent_collected_last_day", ("new", "arxiv")] == 2
    assert ("staycurrent_source_lag_seconds", ("paperswithcode",)) not in found, "nobody has tried it yet"
    assert found["staycurrent_schema_current", ()] == 1
    assert found["staycurrent_model_info", ("m-1",)] == 1
    assert found["process_start_time_seconds", ()] > 0


def test_two_processes_tell_the_same_of_the_installation(url: str, make: Make, filled: Engine) -> None:
    of_process = re.compile(r"(process|python|staycurrent_(http|figures|sessions|heartbeat))_")
    one, other = ({k: v for k, v in shown(client_of(make(url))).items() if not of_process.match(k[0])} for _ in range(2))
    assert one == other
    assert len(one) > 20


def test_heartbeats_mails_and_jobs_are_counted_where_there_are_any(url: str, make: Make, filled: Engine) -> None:
    heartbeats.beat(filled, heartbeats.SCHEDULER, "1")
    with writing(filled) as session:
        session.execute(text("CREATE TABLE IF NOT EXISTS procrastinate_jobs (queue_name text, status text)"))
        jobs = "('mail', 'todo'), ('mail', 'todo'), ('collect', 'failed'), ('mail', 'succeeded')"
        session.execute(text(f"INSERT INTO procrastinate_jobs VALUES {jobs}"))
    found = shown(client_of(make(url)))
    assert found["staycurrent_processes", ("scheduler",)] == 1
    assert found["staycurrent_heartbeat_seconds", ("scheduler",)] < 60
    assert found["staycurrent_queue_jobs", ("mail", "todo")] == 2
    assert found["staycurrent_queue_jobs", ("collect", "failed")] == 1
    assert found["staycurrent_queue_forsaken_jobs", ()] == 2, "nobody does them"
    assert ("staycurrent_queue_jobs", ("mail", "succeeded")) not in found, "what is done grows for ever"


def test_a_database_that_is_away_is_a_figure_and_no_error(make: Make, tmp_path: Path) -> None:
    (tmp_path / "junk.db").write_bytes(b"not a database at all, but long enough to look at" * 40)
    found = shown(client_of(make(f"sqlite:///{tmp_path / 'junk.db'}")))
    assert found["staycurrent_database_up", ()] == 0
    assert ("staycurrent_items", ()) not in found


def test_the_database_is_asked_once_in_five_seconds(url: str, make: Make, filled: Engine) -> None:
    client = client_of(make(url))
    before = shown(client)["staycurrent_items", ()]
    build.store(filled, [build.arxiv("2605.00009", "Another")], NOW)
    assert shown(client)["staycurrent_items", ()] == before


def test_a_large_postgresql_is_estimated_instead_of_counted(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    build.store(engine, [build.arxiv(f"2605.{n:05}") for n in range(1, 6)], NOW)
    monkeypatch.setattr(figures_module, "COUNTED_UP_TO", 3)
    if engine.dialect.name == "postgresql":
        assert figures(engine, NOW).items == 5, "nobody has analysed it yet, so it is counted"
        with writing(engine) as session:
            session.execute(text("ANALYZE items"))
        build.store(engine, [build.arxiv("2605.00006")], NOW)
        assert figures(engine, NOW).items == 5
    else:
        assert figures(engine, NOW).items == 5


def test_many_runs_cost_little(engine: Engine) -> None:
    build.register(engine)
    figures(engine, NOW)  # reads the migrations
    without = min(_seconds(engine) for _ in range(5))
    first = NOW - timedelta(days=150)
    with writing(engine) as session:
        rows = [
            {"source": ("arxiv", "lab:qwen")[n % 2], "started_at": first + timedelta(minutes=10 * n), "outcome": "ok"}
            | {"since": first.date(), "until": first.date()}
            for n in range(20_000)
        ]
        session.execute(insert(Run), rows)
    # Against the same machine at the same moment; reading all runs would cost many times as much.
    assert min(_seconds(engine) for _ in range(5)) < 4 * without


def _seconds(engine: Engine) -> float:
    started = perf_counter()
    figures(engine, NOW)
    return perf_counter() - started


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("127.0.0.1", {}),
        ("::1", {"host": "[::1]:8501"}),
        ("127.0.0.1", {"host": "localhost"}),
    ],
)
def test_this_machine_may_read_without_a_token(make: Make, peer: str, headers: dict[str, str]) -> None:
    client = client_of(make(), peer)
    assert client.get("/metrics", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("192.0.2.7", {}),
        ("testclient", {}),
        ("127.0.0.1", {"x-forwarded-for": "192.0.2.7"}),
        ("127.0.0.1", {"forwarded": "for=192.0.2.7"}),
        ("127.0.0.1", {"via": "1.1 proxy"}),
        ("127.0.0.1", {"host": "papers.example.org"}),
        ("127.0.0.1", {"host": "rebound.example:8501"}),
        ("127.0.0.1", {"host": "[x"}),
        ("127.0.0.1", {"host": ""}),
        ("192.0.2.7", {"authorization": f"Bearer {TOKEN}"}),
    ],
)
def test_strangers_and_proxies_find_nothing(make: Make, peer: str, headers: dict[str, str]) -> None:
    answer = client_of(make(), peer).get("/metrics", headers=headers)
    assert (answer.status_code, answer.text) == (404, "not found")


def test_a_public_installation_needs_a_token(make: Make) -> None:
    assert client_of(make(public_url="https://papers.example.org")).get("/metrics").status_code == 404
    assert client_of(make(public_url="http://127.0.0.1:8501")).get("/metrics").status_code == 200


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer ä", f"Bearer {TOKEN[1:]}"]
)
def test_with_a_token_only_the_token_counts(make: Make, given: str) -> None:
    metrics = make(token=TOKEN)
    refused = client_of(metrics).get("/metrics", headers={"authorization": given.encode("latin-1")})
    assert refused.status_code == 403
    assert "staycurrent_" not in refused.text
    answer = client_of(metrics, "192.0.2.7").get("/metrics", headers={"authorization": f"bearer {TOKEN}"})
    assert answer.status_code == 200


@pytest.fixture
def observed(make: Make, caplog: pytest.LogCaptureFixture) -> tuple[TestClient, Metrics]:
    def page(_request: Request) -> PlainTextResponse:
        logging.getLogger("staycurrent.web").warning("at work")
        return PlainTextResponse("page")

    def broken(_request: Request) -> PlainTextResponse:
        raise ZeroDivisionError

    metrics = make()
    inner = Starlette(routes=[Route("/items/{id:path}", page)])
    routes = [
        *metrics.routes(),
        Mount("/api/v1", inner),
        Route("/confirm/{token}", page),
        Route("/explore", page),
        Route("/broken", broken),
    ]
    middleware = [Middleware(Observed, templates=Templates(routes), requests=metrics.requests)]
    app = Starlette(routes=routes, middleware=middleware)
    caplog.set_level(logging.DEBUG, "staycurrent")
    return TestClient(app, base_url="http://127.0.0.1:8501", client=("127.0.0.1", 1), raise_server_exceptions=False), metrics


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    names = ("method", "route", "status")
    return [{n: getattr(r, n) for n in names} for r in caplog.records if r.name == "staycurrent.access"]


def test_a_request_is_noted_by_its_route_and_never_by_its_address(
    observed: tuple[TestClient, Metrics], caplog: pytest.LogCaptureFixture
) -> None:
    client, _ = observed
    for path in (
        "/api/v1/items/1?text=private",
        "/confirm/secret-token",
        "/explore?text=private",
        "/private",
        "/broken",
    ):
        client.get(path)
    client.request("PRIVATE", "/explore")
    assert lines(caplog) == [
        {"method": "GET", "route": "/api/v1/items/{id:path}", "status": 200},
        {"method": "GET", "route": "/confirm/{token}", "status": 200},
        {"method": "GET", "route": "/explore", "status": 200},
        {"method": "GET", "route": "(other)", "status": 404},
        {"method": "GET", "route": "/broken", "status": 500},
        {"method": "(other)", "route": "/explore", "status": 405},
    ]
    said = json.dumps([r.__dict__ for r in caplog.records if r.name == "staycurrent.access"], default=str)
    assert "private" not in said.lower()
    assert "secret-token" not in said
    found = shown(client)
    assert found["staycurrent_http_requests_total", ("GET", "/broken", "500")] == 1
    assert found["staycurrent_http_request_seconds_count", ("GET", "/explore")] == 1


@pytest.mark.parametrize("given", ["abcdefgh", "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", "A.b_c-12345678"])
def test_the_proxys_request_id_is_taken_over_and_returned(observed: tuple[TestClient, Metrics], given: str) -> None:
    assert observed[0].get("/explore", headers={"x-request-id": given}).headers["x-request-id"] == given


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=100))
def test_what_is_no_request_id_is_replaced(given: str) -> None:
    scope = {"type": "http", "headers": [(b"x-request-id", given.encode("latin-1"))]}
    name = request_id(scope)
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{7,63}", name)
    assert name == given or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{7,63}", given)


def test_every_page_of_the_dashboard_has_a_template() -> None:
    script = (Path(__file__).parents[2] / "dashboard" / "app.py").read_text("utf-8")
    pages = {f"/{path}" for path in re.findall(r"url_path=\"([^\"]+)\"(?!, default=True)", script)}
    assert pages <= PAGES, "name the new page in dashboard/observing.py"


@given(st.text(max_size=60))
def test_whatever_is_asked_there_are_few_routes(path: str) -> None:
    routes = [Route("/feeds", PlainTextResponse), Mount("/api/v1", routes=[Route("/levels", PlainTextResponse)])]
    known = {"/feeds", "/api/v1/levels", "(other)", *PAGES, "/_stcore", "/static", "/component", "/media"}
    for start in ("", "/", "/api/v1/", "/_stcore/"):
        assert Templates(routes).of(start + path) in known


def test_readyz_tells_of_the_scheduler_and_is_ready_without(url: str, engine: Engine) -> None:
    probes = Probes(url)
    client = TestClient(Starlette(routes=probes.routes()))
    assert client.get("/readyz").json() == {"status": "ok", "scheduler": {"state": "none", "silent_seconds": None}}
    heartbeats.beat(engine, heartbeats.SCHEDULER, "1")
    assert client.get("/readyz").json()["scheduler"]["state"] == "ok"
    with writing(engine) as session:
        session.execute(update(Heartbeat).values(at=NOW - timedelta(days=400)))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["scheduler"]["state"]) == (200, "stale")
    probes.close()

"""The API and the feeds on a filled SQLite, called in this process; titles and texts are as bad as they come."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from starlette.applications import Starlette

from dashboard.api.limits import Buckets
from dashboard.api.service import Service
from staycurrent.clock import replay_clock
from staycurrent.query import Query
from staycurrent.store import engine as database
from staycurrent.store import listing, saved_queries
from staycurrent.store.engine import Engine
from staycurrent.types import Repository, Version
from tests import build, databases
from tests.conftest import NOW

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # starlette's test client warns of the httpx that is installed
    from starlette.testclient import TestClient

TODAY = date(2026, 5, 20)
HOST = "https://papers.example.org"
NASTY = 'Attention <script>alert("1")</script> & \x07\x1b]\ufffe "quotes" \u202e'
BOLD = "<b>Bold</b> & $x^2$ \x01 claims"
UNLIMITED = 10_000_000


@dataclass(frozen=True)
class Installation:
    """A database and the application that serves it."""

    engine: Engine
    url: str
    app: Starlette
    client: TestClient


def installation(url: str, *, public_url: str = HOST, requests: int = UNLIMITED) -> Iterator[Installation]:
    """The routes without the dashboard around them."""
    engine = database.open_engine(url)
    service = Service(url, public_url=public_url, clock=replay_clock(TODAY), buckets=Buckets(requests))
    app = Starlette(routes=service.routes())
    yield Installation(engine, url, app, TestClient(app, raise_server_exceptions=True))
    service.close()
    engine.dispose()


def fill(engine: Engine) -> None:
    """Items of two months from four sources; an old arXiv id, a withdrawn paper, a nasty title, one not classified."""
    withdrawn = (Version(1, build.moment("2026-05-05")), Version(2, build.moment("2026-05-08"), withdrawn=True))
    repositories = (Repository("https://github.com/example/code", 12, official=True),)
    papers = [
        build.arxiv(
            "2605.00001", NASTY, day="2026-05-11", abstract="<b>Bold</b> & $x^2$ \x01 claims", authors=("A <i>B</i> & C",)
        ),
        build.arxiv("2605.00002", "Speculative decoding", day="2026-05-12"),
        build.arxiv("2605.00003", "A paper that was withdrawn", day="2026-05-08", versions=withdrawn),
        build.arxiv("2605.00004", "Nobody classified this", day="2026-05-13"),
        build.arxiv("hep-th/9901001", "An old paper, listed again", day="2026-05-14", published=build.moment("1999-01-04")),
        build.arxiv("2604.00005", "An April paper", day="2026-04-14"),
        build.huggingface("2605.00002", day="2026-05-13", votes=99, repositories=repositories),
        build.post("gpt", "We announce a model", day="2026-05-14"),
    ]
    build.store(engine, papers, NOW)
    with database.reading(engine) as session:
        rows = {v.id: v.row for v in listing.page(session, Query(), TODAY).items}
        post = next(v.row for v in listing.page(session, Query(), TODAY).items if v.title.startswith("We announce"))
    answers = [
        build.answer(rows["2605.00001"], 5, topics=("long-context",), unsure=True, confidence=0.4),
        build.answer(rows["2605.00002"], 8, topics=("efficient-inference",), labs=("qwen",)),
        build.answer(rows["2605.00003"], 5),
        build.answer(rows["hep-th/9901001"], 5),
        build.answer(rows["2604.00005"], 5),
        build.answer(post, 5, labs=("openai",)),
    ]
    build.classify(engine, answers, NOW)
    with database.writing(engine) as session:
        saved_queries.save(session, "level-five", Query(levels=(5,)), NOW)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A filled installation that no test changes."""
    with databases.fresh_url("sqlite", tmp_path_factory.mktemp("api")) as url:
        engine = database.open_engine(url)
        fill(engine)
        engine.dispose()
        yield from installation(url)


@pytest.fixture(scope="module", params=databases.kinds())
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The same on either database, for what reaches the database."""
    with databases.fresh_url(request.param, tmp_path_factory.mktemp("both")) as url:
        engine = database.open_engine(url)
        fill(engine)
        engine.dispose()
        yield from installation(url)


@pytest.fixture
def client(served: Installation) -> TestClient:
    return served.client


@pytest.fixture
def own(url: str) -> Iterator[Installation]:
    """A filled installation of the test's own, on either database."""
    engine = database.open_engine(url)
    fill(engine)
    engine.dispose()
    yield from installation(url)


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Installation]:
    """An installation in which nothing was collected, under no public address."""
    with databases.fresh_url("sqlite", tmp_path) as url:
        yield from installation(url, public_url="")

"""What the page Trends and the page Labs count, over a filled library: each as the page asks it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from staycurrent.period import month
from staycurrent.query import Query
from staycurrent.reading import trends as reading
from staycurrent.reading.trends import Asked
from staycurrent.store import engine as database
from staycurrent.store import trends as counting
from staycurrent.store.engine import Engine
from staycurrent.store.trends import Step
from tests.bench.papers import FIRST_DAY

TODAY = FIRST_DAY + timedelta(days=715)
TIMES = 40
ASKED = {
    "half a year of weeks": Asked(),
    "a year of months": Asked(step=Step.MONTH),
    "half a year, one level": Asked(Query(levels=(5,))),
    "half a year, four levels": Asked(Query(levels=(5, 6, 7, 8))),
    "half a year, two labs": Asked(Query(labs=("openai", "qwen"))),
    "two years of weeks": Asked(Query(since=FIRST_DAY)),
}


def trends(kind: str, items: int) -> dict[str, float]:
    """Milliseconds without any cache but the database's own."""
    from tests.bench.cases import filled_engine  # it lists this case, so it cannot be imported above

    with filled_engine(kind, items) as engine:
        cases: dict[str, Callable[[], Any]] = {name: _asking(engine, asked) for name, asked in ASKED.items()}
        cases["labs, index"] = lambda: _labs(engine, month(TODAY).first)
        return {f"{name}, {cut}": value for name, case in cases.items() for cut, value in _percentiles(case).items()}


def _asking(engine: Engine, asked: Asked) -> Callable[[], Any]:
    def ask() -> Any:
        with database.reading(engine) as session:
            return reading.trends(session, asked, TODAY)

    return ask


def _labs(engine: Engine, since: date) -> Any:
    with database.reading(engine) as session:
        return counting.lab_lines(session, since, TODAY)


def _percentiles(case: Callable[[], Any]) -> dict[str, float]:
    case()
    taken = []
    for _ in range(TIMES):
        started = time.perf_counter()
        case()
        taken.append((time.perf_counter() - started) * 1000)
    cuts = statistics.quantiles(taken, n=20)
    return {"p50 ms": cuts[9], "p95 ms": cuts[18]}

"""`./run fuzz [--cases N] [--database KIND]`: hostile requests to the running product, and what must hold whatever is asked.

A tenth of the cases are web sockets, up to three tenths are made by schemathesis out of the OpenAPI document, the rest are
requests of any kind to any address. No answer is a 500 or tells a path, a statement, a secret or an address; a session
goes on after any message; and the log has no traceback and nothing of what was asked.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dashboard.api.operations import OPERATIONS
from tests import databases
from tests.security import requests, sockets
from tests.security.requests import Ask, Told
from tests.security.stack import ASKED, Stack, leak, running

CASES = 10_000
Part = Callable[[Stack, int], Counter[int]]
WRONGLY = {o.path for o in OPERATIONS if o.takes or o.in_path == "period"}
"""What can be asked for wrongly: the others take nothing, or any text."""
_clients = count(1)
_SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large, HealthCheck.large_base_example]


def _rules(cases: int) -> Any:
    return settings(
        max_examples=max(cases, 1),
        deadline=None,
        database=None,
        suppress_health_check=_SLOW,
        phases=[Phase.generate, Phase.shrink],
    )


def judge(ask: object, told: Told) -> None:
    """Fail for an answer that must not be."""
    busy = told.status == 503 and b"retry-after" in told.headers.lower()
    assert told.status < 500 or busy, (told.status, ask, told.body[:300])
    found = leak(told.headers) or leak(told.body)
    assert found is None, (found, ask)


def routes(stack: Stack, cases: int) -> Counter[int]:
    """Any request to any address. Counts of what came back, by status."""
    counts: Counter[int] = Counter()

    @_rules(cases)
    @given(ask=requests.asks(stack.tokens))
    def run(ask: Ask) -> None:
        told = requests.send(stack, ask, next(_clients))
        counts[told.status] += 1
        judge(ask, told)

    run()
    return counts


def documented(stack: Stack, cases: int) -> Counter[int]:
    """Requests that fit the OpenAPI document, and requests that do not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it imports warns of its own future
        import schemathesis
        from schemathesis import GenerationMode

        document = schemathesis.openapi.from_url(f"http://127.0.0.1:{stack.port}/api/v1/openapi.json")
        operations = [found.ok() for found in document.get_all_operations()]
    counts: Counter[int] = Counter()
    rounds = [(o, GenerationMode.POSITIVE) for o in operations]
    rounds += [(o, GenerationMode.NEGATIVE) for o in operations if o.path in WRONGLY]
    for operation, mode in rounds:
        _call(operation.as_strategy(generation_mode=mode), stack, -(-cases // len(rounds)), counts)
    return counts


def _call(strategy: st.SearchStrategy[Any], stack: Stack, cases: int, counts: Counter[int]) -> None:
    @_rules(cases)
    @given(case=strategy)
    def run(case: Any) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answer = case.call(base_url=f"http://127.0.0.1:{stack.port}/api/v1", headers=requests.as_client(next(_clients)))
        told = Told(answer.status_code, repr(answer.headers).encode(), answer.content)
        counts[told.status] += 1
        judge(case, told)

    run()


def sessions(stack: Stack, cases: int) -> Counter[int]:
    """Web sockets: frames of any kind, and after them the page must still be drawn."""
    counts: Counter[int] = Counter()
    several = st.lists(sockets.wanted | sockets.odd, min_size=1, max_size=3)

    @_rules(cases)
    @given(frames=several)
    def run(frames: Sequence[bytes | str]) -> None:
        said = sockets.talk(stack, list(frames))
        counts[200 if said.finished else 0] += 1
        assert said.exceptions == (), (said.exceptions, frames)
        assert said.finished, frames
        found = next(filter(None, map(leak, said.frames)), None)
        assert found is None, (found, frames)

    run()
    return counts


def check_log(stack: Stack) -> None:
    """No traceback, no mail address, nothing of what was asked."""
    said = stack.said()
    start = said.find("Traceback")
    assert start < 0, said[max(0, start - 500) : start + 3000]
    lines = [line for line in said.splitlines() if ASKED in line or re.search(r"[\w.]+@[\w.]+\.\w", line)]
    assert lines == []


def fuzz(stack: Stack, cases: int) -> Iterator[tuple[str, Counter[int], float]]:
    """All parts, with their counts and seconds; the last makes up what the document has no more requests for."""
    done = 0
    for name, part, share in PARTS:
        started = time.perf_counter()
        counts = part(stack, round(cases * share) if share else cases - done)
        done += counts.total()
        yield name, counts, time.perf_counter() - started
    check_log(stack)


PARTS: tuple[tuple[str, Part, float], ...] = (
    ("web sockets", sessions, 0.1),
    ("requests by the OpenAPI document", documented, 0.3),
    ("requests to any address", routes, 0.0),
)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(prog="./run fuzz", description="Hostile requests against the running product.")
    parser.add_argument("--cases", type=int, default=CASES, help="how many")
    parser.add_argument("--database", choices=databases.kinds(), default="sqlite", help="what the product stands on")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), options.database) as stack:
        for name, counts, seconds in fuzz(stack, options.cases):
            by_status = ", ".join(f"{status or 'closed'}: {n:,}" for status, n in sorted(counts.items()))
            say(f"{name}: {counts.total():,} in {seconds:.0f} s ({by_status})")
        say(f"no 500, no leak, no traceback; the product had {stack.peak():,} MB at most")


if __name__ == "__main__":
    main()

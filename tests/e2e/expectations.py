"""What each fault of the stand-in must lead to: one table, for the tests and for docs/operations.md."""

from __future__ import annotations

from dataclasses import dataclass

from staycurrent.types import Outcome


@dataclass(frozen=True)
class Expectation:
    """What a fault must lead to. `fate`: asked again, `refused` at once, `accepted`, or `parked` for the day."""

    fate: str
    reason: str = ""
    """What the run's error begins with where the fault does not go away."""
    waits: int = 0
    """Seconds at least before the source is asked again in the same run."""
    outcome: Outcome = Outcome.FAILED
    """Of the run in which it does not go away."""


RETRIED, REFUSED, ACCEPTED, PARKED = "retried", "refused", "accepted", "parked"

EXPECTED: dict[str, Expectation] = {
    "429": Expectation(RETRIED, "throttled", waits=60),
    "429-after:7": Expectation(RETRIED, "throttled", waits=7),
    "429-after:7200": Expectation(REFUSED, "throttled"),
    "503": Expectation(RETRIED, "throttled", waits=60),
    "503-after:90": Expectation(RETRIED, "throttled", waits=90),
    "500": Expectation(RETRIED, "server", waits=2),
    "reset": Expectation(RETRIED, "connection", waits=2),
    "truncated": Expectation(RETRIED, "incomplete", waits=2),
    "stall:4": Expectation(RETRIED, "timeout", waits=2),
    "drip": Expectation(RETRIED, "timeout", waits=2),
    "403": Expectation(PARKED, "forbidden"),
    "406-good": Expectation(ACCEPTED),
    "nul": Expectation(REFUSED, "content"),
    "empty": Expectation(REFUSED, "empty"),
    "html": Expectation(REFUSED, "content"),
    "garbage": Expectation(REFUSED, "content"),
    "entities": Expectation(REFUSED, "content"),
    "deep": Expectation(REFUSED, "content"),
    "bomb": Expectation(REFUSED, "too-large"),
    "loop": Expectation(REFUSED, "status"),
    "inside": Expectation(REFUSED, "unsafe"),
}
ELSEWHERE: dict[tuple[str, str], Expectation] = {
    # Its 429 says when the quota is full again: RateLimit: "api";r=0;t=5.
    ("huggingface", "429"): Expectation(RETRIED, "throttled", waits=5),
    # What today's feeds announce is looked up through the query API and kept; the rest of the window is lacking.
    ("arxiv", "empty"): Expectation(REFUSED, "empty", outcome=Outcome.PARTIAL),
    # The day's feeds are a hint: one without entries is a weekend's, and nothing hangs on it.
    ("arxiv rss", "empty"): Expectation(ACCEPTED),
}
"""Where a source differs from the table."""


def expected(place: str, fault: str) -> Expectation:
    return ELSEWHERE.get((place, fault), EXPECTED[fault])


WORDS = {
    "429": "429 without Retry-After",
    "429-after:7": "429 with Retry-After",
    "429-after:7200": "429 with a Retry-After of over 20 minutes",
    "503": "503 with `Retry-After: 0`",
    "503-after:90": "503 with Retry-After",
    "500": "500 or another 5xx",
    "reset": "the connection breaks",
    "truncated": "the body ends early",
    "stall:4": "silence",
    "drip": "a byte at a time",
    "403": "403",
    "406-good": "406 over the right body",
    "nul": "control characters in the text",
    "empty": "well-formed, and nothing in it",
    "html": "an HTML page with status 200",
    "garbage": "random bytes",
    "entities": "an XML entity bomb",
    "deep": "JSON nested 100,000 deep",
    "bomb": "gzip that unpacks to 1 GiB",
    "loop": "redirects in a circle",
    "inside": "a redirect to a private address",
}
NAMES = {"arxiv": "arXiv", "huggingface": "Hugging Face", "arxiv rss": "arXiv's RSS"}


def cell(place: str, fault: str) -> str:
    expectation = expected(place, fault)
    ends = "noted" if place == "arxiv rss" else expectation.outcome.value
    after = {"429-after:7": "as asked", "503-after:90": "as asked, after 60 s or more"}
    match expectation.fate:
        case "retried":
            return f"again {after.get(fault, f'after {expectation.waits} s or more')}; then {ends}, `{expectation.reason}`"
        case "accepted":
            return "taken"
        case "parked":
            return f"parked for the day, `{expectation.reason}`"
    return f"{ends}, `{expectation.reason}`"


def exceptions(fault: str) -> str:
    told = [f"{NAMES[place]}: {cell(place, fault)}" for place, name in ELSEWHERE if name == fault]
    return "; ".join(told)


def table() -> str:
    """The table of docs/operations.md."""
    rows = [[WORDS[fault], cell("lab:openai", fault), exceptions(fault)] for fault in EXPECTED]
    return "\n".join("| " + " | ".join(row) + " |" for row in [["Fault", "What happens", "Except"], ["---"] * 3, *rows])

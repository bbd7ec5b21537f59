"""Dates, times, numbers and names as words. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from staycurrent import roadmap
from staycurrent.reading.ranking_parts import SOURCE_NAMES
from staycurrent.types import LabEvidence, Outcome

STATED = frozenset({"organization", "official-feed"})
"""Methods by which a source itself ties an item to a lab; by any other method the tie is inferred."""
_METHODS = {
    "organization": "a source names the organization",
    "official-feed": "in the lab's own feed",
    "community-feed": "inferred: in a feed about the lab, kept by a third party",
    "author-team": "inferred: a team of the lab signs as author",
    "curated": "inferred: by a rule of ours",
}
_OUTCOMES = {
    Outcome.OK: "read",
    Outcome.OK_EMPTY: "read, nothing new expected",
    Outcome.PARTIAL: "partly read",
    Outcome.FAILED: "failed",
}
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)


def day(value: date) -> str:
    """`2026-05-04` as "4 May 2026"."""
    return f"{value.day} {value:%b %Y}"


def month(value: date) -> str:
    """The month of a day: "May 2026"."""
    return f"{value:%B %Y}"


def moment(value: datetime) -> str:
    """A moment as "4 May, 13:05 UTC"."""
    return f"{value.day} {value:%b, %H:%M} UTC"


def ago(then: datetime, now: datetime) -> str:
    """How long ago something was; the moment itself where it lies weeks back or, in a replay, ahead."""
    gone = now - then
    if not timedelta(minutes=-1) <= gone < 14 * _DAY:
        return moment(then)
    return "just now" if gone < timedelta(minutes=1) else f"{_span(gone)} ago"


def ahead(then: datetime, now: datetime) -> str:
    """How far ahead something is; "due now" for what is past."""
    left = then - now
    if left <= timedelta(minutes=1):
        return "due now"
    return f"in {_span(left)}" if left < 14 * _DAY else moment(then)


def _span(span: timedelta) -> str:
    if span < _HOUR:
        return count(int(span.total_seconds() // 60), "minute")
    if span < 2 * _DAY:
        return count(int(span // _HOUR), "hour")
    return count(span.days, "day")


def count(number: int, noun: str) -> str:
    """`3` and "paper" as "3 papers"."""
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def share(value: float) -> str:
    """A probability in whole percent; a tiny one is not called nothing."""
    return "under 1%" if 0 < value < 0.01 else f"{value:.0%}"  # noqa: PLR2004 - one percent


def listing(parts: list[str]) -> str:
    """Parts as "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""


def source(name: str) -> str:
    """A source's name for people: "arXiv", "Qwen feed"."""
    if name.startswith("lab:"):
        return f"{lab(name.removeprefix('lab:'))} feed"
    return SOURCE_NAMES.get(name, name)


def lab(slug: str) -> str:
    """A lab's name, its slug where the roadmap does not know it."""
    known = roadmap.labs().get(slug)
    return known.name if known else slug


def topic(slug: str) -> str:
    """A topic's name."""
    known = roadmap.topics().get(slug)
    return known.name.en if known else slug


def level(number: int) -> str:
    """A level's short name: "Language models"."""
    return roadmap.levels()[number].short.en


def lab_evidence(evidence: LabEvidence) -> str:
    """Why an item is tied to a lab, in words that do not claim more than is known."""
    return f"{_METHODS.get(evidence.method, f'inferred: {evidence.method}')} ({evidence.evidence})"


def is_stated(evidence: LabEvidence) -> bool:
    """Whether a source itself says so."""
    return evidence.method in STATED


def outcome(value: str | None) -> str:
    """How a run ended, in words."""
    return _OUTCOMES.get(Outcome(value), value) if value else "still running"


def sentence(text: str) -> str:
    """The text with a capital at its beginning; those of names stay."""
    return text[:1].upper() + text[1:]

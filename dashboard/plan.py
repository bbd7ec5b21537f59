"""The roadmap's plan of twelve months, laid out from a day on. Pure: a day in, values out.

Which levels belong to which months stands in `levels.toml`; the levels of one phase share its months. Their landmark papers
are spread over these months in reading order so that each month takes about as long, and so are their projects.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from staycurrent import roadmap
from staycurrent.errors import UsageError
from staycurrent.i18n import N_
from staycurrent.i18n import gettext as _
from staycurrent.roadmap import Landmark, Level, Text

T = TypeVar("T")
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)
PHASES = {1: N_("Foundations"), 4: N_("Transformers"), 7: N_("Multimodal and agents")}
"""The names that the roadmap gives to what begins in a month of the plan."""


@dataclass(frozen=True, slots=True)
class PlanMonth:
    """A month of the plan: its days, its papers in reading order, and the projects that are to be done by its end."""

    number: int
    first: date
    last: date
    levels: tuple[int, ...]
    """What its papers are about; all levels of the phase where it has none."""
    landmarks: tuple[Landmark, ...]
    projects: tuple[Text, ...]

    @property
    def minutes(self) -> int:
        """Estimated time for its papers."""
        return sum(paper.minutes for paper in self.landmarks)

    def contains(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Phase:
    """Some months that share their levels."""

    name: str
    """For `gettext`."""
    levels: tuple[Level, ...]
    months: tuple[PlanMonth, ...]


def parse_start(text: str) -> date:
    """A start day as an address writes it. Raises `UsageError`."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(_("start: write the day as 2026-06-01")) from None
    if not EARLIEST <= day <= LATEST:
        raise UsageError(_("start: the plan begins between 2000 and 2100"))
    return day


def lay_out(start: date) -> tuple[Phase, ...]:
    """The plan whose first month begins on a day."""
    spans = sorted({level.months for level in roadmap.levels().values() if level.months})
    return tuple(_phase(start, span) for span in spans)


def month_of(phases: Sequence[Phase], day: date) -> PlanMonth | None:
    """The month of the plan in which a day lies."""
    return next((month for phase in phases for month in phase.months if month.contains(day)), None)


def _phase(start: date, span: tuple[int, int]) -> Phase:
    levels = tuple(level for level in roadmap.levels().values() if level.months == span)
    numbers = range(span[0], span[1] + 1)
    papers = spread([p for level in levels for p in roadmap.landmarks(level.number)], len(numbers), lambda p: p.minutes)
    projects = spread([text for level in levels for text in level.practice], len(numbers), lambda _text: 1)
    every = tuple(level.number for level in levels)
    months = tuple(
        PlanMonth(
            number=n,
            first=after(start, n - 1),
            last=after(start, n) - timedelta(days=1),
            levels=tuple(sorted({paper.level for paper in papers[i]})) or every,
            landmarks=tuple(papers[i]),
            projects=tuple(projects[i]),
        )
        for i, n in enumerate(numbers)
    )
    return Phase(PHASES.get(span[0], ""), levels, months)


def after(start: date, months: int) -> date:
    """The same day so many months later, or the month's last where it has no such day."""
    years, month = divmod(start.month - 1 + months, 12)
    year, month = start.year + years, month + 1
    return date(year, month, min(start.day, monthrange(year, month)[1]))


def spread(things: Sequence[T], parts: int, weight: Callable[[T], int]) -> list[list[T]]:
    """The things in their order over so many parts of about the same weight: each goes where its middle lies."""
    found: list[list[T]] = [[] for _part in range(parts)]
    total, passed = sum(map(weight, things)), 0
    for thing in things:
        middle = passed + weight(thing) / 2
        found[min(int(middle * parts / total), parts - 1)].append(thing)
        passed += weight(thing)
    return found

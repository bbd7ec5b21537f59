"""What moves: topics, levels and labs over a range of weeks or months, and the topics that rise.

One question (`Asked`) stands behind the page, the addresses of its data and their CSV; it has one form in URLs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import parse_qs, urlencode

from staycurrent.period import Period
from staycurrent.query import Query, QueryError
from staycurrent.reading import rising
from staycurrent.reading.rising import Half, Rise
from staycurrent.store import trends as store
from staycurrent.store.engine import Session
from staycurrent.store.trends import Counts, LabCounts, Step

EVERYTHING = Query()
NARROWING = ("level", "topic", "lab", "since", "until")
"""The filters of a query that act here."""
FEWEST = 20
"""A period with fewer items has counts and no shares: one paper would move them by 5 points."""
LEAST = 0.02
"""Of the items of the largest period: the charts begin with the first that has as many."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What to count. `weeks` is the length of each half that the rising topics are found in."""

    query: Query = EVERYTHING
    step: Step = Step.WEEK
    weeks: int = rising.WEEKS

    @classmethod
    def from_params(cls, params: Mapping[str, Sequence[str]]) -> Asked:
        """The question of URL parameters; names that are not ours are ignored. Raises `QueryError`."""
        query = Query.from_params({name: params[name] for name in NARROWING if name in params})
        return cls(query, _step(params.get("by", ())), _weeks(params.get("weeks", ())))

    def params(self) -> list[tuple[str, str]]:
        """URL parameters in canonical order, without what is usual."""
        found = [("by", self.step.value)] if self.step is not Step.WEEK else []
        found += [("weeks", str(self.weeks))] if self.weeks != rising.WEEKS else []
        return found + self.query.params()

    def url_query(self) -> str:
        return urlencode(self.params())


def from_url_query(text: str) -> Asked:
    """The question of `Asked.url_query`."""
    return Asked.from_params(parse_qs(text))


def _step(values: Sequence[str]) -> Step:
    try:
        return Step(values[-1]) if values and values[-1] else Step.WEEK
    except ValueError:
        raise QueryError("by", f"is one of {', '.join(Step)}") from None


def _weeks(values: Sequence[str]) -> int:
    if not values or not values[-1]:
        return rising.WEEKS
    if values[-1] not in map(str, rising.WEEK_CHOICES):
        raise QueryError("weeks", f"is one of {', '.join(map(str, rising.WEEK_CHOICES))}")
    return int(values[-1])


@dataclass(frozen=True, slots=True)
class Trends:
    """The answer."""

    asked: Asked
    today: date
    counts: Counts
    labs: LabCounts
    before: Half
    now: Half
    rises: tuple[Rise, ...]

    @property
    def periods(self) -> tuple[Period, ...]:
        return self.counts.periods

    def is_running(self, position: int) -> bool:
        """Whether the period is not over: its numbers still grow."""
        return not self.periods[position].is_over(self.today)

    @property
    def begins(self) -> int:
        """The first period of the charts. What lies before a first collection would be a long line at nought."""
        least = max(self.counts.totals, default=0) * LEAST
        return next((n for n, total in enumerate(self.counts.totals) if total >= least), 0)

    @property
    def in_shares(self) -> bool:
        """Whether most periods of the charts have enough items to speak of shares; where not, counts tell more."""
        drawn = self.counts.totals[self.begins :]
        enough = sum(total >= FEWEST for total in drawn)
        return enough >= 2 and 2 * enough >= len(drawn)  # noqa: PLR2004 - half of them, and one is no course

    def share(self, numbers: Sequence[int], position: int, totals: Sequence[int] | None = None) -> float | None:
        """A count as a share of the period's total; None where there are too few to speak of shares."""
        total = (totals or self.counts.totals)[position]
        return numbers[position] / total if total >= FEWEST else None

    @property
    def level_totals(self) -> tuple[int, ...]:
        """Items of all levels by period: what shares of levels are shares of."""
        return tuple(sum(column) for column in zip(*self.counts.levels.values(), strict=True)) or (0,) * len(self.periods)

    def topics(self, most: int) -> tuple[str, ...]:
        """The topics to show: those that were asked for, else the `most` largest; the largest first."""
        sizes = {slug: sum(numbers) for slug, numbers in self.counts.topics.items()}
        wanted = self.asked.query.topics or tuple(sizes)
        return tuple(sorted(wanted, key=lambda slug: (-sizes.get(slug, 0), slug))[: None if self.asked.query.topics else most])

    def topic(self, slug: str) -> tuple[int, ...]:
        """The counts of a topic."""
        return self.counts.topics.get(slug, (0,) * len(self.periods))


def trends(session: Session, asked: Asked, today: date) -> Trends:
    """Count what was asked for. A range that is too long is cut to its newest periods; see `periods` of the answer."""
    query = asked.query
    counts = store.counts(session, store.periods(asked.step, query.since, query.until, today), query, today)
    shown = _trimmed(counts)
    first, last = (shown.periods[0].first, min(shown.periods[-1].last, today)) if shown.periods else (today, today)
    labs = store.labs(session, first, last, query) if shown.periods else LabCounts({}, {})
    spans = rising.halves(max(min(query.until or today, today), store.EARLIEST), asked.weeks)
    before, now = (_within(counts, span) for span in spans)
    if before is None or now is None:
        before, now = _counted(session, spans, query, today)
    rises = rising.rising(before, now)
    wanted = [r for r in rises if not query.topics or r.topic in query.topics]
    return Trends(asked, today, shown, labs, before, now, tuple(wanted))


def _within(counts: Counts, span: Period) -> Half | None:
    """A half out of what was counted for the chart, None where its periods do not make it up exactly."""
    inside = [n for n, p in enumerate(counts.periods) if span.first <= p.first and p.last <= span.last]
    days = sum((counts.periods[n].last - counts.periods[n].first).days + 1 for n in inside)
    if days != (span.last - span.first).days + 1:
        return None
    topics = {slug: sum(row[n] for n in inside) for slug, row in counts.topics.items()}
    return Half(span.first, span.last, sum(counts.totals[n] for n in inside), {t: n for t, n in topics.items() if n})


def _counted(session: Session, spans: Sequence[Period], query: Query, today: date) -> tuple[Half, Half]:
    found = store.counts(session, spans, query, today)
    before, now = (_within(found, span) for span in spans)
    if before is None or now is None:
        raise AssertionError("a span makes itself up")
    return before, now


def _trimmed(counts: Counts) -> Counts:
    """Without the periods before the first item: a young library has no past."""
    begun = next((n for n in range(len(counts.periods)) if any(row[n] for row in counts.levels.values())), len(counts.periods))
    return Counts(
        counts.periods[begun:],
        counts.totals[begun:],
        {slug: row[begun:] for slug, row in counts.topics.items() if any(row)},
        {level: row[begun:] for level, row in counts.levels.items()},
    )

"""What moves, as JSON, or one of its tables as CSV for spreadsheets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from dashboard.api import parameters
from dashboard.api.keeping import Body
from dashboard.api.parameters import FILTERS, Parameter, csv_format
from dashboard.api.reads import Asked, Row, as_csv, as_json
from staycurrent import roadmap
from staycurrent.reading import rising
from staycurrent.reading import trends as reading
from staycurrent.reading.trends import NARROWING, Trends
from staycurrent.store import engine as store
from staycurrent.store.trends import Step

_WEEKS = list(rising.WEEK_CHOICES)
BY = Parameter("by", "What a number stands for", {"type": "string", "enum": [s.value for s in Step], "default": "week"})
WEEKS = Parameter(
    "weeks", "Length of each half of the comparison that finds rising topics", {"type": "integer", "enum": _WEEKS}
)
FORMAT = csv_format("one table")


def show_trends(asked: Asked) -> Body:
    """Counts by period, topic, level and lab, and the topics that rise."""
    params = asked.params(TRENDS)
    question = reading.Asked.from_params({name: params[name] for name in params if name != TABLE.name})
    kind, table = parameters.one_of(params, FORMAT), parameters.one_of(params, TABLE)
    for name in (BY.name, WEEKS.name):
        parameters.one(params, name)
    with store.reading(asked.engine) as session:
        found = reading.trends(session, question, asked.today)
    return as_csv(TABLES[table](found)) if kind == "csv" else as_json(_json(found))


def _json(found: Trends) -> dict[str, Any]:
    return {
        "query": found.asked.url_query(),
        "by": found.asked.step.value,
        "periods": [
            {
                "period": p.name,
                "first": p.first.isoformat(),
                "last": p.last.isoformat(),
                "over": p.is_over(found.today),
                "items": n,
            }
            for p, n in zip(found.periods, found.counts.totals, strict=True)
        ],
        "topics": [{"slug": slug, "items": list(row)} for slug, row in _topic_rows(found)],
        "levels": [{"level": n, "items": list(row)} for n, row in found.counts.levels.items()],
        "labs": [{"lab": lab, "items": n, "topics": _of_lab(found, lab)} for lab, n in found.labs.totals.items()],
        "halves": [
            {"first": h.first.isoformat(), "last": h.last.isoformat(), "items": h.total} for h in (found.before, found.now)
        ],
        "comparable": rising.can_be_compared(found.before, found.now),
        "rising": [
            {
                "slug": r.topic,
                "before": r.before,
                "now": r.now,
                "ratio": _short(r.ratio),
                "low": _short(r.low),
                "high": _short(r.high),
            }
            for r in found.rises
        ],
    }


def _short(value: float) -> float:
    return round(value, 3)


def _topic_rows(found: Trends) -> Iterator[tuple[str, tuple[int, ...]]]:
    wanted = found.asked.query.topics
    return ((slug, row) for slug, row in found.counts.topics.items() if not wanted or slug in wanted)


def _of_lab(found: Trends, wanted: str) -> dict[str, int]:
    return {topic: n for (lab, topic), n in sorted(found.labs.topics.items()) if lab == wanted}


def topics(found: Trends) -> Iterator[Row]:
    yield ("period", "first", "last", "over", "topic", "name", "items", "of_all", "share")
    for slug, row in _topic_rows(found):
        for n, lead in enumerate(_leads(found)):
            yield (*lead, slug, _topic_name(slug), row[n], found.counts.totals[n], _share(row[n], found.counts.totals[n]))


def levels(found: Trends) -> Iterator[Row]:
    yield ("period", "first", "last", "over", "level", "name", "items", "of_all", "share")
    totals = found.level_totals
    for level, row in found.counts.levels.items():
        for n, lead in enumerate(_leads(found)):
            yield (*lead, level, roadmap.levels()[level].short.en, row[n], totals[n], _share(row[n], totals[n]))


def labs(found: Trends) -> Iterator[Row]:
    yield ("lab", "topic", "name", "items", "of_lab", "share")
    for (lab, topic), n in sorted(found.labs.topics.items()):
        total = found.labs.totals[lab]
        yield (lab, topic, _topic_name(topic), n, total, _share(n, total))


def rising_topics(found: Trends) -> Iterator[Row]:
    """Every topic with its interval, whether it rises or not, so that the rule can be applied anew."""
    yield ("topic", "name", "before", "of_before", "now", "of_now", "ratio", "low", "high", "rises")
    wanted, risen = found.asked.query.topics, {r.topic for r in found.rises}
    for slug in sorted(set(found.before.topics) | set(found.now.topics)):
        if not wanted or slug in wanted:
            r = rising.change(slug, found.before, found.now)
            ends = (_short(r.ratio), _short(r.low), _short(r.high))
            yield (slug, _topic_name(slug), r.before, found.before.total, r.now, found.now.total, *ends, int(slug in risen))


def _leads(found: Trends) -> list[Row]:
    return [(p.name, p.first, p.last, int(p.is_over(found.today))) for p in found.periods]


def _topic_name(slug: str) -> str:
    known = roadmap.topics().get(slug)
    return known.name.en if known else slug


def _share(count: int, total: int) -> float | str:
    return round(count / total, 4) if total else ""


TABLES: dict[str, Callable[[Trends], Iterator[Row]]] = {
    "topics": topics,
    "levels": levels,
    "labs": labs,
    "rising": rising_topics,
}
TABLE = Parameter("table", "Which table the CSV is", {"type": "string", "enum": list(TABLES), "default": "topics"})
TRENDS = (*(p for p in FILTERS if p.name in NARROWING), BY, WEEKS, FORMAT, TABLE)

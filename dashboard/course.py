"""How an item's votes and stars went, day by day: bars to look at, and the numbers themselves. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from html import escape

from dashboard import words
from staycurrent.i18n import N_, number
from staycurrent.i18n import gettext as _

NAMED = {"votes": N_("Votes"), "stars": N_("Stars")}
MOST_BARS = 60
LEAST_DAYS = 2
"""One day is no course."""
Metrics = Sequence[tuple[str, str, date, int]]


def section(metrics: Metrics) -> str:
    """Each number with more than one day; empty where there is none."""
    courses = {name: by_day(metrics, name) for name in NAMED}
    return "".join(_figure(name, days) for name, days in courses.items() if len(days) >= LEAST_DAYS)


def by_day(metrics: Metrics, name: str) -> dict[date, int]:
    """The number on each day, the highest where several sources tell it; in time order."""
    found: dict[date, int] = {}
    for _source, metric, day, value in metrics:
        if metric == name:
            found[day] = max(found.get(day, 0), value)
    return dict(sorted(found.items()))


def _figure(name: str, days: Mapping[date, int]) -> str:
    caption = f"<h3>{escape(_(NAMED[name]))}</h3><p>{escape(words_of(days))}</p>"
    return f'<figure class="sc-course">{caption}{_bars(name, days)}{_table(name, days)}</figure>'


def words_of(days: Mapping[date, int]) -> str:
    """The course in a sentence."""
    (first, before), (last, now) = next(iter(days.items())), list(days.items())[-1]
    return _("{before} on {first}, {now} on {last}.").format(
        before=number(before), first=words.day(first), now=number(now), last=words.day(last)
    )


def _bars(name: str, days: Mapping[date, int]) -> str:
    """A bar for each day, evenly chosen where they are many; from nought, so that heights compare."""
    shown = thinned(list(days.values()), MOST_BARS)
    most = max(*shown, 1)
    bars = "".join(f'<i style="height:{100 * max(value, 0) / most:.1f}%"></i>' for value in shown)
    label = _("{name} by day: {course}").format(name=_(NAMED[name]), course=words_of(days))
    return f'<div class="sc-spark" role="img" aria-label="{escape(label)}">{bars}</div>'


def thinned(values: Sequence[int], most: int) -> list[int]:
    """At most so many of the values, evenly chosen, the first and the last always among them."""
    if len(values) <= most:
        return list(values)
    return [values[round(n * (len(values) - 1) / (most - 1))] for n in range(most)]


def _table(name: str, days: Mapping[date, int]) -> str:
    newest_first = reversed(list(days.items()))
    rows = "".join(f'<tr><th scope="row">{escape(words.day(d))}</th><td>{number(v)}</td></tr>' for d, v in newest_first)
    head = f'<thead><tr><th scope="col">{escape(_("Day"))}</th><th scope="col">{escape(_(NAMED[name]))}</th></tr></thead>'
    summary = f"<summary>{escape(_('All days'))}</summary>"
    return f'<details class="sc-days">{summary}<table>{head}<tbody>{rows}</tbody></table></details>'

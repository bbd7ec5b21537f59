"""Names, periods and queries as words of a mail, in the language of the task at hand."""

from __future__ import annotations

from datetime import date, timedelta

from staycurrent import roadmap
from staycurrent.i18n import N_, day, language, listing, month, ngettext, number, percent, short_day, weekday
from staycurrent.i18n import gettext as _
from staycurrent.period import Period
from staycurrent.query import Query, Sort
from staycurrent.reading.reasons import SOURCE_NAMES
from staycurrent.types import Kind

LONG = 90
"""Minutes from which on hours say more."""
NAMED_DAYS = 3
"""More days of a period are only counted."""
_KINDS = {Kind.PAPER: N_("papers only"), Kind.POST: N_("posts only")}
_SORTS = {
    Sort.VOTES: N_("most votes first"),
    Sort.STARS: N_("most stars first"),
    Sort.RELEVANCE: N_("best match first"),
    Sort.CONFIDENCE: N_("surest level first"),
}


def is_week(period: Period) -> bool:
    """Whether the period is a week, not a month."""
    return period.last - period.first < timedelta(days=7)


def period(span: Period) -> str:
    """ "Week 21", "May 2026"."""
    return _("Week {number}").format(number=span.first.isocalendar().week) if is_week(span) else month(span.first)


def days(span: Period) -> str:
    """The days of a period: "18 May to 24 May 2026"."""
    return _("{first} to {last}").format(first=short_day(span.first), last=day(span.last))


def minutes(value: int) -> str:
    """ "45 min", "2.5 h"."""
    return _("{n} min").format(n=number(value)) if value < LONG else _("{n} h").format(n=number(round(value / 60, 1)))


def level(value: int | None) -> str:
    """A level's short name."""
    return roadmap.levels()[value].short.get(language()) if value is not None else _("Not classified yet")


def topic(slug: str) -> str:
    """A topic's name, or its slug where the roadmap no longer has it."""
    known = roadmap.topics().get(slug)
    return known.name.get(language()) if known else slug


def lab(slug: str) -> str:
    """A lab's name, its slug where the roadmap does not know it."""
    known = roadmap.labs().get(slug)
    return known.name if known else slug


def source(name: str) -> str:
    """ "arXiv", "Qwen feed"."""
    if name.startswith("lab:"):
        return _("{lab} feed").format(lab=lab(name.removeprefix("lab:")))
    return SOURCE_NAMES.get(name, name)


def weekdays(span: Period, lacking: tuple[date, ...]) -> str:
    """Days of a period: "Thursday and Friday" in a week, "4 May and 5 May" in a month; many are only counted."""
    if len(lacking) > NAMED_DAYS:
        return ngettext("{n} day", "{n} days", len(lacking)).format(n=number(len(lacking)))
    return listing([weekday(d) if is_week(span) else short_day(d) for d in lacking])


def levels(query: Query) -> str:
    """ "level 5", "levels 5 and 6"; empty where the query names none."""
    if not query.levels:
        return ""
    named = listing([str(n) for n in query.levels])
    return ngettext("level {levels}", "levels {levels}", len(query.levels)).format(levels=named)


def query(wanted: Query) -> list[str]:
    """The filters of a query, each in words."""
    shown = [levels(wanted)] if wanted.levels else []
    shown += [topic(t) for t in wanted.topics]
    shown += [lab(slug) for slug in wanted.labs]
    shown += [source(name) for name in wanted.sources]
    shown += [_("with the words “{words}”").format(words=wanted.text)] if wanted.text else []
    shown += [_("without “{words}”").format(words=w) for w in wanted.exclude]
    shown += [_("without {name}").format(name=topic(t)) for t in wanted.without_topics]
    shown += [_("without {name}").format(name=lab(slug)) for slug in wanted.without_labs]
    shown += [_(_KINDS[wanted.kind])] if wanted.kind else []
    shown += [_("with code") if wanted.has_code else _("without code")] if wanted.has_code is not None else []
    shown += [_("at least {share} sure").format(share=percent(wanted.min_confidence))] if wanted.min_confidence else []
    shown += [_("since {day}").format(day=day(wanted.since))] if wanted.since else []
    shown += [_("until {day}").format(day=day(wanted.until))] if wanted.until else []
    return shown + ([_(_SORTS[wanted.sort])] if wanted.sort in _SORTS else [])

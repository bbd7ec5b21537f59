"""An edition as a sheet: what a digest says, in the language of the task at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from staycurrent import period as periods
from staycurrent import roadmap
from staycurrent.digest import clean, entries, missing, words
from staycurrent.digest.sheet import Section, Sheet
from staycurrent.digest.types import FEED, Cadence, Edition
from staycurrent.i18n import gettext as _
from staycurrent.i18n import language, month, ngettext, number
from staycurrent.query import Query
from staycurrent.reading.monthly import Placed, within
from staycurrent.reading.reasons import SOURCE_NAMES
from staycurrent.types import Role

MONTHLY = 10
"""So many titles of last month's reading."""
WISH = 600
"""Characters of a query in words."""


def sheet(edition: Edition, public_url: str) -> Sheet:
    """Every line of the mail."""
    base = public_url.rstrip("/")
    sections = entries.sections(edition.placed, base, edition.period)
    return Sheet(
        language=language(),
        name=words.period(edition.period),
        days=words.days(edition.period) if words.is_week(edition.period) else "",
        lead=_lead(edition),
        news=_news(edition),
        sections=sections,
        changed=entries.told(edition.changed, base),
        more=_more(edition, base),
        month=_month(edition, base),
        landmark=_landmark(edition),
        unexplained=_unexplained(sections),
        completeness=missing.completeness(edition),
        reason=_reason(edition),
        home=entries.link(base, ""),
    )


def _unexplained(sections: Sequence[Section]) -> str:
    if all(entry.why for section in sections for group in section.groups for entry in group.entries):
        return ""
    return _(
        "Where no reason stands, there are no votes or other signs yet; of such papers, the surest of their level come first."
    )


def _lead(edition: Edition) -> str:
    own = _own(edition)
    if not own:
        return missing.in_words(edition)
    values = {"n": number(len(own)), "time": words.minutes(sum(p.minutes for p in own)), "total": number(edition.considered)}
    if edition.considered <= len(own) and edition.blind_spots:
        text = ngettext(
            "{n} to read in about {time}: that is everything new that is known; sources are incomplete.",
            "{n} to read in about {time}: that is everything new that is known; sources are incomplete.",
            len(own),
        )
    elif edition.considered <= len(own):
        text = ngettext(
            "{n} to read in about {time}: that is everything new.",
            "{n} to read in about {time}: that is everything new.",
            len(own),
        )
    else:
        text = ngettext(
            "{n} to read first in about {time}, out of {total} that are new.",
            "{n} to read first in about {time}, out of {total} that are new.",
            len(own),
        )
    return " ".join(filter(None, (text.format(**values), _late(edition, own))))


def _late(edition: Edition, own: Sequence[Placed]) -> str:
    n = sum(entries.is_late(p.item, edition.period) for p in own)
    if not n:
        return ""
    if words.is_week(edition.period):
        text = ngettext("{n} of them is from before this week.", "{n} of them are from before this week.", n)
    else:
        text = ngettext("{n} of them is from before this month.", "{n} of them are from before this month.", n)
    return text.format(n=number(n))


def _own(edition: Edition) -> list[Placed]:
    """What stands at the subscriber's own levels."""
    return [p for p in edition.placed if p.role is Role.READING]


def _news(edition: Edition) -> str:
    n = len({change.item.row for change in edition.changed})
    if not n:
        return ""
    text = ngettext("{n} paper that you got earlier has changed.", "{n} papers that you got earlier have changed.", n)
    return text.format(n=number(n))


def _more(edition: Edition, base: str) -> tuple[str, str] | None:
    total = edition.considered - edition.late
    if total <= sum(not entries.is_late(p.item, edition.period) for p in _own(edition)):
        return None
    every = replace(within(edition.wish.query, edition.period), reader=None)  # a page knows its reader by itself
    label = _("All {n} on the web").format(n=number(total))
    return label, entries.link(base, "explore", every.params())


def _month(edition: Edition, base: str) -> tuple[str, tuple[tuple[str, str, str], ...]] | None:
    if edition.monthly is None:
        return None
    best = edition.monthly.placed[:MONTHLY]
    had = {p.item.row: _("in this digest") for p in edition.placed}
    had |= {row: _in_digest(name) for row, name in edition.mailed}
    titles = tuple((clean.line(p.item.title, entries.TITLE), entries.page(p.item, base), had.get(p.item.row, "")) for p in best)
    heading = _("The reading of {month}").format(month=month(edition.monthly.period.first))
    return heading, titles


def _in_digest(name: str) -> str:
    span = periods.parse(name)
    if words.is_week(span):
        return _("in your digest of week {number}").format(number=span.first.isocalendar().week)
    return _("in your digest of {month}").format(month=month(span.first))


def _landmark(edition: Edition) -> tuple[str, str, str, str] | None:
    paper = edition.landmark
    if paper is None:
        return None
    names = entries.byline(paper.authors)
    by = " · ".join((_("{names}, {year}").format(names=names, year=paper.year), words.minutes(paper.minutes)))
    return paper.title, paper.url, by, paper.why.get(language())


def _reason(edition: Edition) -> str:
    wish = edition.wish
    wanted = [wish_words(wish.query)]
    if wish.minutes:
        wanted.append(_("at most {time}").format(time=words.minutes(wish.minutes)))
    if wish.cadence is Cadence.MONTHLY:
        return _("You get this digest once a month, as you asked: {wanted}").format(wanted=", ".join(wanted))
    return _("You get this digest once a week, as you asked: {wanted}").format(wanted=", ".join(wanted))


def wish_words(query: Query, *, quoting: bool = True) -> str:
    """A query for a sentence: its filters, or that there are none. Without `quoting`, no word that somebody typed."""
    whole = replace(query, reader=None)
    shown = whole if quoting else _without_typed_words(whole)
    said = [*words.query(shown), *([_("with words of your own")] if shown != whole else [])]
    return clean.line(", ".join(said), WISH) or _("all levels")


def _without_typed_words(query: Query) -> Query:
    """A lab or feed that the roadmap does not know may be any word."""
    known = roadmap.labs()
    return replace(
        query,
        text="",
        exclude=(),
        labs=tuple(slug for slug in query.labs if slug in known),
        without_labs=tuple(slug for slug in query.without_labs if slug in known),
        sources=tuple(name for name in query.sources if name.removeprefix(FEED) in known or name in SOURCE_NAMES),
    )

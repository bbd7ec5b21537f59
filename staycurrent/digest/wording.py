"""An edition as a sheet: what a digest says, in the language of the task at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from staycurrent import roadmap
from staycurrent.digest import clean, entries, words
from staycurrent.digest.sheet import Sheet
from staycurrent.digest.types import Cadence, Edition, Gap
from staycurrent.i18n import gettext as _
from staycurrent.i18n import language, listing, month, ngettext, number
from staycurrent.query import Query
from staycurrent.reading.monthly import Placed, within
from staycurrent.reading.reasons import SOURCE_NAMES
from staycurrent.types import Role

MONTHLY = 10
"""So many titles of last month's reading."""
GAPS = 3
WISH = 600
"""Characters of a query in words."""
LAB = "lab:"


def sheet(edition: Edition, public_url: str) -> Sheet:
    """Every line of the mail."""
    base = public_url.rstrip("/")
    return Sheet(
        language=language(),
        name=words.period(edition.period),
        days=words.days(edition.period) if words.is_week(edition.period) else "",
        lead=_lead(edition),
        news=_news(edition),
        sections=entries.sections(edition.placed, base),
        changed=entries.told(edition.changed, base),
        more=_more(edition, base),
        month=_month(edition, base),
        landmark=_landmark(edition),
        completeness=completeness(edition),
        reason=_reason(edition),
        home=entries.link(base, ""),
    )


def _lead(edition: Edition) -> str:
    own = _own(edition)
    if not own:
        return _nothing(edition)
    values = {"n": number(len(own)), "time": words.minutes(sum(p.minutes for p in own)), "total": number(edition.considered)}
    if edition.considered <= len(own):
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
    return text.format(**values)


def _own(edition: Edition) -> list[Placed]:
    """What stands at the subscriber's own levels."""
    return [p for p in edition.placed if p.role is Role.READING]


def _news(edition: Edition) -> str:
    n = len({change.item.row for change in edition.changed})
    if not n:
        return ""
    text = ngettext("{n} paper that you got earlier has changed.", "{n} papers that you got earlier have changed.", n)
    return text.format(n=number(n))


def _nothing(edition: Edition) -> str:
    wanted = edition.wish.query
    if edition.considered:
        return _("Something new is there, but nothing that fits into your {time} of reading.").format(
            time=words.minutes(edition.wish.minutes or 0)
        )
    if words.is_week(edition.period):
        if wanted.levels:
            return _("Nothing for {levels} this week.").format(levels=words.levels(wanted))
        return _("Nothing for your selection this week.")
    if wanted.levels:
        return _("Nothing for {levels} this month.").format(levels=words.levels(wanted))
    return _("Nothing for your selection this month.")


def _more(edition: Edition, base: str) -> tuple[str, str] | None:
    if edition.considered <= len(_own(edition)):
        return None
    every = replace(within(edition.wish.query, edition.period), reader=None)  # a page knows its reader by itself
    label = _("All {n} on the web").format(n=number(edition.considered))
    return label, entries.link(base, "explore", every.params())


def _month(edition: Edition, base: str) -> tuple[str, tuple[tuple[str, str], ...]] | None:
    if edition.monthly is None:
        return None
    best = edition.monthly.placed[:MONTHLY]
    titles = tuple((clean.line(p.item.title, entries.TITLE), entries.page(p.item, base)) for p in best)
    heading = _("The reading of {month}").format(month=month(edition.monthly.period.first))
    return heading, titles


def _landmark(edition: Edition) -> tuple[str, str, str, str] | None:
    paper = edition.landmark
    if paper is None:
        return None
    names = entries.byline(paper.authors)
    by = _("{names}, {year}").format(names=names, year=paper.year)
    return paper.title, paper.url, by, paper.why.get(language())


def completeness(edition: Edition) -> str:
    """Which sources the edition rests on, in one line; lab feeds are counted, since there are many."""
    whole = [s for s in edition.complete if not s.startswith(LAB)]
    said = [_("{sources} complete").format(sources=listing([words.source(s) for s in whole]))] if whole else []
    said += [_gap(edition, gap) for gap in edition.gaps if not gap.source.startswith(LAB)]
    feeds = [gap for gap in edition.gaps if gap.source.startswith(LAB)]
    total = len(feeds) + sum(s.startswith(LAB) for s in edition.complete)
    return _("{parts}.").format(parts="; ".join([*said, *_feeds(edition, feeds, total)])) if said or total else ""


def _feeds(edition: Edition, lacking: Sequence[Gap], total: int) -> list[str]:
    if not total:
        return []
    if not lacking:
        return [_("lab feeds complete")]
    if len(lacking) <= GAPS:
        return [_gap(edition, gap) for gap in lacking]
    return [_("{n} of {total} lab feeds partial").format(n=number(len(lacking)), total=number(total))]


def _gap(edition: Edition, gap: Gap) -> str:
    days = (edition.period.last - edition.period.first).days + 1
    source = words.source(gap.source)
    if len(gap.days) >= days:
        return _("{source} not read").format(source=source)
    return _("{source} partial on {days}").format(source=source, days=words.weekdays(edition.period, gap.days))


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
        sources=tuple(name for name in query.sources if name.removeprefix(LAB) in known or name in SOURCE_NAMES),
    )

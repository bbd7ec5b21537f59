"""Words for what is not there: an empty list, and sources that were not read. An outage is never called a week without news."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from staycurrent.digest import clean, words
from staycurrent.digest.types import FEED, Edition, Gap
from staycurrent.i18n import gettext as _
from staycurrent.i18n import listing, ngettext, number, short_day
from staycurrent.query import Query

NAMED = 3
"""So many lab feeds are named; more are counted."""
SHORT = 44
"""Characters of a selection that a subject has room for."""
WISH = 200


def in_subject(edition: Edition, name: str) -> str:
    """ "Week 21: nothing for level 5"."""
    if edition.is_blind:
        return _("{period}: the sources were not read").format(period=name)
    wanted = selection(edition.wish.query, SHORT)
    if edition.blind_spots:
        return _("{period}: sources incomplete, nothing known for {wanted}").format(period=name, wanted=wanted)
    return _("{period}: nothing for {wanted}").format(period=name, wanted=wanted)


def in_words(edition: Edition) -> str:
    """The same as the first sentence of a mail."""
    if edition.considered:
        return _("Something new is there, but nothing that fits into your {time} of reading.").format(
            time=words.minutes(edition.wish.minutes or 0)
        )
    week = words.is_week(edition.period)
    if edition.is_blind:
        said = _("The sources were not read this week, so nothing is known of it.") if week else ""
        said = said or _("The sources were not read this month, so nothing is known of it.")
        return f"{said} {_later()}"
    wanted = selection(edition.wish.query, WISH)
    if edition.blind_spots:
        text = _("Nothing is known for {wanted} this week, but sources are incomplete.") if week else ""
        text = text or _("Nothing is known for {wanted} this month, but sources are incomplete.")
        return f"{text.format(wanted=wanted)} {_later()}"
    text = _("Nothing for {wanted} this week.") if week else _("Nothing for {wanted} this month.")
    return text.format(wanted=wanted)


def _later() -> str:
    return _("What is collected later comes in your next digest.")


def selection(query: Query, room: int) -> str:
    """What was asked for: "level 5", or "your selection (level 5, with code)" where other filters narrow it, too."""
    wanted = replace(query, sort=Query().sort, reader=None)
    if query == replace(Query(), levels=query.levels, sort=query.sort):
        return words.levels(query) or _("your selection")
    named = clean.line(", ".join(words.query(wanted)), 2 * room)
    return _("your selection ({wanted})").format(wanted=named) if 0 < len(named) <= room else _("your selection")


def completeness(edition: Edition) -> str:
    """Which sources the edition rests on, in one line; lab feeds are counted, since there are many."""
    whole = [s for s in edition.complete if not s.startswith(FEED)]
    said = [_("{sources} complete").format(sources=listing([words.source(s) for s in whole]))] if whole else []
    said += _told(edition, [gap for gap in edition.gaps if not gap.source.startswith(FEED)])
    feeds = [gap for gap in edition.gaps if gap.source.startswith(FEED)]
    total = len(feeds) + sum(s.startswith(FEED) for s in edition.complete)
    return _("{parts}.").format(parts="; ".join([*said, *_feeds(edition, feeds, total)])) if said or total else ""


def _feeds(edition: Edition, lacking: Sequence[Gap], total: int) -> list[str]:
    if not total:
        return []
    if not lacking:
        return [_("lab feeds complete")]
    states = {_state(edition, gap) for gap in lacking}
    if len(lacking) == total > 1 and len(states) == 1:
        return [_("lab feeds {state}").format(state=states.pop())]
    if len(lacking) <= NAMED:
        return _told(edition, lacking)
    unread = sum(edition.is_unread(gap) for gap in lacking)
    counted = {_("{n} of {total} lab feeds not read"): unread, _("{n} of {total} lab feeds partial"): len(lacking) - unread}
    return [text.format(n=number(n), total=number(total)) for text, n in counted.items() if n]


def _told(edition: Edition, gaps: Sequence[Gap]) -> list[str]:
    """Sources that lack the same are named together."""
    together: dict[str, list[str]] = {}
    for gap in gaps:
        together.setdefault(_state(edition, gap), []).append(words.source(gap.source))
    return [_("{sources} {state}").format(sources=listing(names), state=state) for state, names in together.items()]


def _state(edition: Edition, gap: Gap) -> str:
    """What a source lacks: "partial on Thursday", "not read (collected since 6 May)"."""
    if edition.is_unread(gap):
        if gap.since:
            return _("not read (collected since {day})").format(day=short_day(gap.since))
        return _("not read")
    before = [day for day in gap.unread if gap.since and day < gap.since]
    outage = [day for day in gap.unread if day not in before]
    partial = [day for day in gap.days if day not in gap.unread]
    said = [_("collected only since {day}").format(day=short_day(gap.since))] if before and gap.since else []
    said += [_partial(edition, partial)] if partial else []
    said += [_unread(edition, outage)] if outage else []
    return ", ".join(said)


def _partial(edition: Edition, days: Sequence[date]) -> str:
    if len(days) > words.NAMED_DAYS:
        return ngettext("partial on {n} day", "partial on {n} days", len(days)).format(n=number(len(days)))
    return _("partial on {days}").format(days=words.weekdays(edition.period, tuple(days)))


def _unread(edition: Edition, days: Sequence[date]) -> str:
    if len(days) > words.NAMED_DAYS:
        return ngettext("not read on {n} day", "not read on {n} days", len(days)).format(n=number(len(days)))
    return _("not read on {days}").format(days=words.weekdays(edition.period, tuple(days)))

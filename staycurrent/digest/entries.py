"""The items of an edition as words: grouped by level and topic, numbered in the order in which they are read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from urllib.parse import urlencode

from staycurrent.digest import clean, words
from staycurrent.digest.sheet import Entry, Group, Section, Told
from staycurrent.digest.types import Change, Changed
from staycurrent.i18n import DEFAULT, day, language, listing, month, ngettext, number, percent, short_day
from staycurrent.i18n import gettext as _
from staycurrent.period import Period
from staycurrent.reading import reasons
from staycurrent.reading.monthly import Placed
from staycurrent.types import ItemView, Kind, LabEvidence, Role

TITLE, NAME, ABSTRACT, REASON = 240, 80, 340, 120
"""Longest title, name, abstract and reason, in characters."""
AUTHORS, REASONS, LABS = 3, 3, 2
STATED = frozenset({"organization", "official-feed"})
"""Methods by which a source itself ties an item to a lab; by any other it is inferred, and said so."""
_LAST = {None: 10, 0: 9}
"""Unclassified, and off the roadmap."""


def sections(placed: Sequence[Placed], base: str, period: Period) -> tuple[Section, ...]:
    """Levels from below, then the next level; a level's topics, and a topic's entries, the best first."""
    best: dict[tuple[bool, int, str], int] = {}
    for p in placed:
        best[_group(p)] = min(p.rank, best.get(_group(p), p.rank))
    ordered = sorted(placed, key=lambda p: (*_section(p), best[_group(p)], p.rank))
    numbered = [(p, _entry(n, p, base, period)) for n, p in enumerate(ordered, start=1)]
    return tuple(_made(list(members)) for _key, members in groupby(numbered, key=lambda pair: _section(pair[0])))


def told(changes: Sequence[Change], base: str) -> tuple[Told, ...]:
    """The papers that changed, each with everything that happened to it."""
    return tuple(_told(list(of_item), base) for _row, of_item in groupby(changes, key=lambda change: change.item.row))


def link(base: str, path: str, pairs: Sequence[tuple[str, str]] = ()) -> str:
    """An absolute address in the product; it names the language where that is not English."""
    every = [*pairs, *([("lang", language())] if language() != DEFAULT else [])]
    return f"{base}/{path}{'?' if every else ''}{urlencode(every)}"


def page(item: ItemView, base: str) -> str:
    """The item's own page."""
    return link(base, "item", [("id", item.id)])


def _section(placed: Placed) -> tuple[bool, int]:
    level = placed.item.level
    return placed.role is Role.ONE_LEVEL_UP, _LAST.get(level, level or 0)


def _group(placed: Placed) -> tuple[bool, int, str]:
    return *_section(placed), _topic(placed.item)


def _topic(item: ItemView) -> str:
    return item.topics[0].slug if item.topics else ""


def _made(members: Sequence[tuple[Placed, Entry]]) -> Section:
    first = members[0][0]
    time = words.minutes(sum(p.minutes for p, _e in members))
    note = _("one level up, to grow into") if first.role is Role.ONE_LEVEL_UP else _("about {time}").format(time=time)
    by_topic = groupby(members, key=lambda pair: _topic(pair[0].item))
    groups = tuple(Group(words.topic(slug) if slug else "", tuple(e for _p, e in part)) for slug, part in by_topic)
    return Section(first.item.level, words.level(first.item.level), note, groups)


def _entry(position: int, placed: Placed, base: str, period: Period) -> Entry:
    item = placed.item
    return Entry(
        number=position,
        title=clean.line(item.title, TITLE) or _("Without a title"),
        url=clean.address(item.url) or page(item, base),
        page=page(item, base),
        by=byline(item.authors),
        facts=tuple(_facts(placed, period)),
        level=item.level,
        level_name=words.level(item.level),
        unsure=_unsure(item),
        abstract=clean.beginning(item.abstract, ABSTRACT),
        why=_why(placed),
        code=_code(item),
    )


def byline(authors: Sequence[str]) -> str:
    """ "A, B, C and 12 more"."""
    names = [clean.isolated(name) for name in (clean.line(a, NAME) for a in authors[:AUTHORS]) if name]
    others = len(authors) - AUTHORS
    if others <= 0:
        return listing(names) if names else ""
    more = ngettext("{names} and {n} more", "{names} and {n} more", others)
    return more.format(names=", ".join(names), n=number(others))


def is_late(item: ItemView, period: Period) -> bool:
    """Whether it was listed before the period, and comes now since it was in no digest of this subscriber."""
    return item.listed_on < period.first


def _late(item: ItemView, period: Period) -> str:
    if words.is_week(period):
        return _("late from week {number}").format(number=item.listed_on.isocalendar().week)
    return _("late from {month}").format(month=month(item.listed_on))


def _facts(placed: Placed, period: Period) -> Iterable[str]:
    item = placed.item
    if item.kind is Kind.POST:
        yield _("Post")
    yield words.minutes(placed.minutes)
    yield short_day(item.listed_on)
    if is_late(item, period):
        yield _late(item, period)
    if item.votes and "votes" not in placed.why:
        yield ngettext("{n} vote", "{n} votes", item.votes).format(n=number(item.votes))
    labs: dict[str, LabEvidence] = {}
    for evidence in sorted(item.labs, key=lambda e: e.method not in STATED):
        labs.setdefault(evidence.lab, evidence)
    for slug, evidence in list(labs.items())[:LABS]:
        name = clean.line(words.lab(slug), NAME)
        yield name if evidence.method in STATED else _("probably {lab}").format(lab=name)


def _unsure(item: ItemView) -> str:
    if not item.unsure or item.level is None:
        return ""
    return _("unsure ({share})").format(share=percent(item.confidence)) if item.confidence is not None else _("unsure")


def _why(placed: Placed) -> str:
    said = reasons.telling(placed.why, [topic.slug for topic in placed.item.topics])
    return "; ".join(clean.line(text, REASON) for text in said[:REASONS])


def _code(item: ItemView) -> tuple[str, str] | None:
    """The repository that the authors call theirs, else the one with the most stars."""
    linked = [(r, url) for r in item.repositories if (url := clean.address(r.url))]
    if not linked:
        return None
    best, url = max(linked, key=lambda pair: (bool(pair[0].official), pair[0].stars or 0))
    if not best.stars:
        return _("Code"), url
    return ngettext("Code ({n} star)", "Code ({n} stars)", best.stars).format(n=number(best.stars)), url


def _told(changes: Sequence[Change], base: str) -> Told:
    item = changes[0].item
    what = tuple(_change(change) for change in changes)
    gone = any(change.kind is Changed.WITHDRAWN for change in changes)
    return Told(clean.line(item.title, TITLE) or _("Without a title"), page(item, base), what, gone)


def _change(change: Change) -> str:
    then = day(change.sent_on)
    if change.kind is Changed.WITHDRAWN:
        return _("Withdrawn by its authors. It was not when you got it on {day}.").format(day=then)
    if change.kind is Changed.CODE:
        return _("Code is out now. There was none when you got it on {day}.").format(day=then)
    text = _("Version {now} is out. It was version {then} when you got it on {day}.")
    return text.format(now=change.item.version, then=change.version, day=then)

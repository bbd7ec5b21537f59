"""The sections of the month's reading: by level or by topic, what is one level up, the landmark paper. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape

from dashboard import address, cards, pieces, words
from dashboard.pieces import Marked
from dashboard.reader_panel import Mine
from dashboard.tex import plain
from staycurrent import roadmap
from staycurrent.i18n import gettext as _
from staycurrent.i18n import ngettext, number
from staycurrent.period import Period
from staycurrent.query import Query
from staycurrent.reading import reasons
from staycurrent.reading.monthly import Placed, ReadingList

COUNTED = "reading"
"""The name of the list in which the page counts what was read."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the sections show of the reader, by row id of the items that are to be shown; None where there is no reader."""

    mine: Mapping[int, Mine] | None = None
    news: int | None = None
    landmarks: Marked | None = None

    def card(self, entry: Placed, position: int) -> str:
        return cards.placed(entry, position, self.mine[entry.item.row] if self.mine is not None else None)

    def of(self, entries: Sequence[Placed]) -> list[Placed]:
        """Those that are to be shown."""
        return [e for e in entries if self.mine is None or e.item.row in self.mine]


def sections(reading: ReadingList, wanted: Query, counts: Mapping[int, int], shown: Shown, *, by_topic: bool) -> list[str]:
    """The reading in sections; inside of one the order is that of the reading."""
    body = _by_topic(reading, shown) if by_topic else _by_level(reading, wanted, counts, shown)
    return [f'<div data-counts="{COUNTED}">', *body, "</div>"]


def _by_level(reading: ReadingList, wanted: Query, counts: Mapping[int, int], shown: Shown) -> list[str]:
    by_level: defaultdict[int, list[Placed]] = defaultdict(list)
    for entry in shown.of(reading.placed):
        by_level[entry.item.level or 0].append(entry)
    parts = [_level(n, shown, by_level[n], counts.get(n, 0), _alone(wanted, n, reading.period)) for n in sorted(by_level)]
    missing = [n for n in (wanted.levels or roadmap.ON_ROADMAP) if n not in by_level and n]
    return [*parts, _missing(missing, reading.period, counts)] if missing else parts


def _alone(wanted: Query, level: int, period: Period) -> str:
    """The reading of one level alone, empty where that is what is shown."""
    return address.this_month(period, replace(wanted, levels=(level,))) if wanted.levels != (level,) else ""


def _level(level: int, shown: Shown, entries: Sequence[Placed], total: int, alone: str) -> str:
    hidden = total > len(entries)
    note = _("{n} of {total}").format(n=number(len(entries)), total=number(total)) if hidden else number(len(entries))
    return pieces.level_section(level, _cards(shown, entries), note=note, link=alone if hidden else "")


def _by_topic(reading: ReadingList, shown: Shown) -> list[str]:
    by_topic: dict[str, list[Placed]] = {}
    for entry in shown.of(reading.placed):
        by_topic.setdefault(entry.item.topics[0].slug if entry.item.topics else "", []).append(entry)
    return [_topic(slug, entries, shown) for slug, entries in by_topic.items()]


def _topic(slug: str, entries: Sequence[Placed], shown: Shown) -> str:
    title = words.topic(slug) if slug else _("Without a topic")
    return pieces.section(title, _cards(shown, entries), note=number(len(entries)))


def _cards(shown: Shown, entries: Sequence[Placed]) -> str:
    return "".join(shown.card(e, n) for n, e in enumerate(entries, start=1))


def _missing(levels: Sequence[int], period: Period, counts: Mapping[int, int]) -> str:
    """Levels of which nothing made it into the reading: those with nothing new, and those that others outranked."""
    empty = [n for n in levels if not counts.get(n)]
    outranked = [n for n in levels if counts.get(n)]
    lines = []
    if empty:
        sentence = ngettext(
            "Nothing for level {levels} in {month} yet: read the landmark papers instead.",
            "Nothing for levels {levels} in {month} yet: read the landmark papers instead.",
            len(empty),
        )
        lines.append(sentence.format(levels=_levels(empty), month=words.month(period.first)))
    if outranked:
        sentence = ngettext(
            "Papers of level {levels} came further down: choose the level above to see its own reading.",
            "Papers of levels {levels} came further down: choose a level above to see its own reading.",
            len(outranked),
        )
        lines.append(sentence.format(levels=_levels(outranked)))
    return "".join(f'<p class="sc-quiet sc-missing">{line}</p>' for line in lines)


def _levels(numbers: Sequence[int]) -> str:
    return words.listing([f'<a href="{escape(address.roadmap(n))}">{n} {escape(words.level(n))}</a>' for n in numbers])


def one_level_up(reading: ReadingList, shown: Shown) -> str:
    """A few items of the next level, for growing; empty where the reading has none."""
    entries = shown.of(reading.one_level_up)
    if not entries:
        return ""
    why = f'<p class="sc-quiet">{escape(_("For when this level has become easy."))}</p>'
    return pieces.section(_("One level up"), why + _cards(shown, entries), note=number(len(entries)))


def landmark(reading: ReadingList, shown: Shown) -> str:
    """The paper of the roadmap that prepares for the list."""
    if reading.landmark is None:
        return ""
    why = f'<p class="sc-quiet">{escape(_("It prepares for what this list is about."))}</p>'
    body = why + pieces.landmarks((reading.landmark,), shown.landmarks)
    return pieces.section(_("The landmark paper"), body, note=words.level(reading.landmark.level))


def withdrawn(reading: ReadingList) -> str:
    """What left the list since it was made."""
    lines = [note for note in reading.notes if reading.placed and not note.startswith("Nothing for")]
    return "".join(pieces.notice(_("Changed since"), plain(reasons.noted(line))) for line in lines)

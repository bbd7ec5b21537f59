"""Everything that is known to have happened to an item, in time order. Pure: values in, escaped HTML out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from html import escape

from dashboard import cards, words
from dashboard.login import is_of_a_login
from staycurrent.i18n import gettext as _
from staycurrent.types import LLM, Correction, ItemDetail, Opinion, SightingView, Version


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: its day, and at least the order within it. `html` is made of escaped parts."""

    at: datetime
    html: str

    @property
    def day(self) -> date:
        return self.at.astimezone(UTC).date()


def events(detail: ItemDetail) -> list[Event]:
    """The evidence in time order, the oldest first."""
    return sorted(_events(detail), key=lambda event: event.at)


def section(detail: ItemDetail) -> str:
    """The list, one line an event."""
    rows = "".join(
        f'<li><time datetime="{e.day.isoformat()}">{escape(words.day(e.day))}</time><div>{e.html}</div></li>'
        for e in events(detail)
    )
    return f'<ol class="sc-timeline">{rows}</ol>'


def _events(detail: ItemDetail) -> Iterator[Event]:
    item = detail.item
    if item.published and not detail.versions:
        yield Event(item.published, _told(_("Published")))
    for version in detail.versions:
        yield Event(version.submitted, _version(version))
    code = next((s for s in detail.sightings if s.source == "paperswithcode" or s.stars is not None), None)
    for seen in detail.sightings:
        yield Event(_when(seen), _sighting(seen, _code(detail) if seen is code else ""))
    if detail.correction:
        yield Event(detail.correction.at, correction(detail.correction))
    if detail.opinion and detail.opinion.at:
        yield Event(detail.opinion.at, opinion(detail.opinion))


def _told(what: str, *facts: str) -> str:
    """What happened, and what is known of it; the facts are HTML."""
    known = " · ".join(f for f in facts if f)
    return f"<b>{escape(what)}</b>" + (f'<p class="sc-quiet">{known}</p>' if known else "")


def _version(version: Version) -> str:
    named = _("Version {n} submitted").format(n=version.number)
    withdrawn = f' <strong class="sc-withdrawn">{escape(_("Withdrawn"))}</strong>' if version.withdrawn else ""
    return f"{_told(named)}{withdrawn}"


def _when(seen: SightingView) -> datetime:
    """The day on which the source listed it, which is mostly before it was seen here."""
    if seen.listed_on is None:
        return seen.seen_at
    listed = datetime.combine(seen.listed_on, time(23, 59), UTC)  # after the version that it lists
    return min(listed, seen.seen_at) if seen.seen_at.date() == seen.listed_on else listed


def _sighting(seen: SightingView, code: str) -> str:
    listed = _("Listed by {source}") if seen.listed_on else _("Seen by {source}")
    facts = [
        escape(_("read here on {day}").format(day=words.day(seen.seen_at.date()))) if seen.listed_on else "",
        escape(words.count(seen.votes, "vote")) if seen.votes is not None else "",
        escape(words.count(seen.stars, "star")) if seen.stars is not None else "",
        escape(words.count(seen.comments, "comment")) if seen.comments else "",
        _named(_("organization: {name}"), seen.organization),
        _named(_("announced as: {name}"), seen.announce_type),
        code,
        cards.link(seen.url, escape(_("its page"))),
    ]
    return _told(listed.format(source=words.source(seen.source)), *facts)


def _named(sentence: str, name: str | None) -> str:
    return f"<bdi>{escape(sentence.format(name=name))}</bdi>" if name else ""


def _code(detail: ItemDetail) -> str:
    links = [cards.link(r.url, escape(repository(r.url))) for r in detail.item.repositories]
    shown = words.listing([link for link in links if link])
    return _("code: {repositories}").format(repositories=shown) if shown else ""


def repository(url: str) -> str:
    """A repository's short name."""
    return url.split("://", 1)[-1].removeprefix("github.com/").strip("/")


def correction(said: Correction) -> str:
    """A reader's word on the level."""
    level = _("{n} {name}").format(n=said.level, name=words.level(said.level)) if said.level else words.level(0)
    by_login = is_of_a_login(said.who)  # a hash, which says nothing to anybody
    text = _("Level set by a reader: {level}") if by_login else _("Level set by the reader {who}: {level}")
    what = text.format(who=said.who, level=level)
    return _told(what, f"<bdi>{escape(_('“{words}”').format(words=said.why))}</bdi>" if said.why else "")


def opinion(said: Opinion) -> str:
    """A language model's word on the level."""
    level = _("{n} {name}").format(n=said.level, name=words.level(said.level)) if said.level else words.level(0)
    what = _("Second opinion by {model}: {level}").format(model=said.llm.removeprefix(LLM), level=level)
    return _told(what, f"<bdi>{escape(_('“{words}”').format(words=said.reason))}</bdi>" if said.reason else "")

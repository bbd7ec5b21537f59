"""The words of the reasons for an item's place: written in English by the ranking, shown in the reader's language.

A reading is frozen with its reasons in English, and the API and the command line tell them so. A page reads them back:
the wording that made a reason also finds the values in it. So a reason of any age is shown in German, without a second
copy of the words. A reason that no wording knows is shown as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property

from staycurrent import i18n, roadmap
from staycurrent.i18n import N_, Nn_
from staycurrent.reading import ranking_reach

SOURCE_NAMES = {"arxiv": "arXiv", "huggingface": "Hugging Face", "paperswithcode": "Papers with Code"}
LIKELY_YEAR = 2024
"""A leap year, so that every day of a month has its place; the reason names no year, and none is shown."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Wording:
    """One way to say a reason: a message with named values, with a second form where it counts `{n}`."""

    one: str
    many: str = ""

    def say(self, n: int = 1, **values: str) -> str:
        """The reason in English."""
        text = self.many if self.many and n != 1 else self.one
        return text.format(n=f"{n:,}", **values)

    def given(self, said: str) -> dict[str, str] | None:
        """The values in what this wording said; None where the words are not of this wording."""
        found = next((m for p in self._patterns if (m := p.fullmatch(said))), None)
        return found.groupdict() if found else None

    def shown(self, said: str) -> str | None:
        """What this wording said, in the reader's language; None where the words are not of this wording."""
        given = self.given(said)
        if given is None:
            return None
        n = int(given["n"].replace(",", "")) if "n" in given else 1
        text = i18n.ngettext(self.one, self.many, n) if self.many else i18n.gettext(self.one)
        return text.format(**{name: _VALUES[name](value) for name, value in given.items()})

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], ...]:
        return tuple(_pattern(text) for text in (self.one, self.many) if text)


def _pattern(text: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", text)
    fixed = [re.escape(part) for part in parts[::2]]
    named = [f"(?P<{name}>{_NUMBER if name == 'n' else '.+'})" for name in parts[1::2]]
    return re.compile("".join(f + n for f, n in zip(fixed, [*named, ""], strict=True)), re.DOTALL)


_NUMBER = r"-?\d[\d,]*"

REACH = Wording(N_("of wide interest: {topic}"))
REACH_BARE = Wording(N_("about language models"))
VOTES = Wording(*Nn_("{n} vote on Hugging Face's list", "{n} votes on Hugging Face's list"))
SOURCES = Wording(*Nn_("seen by {n} source: {sources}", "seen by {n} sources: {sources}"))
FEED = Wording(N_("{lab} feed"))
LAB = Wording(N_("from {lab}"))
LAB_PROBABLY = Wording(N_("probably from {lab}"))
DISCUSSION = Wording(*Nn_("{n} comment", "{n} comments"))
CODE = Wording(N_("code available"))
CODE_STARRED = Wording(*Nn_("code with {n} star", "code with {n} stars"))
FIT = Wording(N_("level {level}, {share} sure"))
FIT_UNSURE = Wording(N_("level {level}, unsure ({share})"))
FIT_BY_READER = Wording(N_("level {level}, set by a reader"))
FIT_BY_MODEL = Wording(N_("level {level}, a second opinion by {model}"))
SURVEY = Wording(N_("a survey"))
REPORT = Wording(N_("a technical report"))
GROWTH = Wording(N_("{gained} since it was first seen"))
GROWTH_BOTH = Wording(N_("{gained} and {gained_too} since it was first seen"))
MORE_VOTES = Wording(*Nn_("{n} more vote", "{n} more votes"))
MORE_STARS = Wording(*Nn_("{n} more star", "{n} more stars"))
NOVELTY = Wording(N_("topic: {topic}"))
AGE = Wording(N_("listed on {day}"))
_AROUND = frozenset({"fit", "novelty", "age"})
_BESIDE = frozenset({"code", "lab"})
"""Parts of a score that the lines of an entry show by themselves."""
WITHDRAWN = Wording(N_("Withdrawn, and no longer in the list: {title}"))

WORDINGS = {
    "reach": (REACH, REACH_BARE),
    "votes": (VOTES,),
    "sources": (SOURCES,),
    "lab": (LAB_PROBABLY, LAB),
    "discussion": (DISCUSSION,),
    "code": (CODE_STARRED, CODE),
    "fit": (FIT_UNSURE, FIT, FIT_BY_READER, FIT_BY_MODEL),
    "form": (SURVEY, REPORT),
    "growth": (GROWTH_BOTH, GROWTH),
    "novelty": (NOVELTY,),
    "age": (AGE,),
}
"""For each part of a score, the ways to say its reason; the first that fits counts."""


def shown(part: str, said: str) -> str:
    """The reason that a part of a score gave in English, in the reader's language."""
    if i18n.language() == i18n.DEFAULT:
        return said
    return _any(WORDINGS.get(part, ()), said)


def telling(why: Mapping[str, str], topics: Sequence[str]) -> list[str]:
    """The reasons that tell a reader more than stands around an entry anyway, in their language, the strongest first.

    Level, day and primary topic stand in its heading and its lines; lab and code do too, so they are told only where
    nothing else is. That its topic is of wide interest is true of all its neighbours, so it comes last. `topics` are the
    item's, the primary one first.
    """
    parts = [part for part in why if part not in {*_AROUND, *_BESIDE, "reach"}] + [part for part in why if part == "reach"]
    parts = parts or [part for part in why if part in _BESIDE]
    return [_reach(str(why[part]), topics) if part == "reach" else shown(part, str(why[part])) for part in parts]


def _reach(said: str, topics: Sequence[str]) -> str:
    """Of use to whom, since "of wide interest" says it to nobody."""
    given = REACH.given(said)
    if given is None:
        return shown("reach", said) if said != REACH_BARE.one else i18n.gettext(N_("its abstract speaks of language models"))
    slug = _topic_slugs().get(given["topic"], "")
    everyone, many = ranking_reach.tier(slug) == 1, ranking_reach.tier(slug) > 0
    if slug in topics[:1] and many:
        if everyone:
            return i18n.gettext(N_("its topic is of use to everyone who learns AI"))
        return i18n.gettext(N_("its topic is of use to many who learn AI"))
    if not many:  # what was frozen names the primary topic, also where another or the abstract was what counted
        return i18n.gettext(N_("of use beyond its own topic"))
    text = i18n.gettext(N_("also about {topic}, of use to many who learn AI"))
    if everyone:
        text = i18n.gettext(N_("also about {topic}, of use to everyone who learns AI"))
    return text.format(topic=_topic(given["topic"]))


def noted(said: str) -> str:
    """A note of a reading, in the reader's language."""
    return said if i18n.language() == i18n.DEFAULT else _any((WITHDRAWN,), said)


def _any(wordings: tuple[Wording, ...], said: str) -> str:
    return next((text for wording in wordings if (text := wording.shown(said)) is not None), said)


def _sources(names: str) -> str:
    return ", ".join(_any((FEED,), name) for name in names.split(", "))


def _gained(said: str) -> str:
    return _any((MORE_VOTES, MORE_STARS), said)


def _topic(name: str) -> str:
    slug = _topic_slugs().get(name)
    return roadmap.topics()[slug].name.get(i18n.language()) if slug else name


@cache
def _topic_slugs() -> Mapping[str, str]:
    return {topic.name.en: slug for slug, topic in roadmap.topics().items()}


def _share(text: str) -> str:
    return i18n.percent(int(text[:-1]) / 100) if re.fullmatch(r"\d{1,3}%", text) else text


def _day(text: str) -> str:
    """`4 May` with the month in the reader's words."""
    found = re.fullmatch(r"(\d{1,2}) (\w{3})", text)
    if found is None or found[2] not in _MONTHS:
        return text
    try:
        return i18n.short_day(date(LIKELY_YEAR, _MONTHS.index(found[2]) + 1, int(found[1])))
    except ValueError:
        return text


def day_text(value: date) -> str:
    """A day as reasons name it, in English whatever the locale of the process: "4 May"."""
    return f"{value.day} {_MONTHS[value.month - 1]}"


def _same(text: str) -> str:
    return text


_VALUES: Mapping[str, Callable[[str], str]] = {
    "n": lambda text: i18n.number(int(text.replace(",", ""))),
    "topic": _topic,
    "sources": _sources,
    "lab": _same,
    "title": _same,
    "level": _same,
    "model": _same,
    "share": _share,
    "gained": _gained,
    "gained_too": _gained,
    "day": _day,
}
"""How each value of a reason is shown."""

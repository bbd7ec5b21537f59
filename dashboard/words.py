"""Dates, times, numbers and names as words, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from staycurrent import i18n, roadmap
from staycurrent.i18n import N_, Nn_, ngettext
from staycurrent.i18n import gettext as _
from staycurrent.reading.ranking_parts import SOURCE_NAMES
from staycurrent.types import LabEvidence, Outcome

STATED = frozenset({"organization", "official-feed"})
"""Methods by which a source itself ties an item to a lab; by any other method the tie is inferred."""
_METHODS = {
    "organization": N_("a source names the organization ({evidence})"),
    "official-feed": N_("in the lab's own feed"),
    "community-feed": N_("in a feed about the lab, kept by a third party"),
    "author-team": N_("a team of the lab signs as author ({evidence})"),
    "curated": N_("by a rule of ours ({evidence})"),
}
_SAID = ("tagged with the organization ", "signed by ")
"""How the evidence begins where the method says that already."""
_OUTCOMES = {
    Outcome.OK: N_("read"),
    Outcome.OK_EMPTY: N_("read, nothing new expected"),
    Outcome.PARTIAL: N_("partly read"),
    Outcome.FAILED: N_("failed"),
}
_COUNTED = {
    "paper": Nn_("{n} paper", "{n} papers"),
    "post": Nn_("{n} post", "{n} posts"),
    "item": Nn_("{n} item", "{n} items"),
    "vote": Nn_("{n} vote", "{n} votes"),
    "star": Nn_("{n} star", "{n} stars"),
    "comment": Nn_("{n} comment", "{n} comments"),
    "landmark paper": Nn_("{n} landmark paper", "{n} landmark papers"),
}
"""What stands in the pages as a count by itself; a count inside a sentence belongs to that sentence."""
WHOLE_HOURS = 10
"""From so many hours on, an estimate is not told in tenths."""
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


def day(value: date) -> str:
    """`2026-05-04` as "4 May 2026"."""
    return i18n.day(value)


def month(value: date) -> str:
    """The month of a day: "May 2026"."""
    return i18n.month(value)


def moment(value: datetime) -> str:
    """A moment as "4 May, 13:05 UTC"."""
    return i18n.moment(value)


def number(value: float) -> str:
    """`12345` as "12,345"."""
    return i18n.number(value)


def ago(then: datetime, now: datetime) -> str:
    """How long ago something was; the moment itself where it lies weeks back or, in a replay, ahead."""
    gone = now - then
    if not -_MINUTE <= gone < 14 * _DAY:
        return moment(then)
    return _("just now") if gone < _MINUTE else i18n.away(-gone)


def ahead(then: datetime, now: datetime) -> str:
    """How far ahead something is; "due now" for what is past."""
    left = then - now
    if left <= _MINUTE:
        return _("due now")
    return i18n.away(left) if left < 14 * _DAY else moment(then)


def count(number: int, noun: str) -> str:
    """`3` and "paper" as "3 papers". The noun is a key of the table above."""
    return ngettext(*_COUNTED[noun], number).format(n=i18n.number(number))


def share(value: float) -> str:
    """A probability in whole percent; a tiny one is not called nothing."""
    smallest = 0.01
    return _("under {share}").format(share=i18n.percent(smallest)) if 0 < value < smallest else i18n.percent(value)


def minutes(value: int) -> str:
    """Minutes as "45 min", "2.5 h" or "13 h"."""
    if value < 90:  # noqa: PLR2004 - an hour and a half
        return _("{n} min").format(n=number(value))
    hours = value / 60
    return _("{n} h").format(n=number(round(hours) if hours >= WHOLE_HOURS else round(hours, 1)))


def listing(parts: Sequence[str]) -> str:
    """Parts as "a, b and c"."""
    return i18n.listing(parts)


def source(name: str) -> str:
    """A source's name for people: "arXiv", "Qwen feed"."""
    if name.startswith("lab:"):
        return _("{lab} feed").format(lab=lab(name.removeprefix("lab:")))
    return SOURCE_NAMES.get(name, name)


def lab(slug: str) -> str:
    """A lab's name, its slug where the roadmap does not know it."""
    known = roadmap.labs().get(slug)
    return known.name if known else slug


def topic(slug: str) -> str:
    """A topic's name."""
    known = roadmap.topics().get(slug)
    return known.name.get(i18n.language()) if known else slug


def level(number: int) -> str:
    """A level's short name: "Language models"."""
    return roadmap.levels()[number].short.get(i18n.language())


def lab_evidence(evidence: LabEvidence) -> str:
    """Why an item is tied to a lab, in words that do not claim more than is known."""
    how = tie(evidence)
    return how if is_stated(evidence) else _("inferred: {how}").format(how=how)


def tie(evidence: LabEvidence) -> str:
    """The same beside a word that says already whether it is inferred."""
    known = _METHODS.get(evidence.method)
    if known is None:
        return _("{method} ({evidence})").format(method=evidence.method, evidence=evidence.evidence)
    said = evidence.evidence
    for already in _SAID:
        said = said.removeprefix(already)
    return _(known).format(evidence=said)


def is_stated(evidence: LabEvidence) -> bool:
    """Whether a source itself says so."""
    return evidence.method in STATED


def outcome(value: str | None) -> str:
    """How a run ended, in words."""
    return _(_OUTCOMES[Outcome(value)]) if value else _("still running")


def sentence(text: str) -> str:
    """The text with a capital at its beginning; those of names stay."""
    return text[:1].upper() + text[1:]

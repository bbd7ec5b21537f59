"""The preferences page: every digest of an address, each with its form. Pure: values in, HTML out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from dashboard import words
from dashboard.mail import fields, pages, told
from dashboard.mail.fields import Errors, Fields
from dashboard.mail.pages import Button
from staycurrent import roadmap
from staycurrent.digest import wording
from staycurrent.digest.accounts import Preferences
from staycurrent.digest.types import Cadence, WhenEmpty
from staycurrent.i18n import LANGUAGES, ngettext, number
from staycurrent.i18n import gettext as _
from staycurrent.query import Query
from staycurrent.store.subscribers import Kind, State, Subscription

_AREAS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
FIELDS = ("level", "topic", "lab", "exclude", "cadence", "weekday", "hour", "timezone", "minutes", "language", "when_empty")
RUNNING = (State.ACTIVE, State.PAUSED, State.PENDING)
CHANGEABLE = (State.ACTIVE, State.PAUSED)
"""Not one that waits for its yes: any stranger may have asked for it, in any words."""
Options = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A change that was refused: of which digest, what was written, and what is wrong by field."""

    uid: str
    fields: Fields
    errors: Errors = field(default_factory=dict)


def page(found: Preferences, home: str, *, said: str = "", attempt: Attempt | None = None) -> str:
    """The page; `said` tells what was just done, or what is wrong."""
    shown = [d for d in found.digests if d.state is not State.ERASED]
    first = next((d.uid for d in shown if d.state in CHANGEABLE), "")
    return pages.drawn(
        "preferences.html.j2",
        _("What you get by mail"),
        home,
        lead=_("For {address}. This page is yours alone: whoever has its address can change what you get.").format(
            address=found.masked
        ),
        said=said,
        is_wrong=attempt is not None,
        digests=[_digest(d, attempt if attempt and attempt.uid == d.uid else None, first) for d in shown],
        options=_options(),
        stop_all=_stop_all(shown),
        buttons=[Button("export", _("Download my data")), Button("erase", _("Erase my address"), "grave")],
        label=_labels(),
    )


def _digest(d: Subscription, attempt: Attempt | None, first: str) -> dict[str, Any]:
    return {
        "uid": d.uid,
        "what": words.sentence(told.what(d.plan, quoting=d.state is not State.PENDING)),
        "when": told.when(d.plan),
        "state": told.state(d),
        "is_on": d.state is State.ACTIVE,
        "is_wrong": d.state is State.SUPPRESSED or d.reason == "failures",
        "buttons": _actions(d),
        "form": _form(d, attempt) if d.state in CHANGEABLE else None,
        "is_open": attempt is not None or (d.uid == first and d.state is State.ACTIVE),
    }


def _actions(d: Subscription) -> list[Button]:
    state, stop = d.state, Button("leave", _("Stop"))
    if state is State.ACTIVE:
        return [Button("pause", _("Pause")), stop]
    if state is State.PAUSED:
        return [Button("resume", _("Go on")), stop]
    if state is State.PENDING:
        return [stop]
    return [Button("again", _("Get it again"))] if state is State.UNSUBSCRIBED and d.kind is Kind.MAIL else []


def _stop_all(digests: Sequence[Subscription]) -> Button | None:
    """One press for all, where there are several."""
    running = sum(d.state in RUNNING for d in digests)
    return Button("leave-all", _("Stop all {n} digests").format(n=number(running))) if running > 1 else None


def _form(d: Subscription, attempt: Attempt | None) -> dict[str, Any]:
    shown = attempt.fields if attempt else fields.of_plan(d.plan)
    also = replace(fields.hidden(fields.query_of(d.plan)), reader=None)
    return {
        "fields": shown,
        "errors": {name: (attempt.errors.get(name, "") if attempt else "") for name in FIELDS},
        "levels": _levels(shown.levels),
        "labs": _labs(shown.labs),
        "topics_chosen": _chosen(len(shown.topics)),
        "labs_chosen": _chosen(len(shown.labs)),
        "also": wording.wish_words(also) if also != Query() else "",
    }


def _chosen(count: int) -> str:
    return ngettext("{n} chosen", "{n} chosen", count).format(n=number(count)) if count else _("any")


def _levels(chosen: Iterable[str]) -> Options:
    """Those of the roadmap; what is off it only where it was chosen elsewhere."""
    off = [(str(roadmap.OFF_ROADMAP), words.level(roadmap.OFF_ROADMAP))] if str(roadmap.OFF_ROADMAP) in chosen else []
    return [*((str(n), f"{n} {words.level(n)}") for n in roadmap.ON_ROADMAP), *off]


def _labs(chosen: Iterable[str]) -> Options:
    """Those that are watched first; one that the roadmap does not know stays if it was chosen."""
    known = sorted(roadmap.labs().values(), key=lambda lab: not lab.watched)
    slugs = dict.fromkeys([*(lab.slug for lab in known), *chosen])
    return [(slug, words.lab(slug)) for slug in slugs]


def _options() -> dict[str, Any]:
    topics: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    for slug, topic in roadmap.topics().items():
        topics[topic.level].append((slug, words.topic(slug)))
    return {
        "topics": [(f"{n} {words.level(n)}", topics[n]) for n in sorted(topics)],
        "cadences": [(Cadence.WEEKLY.value, _("Every week")), (Cadence.MONTHLY.value, _("Once a month"))],
        "weekdays": [(str(n), told.day_name(n)) for n in range(1, 8)],
        "languages": list(LANGUAGES.items()),
        "when_empty": [
            (WhenEmpty.NOTE.value, _("Say so in a short mail")),
            (WhenEmpty.NOTHING.value, _("Send nothing")),
        ],
        "zones": zones(),
    }


@cache
def zones() -> tuple[str, ...]:
    """The time zones that are offered: places, and UTC. Any other that Python knows may be written."""
    return ("UTC", *sorted(z for z in available_timezones() if z.partition("/")[0] in _AREAS))


def _labels() -> dict[str, str]:
    return {
        "change": _("Change it"),
        "levels": _("Levels"),
        "levels_hint": _("None means all of them."),
        "topics": _("Topics"),
        "labs": _("Labs"),
        "exclude": _("Leave out papers with these words"),
        "exclude_hint": _("A word or a phrase on each line."),
        "keep": _("Besides, only:"),
        "cadence": _("How often"),
        "weekday": _("On"),
        "hour": _("At"),
        "timezone": _("Time zone"),
        "minutes": _("Minutes of reading in one digest"),
        "any_time": _("Any time"),
        "language": _("Language of the mail"),
        "when_empty": _("When nothing fits"),
        "save": _("Save changes"),
        "data": _("Your data"),
        "data_lead": _("What is kept of you: your address, what you chose, and what you were sent."),
    }

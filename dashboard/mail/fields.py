"""A digest as a form: from a plan to fields, and from fields to a choice, or to one line for each field that is wrong. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qs

from staycurrent import query as queries
from staycurrent.digest import plans
from staycurrent.digest.plans import Choice
from staycurrent.errors import UsageError
from staycurrent.i18n import N_
from staycurrent.i18n import gettext as _
from staycurrent.query import Query, QueryError
from staycurrent.store.subscribers import Plan

BUDGETS = (30, 60, 120, 240, 480)
"""Minutes that are offered where a list is; any other number may be written."""
Errors = dict[str, str]
_WORDS = {
    "cadence": N_("Choose one of these."),
    "weekday": N_("Choose one of these."),
    "hour": N_("Give a time such as 07:30."),
    "timezone": N_("Give a time zone such as Europe/Berlin, as the list has them."),
    "language": N_("Choose one of these."),
    "when_empty": N_("Choose one of these."),
}
"""What is said beside a field that is wrong."""


@dataclass(frozen=True, slots=True)
class Fields:
    """What stands in the form, as it was written; `exclude` has a line for each word or phrase."""

    levels: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    labs: tuple[str, ...] = ()
    exclude: str = ""
    keep: bool = True
    """Whether the filters that the form does not show stay."""
    cadence: str = ""
    weekday: str = ""
    hour: str = ""
    timezone: str = ""
    minutes: str = ""
    language: str = ""
    when_empty: str = ""


def query_of(plan: Plan) -> Query:
    """The query of a plan; without filters where the roadmap lost one of its topics since."""
    try:
        return Query.from_params(parse_qs(plan.query))
    except UsageError:
        return Query()


def hidden(query: Query) -> Query:
    """What of a query the form does not show; it is kept or dropped as a whole."""
    return replace(query, levels=(), topics=(), labs=(), exclude=())


def of_plan(plan: Plan) -> Fields:
    """The form as a plan fills it."""
    query = query_of(plan)
    return Fields(
        levels=tuple(map(str, query.levels)),
        topics=query.topics,
        labs=query.labs,
        exclude="\n".join(query.exclude),
        cadence=plan.cadence,
        weekday=str(plan.weekday),
        hour=plans.clock(plan.minute),
        timezone=plan.timezone,
        minutes=str(plan.minutes or ""),
        language=plan.language,
        when_empty=plan.when_empty,
    )


def of_form(form: Mapping[str, Sequence[str]]) -> Fields:
    """The form as it was sent."""

    def one(name: str) -> str:
        return form.get(name, [""])[-1].strip()

    return Fields(
        levels=tuple(form.get("level", ())),
        topics=tuple(form.get("topic", ())),
        labs=tuple(form.get("lab", ())),
        exclude=one("exclude").replace("\r\n", "\n"),
        keep=one("keep") == "1",
        cadence=one("cadence"),
        weekday=one("weekday"),
        hour=one("hour"),
        timezone=one("timezone"),
        minutes=one("minutes"),
        language=one("language"),
        when_empty=one("when_empty"),
    )


def choice(fields: Fields, before: Plan) -> Choice | Errors:
    """The choice that the fields make, else what is wrong by field."""
    query, errors = _query(fields, before)
    chosen = Choice(
        query=query,
        cadence=fields.cadence,
        minutes=int(fields.minutes) if _is_number(fields.minutes) else None,
        unbounded=not fields.minutes,
        language=fields.language,
        when_empty=fields.when_empty,
        weekday=fields.weekday,
        hour=fields.hour,
        timezone=fields.timezone,
    )
    errors |= _wrong(chosen)
    if fields.minutes and not _is_number(fields.minutes):
        errors["minutes"] = _of_minutes()
    return errors or chosen


def again(plan: Plan) -> Choice:
    """The choice that makes this very plan. Raises `QueryError` where the roadmap lost one of its topics."""
    return Choice(
        query=Query.from_params(parse_qs(plan.query)),
        cadence=plan.cadence,
        minutes=plan.minutes,
        unbounded=plan.minutes is None,
        language=plan.language,
        when_empty=plan.when_empty,
        weekday=str(plan.weekday),
        hour=plans.clock(plan.minute),
        timezone=plan.timezone,
    )


def _query(fields: Fields, before: Plan) -> tuple[Query, Errors]:
    rest = hidden(query_of(before))
    rest = rest if fields.keep else Query(reader=rest.reader)
    try:
        shown = queries.build(level=fields.levels, topic=fields.topics, lab=fields.labs, exclude=fields.exclude.split("\n"))
    except QueryError as error:
        return rest, {error.parameter: str(error).removeprefix(f"{error.parameter}: ")}
    return replace(rest, levels=shown.levels, topics=shown.topics, labs=shown.labs, exclude=shown.exclude), {}


def _wrong(chosen: Choice) -> Errors:
    """Each field by itself, since the plan as a whole names only the first that is wrong."""
    alone: Iterable[tuple[str, Choice]] = [
        ("minutes", Choice(minutes=chosen.minutes)),
        *((name, Choice(**{name: getattr(chosen, name)})) for name in _WORDS),
    ]
    return {name: _of_minutes() if name == "minutes" else _(_WORDS[name]) for name, one in alone if not _is_sound(one, name)}


def _is_sound(one: Choice, name: str) -> bool:
    try:
        plans.plan(one)
    except UsageError:
        return False
    return bool(getattr(one, name) != "")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < len("100000")


def _of_minutes() -> str:
    lowest, highest = plans.MINUTES
    return _("Give whole minutes from {lowest} to {highest}, or nothing for any time.").format(lowest=lowest, highest=highest)

"""A digest in words: what is in it, when it comes, and how it stands. Pure, in the language of the task at hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from dashboard.mail import fields
from staycurrent.digest import plans, wording
from staycurrent.digest.types import Cadence
from staycurrent.i18n import N_, short_day, weekday
from staycurrent.i18n import gettext as _
from staycurrent.store.subscribers import Plan, State, Subscription

_MONDAY = date(2026, 1, 5)
_STATES = {
    State.PENDING: N_("It waits for your yes: open the link in the mail that asks for it."),
    State.ACTIVE: N_("It comes at its next time."),
    State.PAUSED: N_("Paused. Nothing is sent until you go on."),
    State.UNSUBSCRIBED: N_("Stopped. Nothing is sent."),
    State.SUPPRESSED: N_("Stopped, since mails to this address came back."),
    State.ERASED: N_("Erased."),
}


def what(plan: Plan, *, quoting: bool = True) -> str:
    """The filters, "all levels" where there is none. Without `quoting`, no word that a stranger may have typed."""
    return wording.wish_words(fields.query_of(plan), quoting=quoting)


def when(plan: Plan) -> str:
    """ "Every Monday at 07:00 (Europe/Berlin)"."""
    values = {"weekday": day_name(plan.weekday), "time": plans.clock(plan.minute), "zone": plan.timezone}
    if plan.cadence == Cadence.MONTHLY:
        return _("Once a month, on the first {weekday} from the 4th on, at {time} ({zone})").format(**values)
    return _("Every {weekday} at {time} ({zone})").format(**values)


def day_name(number: int) -> str:
    """The weekday of a number; 1 is Monday."""
    return weekday(_MONDAY + timedelta(days=number - 1))


def upcoming(moment: datetime, plan: Plan) -> str:
    """ "Monday, 25 May, 07:00", by the reader's clock."""
    local = moment.astimezone(ZoneInfo(plan.timezone))
    return _("{weekday}, {day}, {time}").format(
        weekday=weekday(local.date()), day=short_day(local.date()), time=f"{local:%H:%M}"
    )


def state(digest: Subscription) -> str:
    """How it stands, in one line."""
    if digest.state is State.ACTIVE and digest.next_due_at:
        return _("The next one comes on {moment}.").format(moment=upcoming(digest.next_due_at, digest.plan))
    if digest.state is State.PAUSED and digest.reason == "failures":
        return _("Paused, since mails could not be delivered.")
    return _(_STATES[digest.state])

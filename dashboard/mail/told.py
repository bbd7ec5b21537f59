"""A digest in words: what is in it, when it comes, and how it stands. Pure, in the language of the task at hand."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from dashboard.mail import fields
from staycurrent.digest import moments, wording
from staycurrent.i18n import N_, short_day, weekday
from staycurrent.i18n import gettext as _
from staycurrent.store.subscribers import Plan, State, Subscription

when, day_name = moments.when, moments.day_name
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

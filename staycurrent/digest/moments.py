"""When a digest comes, in words, in the language of the task at hand. Pure."""

from __future__ import annotations

from datetime import date, timedelta

from staycurrent.digest import plans
from staycurrent.digest.types import Cadence
from staycurrent.i18n import gettext as _
from staycurrent.i18n import weekday
from staycurrent.store.subscribers import Plan

_MONDAY = date(2026, 1, 5)


def when(plan: Plan) -> str:
    """ "Every Monday at 07:00 (Europe/Berlin)"."""
    values = {"weekday": day_name(plan.weekday), "time": plans.clock(plan.minute), "zone": plan.timezone}
    if plan.cadence == Cadence.MONTHLY:
        return _("Once a month, on the first {weekday} from the 4th on, at {time} ({zone})").format(**values)
    return _("Every {weekday} at {time} ({zone})").format(**values)


def day_name(number: int) -> str:
    """The weekday of a number; 1 is Monday."""
    return weekday(_MONDAY + timedelta(days=number - 1))

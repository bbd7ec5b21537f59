"""The health of the sources, as `staycurrent sources` and the dashboard show it, and in words that a reader understands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from staycurrent.i18n import gettext as _
from staycurrent.i18n import ngettext, number, short_day
from staycurrent.store import completeness
from staycurrent.store.models import Run, Sighting, Source
from staycurrent.types import DayCount, Outcome

_ORDER = {"arxiv": 0, "huggingface": 1, "paperswithcode": 2}


@dataclass(frozen=True, slots=True)
class Health:
    """A source, its last run, and how complete its newest day is."""

    name: str
    kind: str
    title: str
    url: str
    lab: str | None
    official: bool
    last_attempt: datetime | None
    last_success: datetime | None
    next_check: datetime | None
    parked_until: datetime | None
    error: str | None
    error_count: int
    outcome: str | None
    expected: int | None
    """What the last run should have delivered, where the source says so."""
    fetched: int | None
    """What the last run delivered."""
    stored: int
    """All items that the source ever showed."""
    newest_item: date | None
    alarm_days: int | None
    note: str | None
    newest_day: DayCount | None = None
    incomplete: tuple[DayCount, ...] = ()
    """Days that still lack something, oldest first."""

    def silent_days(self, today: date) -> int | None:
        """For how many days a feed has shown nothing new, where that is longer than its alarm age."""
        if not self.alarm_days or not self.newest_item:
            return None
        days = (today - self.newest_item).days
        return days if days > self.alarm_days else None


def health(session: Session) -> list[Health]:
    """Every active source, arXiv first and lab feeds last."""
    newest = select(func.max(Run.id)).where(Run.finished_at.is_not(None)).group_by(Run.source)
    runs = {run.source: run for run in session.scalars(select(Run).where(Run.id.in_(newest)))}
    by_source = session.execute(select(Sighting.source, func.count()).group_by(Sighting.source))
    counts = {row[0]: int(row[1]) for row in by_source}
    newest_days, incomplete = completeness.newest_days(session), completeness.incomplete(session)
    rows = session.scalars(select(Source).where(Source.active)).all()
    return [
        _health(row, runs.get(row.name), counts.get(row.name, 0), newest_days.get(row.name), incomplete.get(row.name, ()))
        for row in sorted(rows, key=lambda r: (_ORDER.get(r.kind, len(_ORDER)), r.name))
    ]


def _health(row: Source, run: Run | None, stored: int, newest_day: DayCount | None, incomplete: tuple[DayCount, ...]) -> Health:
    return Health(
        name=row.name,
        kind=row.kind,
        title=row.title,
        url=row.url,
        lab=row.lab,
        official=row.official,
        last_attempt=row.last_attempt_at,
        last_success=row.last_success_at,
        next_check=row.next_check_at,
        parked_until=row.parked_until,
        error=row.error,
        error_count=row.error_count,
        outcome=run.outcome if run else None,
        expected=run.expected if run else None,
        fetched=run.fetched if run else None,
        stored=stored,
        newest_item=row.newest_item_on,
        alarm_days=row.alarm_days,
        note=run.note if run else None,
        newest_day=newest_day,
        incomplete=incomplete,
    )


def words(source: Health, today: date) -> str:
    """The state of a source in one line: "412 of 412 for 20 May", "partial, 11 so far", "nothing new for 31 days".

    It is in the language of the task at hand: English for the command line, the reader's on a page.
    """
    if source.last_attempt is None:
        return _("not collected yet")
    said = [part for part in (_trouble(source), _newest(source, today), _gaps(source), _silence(source, today)) if part]
    return "; ".join(said) or _outcome(source)


def _trouble(source: Health) -> str | None:
    if not source.error:
        return None
    if source.error_count <= 1:
        return _("failed ({error})").format(error=source.error)
    text = ngettext("failed ({error}), {n} time in a row", "failed ({error}), {n} times in a row", source.error_count)
    return text.format(error=source.error, n=number(source.error_count))


def _newest(source: Health, today: date) -> str | None:
    count = source.newest_day
    if count is None:
        return None
    stored, day = number(count.stored), short_day(count.day)
    if source.kind == "huggingface" and count.day >= today:  # the list grows until the day is over
        return _("partial, {stored} so far for {day}").format(stored=stored, day=day)
    return _("{stored} of {expected} for {day}").format(stored=stored, expected=number(count.expected), day=day)


def _gaps(source: Health) -> str | None:
    days = [count for count in source.incomplete if count != source.newest_day]
    if not days:
        return None
    lacking = sum(count.expected - count.stored for count in days)
    return _("{n} still missing since {day}").format(n=number(lacking), day=short_day(days[0].day))


def _silence(source: Health, today: date) -> str | None:
    days = source.silent_days(today)
    return ngettext("nothing new for {n} day", "nothing new for {n} days", days).format(n=number(days)) if days else None


def _outcome(source: Health) -> str:
    if source.outcome == Outcome.PARTIAL.value:
        return _("partial, will be read again")
    if source.outcome == Outcome.OK_EMPTY.value:
        return _("complete, nothing new")
    return _("complete") if source.outcome == Outcome.OK.value else _("collecting")

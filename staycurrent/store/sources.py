"""Sources and their runs: polling state, outcome of each run, health."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from staycurrent.store import completeness
from staycurrent.store.models import Lab, Run, Sighting, Source
from staycurrent.store.upserts import upsert
from staycurrent.types import DayCount, Outcome, RunReport

INTERVAL = timedelta(hours=6)
"""How long a source rests after a success. arXiv changes once a day; six hours catch a late or partial day."""
BACKOFF_LIMIT = timedelta(hours=6)
INTERRUPTED = "interrupted"
"""The error of a run whose process was killed. Where it lives after all, its own end overwrites this one."""


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What the registry knows of a source before it ever ran."""

    name: str
    kind: str
    title: str
    url: str
    lab: str | None = None
    lab_name: str | None = None
    official: bool = True
    alarm_days: int | None = None


@dataclass(frozen=True, slots=True)
class PollState:
    """What a collector needs of a source's row."""

    name: str
    watermark: date | None
    etag: str | None
    last_modified: str | None
    next_check_at: datetime | None
    parked_until: datetime | None
    error_count: int
    incomplete_since: date | None = None
    """The earliest day that still lacks something, or None."""


def register(session: Session, infos: Iterable[SourceInfo]) -> None:
    """Make the rows of the sources of this installation; a source that was taken out stays, inactive, with its sightings."""
    infos = list(infos)
    _forget_other_addresses(session, infos)
    labs = [{"slug": i.lab, "name": i.lab_name or i.lab, "watched": False} for i in infos if i.lab]
    upsert(session, Lab, labs, index=["slug"])
    rows = [
        {
            "name": i.name,
            "kind": i.kind,
            "title": i.title,
            "url": i.url,
            "lab": i.lab,
            "official": i.official,
            "alarm_days": i.alarm_days,
            "active": True,
            "error_count": 0,
        }
        for i in infos
    ]
    facts = ["kind", "title", "url", "lab", "official", "alarm_days", "active"]
    upsert(session, Source, rows, index=["name"], changing=facts)
    gone = Source.name.not_in([i.name for i in infos])
    session.execute(update(Source).where(gone, Source.active).values(active=False))


def _forget_other_addresses(session: Session, infos: Sequence[SourceInfo]) -> None:
    """What was reached at an old address says nothing about the new one: it is read from the start, and soon."""
    known = {row.name: row.url for row in session.execute(select(Source.name, Source.url))}
    moved = [i.name for i in infos if known.get(i.name, i.url) != i.url]
    if moved:
        fresh = {"etag": None, "last_modified": None, "watermark": None, "next_check_at": None, "parked_until": None}
        session.execute(update(Source).where(Source.name.in_(moved)).values(**fresh))


def poll_state(session: Session, name: str) -> PollState:
    """The polling state of a registered source."""
    row = session.get_one(Source, name)
    return PollState(
        name=row.name,
        watermark=row.watermark,
        etag=row.etag,
        last_modified=row.last_modified,
        next_check_at=row.next_check_at,
        parked_until=row.parked_until,
        error_count=row.error_count,
        incomplete_since=completeness.incomplete_since(session, name),
    )


LONGEST_REST = timedelta(hours=25)
"""No source rests longer (parked until the next midnight). A later moment was written by a clock that was wrong."""


def due(session: Session, now: datetime) -> list[str]:
    """Names of the sources whose next check has come, longest waiting first."""
    never = Source.next_check_at.is_(None)
    wrong = now + LONGEST_REST
    rested = Source.parked_until.is_(None) | (Source.parked_until <= now) | (Source.parked_until > wrong)
    waited = never | (Source.next_check_at <= now) | (Source.next_check_at > wrong)
    statement = select(Source.name).where(Source.active, rested, waited)
    return list(session.scalars(statement.order_by(Source.next_check_at.asc().nulls_first(), Source.name)))


def start_run(session: Session, name: str, since: date, until: date, now: datetime) -> int:
    """Open a run and return its id. A run that a killed process left open is closed as failed."""
    cut_off = {"finished_at": now, "outcome": Outcome.FAILED.value, "error": INTERRUPTED}
    session.execute(update(Run).where(Run.source == name, Run.finished_at.is_(None)).values(**cut_off))
    session.execute(update(Source).where(Source.name == name).values(last_attempt_at=now))
    run_id = session.scalar(
        insert(Run)
        .values(source=name, started_at=now, since=since, until=until, fetched=0, new=0, changed=0, same=0)
        .returning(Run.id)
    )
    assert run_id is not None
    return int(run_id)


def finished_windows(session: Session, name: str) -> set[tuple[date, date]]:
    """The windows of a source that were read to their end after their last day had passed."""
    good = (Outcome.OK.value, Outcome.OK_EMPTY.value)
    rows = session.execute(select(Run.since, Run.until, Run.finished_at).where(Run.source == name, Run.outcome.in_(good)))
    return {(row.since, row.until) for row in rows if row.finished_at.date() > row.until}


def finish_run(
    session: Session,
    run_id: int,
    report: RunReport,
    now: datetime,
    *,
    reason: str | None = None,
    note: str | None = None,
    watermark: date | None = None,
    etag: str | None = None,
    last_modified: str | None = None,
    days: Sequence[DayCount] = (),
    asked: bool = True,
) -> None:
    """Close a run and set the source's state: a success moves the watermark, a failure only the next check.

    A run in which the source was not `asked`, since it is parked, says nothing new of it and changes no state.
    """
    completeness.record(session, report.source, days, now)
    session.execute(
        update(Run)
        .where(Run.id == run_id)
        .values(
            finished_at=now,
            outcome=report.outcome.value,
            fetched=report.fetched,
            new=report.new,
            changed=report.changed,
            same=report.same,
            expected=report.expected,
            error=report.error,
            note=note,
        )
    )
    source = session.get_one(Source, report.source)
    source.newest_item_on = session.scalar(
        select(func.max(Sighting.listed_on)).where(Sighting.source == report.source, Sighting.listed_on <= now.date())
    )
    if report.outcome in (Outcome.OK, Outcome.OK_EMPTY):
        _succeeded(source, now, watermark, etag, last_modified)
    elif asked:
        _failed(source, now, report.error, reason)


def _succeeded(source: Source, now: datetime, watermark: date | None, etag: str | None, last_modified: str | None) -> None:
    if watermark and (source.watermark is None or watermark > source.watermark):
        source.watermark = watermark
    source.etag, source.last_modified = etag, last_modified
    source.last_success_at, source.next_check_at, source.parked_until = now, now + INTERVAL, None
    source.error = source.error_reason = None
    source.error_count = 0


def _failed(source: Source, now: datetime, error: str | None, reason: str | None) -> None:
    source.error, source.error_reason = error, reason
    source.error_count += 1
    source.next_check_at = now + min(timedelta(minutes=15) * 2 ** min(source.error_count - 1, 8), BACKOFF_LIMIT)
    if reason == "forbidden":  # going on after a 403 is treated as an attack (arXiv, help/robots)
        tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        source.parked_until = source.next_check_at = tomorrow


def recent_runs(session: Session, limit: int = 50) -> Sequence[Run]:
    """The newest runs of all sources."""
    return session.scalars(select(Run).order_by(Run.started_at.desc(), Run.id.desc()).limit(limit)).all()

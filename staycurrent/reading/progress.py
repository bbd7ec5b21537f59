"""A reader's way through the roadmap: what was read at each level and in each month, and how many of its landmarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from staycurrent import period, roadmap
from staycurrent.roadmap import Landmark
from staycurrent.store import marks
from staycurrent.store.engine import Engine, Session
from staycurrent.store.engine import reading as read_session
from staycurrent.store.marks import Kind, Read


@dataclass(frozen=True, slots=True)
class LevelProgress:
    """What was read at a level; a landmark counts among what was read, once, however it was marked."""

    level: int
    read: int
    landmarks_read: int
    landmarks: int
    minutes_left: int
    """Estimated reading time of the landmarks that were not read yet."""


@dataclass(frozen=True, slots=True)
class MonthProgress:
    """What was read in a month, by level; None for what is not classified."""

    month: str
    read: int
    by_level: Mapping[int | None, int]


@dataclass(frozen=True, slots=True)
class Progress:
    """Levels 1 to 8 and, where something off the roadmap was read, 0; months from the first one read in to this one."""

    levels: tuple[LevelProgress, ...]
    months: tuple[MonthProgress, ...]
    unclassified: int
    landmarks: frozenset[str]
    """The landmarks that were read, by arXiv id or address."""


def landmark_name(landmark: Landmark) -> str:
    """The name under which a landmark is marked: its arXiv id, else its address."""
    return landmark.arxiv_id or landmark.url


def progress(engine: Engine, profile: str, *, today: date) -> Progress:
    """A reader's progress as of `today`."""
    with read_session(engine) as session:
        return of(session, profile, today=today)


def of(session: Session, profile: str, *, today: date) -> Progress:
    """The same in a session."""
    clicked = {n: kinds[Kind.READ] for n, kinds in marks.landmarks(session, profile).items() if Kind.READ in kinds}
    return count(marks.reads(session, profile), clicked, roadmap.landmarks(), today)


def count(read: Sequence[Read], clicked: Mapping[str, datetime], landmarks: Sequence[Landmark], today: date) -> Progress:
    """Progress out of items that were read and landmarks that were clicked as read. Landmarks have the roadmap's level."""
    names = {name: mark for mark in landmarks for name in (landmark_name(mark), mark.url)}
    finished = {landmark_name(names[name]): at for name, at in clicked.items() if name in names}
    others: list[tuple[int | None, datetime]] = []
    for item in read:
        known = next((names[name] for name in item.names if name in names), None)
        if known is None:
            others.append((item.level, item.at))
        else:
            name = landmark_name(known)
            finished[name] = min(finished.get(name, item.at), item.at)
    whole = others + [(names[name].level, at) for name, at in finished.items()]
    return Progress(
        levels=tuple(_level(n, whole, finished, landmarks) for n in roadmap.levels() if n or any(lv == 0 for lv, _ in whole)),
        months=_months(whole, today),
        unclassified=sum(level is None for level, _ in whole),
        landmarks=frozenset(finished),
    )


def _level(
    number: int, whole: Sequence[tuple[int | None, datetime]], finished: Mapping[str, datetime], landmarks: Sequence[Landmark]
) -> LevelProgress:
    own = [mark for mark in landmarks if mark.level == number]
    left = [mark for mark in own if landmark_name(mark) not in finished]
    return LevelProgress(
        level=number,
        read=sum(level == number for level, _ in whole),
        landmarks_read=len(own) - len(left),
        landmarks=len(own),
        minutes_left=sum(mark.minutes for mark in left),
    )


def _months(whole: Sequence[tuple[int | None, datetime]], today: date) -> tuple[MonthProgress, ...]:
    if not whole:
        return ()
    days = [(level, at.astimezone(UTC).date()) for level, at in whole]
    month, first = period.month(max(today, *(day for _, day in days))), min(day for _, day in days)
    found = []
    while month.last >= first:
        inside = [level for level, day in days if month.contains(day)]
        found.append(MonthProgress(month.name, len(inside), {level: inside.count(level) for level in dict.fromkeys(inside)}))
        month = period.previous_month(month)
    return tuple(reversed(found))

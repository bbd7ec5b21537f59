"""A reading spread over days, and as a calendar (RFC 5545). Pure: a reading comes as plain values, the time is passed in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from icalendar import Calendar, Event

from staycurrent.exchange.text import one_line


@dataclass(frozen=True, slots=True)
class ToRead:
    """A place of a reading: what to read, why, and for how long."""

    id: str
    title: str
    url: str
    minutes: int
    why: str = ""
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """What to read on which day."""

    day: date
    item: ToRead


def spread(items: Sequence[ToRead], first: date, days: int, minutes_per_day: int | None = None) -> list[Planned]:
    """The items in their order over the days: evenly, or as many minutes a day as there are to spend.

    What no day is left for is left out. An item that alone is longer than a day's minutes has a day for itself.
    """
    if minutes_per_day is None:
        return [Planned(first + timedelta(days=n * days // len(items)), item) for n, item in enumerate(items)]
    planned: list[Planned] = []
    day, spent = 0, 0
    for item in items:
        if spent and spent + item.minutes > minutes_per_day:
            day, spent = day + 1, 0
        if day == days:
            break
        planned.append(Planned(first + timedelta(days=day), item))
        spent += item.minutes
    return planned


def calendar(planned: Iterable[Planned], period: str, now: datetime) -> str:
    """An all-day event for each item. Its UID is the item's in this period: importing a newer plan moves events."""
    made = Calendar()
    made.add("prodid", "-//staycurrent//reading plan//EN")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", f"Reading {period}")
    for place in planned:
        made.add_component(_event(place, period, now))
    document: bytes = made.to_ical()
    return document.decode("utf-8")


def _event(place: Planned, period: str, now: datetime) -> Event:
    item = place.item
    event = Event()
    event.add("uid", f"{one_line(item.id).replace(' ', '-')}.{period}@staycurrent")
    event.add("dtstamp", now)
    event.add("dtstart", place.day)
    event.add("dtend", place.day + timedelta(days=1))
    event.add("summary", one_line(f"{item.title} ({item.minutes} min)"))
    event.add("description", "\n".join(line for line in (one_line(item.url), one_line(item.why)) if line))
    event.add("url", one_line(item.url))
    event.add("transp", "TRANSPARENT")
    if item.topics:
        event.add("categories", list(item.topics))
    return event

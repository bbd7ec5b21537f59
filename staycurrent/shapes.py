"""Items, readings and sources as JSON: the one shape that `--json`, the HTTP API and exports show."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from staycurrent.query import Query
from staycurrent.reading.monthly import Placed, ReadingList
from staycurrent.roadmap import Lab, Landmark, Level, Topic
from staycurrent.store import health as health_store
from staycurrent.store.health import Health
from staycurrent.store.listing import ItemPage
from staycurrent.types import Correction, ItemDetail, ItemView, Opinion, SightingView, Version


def moment(value: datetime | None) -> str | None:
    """An ISO 8601 time in UTC, to the second, with Z."""
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if value else None


def item_json(item: ItemView) -> dict[str, Any]:
    """An item as every list shows it."""
    return {
        "id": item.id,
        "arxiv_id": item.arxiv_id,
        "kind": item.kind.value,
        "title": item.title,
        "authors": list(item.authors),
        "url": item.url,
        "published": moment(item.published),
        "updated": moment(item.updated),
        "listed": item.listed_on.isoformat(),
        "version": item.version,
        "withdrawn": item.withdrawn,
        "level": item.level,
        "confidence": item.confidence,
        "unsure": item.unsure,
        "corrected": item.corrected,
        "topics": [t.slug for t in item.topics],
        "labs": lab_slugs(item),
        "sources": list(item.sources),
        "votes": item.votes,
        "stars": item.stars,
        "repositories": [r.url for r in item.repositories],
    }


def lab_slugs(item: ItemView) -> list[str]:
    """The labs of an item, strongest evidence first, each once."""
    return list(dict.fromkeys(e.lab for e in item.labs))


def page_json(query: Query, page: ItemPage) -> dict[str, Any]:
    """A page of a list as the contract shows it; `capped` says that not everything that may fit was looked at."""
    return {
        "query": query.url_query(),
        "items": [item_json(i) for i in page.items],
        "cursor": page.cursor,
        "capped": page.capped,
    }


def reading_json(found: ReadingList) -> dict[str, Any]:
    """A reading as the contract shows it: `items` is the ranked list, all else stands beside it."""
    return {
        "period": found.period.name,
        "frozen": found.frozen,
        "query": found.query.url_query(),
        "items": [_placed_json(p) for p in found.placed],
        "one_level_up": [_placed_json(p) for p in found.one_level_up],
        "landmark": _landmark_json(found.landmark) if found.landmark else None,
        "notes": list(found.notes),
    }


def _placed_json(placed: Placed) -> dict[str, Any]:
    reasons = {"score": placed.score, "why": dict(placed.why), "minutes": placed.minutes, "role": placed.role.value}
    return {"rank": placed.rank, **item_json(placed.item), **reasons}


def _landmark_json(landmark: Landmark) -> dict[str, Any]:
    return {
        "title": landmark.title,
        "authors": list(landmark.authors),
        "year": landmark.year,
        "url": landmark.url,
        "arxiv_id": landmark.arxiv_id,
        "level": landmark.level,
        "topics": list(landmark.topics),
        "minutes": landmark.minutes,
        "why": landmark.why.en,
    }


def detail_json(detail: ItemDetail) -> dict[str, Any]:
    """An item with its evidence."""
    item = detail.item
    return item_json(item) | {
        "abstract": item.abstract,
        "doi": item.doi,
        "categories": list(item.categories),
        "comment": item.comment,
        "topics": [asdict(t) for t in item.topics],
        "labs": [asdict(e) for e in item.labs],
        "sightings": [sighting_json(s) for s in detail.sightings],
        "versions": [version_json(v) for v in detail.versions],
        "repositories": [asdict(r) for r in item.repositories],
        "metrics": [{"source": s, "name": n, "day": d.isoformat(), "value": v} for s, n, d, v in detail.metrics],
        "probabilities": {str(n): p for n, p in enumerate(detail.probabilities)},
        "explanation": [asdict(r) for r in detail.explanation],
        "model": detail.model,
        "model_level": detail.said,
        "correction": _correction_json(detail.correction) if detail.correction else None,
        "second_opinion": _opinion_json(detail.opinion) if detail.opinion else None,
    }


def _correction_json(said: Correction) -> dict[str, Any]:
    """Without who said it: a name may be a login or an address of mail, and the API is open."""
    return {"level": said.level, "why": said.why, "at": moment(said.at)}


def _opinion_json(said: Opinion) -> dict[str, Any]:
    return asdict(said) | {"topics": list(said.topics), "at": moment(said.at)}


def sighting_json(seen: SightingView) -> dict[str, Any]:
    """A sighting."""
    return {
        "source": seen.source,
        "key": seen.key,
        "url": seen.url,
        "seen": moment(seen.seen_at),
        "listed": seen.listed_on.isoformat() if seen.listed_on else None,
        "announce_type": seen.announce_type,
        "organization": seen.organization,
        "votes": seen.votes,
        "stars": seen.stars,
        "comments": seen.comments,
    }


def version_json(version: Version) -> dict[str, Any]:
    """A version."""
    return {"version": version.number, "submitted": moment(version.submitted), "withdrawn": version.withdrawn}


def health_json(h: Health, today: date) -> dict[str, Any]:
    """A source's health as the contract shows it."""
    return {
        "source": h.name,
        "kind": h.kind,
        "title": h.title,
        "url": h.url,
        "lab": h.lab,
        "official": h.official,
        "last_success": moment(h.last_success),
        "last_attempt": moment(h.last_attempt),
        "next_check": moment(h.next_check),
        "error": h.error,
        "error_count": h.error_count,
        "outcome": h.outcome,
        "day": h.newest_day.day.isoformat() if h.newest_day else None,
        "expected": h.newest_day.expected if h.newest_day else h.expected,
        "stored": h.newest_day.stored if h.newest_day else h.fetched,
        "incomplete_days": [c.day.isoformat() for c in h.incomplete],
        "items": h.stored,
        "newest_item": h.newest_item.isoformat() if h.newest_item else None,
        "state": health_store.words(h, today),
    }


def level_json(level: Level) -> dict[str, Any]:
    """A level of the roadmap."""
    return {
        "level": level.number,
        "name": level.name.en,
        "short": level.short.en,
        "goal": level.goal.en,
        "months": list(level.months) if level.months else None,
    }


def topic_json(topic: Topic) -> dict[str, Any]:
    """A topic."""
    return {"slug": topic.slug, "level": topic.level, "name": topic.name.en}


def lab_json(lab: Lab) -> dict[str, Any]:
    """A lab that the roadmap knows."""
    return {"slug": lab.slug, "name": lab.name, "watched": lab.watched, "url": lab.home}

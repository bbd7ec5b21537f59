"""Invented, classified items in bulk, past the collector: a million in minutes, skewed as real ones are.

Most items have one source; few have votes, code or a lab; some topics and levels are ten times as common as others.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import insert, text

from staycurrent import roadmap
from staycurrent.store import full_text
from staycurrent.store.engine import Engine, writing
from staycurrent.store.models import Item, ItemKey, ItemLab, ItemText, ItemTopic, Metric, Sighting
from tests import build
from tests.bench.papers import Papers

CHUNK = 5_000
TABLES: tuple[Any, ...] = (Item, ItemText, ItemKey, Sighting, Metric, ItemTopic, ItemLab)
LEVEL_WEIGHTS = (30, 2, 8, 10, 9, 18, 12, 6, 5)
"""Shares of the levels 0 to 8 in percent, as the classifier finds them in a month of arXiv."""
NAMES = 60_000
"""Distinct authors in all; a few sign hundreds of papers."""


@dataclass
class Dice:
    """Everything that chance decides, the same for the same number of items."""

    random: random.Random = field(default_factory=lambda: random.Random(3))
    papers: Papers = field(default_factory=Papers)

    def __post_init__(self) -> None:
        self.topics = {n: [t.slug for t in roadmap.topics().values() if t.level == n] for n in range(1, 9)}
        self.labs = list(roadmap.labs())
        words = self.papers.words[200:2200]
        self.names = [
            f"{self.random.choice(words).capitalize()} {self.random.choice(words).capitalize()}" for _ in range(NAMES)
        ]

    def skewed(self, values: Sequence[str]) -> str:
        """One of the values, the first ones far more often."""
        return values[min(int(self.random.paretovariate(0.8)) - 1, len(values) - 1)]

    def authors(self) -> str:
        chosen = [self.names[int(NAMES * self.random.random() ** 3)] for _ in range(self.random.randint(1, 7))]
        return "\n".join(chosen)


def fill(engine: Engine, total: int) -> None:
    """Put `total` items into an empty, migrated database; full text is indexed at the end."""
    build.register(engine)
    postgresql = engine.dialect.name == "postgresql"
    put = _copy if postgresql else _insert
    with full_text.put_off(engine), writing(engine) as session:
        rows = _rows(total)
        while part := list(islice(rows, CHUNK)):
            for table in TABLES:
                put(session.connection(), table.__table__, [row for item in part for row in item[table.__tablename__]])
    if postgresql:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in ("items", "sightings"):  # they came with their ids
                last = f"(SELECT coalesce(max(id), 1) FROM {table})"
                connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last})"))
            connection.execute(text("VACUUM ANALYZE"))


def _insert(connection: Any, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _copy(connection: Any, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    if not rows:
        return
    names = list(rows[0])
    statement = f"COPY {table.name} ({', '.join(names)}) FROM STDIN"
    with connection.connection.driver_connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([_plain(row[n]) for n in names])


def _plain(value: Any) -> Any:
    return "\n".join(value) if isinstance(value, tuple) else value


def _rows(total: int) -> Iterator[dict[str, list[dict[str, Any]]]]:
    dice = Dice()
    for number in range(total):
        yield _item(dice, number, total)


def _item(dice: Dice, number: int, total: int) -> dict[str, list[dict[str, Any]]]:
    chance = dice.random.random
    row_id, day = number + 1, dice.papers.day(number, total)
    if chance() < 0.03:  # listed late, so that days and row ids do not run alike everywhere
        day = max(day - timedelta(days=int(chance() * 200)), date(2024, 1, 1))
    post = chance() < 0.01
    level = dice.random.choices(range(9), LEVEL_WEIGHTS)[0]
    votes = int(dice.random.paretovariate(0.9)) if chance() < 0.05 else None
    stars = int(dice.random.paretovariate(0.7)) if chance() < 0.12 else None
    lab = dice.skewed(dice.labs) if post or chance() < 0.03 else None
    sources = ["lab:openai" if chance() < 0.5 else "lab:qwen"] if post else ["arxiv"]
    sources += ["huggingface"] if votes and not post else []
    sources += ["paperswithcode"] if stars and not post else []
    uid = f"p{row_id:015x}" if post else f"{day:%y%m}.{row_id:07d}"
    moment = datetime.combine(day, time(12), UTC)
    title, abstract = dice.papers.text(number)
    return {
        "items": [
            {
                "id": row_id, "uid": uid, "kind": "post" if post else "paper", "arxiv_id": None if post else uid,
                "url": f"https://arxiv.org/abs/{uid}", "content_source": sources[0], "content_hash": f"{number:040x}",
                "published": moment, "updated": moment, "listed_on": day, "version": 1, "withdrawn": chance() < 0.003,
                "first_seen_at": moment, "changed_at": moment, "level": level, "confidence": round(0.3 + 0.7 * chance(), 4),
                "unsure": chance() < 0.2, "model": "bench-1", "votes": votes, "stars": stars, "source_count": len(sources),
                "has_code": stars is not None or chance() < 0.1,
            }
        ],
        "item_texts": [
            {"item_id": row_id, "title": title, "authors": tuple(dice.authors().split("\n")), "abstract": abstract,
             "categories": ("cs.LG", "cs.CL")}
        ],
        "item_keys": [{"key": f"arxiv:{uid}", "item_id": row_id}],
        "sightings": [
            {"id": row_id * 4 + n, "item_id": row_id, "source": s, "key": uid, "hash": "0" * 40, "seen_at": moment,
             "changed_at": moment, "listed_on": day, "url": "https://example.org", "votes": votes, "stars": stars}
            for n, s in enumerate(sources)
        ],
        "metrics": [
            {"item_id": row_id, "source": sources[-1], "name": "votes", "day": day, "value": votes}
        ] if votes else [],
        "item_topics": _topics(dice, row_id, level, day),
        "item_labs": [
            {"item_id": row_id, "lab": lab, "method": "organization", "evidence": f"tagged {lab}", "confidence": 0.98,
             "listed_on": day}
        ] if lab else [],
    }  # fmt: skip


def _topics(dice: Dice, row_id: int, level: int, day: date) -> list[dict[str, Any]]:
    if not level:
        return []
    found = {dice.skewed(dice.topics[level]): None}
    for _ in range(2):
        if dice.random.random() < 0.5:
            found[dice.skewed(dice.topics[level if dice.random.random() < 0.6 else dice.random.randint(1, 8)])] = None
    return [
        {"item_id": row_id, "topic": slug, "rank": rank, "score": round(1 / (rank + 0.2), 4), "listed_on": day}
        for rank, slug in enumerate(found, start=1)
    ]

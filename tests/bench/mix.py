"""The questions that readers ask, in the mix in which they are measured; the same ones for the same seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from staycurrent import roadmap
from staycurrent.query import Query, Sort
from staycurrent.types import Kind
from tests.bench.papers import FIRST_DAY

COMMON = ("the", "model", "learning", "data", "method")
MIDDLING = ("diffusion", "baselines", "attention", "retrieval")
Maker = Callable[[random.Random], Query]


def _topic(dice: random.Random) -> Query:
    return Query(topics=(dice.choice(list(roadmap.topics())),))


def _lab(dice: random.Random) -> Query:
    return Query(labs=(dice.choice(list(roadmap.labs())),))


def _month(dice: random.Random) -> Query:
    first = FIRST_DAY + timedelta(days=dice.randrange(690))
    return Query(since=first, until=first + timedelta(days=30))


ONE: tuple[Maker, ...] = (
    lambda _dice: Query(),
    lambda dice: Query(levels=(dice.randint(1, 8),)),
    lambda dice: Query(levels=tuple(sorted(dice.sample(range(1, 9), 2)))),
    _topic,
    lambda dice: Query(topics=tuple(sorted(dice.sample(list(roadmap.topics()), 3)))),
    _lab,
    lambda dice: Query(labs=tuple(sorted(dice.sample(list(roadmap.labs()), 2)))),
    lambda dice: Query(sources=(dice.choice(("arxiv", "huggingface", "paperswithcode", "lab:openai", "lab:*")),)),
    lambda dice: Query(kind=dice.choice(list(Kind))),
    lambda dice: Query(has_code=dice.random() < 0.8),
    lambda dice: Query(min_confidence=dice.choice((0.5, 0.9, 0.99))),
    _month,
)


def filtered(dice: random.Random) -> Query:
    """One to three filters in any of the orders."""
    found = Query()
    for maker in dice.sample(ONE, dice.choice((1, 1, 2, 2, 3))):
        made = maker(dice)
        found = replace(found, **{n: getattr(made, n) for n in Query.__slots__ if getattr(made, n) != getattr(Query(), n)})
    return replace(found, sort=dice.choice((Sort.NEWEST, Sort.NEWEST, Sort.VOTES, Sort.STARS, Sort.CONFIDENCE)))


def search(dice: random.Random, words: list[str]) -> Query:
    """Words, phrases, prefixes, fields and minus, half of them with a filter, by relevance and by date."""
    rare, common, middling = dice.choice(words[3000:]), dice.choice(COMMON), dice.choice(MIDDLING)
    text = dice.choice(
        (
            rare,
            middling,
            f"{middling} {common}",
            f"{common} {rare}",
            f'"{middling} {common}"',
            f"{rare[:4]}*",
            f"title:{middling}",
            f"author:{dice.choice(words[200:2200])}",
            f"{middling} -{common}",
        )
    )
    return _searched(dice, text)


def common(dice: random.Random) -> Query:
    """A word that half of the items have."""
    return _searched(dice, dice.choice(COMMON))


def _searched(dice: random.Random, text: str) -> Query:
    found = Query() if dice.random() < 0.5 else dice.choice(ONE)(dice)
    return replace(found, text=text, sort=dice.choice((Sort.RELEVANCE, Sort.NEWEST)))


def level_in_month(dice: random.Random) -> tuple[int, date]:
    """A level and a day of the month whose reading is asked for."""
    return dice.randint(1, 8), FIRST_DAY + timedelta(days=dice.randrange(690))

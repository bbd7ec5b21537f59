"""The roadmap as data: levels, topics, watched labs and landmark papers, in English and German.

The four TOML files beside this one are the only place where these facts stand. They are read once, when first asked
for, and checked as they are read: a mistake in them is a bug of ours, so it is a ValueError that names file and entry.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar

__all__ = [
    "Lab",
    "Landmark",
    "Level",
    "Resource",
    "Text",
    "Topic",
    "lab_of_organization",
    "lab_of_team",
    "labs",
    "landmarks",
    "levels",
    "topics",
]

OFF_ROADMAP = 0
LEVELS = range(9)
ON_ROADMAP = tuple(LEVELS[1:])
"""0 is "off the roadmap", 1 to 8 are the roadmap's own."""
MONTHS = range(1, 13)

_V = TypeVar("_V")

_ARXIV_ID = re.compile(r"\d{4}\.\d{4,5}")
"""Without version; all landmarks are younger than the scheme of April 2007 or are not on arXiv."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text in both languages of the product."""

    en: str
    de: str

    def get(self, lang: str) -> str:
        """German for `de` and its regions (`de-AT`, `de_CH`), English for every other language."""
        return self.de if re.split(r"[-_]", lang.lower())[0] == "de" else self.en


@dataclass(frozen=True, slots=True)
class Resource:
    """A book, a course or a place that the roadmap recommends."""

    title: str
    author: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """One level of the roadmap; 0 holds what is off it and has no themes, practice or months."""

    number: int
    name: Text
    short: Text
    """One to three words, for chips and table cells."""
    goal: Text
    themes: tuple[Text, ...]
    practice: tuple[Text, ...]
    resources: tuple[Resource, ...]
    months: tuple[int, int] | None
    """First and last month of its period in the 12-month plan; the levels of one period share it."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of the taxonomy and the level that it belongs to."""

    slug: str
    level: int
    name: Text


@dataclass(frozen=True, slots=True)
class Lab:
    """A lab, with the names by which sources show that a paper is its own."""

    slug: str
    name: str
    watched: bool
    """One of the six that the roadmap itself tells the learner to watch."""
    home: str
    organizations: tuple[str, ...]
    """Hugging Face organizations that are this lab, as Hugging Face writes them."""
    teams: tuple[str, ...]
    """Collective author names with which it signs papers."""
    seen: str | None = None
    """The newest paper that bore one of these names when the list was looked through; its arXiv id dates the entry."""


@dataclass(frozen=True, slots=True)
class Landmark:
    """A paper that every learner at its level should know. At least one of `arxiv_id`, `doi` and `link` is set."""

    level: int
    title: str
    authors: tuple[str, ...]
    more_authors: bool
    """Whether the paper has more authors than those listed."""
    year: int
    """Of the first arXiv version, else of publication."""
    topics: tuple[str, ...]
    """The primary one first; it lies in `level`."""
    minutes: int
    """Estimated time for one attentive reading."""
    why: Text
    arxiv_id: str | None = None
    doi: str | None = None
    link: str | None = None

    @property
    def url(self) -> str:
        """Where to read it: arXiv before DOI before any other address."""
        if self.arxiv_id:
            return f"https://arxiv.org/abs/{self.arxiv_id}"
        if self.doi:
            return f"https://doi.org/{self.doi}"
        return self.link or ""


@cache
def levels() -> Mapping[int, Level]:
    """Level 0 to 8 by number, in order."""
    return _parse_levels(_tables("levels"))


@cache
def topics() -> Mapping[str, Topic]:
    """The topics by slug, in the order of the taxonomy."""
    return _parse_topics(_tables("topics"))


@cache
def labs() -> Mapping[str, Lab]:
    """The labs by slug, the watched ones first."""
    return _parse_labs(_tables("labs"))


def landmarks(level: int | None = None) -> tuple[Landmark, ...]:
    """The landmark papers of one level, or all of them, in the order in which they are best read."""
    if level is None:
        return _landmarks()
    return tuple(landmark for landmark in _landmarks() if landmark.level == level)


def lab_of_organization(slug: str) -> Lab | None:
    """The lab that a Hugging Face organization is, whatever the case of its slug; None where it is none of ours."""
    return _labs_by_organization().get(_fold(slug))


def lab_of_team(author: str) -> Lab | None:
    """The lab whose collective name `author` is as a whole, whatever its case; None for a person or an unknown team."""
    return _labs_by_team().get(_fold(author))


@cache
def _landmarks() -> tuple[Landmark, ...]:
    return _parse_landmarks(_tables("landmarks"), topics())


@cache
def _labs_by_organization() -> Mapping[str, Lab]:
    return _index("labs.toml", "organization", labs().values(), lambda lab: lab.organizations)


@cache
def _labs_by_team() -> Mapping[str, Lab]:
    return _index("labs.toml", "team", labs().values(), lambda lab: lab.teams)


# From here on: reading and checking the files.


def _tables(name: str) -> list[dict[str, Any]]:
    """The one array of tables of `<name>.toml`, which is called like the file without its plural s."""
    # Both imports cost more than the rest of this module; who only needs the types does not pay for them.
    import tomllib
    from importlib.resources import files

    tables: list[dict[str, Any]] = tomllib.loads(files(__name__).joinpath(f"{name}.toml").read_text("utf-8"))[name[:-1]]
    return tables


def _parse_levels(tables: Iterable[dict[str, Any]]) -> Mapping[int, Level]:
    parsed = _unique("levels.toml", "number", tables, _level)
    if tuple(parsed) != tuple(LEVELS):
        raise ValueError(f"levels.toml: the levels must be 0 to 8 in order, not {list(parsed)}")
    return parsed


def _level(table: dict[str, Any]) -> Level:
    months = table.get("months")
    if months is not None and not (len(months) == 2 and MONTHS[0] <= months[0] <= months[1] <= MONTHS[-1]):  # noqa: PLR2004
        raise ValueError(f"months must be [first, last] within 1 to 12, not {months}")
    return Level(
        number=table["number"],
        name=_text(table["name"]),
        short=_text(table["short"]),
        goal=_text(table["goal"]),
        themes=tuple(_text(text) for text in table.get("themes", ())),
        practice=tuple(_text(text) for text in table.get("practice", ())),
        resources=tuple(Resource(**resource) for resource in table.get("resources", ())),
        months=tuple(months) if months else None,
    )


def _parse_topics(tables: Iterable[dict[str, Any]]) -> Mapping[str, Topic]:
    return _unique("topics.toml", "slug", tables, _topic)


def _topic(table: dict[str, Any]) -> Topic:
    if table["level"] not in LEVELS or table["level"] == OFF_ROADMAP:
        raise ValueError(f"no such level: {table['level']}")
    return Topic(slug=table["slug"], level=table["level"], name=_text(table["name"]))


def _parse_labs(tables: Iterable[dict[str, Any]]) -> Mapping[str, Lab]:
    parsed = _unique("labs.toml", "slug", tables, _lab)
    # A name that two labs claim would make the look-ups depend on the order of the file.
    _index("labs.toml", "organization", parsed.values(), lambda lab: lab.organizations)
    _index("labs.toml", "team", parsed.values(), lambda lab: lab.teams)
    return parsed


def _lab(table: dict[str, Any]) -> Lab:
    return Lab(
        slug=table["slug"],
        name=table["name"],
        watched=table.get("watched", False),
        home=table["home"],
        organizations=tuple(table.get("organizations", ())),
        teams=tuple(table.get("teams", ())),
        seen=table.get("seen"),
    )


def _parse_landmarks(tables: Iterable[dict[str, Any]], known: Mapping[str, Topic]) -> tuple[Landmark, ...]:
    parsed = _unique("landmarks.toml", "title", tables, lambda table: _landmark(table, known))
    seen: set[str] = set()
    for landmark in parsed.values():
        if landmark.url in seen:
            raise ValueError(f"landmarks.toml: {landmark.title}: {landmark.url} is there twice")
        seen.add(landmark.url)
    return tuple(parsed.values())


def _landmark(table: dict[str, Any], known: Mapping[str, Topic]) -> Landmark:
    landmark = Landmark(
        level=table["level"],
        title=table["title"],
        authors=tuple(table["authors"]),
        more_authors=table.get("more", False),
        year=table["year"],
        topics=tuple(table["topics"]),
        minutes=table["minutes"],
        why=_text(table["why"]),
        arxiv_id=table.get("arxiv_id"),
        doi=table.get("doi"),
        link=table.get("url"),
    )
    _check_landmark(landmark, known)
    return landmark


def _check_landmark(landmark: Landmark, known: Mapping[str, Topic]) -> None:
    if unknown := [slug for slug in landmark.topics if slug not in known]:
        raise ValueError(f"unknown topic {', '.join(unknown)}")
    if not landmark.topics or known[landmark.topics[0]].level != landmark.level:
        raise ValueError(f"the first topic must be one of level {landmark.level}")
    if not landmark.url:
        raise ValueError("needs an arxiv_id, a doi or a url")
    if landmark.arxiv_id and not _ARXIV_ID.fullmatch(landmark.arxiv_id):
        raise ValueError(f"not an arXiv id without version: {landmark.arxiv_id}")


def _unique(file: str, key: str, tables: Iterable[dict[str, Any]], parse: Callable[[dict[str, Any]], _V]) -> Mapping[Any, _V]:
    """Parse each table and keep it under its `key`, which no other table may have."""
    parsed: dict[Any, _V] = {}
    for table in tables:
        with _naming(file, table.get(key, "?")):
            if table[key] in parsed:
                raise ValueError(f"this {key} is there twice")
            parsed[table[key]] = parse(table)
    return MappingProxyType(parsed)


@contextmanager
def _naming(file: str, entry: object) -> Iterator[None]:
    """Put file and entry in front of what is wrong with it."""
    try:
        yield
    except KeyError as error:
        raise ValueError(f"{file}: {entry}: {error.args[0]} is missing") from error
    except (TypeError, ValueError) as error:
        raise ValueError(f"{file}: {entry}: {error}") from error


def _index(file: str, kind: str, every: Iterable[Lab], names: Callable[[Lab], tuple[str, ...]]) -> Mapping[str, Lab]:
    """The labs by each of their `names`, in the form in which they are looked up."""
    index: dict[str, Lab] = {}
    for lab in every:
        for name in names(lab):
            if other := index.get(_fold(name)):
                raise ValueError(f"{file}: {lab.slug}: {kind} {name} belongs to {other.slug} already")
            index[_fold(name)] = lab
    return MappingProxyType(index)


def _text(table: dict[str, str]) -> Text:
    if not (table["en"].strip() and table["de"].strip()):
        raise ValueError("a text is empty")
    return Text(en=table["en"], de=table["de"])


def _fold(name: str) -> str:
    """Case and runs of white space say nothing: arXiv and Hugging Face write the same name either way."""
    return " ".join(name.casefold().split())

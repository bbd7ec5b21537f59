"""Feeds that are added by hand: from a wish to a feed that is checked, named, and joined with those of the file.

Nothing is written here. `plan` is pure; `checked` fetches the feed once, by the same rules as collecting later does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from collector import clean
from collector.identity import canonical_url
from collector.sources.base import Fetcher
from collector.sources.lab_feeds import DEFAULT_ALARM_DAYS, Feed
from collector.sources.labs import ParsedFeed, parse_posts
from staycurrent import roadmap
from staycurrent.errors import Empty, Unsafe, UsageError
from staycurrent.store.feeds import AddedFeed

LONGEST_NAME: Final = 200
_LONGEST_LAB: Final = 60
_LONGEST_SOURCE: Final = 80
_LONGEST_URL: Final = 2_000
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_OWNER_IN_PATH: Final = frozenset({"github.com", "gitlab.com", "raw.githubusercontent.com", "huggingface.co", "medium.com"})
_OWNER_IN_HOST: Final = frozenset({"github.io", "substack.com", "medium.com", "wordpress.com", "blogspot.com", "netlify.app"})
_SECOND_LEVEL: Final = frozenset({"ac", "co", "com", "edu", "gov", "net", "org"})
"""`example.co.uk`, `example.ac.jp`: under a country the name stands one place further to the left."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants added. None asks for a guess out of the feed's title and address."""

    url: str
    lab: str | None = None
    id: str | None = None
    name: str | None = None
    official: bool = True
    alarm_days: int = DEFAULT_ALARM_DAYS
    allow_private: bool = False


def as_feed(added: AddedFeed) -> Feed:
    """A kept feed as a source takes it."""
    return Feed(
        lab=added.lab,
        name=added.name,
        url=added.url,
        kind="official" if added.official else "community",
        alarm_days=added.alarm_days,
        id=added.source.removeprefix(f"lab:{added.lab}").removeprefix("-") or None,
        public_only=not added.allow_private,
    )


def joined(feeds: Iterable[Feed], added: Iterable[AddedFeed]) -> tuple[Feed, ...]:
    """The feeds of the file and those that were added. Where both have a name, the file's stays: it is the operator's."""
    found = {feed.source: feed for feed in feeds}
    for feed in map(as_feed, added):
        found.setdefault(feed.source, feed)
    return tuple(found.values())


def checked(fetcher: Fetcher, wish: Wish, known: Sequence[Feed]) -> Feed:
    """The feed that the wish comes to, after a look at what is there.

    Raises `UsageError` for what is no address, private without leave, or there already, and another `FetchError` for
    what cannot be fetched or is no feed with posts.
    """
    url = address(wish.url)
    refuse_known(url, known)
    try:
        answer = fetcher.get(url, accept=("xml",), public=not wish.allow_private)
    except Unsafe as error:
        hint = "" if wish.allow_private else "; --allow-private adds it all the same"
        raise UsageError(f"{error}{hint}") from error
    parsed = parse_posts(answer.body, Feed("x", place(url), url, "official"), url=answer.url, content_type=answer.content_type)
    _refuse_useless(parsed, url)
    return plan(wish, known, title=parsed.title)


def _refuse_useless(parsed: ParsedFeed, url: str) -> None:
    if not parsed.items and parsed.skipped:
        raise Empty(f"the feed at {place(url)} has no entry with title and address", url=url)


def plan(wish: Wish, known: Sequence[Feed], *, title: str = "") -> Feed:
    """The feed that the wish comes to, its name and lab guessed where they are not given. Raises `UsageError`."""
    url = address(wish.url)
    refuse_known(url, known)
    name = clean.capped(clean.plain(wish.name or title), LONGEST_NAME) or place(url)
    if any(feed.name.casefold() == name.casefold() for feed in known):
        raise UsageError(f"there is a feed {name!r} already; give this one another name with --name")
    lab = _slug("--lab", wish.lab) if wish.lab else guess_lab(url, name, known)
    if not lab:
        raise UsageError(f"no lab can be guessed from {place(url)}; name it with --lab")
    return Feed(
        lab=lab,
        name=name,
        url=url,
        kind="official" if wish.official else "community",
        alarm_days=wish.alarm_days,
        id=_free_id(wish, lab, name, {feed.source for feed in known}),
        public_only=not wish.allow_private,
    )


def address(text: str) -> str:
    """The http(s) address that was meant. Raises `UsageError`."""
    url = clean.http_url(text)
    if url is None or len(url) > _LONGEST_URL:
        raise UsageError(f"{clean.capped(clean.fold(text), 100)!r} is not an http or https address")
    return url


def refuse_known(url: str, known: Iterable[Feed]) -> None:
    """Raise `UsageError` where the feed is there already, by http or https, with or without `www.`"""
    same = canonical_url(url)
    for feed in known:
        if canonical_url(feed.url) == same:
            raise UsageError(f"{place(url)}: that feed is there already, as {feed.source}")


def place(url: str) -> str:
    """The host of an address, for messages and as a name of last resort."""
    return urlsplit(url).hostname or ""


def _slug(option: str, text: str) -> str:
    if not _SLUG.fullmatch(text) or len(text) > _LONGEST_LAB:
        raise UsageError(f"{option} {text!r} is not a slug (small letters, digits, single hyphens)")
    return text


def _free_id(wish: Wish, lab: str, name: str, taken: set[str]) -> str | None:
    """None for a lab's first feed, else what tells this one from the others. Raises `UsageError` where nothing does."""
    ids = [_slug("--id", wish.id)] if wish.id else [None, owner(wish.url), name]
    for text in ids:
        room = _LONGEST_SOURCE - len(f"lab:{lab}-")
        ident = slugged(text)[:room].strip("-") if text else None
        source = f"lab:{lab}-{ident}" if ident else f"lab:{lab}"
        if source not in taken and (ident or text is None):
            return ident
    raise UsageError(f"lab:{lab}{'-' + wish.id if wish.id else ''} is taken; give this feed another --id")


def guess_lab(url: str, name: str, known: Iterable[Feed]) -> str:
    """The slug of the lab whose feed this may be: a known one where host, owner or title say so, else one made of them."""
    host = place(url)
    if host not in _OWNER_IN_PATH and (same := next((f.lab for f in known if place(f.url) == host), None)):
        return same
    words = [word for word in (owner(url), name) if word]
    for word in words:
        if lab := _known_lab(word):
            return lab
    return next((slug for slug in (slugged(word)[:_LONGEST_LAB].strip("-") for word in words) if slug), "")


def _known_lab(word: str) -> str | None:
    if slugged(word) in roadmap.labs():
        return slugged(word)
    lab = roadmap.lab_of_organization(word)
    return lab.slug if lab else None


def owner(url: str) -> str:
    """The part of an address that names who stands behind it; empty for a bare IP address."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    labels = host.split(".")
    if host in _OWNER_IN_PATH:
        return next((part.lstrip("@") for part in parts.path.split("/") if part), "")
    if _is_ip(host) or len(labels) == 1:
        return ""
    if ".".join(labels[-2:]) in _OWNER_IN_HOST:
        return labels[-3] if len(labels) > 2 else ""  # noqa: PLR2004
    under_country = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL  # noqa: PLR2004
    return labels[-3] if under_country else labels[-2]


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def slugged(text: str) -> str:
    """Small letters and digits with single hyphens; empty where nothing of that is in the text."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "-".join(_words(ascii_text.lower()))


def _words(text: str) -> Iterator[str]:
    return (match[0] for match in re.finditer(r"[a-z0-9]+", text))

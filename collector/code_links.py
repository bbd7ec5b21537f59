"""Repositories that authors name in their own abstract or comment: cheap, precise, and there on the first day. Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from staycurrent.types import ParsedItem, Repository

_LINK = re.compile(
    r"(?<![\w.-])(?:https?://)?(?:www\.)?(?P<host>github\.com|gitlab\.com|codeberg\.org|bitbucket\.org)"
    r"/(?P<owner>[A-Za-z0-9][\w.-]{0,60})/(?P<name>[\w.-]{1,100})",
    re.IGNORECASE | re.ASCII,  # names are ASCII: a word of another script right behind an address is text
)
_HOSTS = ("github.com", "gitlab.com", "codeberg.org", "bitbucket.org")
_PAGES = frozenset({"orgs", "topics", "features", "about", "search", "marketplace", "sponsors"})
"""First path parts that are pages of the host and no repository's owner."""


def canonical_repository(url: str) -> str | None:
    """`https://host/owner/name` of any address inside a repository, or None for any other address.

    GitHub takes `Foo/Bar` and `foo/bar` for one repository, and sources write both: there all of it is in lower case.
    """
    match = _LINK.search(url)
    if not match or match["owner"].lower() in _PAGES:
        return None
    name = re.sub(r"\.git\Z", "", match["name"].rstrip(".-"), flags=re.IGNORECASE)
    host, path = match["host"].lower(), f"{match['owner']}/{name}"
    return f"https://{host}/{path.lower() if host == 'github.com' else path}" if name else None


def find_repositories(text: str) -> tuple[Repository, ...]:
    """The repositories that a text names, each once, in order."""
    folded = text.lower()
    if not any(host in folded for host in _HOSTS):  # most texts name none, and a search for a word costs little
        return ()
    found = (canonical_repository(m[0]) for m in _LINK.finditer(text))
    return tuple(Repository(url) for url in dict.fromkeys(u for u in found if u))


def with_code(parsed: ParsedItem) -> ParsedItem:
    """The item with the repositories of its own words added, and all of its repositories in canonical form."""
    said = find_repositories(f"{parsed.abstract} {parsed.comment or ''}")
    if not said and not parsed.repositories:
        return parsed
    merged: dict[str, Repository] = {}
    for repository in (*parsed.repositories, *said):
        url = canonical_repository(repository.url) or repository.url
        merged.setdefault(url.lower(), replace(repository, url=url))
    return replace(parsed, repositories=tuple(merged.values()))

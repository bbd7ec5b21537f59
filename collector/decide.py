"""New, changed or same? Pure: a parsed item and what the store holds of it in, a `Decision` out.

The words of an item come from the source with the most authority that saw it, so the outcome does not depend on which
source came first. None in a parsed item means that the source was silent and never overwrites anything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from collector import identity
from staycurrent.types import Change, Decision, ParsedItem, StoredItem

_AUTHORITY = {"arxiv": 4, "huggingface": 3, "paperswithcode": 2}
_LAB_AUTHORITY = 1


def authority(source: str) -> int:
    """Whose words an item takes: arXiv's before Hugging Face's before Papers with Code's before a lab feed's."""
    return _AUTHORITY.get(source, _LAB_AUTHORITY)


def decide(parsed: ParsedItem, matches: Sequence[StoredItem]) -> Decision:
    """What to do about `parsed`, given the stored items that share a key with it."""
    keys = identity.keys(parsed)
    content, sighting = content_hash(parsed), sighting_hash(parsed)
    same_paper = [m for m in matches if _compatible(parsed, m)]
    if not same_paper:
        taken = {k for m in matches for k in m.keys}
        return Decision(Change.NEW, parsed, _free(keys, taken), content, sighting, take_content=True)
    home = max(same_paper, key=lambda m: (m.arxiv_id is not None, -m.id))
    taken = {k for m in matches if m not in same_paper or m.arxiv_id not in (None, home.arxiv_id) for k in m.keys}
    merged = [m for m in same_paper if m.id != home.id and m.arxiv_id is None]
    here = home.keys.union(*(m.keys for m in merged))
    new_keys = tuple(k for k in _free(keys, taken) if k not in here)
    merge = tuple(m.id for m in merged)
    take = _takes_content(parsed, home, content)
    said = home.sighting_hash != sighting or _announced_anew(parsed, home)
    change = Change.CHANGED if take or said or new_keys or merge else Change.SAME
    return Decision(change, parsed, new_keys, content, sighting, home.id, take_content=take, merge_ids=merge)


def _compatible(parsed: ParsedItem, stored: StoredItem) -> bool:
    """Two arXiv ids are two papers, even where authors gave both the same DOI."""
    paper_id = parsed.arxiv_id or identity.arxiv_id(parsed.url)
    return stored.arxiv_id is None or paper_id is None or stored.arxiv_id == paper_id


def _free(keys: tuple[str, ...], taken: set[str]) -> tuple[str, ...]:
    return tuple(k for k in keys if k not in taken)


def _takes_content(parsed: ParsedItem, home: StoredItem, content: str) -> bool:
    if parsed.source == home.content_source:
        return content != home.content_hash and _newest_version(parsed) >= home.version
    mine, theirs = authority(parsed.source), authority(home.content_source)
    if mine == theirs:  # two lab feeds: the name decides, so that the order of arrival does not
        return parsed.source < home.content_source
    return mine > theirs


def _newest_version(parsed: ParsedItem) -> int:
    return max((v.number for v in parsed.versions), default=1)


def _announced_anew(parsed: ParsedItem, home: StoredItem) -> bool:
    return parsed.announce_type is not None and parsed.announce_type != home.announce_type


def content_hash(parsed: ParsedItem) -> str:
    """A fingerprint of the descriptive facts: words, people, categories, versions."""
    return _digest(
        parsed.kind,
        parsed.title,
        parsed.abstract,
        parsed.authors,
        parsed.categories,
        parsed.comment,
        parsed.journal_ref,
        parsed.doi,
        parsed.license,
        parsed.url,
        parsed.published and parsed.published.isoformat(),
        parsed.updated and parsed.updated.isoformat(),
        [(v.number, v.submitted.isoformat(), v.withdrawn) for v in parsed.versions],
    )


def sighting_hash(parsed: ParsedItem) -> str:
    """A fingerprint of the evidence; without the announce type, which arXiv shows for one day only."""
    return _digest(
        parsed.url,
        parsed.organization,
        parsed.lab,
        parsed.lab_official,
        parsed.votes,
        parsed.stars,
        parsed.comments,
        sorted((r.url, r.stars, r.official) for r in parsed.repositories),
        dict(parsed.extra),
    )


def _digest(*facts: Any) -> str:
    text = json.dumps(facts, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode("ascii"), digest_size=20).hexdigest()

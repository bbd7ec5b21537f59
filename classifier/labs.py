"""Which labs an item comes from, by what sources and authors say of themselves.

Never from the text: a paper that evaluates a lab's model names the lab in its abstract and is not the lab's paper.
"""

from __future__ import annotations

from collections.abc import Iterator

from staycurrent import roadmap
from staycurrent.types import Document, LabEvidence

OFFICIAL_FEED = 1.0
ORGANIZATION = 0.98
"""The submitter tags the paper with the organization on Hugging Face; mistakes are rare but happen."""
AUTHOR_TEAM = 0.95
COMMUNITY_FEED = 0.9


def evidence(document: Document) -> tuple[LabEvidence, ...]:
    """All evidence, the strongest first; at most one per lab and method."""
    strongest: dict[tuple[str, str], LabEvidence] = {}
    for found in _all(document):
        strongest.setdefault((found.lab, found.method), found)
    return tuple(sorted(strongest.values(), key=lambda found: (-found.confidence, found.lab, found.method)))


def _all(document: Document) -> Iterator[LabEvidence]:
    for slug in document.official_feeds:
        yield LabEvidence(slug, "official-feed", f"stands in the lab's own feed ({slug})", OFFICIAL_FEED)
    for organization in document.organizations:
        if lab := roadmap.lab_of_organization(organization):
            yield LabEvidence(lab.slug, "organization", f"tagged with the organization {organization}", ORGANIZATION)
    for author in document.authors:
        if lab := roadmap.lab_of_team(author):
            yield LabEvidence(lab.slug, "author-team", f"signed by {author}", AUTHOR_TEAM)
    for slug in document.community_feeds:
        yield LabEvidence(slug, "community-feed", f"stands in a third party's feed about the lab ({slug})", COMMUNITY_FEED)

"""How good the rule is that ties a paper to a lab by a team among its authors, against what submitters say.

The truth is the organization tag of Hugging Face Daily Papers, which the rule does not see. Papers without a tag say
nothing and are left out.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from staycurrent import roadmap
from staycurrent.types import Document, Json

from . import labs

Tagged = tuple[str, Sequence[str], str]
"""A paper's id, its authors, and the organization's slug."""


def read(folder: Path, documents: Mapping[str, Document]) -> Iterator[Tagged]:
    """The tagged papers in a folder of saved days (`hf/DAY.json.gz`), each once; authors by arXiv where it is known."""
    found: dict[str, Tagged] = {}
    for file in sorted(folder.glob("*.json.gz")):
        for entry in json.loads(gzip.decompress(file.read_bytes())):
            paper: dict[str, Any] = entry["paper"]
            organization = entry.get("organization") or paper.get("organization")
            if organization:
                known = documents.get(paper["id"])
                authors = known.authors if known else [author["name"] for author in paper["authors"]]
                found[paper["id"]] = (paper["id"], authors, organization["name"])
    yield from found.values()


def score(papers: Iterable[Tagged]) -> dict[str, Json]:
    """Precision over the papers that the rule ties to a lab, recall over those whose tag is a lab of ours."""
    tagged = given = right = of_labs = 0
    wrong: list[Json] = []
    for identity, authors, organization in papers:
        tagged += 1
        truth = roadmap.lab_of_organization(organization)
        of_labs += truth is not None
        found = {one.lab for one in labs.evidence(Document(identity, "", authors=tuple(authors)))}
        if found:
            given += 1
            good = truth is not None and truth.slug in found
            right += good
            wrong += [] if good else [f"{identity}: {', '.join(sorted(found))}, tagged {organization}"]
    return {
        "tagged": tagged,
        "of_labs": of_labs,
        "given": given,
        "right": right,
        "precision": round(right / given, 4) if given else None,
        "precision_at_least": round(_wilson(right, given), 4),
        "recall": round(right / of_labs, 4) if of_labs else None,
        "wrong": wrong,
    }


def _wilson(right: int, count: int, z: float = 1.96) -> float:
    """Lower end of the 95 % interval of a share (Wilson 1927): ten out of ten is not yet certainty."""
    if not count:
        return 0.0
    share, square = right / count, z * z
    spread = z * (share * (1 - share) / count + square / (4 * count * count)) ** 0.5
    return float((share + square / (2 * count) - spread) / (1 + square / count))

"""The registry of sources: what there is, under which name, and which of them a command means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from collector.sources.arxiv import Arxiv
from collector.sources.base import Source
from collector.sources.huggingface import HuggingFace
from collector.sources.lab_feeds import Feed
from collector.sources.labs import LabFeed
from collector.sources.paperswithcode import PapersWithCode
from staycurrent import roadmap
from staycurrent.errors import UsageError
from staycurrent.store.sources import SourceInfo

KINDS = {
    "arxiv": "arXiv: papers announced and revised, by OAI-PMH and RSS",
    "huggingface": "Hugging Face Daily Papers: curated papers with votes, organization and code",
    "paperswithcode": "Papers with Code: repositories, stars and organizations of papers",
    "lab:<lab>": "a lab's own feed, or one that a third party keeps about it (collector/feeds.toml)",
}
"""Kinds of sources, as the documentation lists them."""
ALL_LABS = "lab:*"


def build_sources(
    *,
    oai_url: str,
    rss_url: str,
    api_url: str,
    categories: tuple[str, ...],
    huggingface_url: str,
    huggingface_token: str,
    paperswithcode_url: str,
    feeds: Iterable[Feed],
) -> dict[str, Source]:
    """Every source under its name, in the order in which they are collected."""
    sources: list[Source] = [
        Arxiv(oai_url.rstrip("/"), rss_url.rstrip("/"), api_url.rstrip("/"), categories),
        HuggingFace(huggingface_url.rstrip("/"), huggingface_token),
        PapersWithCode(paperswithcode_url.rstrip("/")),
        *(LabFeed(feed) for feed in feeds),
    ]
    return {source.name: source for source in sources}


def select(sources: Mapping[str, Source], names: Iterable[str]) -> dict[str, Source]:
    """The named sources in the registry's order, all where none is named; `lab:*` means every lab feed.

    Raises `UsageError` for a name that is not there, with the list of those that are.
    """
    asked = tuple(names)
    wanted: set[str] = set() if asked else set(sources)
    for name in asked:
        if name == ALL_LABS:
            wanted.update(known for known in sources if known.startswith("lab:"))
        elif name in sources:
            wanted.add(name)
        else:
            raise UsageError(f"no source {name!r}; there are {', '.join(sources)} and {ALL_LABS}")
    return {name: source for name, source in sources.items() if name in wanted}


def describe(sources: Mapping[str, Source]) -> list[SourceInfo]:
    """What the store keeps of each source before it ever ran."""
    return [_describe(source) for source in sources.values()]


def _describe(source: Source) -> SourceInfo:
    match source:
        case LabFeed(feed=feed):
            lab = roadmap.labs().get(feed.lab)
            return SourceInfo(
                source.name,
                "lab",
                feed.name,
                feed.url,
                lab=feed.lab,
                lab_name=lab.name if lab else feed.name,
                official=feed.official,
                alarm_days=feed.alarm_days,
            )
        case Arxiv():
            return SourceInfo(source.name, "arxiv", "arXiv", source.oai_url)
        case HuggingFace():
            return SourceInfo(source.name, "huggingface", "Hugging Face Daily Papers", source.base_url)
        case PapersWithCode():
            return SourceInfo(source.name, "paperswithcode", "Papers with Code", source.base_url)
    raise TypeError(f"no description for {type(source).__name__}")

from __future__ import annotations

import pytest

from collector.sources import KINDS, build_sources, select
from collector.sources.base import Source
from collector.sources.lab_feeds import Feed
from staycurrent.errors import UsageError

FEEDS = (Feed("ada", "Ada", "https://a.example", "official"), Feed("bob", "Bob", "https://b.example", "community", id="news"))


@pytest.fixture
def sources() -> dict[str, Source]:
    return build_sources(
        oai_url="https://oai.example/oai",
        rss_url="https://rss.example/rss/",
        api_url="https://api.example/query",
        categories=("cs.LG",),
        huggingface_url="https://hf.example/",
        huggingface_token="",
        paperswithcode_url="https://pwc.example",
        feeds=FEEDS,
    )


def test_every_source_stands_under_its_name(sources: dict[str, Source]) -> None:
    assert list(sources) == ["arxiv", "huggingface", "paperswithcode", "lab:ada", "lab:bob-news"]
    assert all(source.name == name for name, source in sources.items())
    assert all(name in KINDS or name.startswith("lab:") for name in sources)


@pytest.mark.parametrize(
    ("names", "selected"),
    [
        ([], ["arxiv", "huggingface", "paperswithcode", "lab:ada", "lab:bob-news"]),
        (["lab:*"], ["lab:ada", "lab:bob-news"]),
        (["lab:ada", "arxiv", "arxiv"], ["arxiv", "lab:ada"]),
    ],
)
def test_sources_are_selected_by_name(sources: dict[str, Source], names: list[str], selected: list[str]) -> None:
    assert list(select(sources, names)) == selected


def test_all_labs_of_none_is_none(sources: dict[str, Source]) -> None:
    assert select({"arxiv": sources["arxiv"]}, ["lab:*"]) == {}


def test_an_unknown_name_is_told_with_the_known_ones(sources: dict[str, Source]) -> None:
    with pytest.raises(UsageError, match=r"'labs'.*paperswithcode.*lab:\*"):
        select(sources, ["labs"])

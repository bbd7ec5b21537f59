"""The whole product against the stand-in of every source, as a person would use it."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.upstream import Upstream, announced, listed_on_huggingface, needs_upstream, papers, serving, staycurrent

pytestmark = [*needs_upstream, pytest.mark.xdist_group("upstream")]
SINCE, TODAY = "2026-05-11", "2026-05-20"


@dataclass(frozen=True)
class Collected:
    """An installation after its first collection."""

    upstream: Upstream
    env: dict[str, str]
    folder: Path
    status: int
    runs: dict[str, dict[str, Any]]
    log: list[dict[str, Any]]

    def run(self, *arguments: str, stdin: str | None = None) -> Any:
        return staycurrent(*arguments, env=self.env, cwd=self.folder, stdin=stdin)

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def exported(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.run("export", "--format", "jsonl").stdout.splitlines()]


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collected]:
    folder = tmp_path_factory.mktemp("upstream")
    with serving(TODAY) as upstream:
        env = upstream.environment(folder, TODAY)
        done = staycurrent("collect", "--since", SINCE, "--json", env=env, cwd=folder)
        assert done.returncode == 0, done.stderr + done.stdout
        runs = {run["source"]: run for run in json.loads(done.stdout)["runs"]}
        yield Collected(upstream, env, folder, done.returncode, runs, upstream.log())


@pytest.fixture(scope="module")
def items(collected: Collected) -> list[dict[str, Any]]:
    return collected.exported()


def test_every_paper_announced_or_revised_is_stored_once(items: list[dict[str, Any]]) -> None:
    stored = Counter(item["arxiv_id"] for item in items if item["arxiv_id"])
    assert announced(SINCE, TODAY) <= set(stored)
    assert set(stored.values()) == {1}


def test_every_hugging_face_paper_is_stored_with_its_sighting(items: list[dict[str, Any]]) -> None:
    seen = {item["arxiv_id"] for item in items if "huggingface" in item["sources"]}
    assert listed_on_huggingface(SINCE, TODAY) <= seen


def test_the_words_are_arxivs_where_arxiv_has_them(items: list[dict[str, Any]]) -> None:
    known = papers()
    for item in items:
        if "arxiv" in item["sources"]:
            record = known[item["arxiv_id"]]
            assert item["title"] == " ".join(record["title"].split())
            assert item["categories"] == record["categories"]
            assert len(item["versions"]) == len([v for v in record["versions"] if v[3] <= TODAY])


def test_withdrawn_papers_are_marked(items: list[dict[str, Any]]) -> None:
    known = papers()
    wanted = {
        i
        for i in announced(SINCE, TODAY)
        if known[i]["withdrawn_in"] == [v[0] for v in known[i]["versions"] if v[3] <= TODAY][-1]
    }
    assert {item["arxiv_id"] for item in items if item["withdrawn"]} >= wanted


def test_everything_is_classified(items: list[dict[str, Any]]) -> None:
    assert [item["id"] for item in items if item["level"] is None] == []
    assert {item["level"] for item in items} == set(range(9))


def test_every_source_was_read(collected: Collected) -> None:
    assert {run["outcome"] for run in collected.runs.values()} <= {"ok", "ok_empty"}
    assert collected.runs["arxiv"]["expected"] == collected.runs["arxiv"]["fetched"]
    assert {"arxiv", "huggingface", "paperswithcode", "lab:openai", "lab:qwen"} <= set(collected.runs)


def test_collecting_again_changes_nothing(collected: Collected) -> None:
    done = collected.run("collect", "--since", SINCE, "--json")
    assert done.returncode == 0, done.stderr
    for run in json.loads(done.stdout)["runs"]:
        assert (run["new"], run["changed"]) == (0, 0), run


def test_arxiv_was_asked_politely(collected: Collected) -> None:
    asked = sorted((e for e in collected.log if e["path"].startswith("/arxiv")), key=lambda e: e["t"])
    assert len(asked) > 5
    for before, after in itertools.pairwise(asked):
        assert after["t"] >= before["t"] + before["seconds"], "one at a time"
        assert after["t"] - before["t"] >= 0.2, "the delay is kept"


def test_every_request_says_who_asks(collected: Collected) -> None:
    for entry in collected.log:
        agent = entry["headers"]["User-Agent"]
        assert agent.startswith("staycurrent/")
        assert "tests@example.org" in agent


def test_the_reading_of_the_month(collected: Collected) -> None:
    document = collected.json("reading", "2026-05", "--level", "5", "--limit", "10")
    assert document["period"] == "2026-05"
    assert document["frozen"] is False
    assert [i["rank"] for i in document["items"]] == list(range(1, 11))
    assert {i["level"] for i in document["items"]} == {5}
    assert all(i["why"] and i["title"] and i["url"] and i["sources"] for i in document["items"])
    assert document["items"] == sorted(document["items"], key=lambda i: -i["score"])


def test_items_search_and_show(collected: Collected) -> None:
    page = collected.json("items", "--source", "huggingface", "--limit", "5")
    assert len(page["items"]) == 5
    assert page["cursor"]
    following = collected.json("items", "--source", "huggingface", "--limit", "5", "--cursor", page["cursor"])
    assert not {i["id"] for i in page["items"]} & {i["id"] for i in following["items"]}
    found = collected.json("search", "diffusion", "--level", "6")
    assert found["items"]
    shown = collected.json("show", f"https://arxiv.org/abs/{found['items'][0]['arxiv_id']}v1")
    assert shown["id"] == found["items"][0]["id"]
    assert shown["sightings"]
    assert shown["explanation"]


def test_sources_tell_their_state(collected: Collected) -> None:
    rows = {row["source"]: row for row in collected.json("sources")["sources"]}
    assert rows["arxiv"]["last_success"].startswith(TODAY)
    assert rows["arxiv"]["items"] >= len(announced(SINCE, TODAY))
    assert rows["arxiv"]["day"] == TODAY
    assert rows["arxiv"]["stored"] == rows["arxiv"]["expected"] == len(announced(TODAY, TODAY))
    assert rows["arxiv"]["state"] == f"{rows['arxiv']['stored']:,} of {rows['arxiv']['expected']:,} for 20 May"
    assert rows["arxiv"]["error"] is None


def test_one_source_down_leaves_the_others(collected: Collected, tmp_path: Path) -> None:
    env = collected.upstream.environment(tmp_path, TODAY)
    collected.upstream.break_down({"path": "/hf", "fault": "403", "times": -1})
    try:
        done = staycurrent("collect", "--since", "2026-05-19", "--json", env=env, cwd=tmp_path)
    finally:
        collected.upstream.break_down()
    assert done.returncode == 3, done.stderr
    runs = {run["source"]: run for run in json.loads(done.stdout)["runs"]}
    assert runs["huggingface"]["outcome"] == "failed"
    assert "forbidden" in runs["huggingface"]["error"]
    assert runs["arxiv"]["outcome"] == "ok"
    assert runs["arxiv"]["new"] > 0


def test_a_new_day_brings_only_what_is_new(tmp_path: Path) -> None:
    with serving("2026-05-19") as upstream:
        env = upstream.environment(tmp_path, "2026-05-19")
        assert staycurrent("collect", "--since", "2026-05-18", env=env, cwd=tmp_path).returncode == 0
        upstream.move_to("2026-05-20")
        env["STAYCURRENT_TODAY"] = "2026-05-20"
        done = staycurrent("collect", "arxiv", "--json", env=env, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        (run,) = json.loads(done.stdout)["runs"]
        today = announced("2026-05-20", "2026-05-20")
        assert run["new"] + run["changed"] == len(today)
        exported = staycurrent("export", env=env, cwd=tmp_path).stdout.splitlines()
        assert announced("2026-05-18", "2026-05-20") <= {json.loads(line)["arxiv_id"] for line in exported}

"""`import papers-with-code`, `import opml` and `export --format opml`, as a person types them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from staycurrent.cli import run
from staycurrent.cli.context import migrate_all
from staycurrent.store import engine as database
from tests import build
from tests.collector.faulty_server import FaultyServer, answer
from tests.conftest import NOW

Captured = pytest.CaptureFixture[str]
RSS = (
    b"<rss version='2.0'><channel><title>%s</title><item><title>A</title><link>https://a.example/</link></item></channel></rss>"
)
LINKS = [
    {"paper_arxiv_id": "2605.00001", "paper_title": "Loops", "repo_url": "https://github.com/ada/loops", "is_official": True},
    {"paper_arxiv_id": "1601.00002", "paper_title": "Older", "repo_url": "https://github.com/ada/older", "is_official": False},
    {"paper_arxiv_id": None, "paper_title": "Elsewhere", "repo_url": "https://github.com/ada/else", "is_official": False},
    {"repo_url": 3},
]


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation with one paper and no feeds."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "feeds.toml").write_text("", "utf-8")
    for name, value in {"LAB_FEEDS": "feeds.toml", "TODAY": "2026-05-20"}.items():
        monkeypatch.setenv(f"STAYCURRENT_{name}", value)
    engine = database.open_engine(f"sqlite:///{tmp_path / 'data' / 'staycurrent.db'}")
    migrate_all(engine)
    build.store(engine, [build.arxiv("2605.00001", "Loops")], NOW)
    engine.dispose()


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer() as running:
        yield running


def command(capsys: Captured, *arguments: str, status: int = 0) -> tuple[str, str]:
    capsys.readouterr()
    assert run([*arguments]) == status, capsys.readouterr().err
    shown = capsys.readouterr()
    return shown.out, shown.err


def repositories(capsys: Captured) -> dict[str, list[str]]:
    found: list[dict[str, Any]] = json.loads(command(capsys, "items", "--json")[0])["items"]
    return {item["id"]: item["repositories"] for item in found}


def test_the_archive_enriches_what_is_stored(capsys: Captured) -> None:
    Path("links.json").write_text(json.dumps(LINKS), "utf-8")
    out, said = command(capsys, "import", "papers-with-code", "links.json")
    assert out == ""
    assert "4 links read, 1 items enriched, 1 of stored papers, 1 of unknown papers" in said
    assert "1 of papers that are not on arXiv, 1 malformed" in said
    assert repositories(capsys) == {"2605.00001": ["https://github.com/ada/loops"]}
    assert "0 items enriched" in command(capsys, "import", "papers-with-code", "links.json")[1]


def test_with_create_papers_are_made_and_classified(capsys: Captured) -> None:
    Path("links.json").write_text(json.dumps(LINKS), "utf-8")
    assert "1 papers made" in command(capsys, "import", "papers-with-code", "links.json", "--create")[1]
    assert repositories(capsys)["1601.00002"] == ["https://github.com/ada/older"]
    shown = json.loads(command(capsys, "show", "1601.00002", "--json")[0])
    assert shown["listed"] == "2016-01-01"
    assert shown["level"] is not None


def test_without_a_file_the_archive_is_fetched(server: FaultyServer, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    body = gzip.compress(json.dumps(LINKS).encode())
    url = server.on("/links.json.gz", answer(200, body))
    monkeypatch.setenv("STAYCURRENT_PAPERSWITHCODE_ARCHIVE_URL", url)
    assert "1 items enriched" in command(capsys, "import", "papers-with-code")[1]


def test_without_a_file_and_without_an_address_it_says_what_to_do(capsys: Captured) -> None:
    _, said = command(capsys, "import", "papers-with-code", status=2)
    assert len(said.splitlines()) == 1
    assert "STAYCURRENT_PAPERSWITHCODE_ARCHIVE_URL" in said


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"PAR1", b"a,b\n"])
def test_a_file_of_another_kind_is_one_line(capsys: Captured, body: bytes) -> None:
    Path("links").write_bytes(body)
    _, said = command(capsys, "import", "papers-with-code", "links", status=1 if body == b"PAR1" else 2)
    assert len(said.splitlines()) == 1


def test_a_half_written_file_is_stored_as_far_as_it_goes(capsys: Captured) -> None:
    whole = json.dumps(LINKS)
    Path("links.json").write_text(whole[: whole.index("Elsewhere")], "utf-8")
    _, said = command(capsys, "import", "papers-with-code", "links.json", status=1)
    summary, fault = said.splitlines()
    assert "2 links read, 1 items enriched" in summary
    assert fault.endswith("links.json ends in the middle, after 2 links")
    assert repositories(capsys) == {"2605.00001": ["https://github.com/ada/loops"]}


# ---------------------------------------------------------------- OPML


def feeds(capsys: Captured) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(command(capsys, "feeds", "--json")[0])["feeds"]
    return found


def test_feeds_go_out_and_come_back(server: FaultyServer, capsys: Captured) -> None:
    for name in ("one", "two"):
        url = server.on(f"/{name}", answer(200, RSS % name.encode()))
        command(capsys, "feeds", "add", url, "--allow-private", "--lab", "ada", "--alarm-days", "9", "--community")
    before = feeds(capsys)
    written, _ = command(capsys, "export", "--format", "opml")
    Path("list.opml").write_text(written, "utf-8")
    for feed in before:
        command(capsys, "feeds", "remove", feed["source"])
    _, said = command(capsys, "import", "opml", "list.opml", "--allow-private")
    assert "2 feeds added, 0 there already, 0 not added" in said
    assert [{**f, "added": None} for f in feeds(capsys)] == [{**f, "added": None} for f in before]
    assert "0 feeds added, 2 there already" in command(capsys, "import", "opml", "list.opml")[1]


def test_a_feed_that_fails_is_named_and_the_others_are_added(server: FaultyServer, capsys: Captured) -> None:
    good = server.on("/good", answer(200, RSS % b"Good"))
    outlines = "".join(f'<outline text="x{n}" xmlUrl="{u}"/>' for n, u in enumerate([f"{server.base}/bad", good]))
    Path("list.opml").write_text(f'<opml version="2.0"><head/><body>{outlines}</body></opml>', "utf-8")
    _, said = command(capsys, "import", "opml", "list.opml", status=1)
    assert said.count("not added: ") == 2, "both are private"
    assert server.requests == []
    _, said = command(capsys, "import", "opml", "list.opml", "--allow-private", status=3)
    assert "1 feeds added, 0 there already, 1 not added" in said
    assert f"not added: {server.base}/bad: " in said
    assert [(f["name"], f["kind"]) for f in feeds(capsys)] == [("x1", "community")]


@pytest.mark.parametrize(
    "body",
    ["", "<html/>", '<!DOCTYPE opml [<!ENTITY a "b">]><opml><body><outline xmlUrl="https://a.example/&a;"/></body></opml>'],
)
def test_what_is_no_opml_is_one_line_and_status_2(capsys: Captured, body: str) -> None:
    Path("list.opml").write_text(body, "utf-8")
    assert len(command(capsys, "import", "opml", "list.opml", status=2)[1].splitlines()) == 1
    assert len(command(capsys, "import", "opml", "missing.opml", status=2)[1].splitlines()) == 1

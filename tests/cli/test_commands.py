"""The command line: data on stdout, one plain line on stderr for what is wrong, and the right exit status."""

from __future__ import annotations

import io
import json
import sqlite3
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from staycurrent.cli import run
from staycurrent.cli.context import migrate_all
from staycurrent.query import Query
from staycurrent.store import engine as database
from staycurrent.store import listing
from tests import build
from tests.conftest import NOW

TODAY = "2026-05-20"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with four classified items."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STAYCURRENT_TODAY", TODAY)
    engine = database.open_engine(f"sqlite:///{tmp_path / 'data' / 'staycurrent.db'}")
    migrate_all(engine)
    items = [
        build.arxiv("2605.00001", "Sparse attention"),
        build.arxiv("2605.00002", "Diffusion <b>of</b> images"),
        build.huggingface("2605.00002", votes=50),
        build.arxiv("2604.00003", "An April paper", day="2026-04-14"),
        build.post("gpt", "We announce"),
    ]
    build.store(engine, items, NOW)
    with database.reading(engine) as session:
        rows = {v.title: v.row for v in listing.page(session, Query(), date.fromisoformat(TODAY)).items}
    levels = {"Sparse attention": 5, "Diffusion <b>of</b> images": 6, "An April paper": 5, "We announce": 5}
    build.classify(engine, [build.answer(rows[title], level) for title, level in levels.items()], NOW)
    engine.dispose()
    return tmp_path


def answer(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> Any:
    capsys.readouterr()
    assert run([*arguments]) == status
    return json.loads(capsys.readouterr().out)


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 2) -> str:
    capsys.readouterr()
    assert run([*arguments]) == status
    shown = capsys.readouterr()
    assert shown.out == "", "nothing half-written"
    lines = shown.err.splitlines()
    assert len(lines) == 1, shown.err
    assert lines[0].startswith("staycurrent: ")
    return lines[0]


def test_a_reading_is_one_json_document(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = answer(capsys, "reading", "2026-05", "--level", "5", "--level", "6", "--json")
    assert (document["period"], document["frozen"]) == ("2026-05", False)
    assert document["items"][0]["arxiv_id"] == "2605.00002"
    assert "votes" in document["items"][0]["why"]
    keys = {"rank", "id", "arxiv_id", "title", "url", "level", "topics", "labs", "score", "why", "sources", "published"}
    assert keys <= set(document["items"][0])


def test_a_finished_month_is_frozen(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = answer(capsys, "reading", "2026-04", "--json")
    assert first["frozen"] is True
    assert answer(capsys, "reading", "2026-04", "--json") == first


def test_an_empty_reading_says_so_plainly(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["reading", "2026-05", "--level", "1"]) == 0
    assert "Nothing for level 1 in 2026-05." in capsys.readouterr().err


def test_items_are_paged_with_a_cursor(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = answer(capsys, "items", "--limit", "3", "--json")
    second = answer(capsys, "items", "--limit", "3", "--cursor", first["cursor"], "--json")
    assert len(first["items"]) + len(second["items"]) == 4
    assert second["cursor"] is None


def test_search_and_its_filters(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [i["id"] for i in answer(capsys, "search", "attention", "--json")["items"]] == ["2605.00001"]
    assert answer(capsys, "search", "attention", "--level", "6", "--json")["items"] == []


@pytest.mark.parametrize("name", ["2605.00002", "arXiv:2605.00002v3", "https://huggingface.co/papers/2605.00002"])
def test_an_item_is_found_by_any_of_its_names(home: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    document = answer(capsys, "show", name, "--json")
    assert document["id"] == "2605.00002"
    assert {s["source"] for s in document["sightings"]} == {"arxiv", "huggingface"}


def test_export_gives_one_item_a_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(["export", "--format", "jsonl"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    wanted = (
        "id arxiv_id kind title authors url published updated version withdrawn level confidence unsure topics labs "
        "sources sightings repositories versions"
    )
    assert len(lines) == 4
    assert all(set(wanted.split()) <= set(line) for line in lines)


def test_tables_for_people_show_no_markup(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["items", "--sort", "votes"]) == 0
    assert "Diffusion <b>of</b> images" in capsys.readouterr().out


def test_predict_needs_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [
        {"id": "a", "title": "Speculative decoding for faster language models", "abstract": "We speed up decoding. " * 9},
        {"id": "b", "title": "Kurz", "abstract": ""},
    ]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("\n".join(map(json.dumps, lines)).encode())))
    assert run(["predict", "--explain"]) == 0
    first, second = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert first["id"] == "a"
    assert set(first["probabilities"]) == {str(n) for n in range(9)}
    assert abs(sum(first["probabilities"].values()) - 1) < 0.01
    assert first["explanation"]
    assert second["unsure"] is True
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "line",
    ["not json", "[1]", '{"title": "x"}', '{"id": "a", "title": 3}', '{"id": "a", "title": "t", "authors": 7}'],
)
def test_predict_names_the_line_that_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(line.encode())))
    assert "line 1" in complaint(capsys, "predict")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("collect", "nosuch"), "nosuch"),
        (("collect", "--since", "2026-13-01"), "--since"),
        (("collect", "--since", "yesterday"), "YYYY-MM-DD"),
        (("collect", "--since", "2026-05-21"), "future"),
        (("collect", "--since", "2026-05-19", "--until", "2026-05-18"), "later"),
        (("reading", "2026-13"), "period"),
        (("reading", "2026-W60"), "period"),
        (("reading", "2026-05", "--level", "9"), "level"),
        (("reading", "2026-05", "--limit", "0"), "limit"),
        (("reading", "2026-05", "--limit", "x"), "limit"),
        (("items", "--topic", "nosuch"), "nosuch"),
        (("items", "--since", "20260501"), "since"),
        (("items", "--sort", "luck"), "sort"),
        (("items", "--min-confidence", "2"), "min_confidence"),
        (("items", "--cursor", "nonsense"), "cursor"),
        (("search",), "text"),
        (("export", "--format", "xml"), "xml"),
        (("nosuch",), "nosuch"),
        (("items", "--nosuch"), "nosuch"),
        (("evaluate", "no/such/file"), "no/such/file"),
    ],
)
def test_a_wrong_call_is_one_line_and_status_2(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    assert said in complaint(capsys, *arguments)


def test_an_unknown_item_is_status_1(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "2699.99999" in complaint(capsys, "show", "2699.99999", status=1)


def test_a_broken_settings_file_is_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "staycurrent.toml").write_text("port = [", "utf-8")
    assert "staycurrent.toml" in complaint(capsys, "items")


def test_a_database_that_is_none_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "junk.db").write_bytes(b"not a database at all, " * 100)
    monkeypatch.setenv("STAYCURRENT_DATABASE_URL", f"sqlite:///{home / 'junk.db'}")
    assert "not a database" in complaint(capsys, "items", status=1)


def test_a_schema_newer_than_the_program_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with sqlite3.connect(home / "data" / "staycurrent.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    for command in (("items",), ("collect",), ("migrate",)):
        assert "newer" in complaint(capsys, *command, status=1)


def test_a_newer_schema_that_serves_this_program_is_used_and_never_migrated(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(home / "data" / "staycurrent.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("UPDATE schema_serves SET revision = '9999', oldest = '0014'")
    connection.close()
    assert run(["items"]) == 0
    for command in (("migrate",), ("up",), ("classify",)):
        assert "newer" in complaint(capsys, *command, status=1)


def test_a_taken_port_is_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert port in complaint(capsys, "web", "--port", port)


def test_the_version_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("staycurrent ")

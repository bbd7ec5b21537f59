"""`ranking`: a file of picks in, a table or a page out, and one clear line for a file that is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from staycurrent import cli
from staycurrent.cli.context import migrate_all
from staycurrent.settings import load
from staycurrent.store import engine as database
from staycurrent.store import items as item_store
from tests import build
from tests.conftest import NOW


@pytest.fixture
def picks(tmp_path: Path) -> Path:
    """An installation with two listed papers, and a file that picks one of them."""
    engine = database.open_engine(load().resolved_database_url)
    migrate_all(engine)
    numbers = ("2605.00001", "2605.00002")
    build.store(engine, [*(build.arxiv(n) for n in numbers), *(build.huggingface(n) for n in numbers)], NOW)
    with database.reading(engine) as session:
        rows = [view.row for view, _, _ in item_store.every(session)]
    build.classify(engine, [build.answer(row) for row in rows], NOW)
    engine.dispose()
    path = tmp_path / "picks.jsonl"
    path.write_text('{"id": "2605.00002v2", "week": "May"}\n\n', "utf-8")
    return path


def test_it_measures_and_writes_the_page(picks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "ranking.md"
    assert cli.run(["ranking", "--picks", str(picks), "--json", "--write", str(page)]) == 0
    (may,) = json.loads(capsys.readouterr().out)["months"]
    assert (may["month"], may["listed"], may["picks"], may["in_use"]) == ("2026-05", 2, 1, {"30": 1.0, "50": 1.0})
    assert page.read_text("utf-8").startswith("# Ranking")


def test_it_prints_tables_for_people(picks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["ranking", "--picks", str(picks), "--months", "2026-05"]) == 0
    assert "| 2026-05 | 2 | 1 | 1.00 / 1.00 |" in capsys.readouterr().out


@pytest.mark.parametrize("month", ["2026-13", "may", "2026-W54"])
def test_a_month_that_is_none_is_refused(picks: Path, month: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["ranking", "--picks", str(picks), "--months", month]) == 2
    assert "is not a period" in capsys.readouterr().err


def test_picks_that_no_list_showed_are_said_to_be_missing(picks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["ranking", "--picks", str(picks), "--months", "2026-04"]) == 2
    assert "none of them stands on Hugging Face's list" in capsys.readouterr().err


@pytest.mark.parametrize("line", ["[]", "{", '{"id": 5}', '{"id": "no paper"}', "{}", "[" * 100_000])
def test_a_line_that_is_no_pick_is_named(tmp_path: Path, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"id": "2605.00001"}\n' + line, "utf-8")
    assert cli.run(["ranking", "--picks", str(path)]) == 2
    assert "picks: line 2 is not" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["ranking", "--picks", str(tmp_path / "none")]) == 2
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    assert cli.run(["ranking", "--picks", str(tmp_path / "bytes")]) == 2
    assert capsys.readouterr().err.count("cannot be read") == 2

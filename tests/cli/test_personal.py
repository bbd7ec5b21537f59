"""The reader's commands: data on stdout, one plain line for what is wrong, and the right exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from staycurrent.cli import run
from staycurrent.cli.context import migrate_all
from staycurrent.store import engine as database
from tests import build
from tests.conftest import NOW


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with three items."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STAYCURRENT_TODAY", "2026-05-20")
    engine = database.open_engine(f"sqlite:///{tmp_path / 'data' / 'staycurrent.db'}")
    migrate_all(engine)
    papers = [
        build.arxiv("2605.00001", "Sparse attention for long context"),
        build.arxiv("2605.00002", "Sparse attention, again"),
        build.arxiv("2605.00003", "Diffusion of images"),
    ]
    build.store(engine, papers, NOW)
    engine.dispose()
    return tmp_path


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capsys.readouterr()
    assert run([*arguments]) == 0
    return json.loads(capsys.readouterr().out)


def done(*arguments: str) -> None:
    assert run([*arguments]) == 0


def test_marks_notes_and_tags_are_kept_and_taken_back(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done("mark", "read", "2605.00001", "https://arxiv.org/abs/2605.00002v1")
    done("mark", "star", "2605.00001")
    done("mark", "read", "2605.00002", "--undo")
    done("note", "2605.00001", "Try this [soon]")
    done("tag", "2605.00001", "To Try", "attention")
    done("tag", "2605.00001", "attention", "--undo")
    done("less", "topic", "rag")
    done("less", "word", "Hype")
    done("less", "word", "hype", "--undo")
    document = answer(capsys, "marks", "--json")
    (item,) = document["items"]
    assert (item["id"], item["marks"], item["tags"]) == ("2605.00001", ["read", "star"], ["to try"])
    assert (item["note"], document["tags"]) == ("Try this [soon]", {"to try": 1})
    assert document["less"] == [{"kind": "topic", "value": "rag"}]
    done("marks")
    shown = capsys.readouterr().out
    assert "read · star · #to try · note: Try this [soon]" in shown
    assert "less of the topic rag" in shown


def test_each_profile_has_its_own(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done("mark", "read", "2605.00001", "--profile", "Ada")
    assert answer(capsys, "marks", "--json")["items"] == []
    assert answer(capsys, "marks", "--profile", "ada", "--json")["profile"] == "ada"
    assert len(answer(capsys, "marks", "--profile", "ada", "--json")["items"]) == 1


def test_a_landmark_that_is_no_item_can_be_read(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done("mark", "read", "1706.03762", "https://arxiv.org/abs/2005.11401")
    found = answer(capsys, "progress", "--json")
    assert set(found["landmarks"]) == {"1706.03762", "2005.11401"}
    assert sum(level["landmarks_read"] for level in found["levels"]) == 2
    assert found["months"] == [{"month": "2026-05", "read": 2, "levels": [{"level": 4, "read": 1}, {"level": 7, "read": 1}]}]
    done("mark", "read", "1706.03762", "--undo")
    assert answer(capsys, "progress", "--json")["landmarks"] == ["2005.11401"]
    done("progress")
    assert "2026-05: 1 read" in capsys.readouterr().out


def test_similar_items_come_with_their_words(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "similar", "2605.00001", "--json")["items"]
    assert found[0]["id"] == "2605.00002"
    assert found[0]["words"]
    done("similar", "2605.00001", "--limit", "1")
    assert "because of" in capsys.readouterr().out


def test_recommendations_come_with_their_words(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done("recommend")
    assert "Nothing to recommend yet" in capsys.readouterr().err
    done("tag", "2605.00001", "attention")
    document = answer(capsys, "recommend", "--tag", "attention", "--json")
    assert (document["profile"], document["tag"], document["items"][0]["id"]) == ("local", "attention", "2605.00002")
    assert answer(capsys, "recommend", "--landmark", "2006.11239", "--json")["items"]
    done("recommend")
    assert "because of" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said", "status"),
    [
        (("mark", "liked", "2605.00001"), "liked", 2),
        (("mark", "read"), "ID", 2),
        (("mark", "read", "2605.00001", "2699.99999"), "2699.99999", 1),
        (("mark", "hidden", "1706.03762"), "landmark", 2),
        (("mark", "read", "2605.00001", "--profile", "two words"), "profile", 2),
        (("note", "2699.99999", "x"), "2699.99999", 1),
        (("note", "2605.00001", "x" * 20_001), "20,000", 2),
        (("tag", "2605.00001", "a, b"), "comma", 2),
        (("tag", "2699.99999", "a"), "2699.99999", 1),
        (("less", "topic", "nosuch"), "nosuch", 2),
        (("less", "author", "x"), "author", 2),
        (("less", "word", "!"), "word", 2),
        (("similar", "2699.99999"), "2699.99999", 1),
        (("similar", "2605.00001", "--limit", "0"), "limit", 2),
        (("recommend", "--tag", "nosuch"), "nosuch", 2),
        (("recommend", "--landmark", "nosuch"), "nosuch", 2),
        (("recommend", "--limit", "101"), "limit", 2),
    ],
)
def test_a_wrong_call_is_one_line(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str, status: int
) -> None:
    assert run([*arguments]) == status
    shown = capsys.readouterr()
    assert shown.out == ""
    (line,) = shown.err.splitlines()
    assert line.startswith("staycurrent: ")
    assert said in line
    assert answer(capsys, "marks", "--json")["items"] == [], "nothing was half done"

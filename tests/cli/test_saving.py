"""`save` and `saved`: a query under a name, in its canonical form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from staycurrent.cli import run


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STAYCURRENT_PUBLIC_URL", "https://papers.example.org")


def told(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> tuple[Any, str]:
    capsys.readouterr()
    assert run([*arguments]) == status
    shown = capsys.readouterr()
    return (json.loads(shown.out) if "--json" in arguments and shown.out else shown.out), shown.err


def test_a_query_is_saved_listed_and_removed(capsys: pytest.CaptureFixture[str]) -> None:
    _, said = told(capsys, "save", "rag-weekly", "--topic", "rag", "--level", "5")
    assert "https://papers.example.org/feeds/atom/saved/rag-weekly" in said
    listed, _ = told(capsys, "saved", "--json")
    assert [(q["name"], q["query"]) for q in listed["saved"]] == [("rag-weekly", "level=5&topic=rag")]
    assert listed["saved"][0]["feeds"]["json"] == "https://papers.example.org/feeds/json/saved/rag-weekly"
    assert "rag-weekly" in told(capsys, "saved")[0]
    told(capsys, "saved", "remove", "rag-weekly")
    assert told(capsys, "saved", "--json")[0] == {"saved": []}


def test_saving_the_same_again_is_no_error_and_another_is(capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "save", "five", "--level", "5")
    assert "already saved" in told(capsys, "save", "five", "--level", "5", "--level", "5")[1]
    assert "saved remove five" in told(capsys, "save", "five", "--level", "6", status=2)[1]
    assert told(capsys, "saved", "--json")[0]["saved"][0]["query"] == "level=5"


@pytest.mark.parametrize("name", ["", "Five", "a b", "a/b", "../x", "-a", "a--b", "é", "x" * 61])
def test_a_name_must_fit_into_an_address(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert "name:" in told(capsys, "save", "--level", "5", "--", name, status=2)[1]


def test_what_is_not_saved_cannot_be_removed(capsys: pytest.CaptureFixture[str]) -> None:
    assert "nosuch" in told(capsys, "saved", "remove", "nosuch", status=2)[1]

"""`correct`, `corrections`, and what `show` and `classify` make of a level that is not the model's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from staycurrent.cli import run
from staycurrent.cli.context import migrate_all
from staycurrent.store import engine as database
from tests import build
from tests.classifier.llm_server import fails, says, serving
from tests.conftest import NOW

PAPER = "2605.00001"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with a paper that nobody has classified."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STAYCURRENT_TODAY", "2026-05-20")
    engine = database.open_engine(f"sqlite:///{tmp_path / 'data' / 'staycurrent.db'}")
    migrate_all(engine)
    build.store(engine, [build.arxiv(PAPER, "Too [short] to tell", abstract="Short.")], NOW)
    engine.dispose()
    return tmp_path


def out(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert run([*arguments]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    return json.loads(out(capsys, *arguments, "--json"))


def test_a_level_is_corrected_shown_and_taken_back(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out(capsys, "classify")
    before = answer(capsys, "show", PAPER)
    assert (before["corrected"], before["correction"]) == (False, None)
    out(capsys, "correct", f"https://arxiv.org/abs/{PAPER}", "7", "--why", "It [plans]", "--who", "Ada")
    out(capsys, "classify", "--all")
    found = answer(capsys, "show", PAPER)
    assert (found["level"], found["corrected"], found["unsure"]) == (7, True, False)
    assert found["model_level"] == before["level"]
    assert found["correction"]["why"] == "It [plans]"
    assert "who" not in found["correction"], "the HTTP API shows the same document to everybody"
    shown = out(capsys, "show", PAPER)
    assert "level 7: corrected by ada on 2026-05-20; the model says" in shown
    assert "It [plans]" in shown
    assert "level 7 (corrected)" in out(capsys, "items", "--level", "7")
    out(capsys, "correct", PAPER, "--undo", "--who", "ada")
    assert answer(capsys, "show", PAPER)["level"] == before["level"]
    assert answer(capsys, "corrections") == {"corrections": []}


def test_corrections_are_listed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out(capsys, "correct", PAPER, "0", "--why", "No [learning] in it")
    (found,) = answer(capsys, "corrections")["corrections"]
    assert (found["id"], found["level"], found["model_level"], found["who"]) == (PAPER, 0, None, "local")
    assert found["at"].startswith("2026-05-20T")
    assert "[learning]" in out(capsys, "corrections").replace("\n", "")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ((PAPER,), 2, "--undo"),
        ((PAPER, "5", "--undo"), 2, "--undo"),
        ((PAPER, "9"), 2, "level"),
        ((PAPER, "five"), 2, "LEVEL"),
        ((PAPER, "5", "--who", "a b"), 2, "profile"),
        ((PAPER, "--undo"), 2, "has not corrected"),
        (("2699.99999", "5"), 1, "2699.99999"),
    ],
)
def test_a_wrong_call_is_one_line(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], status: int, said: str
) -> None:
    capsys.readouterr()
    assert run(["correct", *arguments]) == status
    assert said in capsys.readouterr().err.splitlines()[-1]


def test_nobody_is_asked_unless_the_settings_name_an_endpoint(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    good = {"level": 7, "topics": ["rag"], "reason": "It is [about] retrieval."}
    with serving(lambda _: says(good)) as there:
        out(capsys, "classify")
        monkeypatch.setenv("STAYCURRENT_LLM_URL", there.base)
        assert run(["classify"]) == 0
        assert "LLM_MODEL is not" in capsys.readouterr().err
        assert there.asked == []
        monkeypatch.setenv("STAYCURRENT_LLM_MODEL", "small")
        monkeypatch.setenv("STAYCURRENT_LLM_API_KEY", "sk-secret")
        out(capsys, "classify")
    assert there.asked[0][1]["Authorization"] == "Bearer sk-secret"
    found = answer(capsys, "show", PAPER)
    assert (found["level"], found["unsure"], found["second_opinion"]["llm"]) == (7, True, "llm:small")
    shown = out(capsys, "show", PAPER)
    assert "level 7: second opinion of llm:small; the model says" in shown
    assert "It is [about] retrieval." in shown


def test_an_endpoint_in_trouble_never_stops_classifying(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(lambda _: fails(500, b"sk-secret")) as there:
        monkeypatch.setenv("STAYCURRENT_LLM_URL", there.base + "/v1")
        monkeypatch.setenv("STAYCURRENT_LLM_MODEL", "small")
        monkeypatch.setenv("STAYCURRENT_LLM_API_KEY", "sk-secret")
        assert run(["classify"]) == 0
    said = capsys.readouterr().err
    assert "1 items classified" in said
    assert "sk-secret" not in said
    assert len(there.asked) == 1
    assert answer(capsys, "show", PAPER)["second_opinion"] is None

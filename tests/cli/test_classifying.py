"""`train`, `evaluate` and `predict` from the command line, with a handful of made-up papers."""

from __future__ import annotations

import gzip
import io
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from classifier import labels as label_file
from classifier import model as models
from classifier import packaged
from classifier import train as training
from staycurrent.cli import run
from staycurrent.cli.context import migrate_all
from staycurrent.store import corrections, items
from staycurrent.store import engine as database
from tests import build
from tests.classifier.conftest import made_up, small_space
from tests.conftest import NOW

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with forty labelled papers and their texts, whose words the space in use knows."""
    monkeypatch.chdir(tmp_path)
    space = small_space()
    monkeypatch.setattr(training, "load", lambda: type("Loaded", (), {"space": space}))
    labels, documents = made_up()
    label_file.write(labels, tmp_path / "labels.jsonl")
    lines = [
        json.dumps({k: v for k, v in asdict(d).items() if k in ("id", "title", "abstract", "categories")})
        for d in documents.values()
    ]
    (tmp_path / "texts.jsonl").write_text("\n".join(lines))
    return tmp_path


def train(*more: str) -> int:
    return run(["train", "--texts", "texts.jsonl", "--labels", "labels.jsonl", "--out", "model", *more])


def metrics(home: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((home / "model" / "model.json").read_text())["metrics"]
    return found


def out(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capsys.readouterr()
    assert run([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_training_records_what_the_study_measured(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train() == 0
    assert {"cross_validation", "mistakes", "learning_curve", "floors", "agreement", "teams"} <= set(metrics(home))
    assert metrics(home)["teams"], "the rule for labs is not learned: its figures are those of the model before"
    shown = capsys.readouterr()
    assert "cross_validation.macro_f1" in shown.out
    assert f"model {models.load(home / 'model').version} written to model" in shown.err


def test_without_a_study_training_is_quick_and_says_nothing_of_quality(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train("--no-study") == 0
    assert set(metrics(home)) == {"out_of_fold"}
    assert capsys.readouterr().out == ""


def test_corrections_are_learned_only_on_request_and_their_effect_is_recorded(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = database.open_engine(f"sqlite:///{home / 'data' / 'staycurrent.db'}")
    migrate_all(engine)
    labels, documents = made_up()
    known, new = documents[labels[0].id], documents[labels[1].id]
    papers = [
        build.arxiv(known.id, known.title, abstract=known.abstract),
        build.arxiv("2605.09999", "New", abstract=new.abstract),
    ]
    build.store(engine, papers, NOW)
    with database.writing(engine) as session:
        corrections.correct(session, items.find(session, [known.id]), 2, who="ada", why="", now=NOW)
        corrections.correct(session, items.find(session, ["2605.09999"]), 2, who="ada", why="", now=NOW)
    engine.dispose()

    assert train("--no-study") == 0
    plain = models.load(home / "model")
    assert "corrections" not in metrics(home)
    assert train("--no-study", "--with-corrections") == 0
    assert models.load(home / "model").version != plain.version
    found = metrics(home)["corrections"]
    assert found["corrections"] == 2
    assert all(0 < found[name]["macro_f1"] <= 1 for name in ("with", "without"))
    shown = capsys.readouterr()
    assert "corrections.with.macro_f1" in shown.out
    assert "2 corrected papers" in shown.err


def test_training_with_corrections_where_there_are_none_says_so(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train("--no-study", "--with-corrections") == 0
    assert metrics(home)["corrections"] == {"corrections": 0}
    assert "0 corrected papers" in capsys.readouterr().err


def test_a_card_is_written_beside_its_pictures(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labels, _ = made_up()
    label_file.write(labels[:8], home / "blind.jsonl")
    monkeypatch.setattr(label_file, "BLIND", home / "blind.jsonl")
    assert train("--card", "docs/card.md") == 0
    page = (home / "docs" / "card.md").read_text()
    assert models.load(home / "model").version in page
    assert {p.suffix for p in (home / "docs" / "images").iterdir()} == {".svg"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--card", "card.md", "--no-study"), "--no-study"),
        (("--labels", "none.jsonl"), "none.jsonl"),
        (("--card", "card.md"), "card"),
    ],
)
def test_a_wrong_call_is_one_line(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    assert train(*arguments) == 2
    assert said in capsys.readouterr().err.splitlines()[-1]


def test_a_model_of_ones_own_answers_where_a_setting_names_its_folder(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert train("--no-study") == 0
    capsys.readouterr()
    ours = models.load(home / "model").version
    monkeypatch.setenv("STAYCURRENT_MODEL_DIR", str(home / "model"))
    assert out(capsys, "evaluate")["model"] == ours
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"id": "1", "title": "Attention heads"}')))
    assert run(["predict"]) == 0
    assert json.loads(capsys.readouterr().out)["model"] == ours
    monkeypatch.setenv("STAYCURRENT_MODEL_DIR", str(home / "none"))
    assert run(["evaluate"]) == 1
    assert str(home / "none") in capsys.readouterr().err


def test_a_long_lived_process_sees_that_another_model_lies_there(home: Path) -> None:
    assert train("--no-study") == 0
    folder = home / "model"
    first = packaged.version(folder)
    assert first == models.load(folder).version
    labels, _ = made_up()
    label_file.write(labels[:-2], home / "fewer.jsonl")
    assert train("--no-study", "--labels", "fewer.jsonl") == 0
    assert packaged.version(folder) == models.load(folder).version != first
    assert packaged.version(home / "none") == ""


def test_a_folder_that_cannot_be_written_is_told_before_the_training(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "file").write_text("in the way")
    assert train("--no-study", "--out", "file") == 2
    assert "--out" in capsys.readouterr().err.splitlines()[-1]


def test_evaluate_writes_the_card_of_the_model_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["evaluate", "--card", "card.md"]) == 0
    assert (tmp_path / "card.md").read_text("utf-8") == (DOCS / "classifier.md").read_text("utf-8")


def test_the_rule_for_labs_is_scored_on_saved_days(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "hf").mkdir()
    papers = [("2605.00001", "Qwen Team", "Qwen"), ("2605.00002", "Ada Vale", "Qwen"), ("2605.00003", "Qwen Team", "nobody")]
    days = [{"paper": {"id": i, "authors": [{"name": a}]}, "organization": {"name": o}} for i, a, o in papers]
    (tmp_path / "hf" / "2026-05-01.json.gz").write_bytes(gzip.compress(json.dumps(days).encode()))
    (tmp_path / "arxiv.jsonl.gz").write_bytes(gzip.compress(b""))
    found = out(capsys, "evaluate", "--tagged", str(tmp_path))["labs"]
    assert (found["tagged"], found["of_labs"], found["given"], found["right"]) == (3, 2, 2, 1)
    assert run(["evaluate", "--tagged", str(tmp_path / "hf")]) == 2


def test_predict_takes_the_organizations_that_tag_a_paper(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = {"id": "1", "title": "Attention heads", "organizations": ["Qwen"]}
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(line).encode())))
    assert run(["predict"]) == 0
    assert [lab["lab"] for lab in json.loads(capsys.readouterr().out)["labs"]] == ["qwen"]


def test_without_a_file_evaluate_tells_how_far_two_readings_agree(capsys: pytest.CaptureFixture[str]) -> None:
    found = out(capsys, "evaluate")
    assert found["model"] == models.load().version
    assert found["blind_agreement"]["papers"] == len(label_file.read(label_file.BLIND))
    assert 0 < found["cross_validation"]["macro_f1"] < 1
    assert run(["evaluate"]) == 0
    assert "blind_agreement.kappa" in capsys.readouterr().out


def test_evaluate_scores_the_lines_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels, documents = made_up()
    lines = [
        {"id": label.id, "title": documents[label.id].title, "abstract": documents[label.id].abstract, "level": label.level}
        for label in labels
    ]
    (tmp_path / "labelled.jsonl").write_text("\n".join(map(json.dumps, lines)))
    found = out(capsys, "evaluate", str(tmp_path / "labelled.jsonl"))
    assert (found["papers"], len(found["confusion"])) == (40, 9)
    assert 0 <= found["macro_f1"] <= 1

"""`train --encoder` and `predict` with a small encoder that has learned nothing."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from classifier import joined, storage
from classifier import labels as label_file
from classifier import model as models
from staycurrent.cli import run
from staycurrent.types import Document
from tests.classifier import small_bert
from tests.classifier.conftest import FIELDS, made_up

pytestmark = pytest.mark.skipif(
    bool(small_bert.MISSING), reason=f"the extra `encoder` is not installed: {', '.join(small_bert.MISSING)}"
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Forty labelled papers and two hundred others, and an encoder."""
    monkeypatch.chdir(tmp_path)
    labels, documents = made_up()
    label_file.write(labels, tmp_path / "labels.jsonl")
    words = [word for _, field in FIELDS.values() for word in field.split()]
    others = [
        Document(f"2606.{n:05}", words[n % 32], f"{words[n % 31]} {words[n % 29]} of {words[n % 23]}") for n in range(200)
    ]
    rows = [{"id": d.id, "title": d.title, "abstract": d.abstract} for d in (*documents.values(), *others)]
    (tmp_path / "texts.jsonl").write_text("\n".join(map(json.dumps, rows)))
    small_bert.write(tmp_path / "small")
    monkeypatch.setattr("classifier.space.WITH_MEANING", 6)
    return tmp_path


def train(*more: str) -> int:
    return run(["train", "--texts", "texts.jsonl", "--labels", "labels.jsonl", "--out", "model", *more])


def predict(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[dict[str, Any], str]:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"id": "1", "title": "image diffusion sampler"}')))
    capsys.readouterr()
    assert run(["predict", *options]) == 0
    shown = capsys.readouterr()
    return json.loads(shown.out), shown.err


@pytest.fixture
def installed(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The model in use is one that was joined with the encoder."""
    assert train("--no-study", "--new-space", "--encoder", "small") == 0
    monkeypatch.setattr(models, "PACKAGED", home / "model")
    return home / "model"


def test_a_joined_model_stands_beside_a_linear_one_that_is_whole(installed: Path) -> None:
    linear, both = storage.read(installed), storage.read(installed / joined.FOLDER)
    assert linear.meanings is None
    assert linear.space.encoder.startswith("small sha256:")
    assert both.meanings is not None
    assert both.version.startswith(f"{linear.version}+encoder-")


def test_what_joining_gains_is_told_and_recorded(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train("--new-space", "--encoder", "small") == 0
    assert "with encoder.all.macro_f1.low" in capsys.readouterr().out
    metrics = json.loads((home / "model" / joined.FOLDER / storage.WORDS).read_text())["metrics"]
    assert {"cross_validation", "gain"} <= set(metrics)


def test_predict_uses_the_encoder_and_says_so(
    installed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer, said = predict(monkeypatch, capsys)
    assert answer["model"] == storage.read(installed / joined.FOLDER).version
    assert said == ""


def test_predict_can_be_told_to_stay_linear(
    installed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert predict(monkeypatch, capsys, "--linear")[0]["model"] == models.load(installed).version


def test_predict_with_an_encoder_that_is_gone_is_linear_and_says_why(
    installed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (installed.parent / "small").rename(installed.parent / "moved")
    answer, said = predict(monkeypatch, capsys)
    assert answer["model"] == models.load(installed).version
    assert "the linear model answers: no encoder in " in said
    again, said = predict(monkeypatch, capsys, "--encoder", "moved")
    assert "+encoder-" in again["model"]
    assert said == ""


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--encoder", "nowhere"], "no encoder in nowhere: tokenizer.json is missing"),
        (["--new-space"], "new-space: it needs --texts"),
    ],
)
@pytest.mark.usefixtures("home")
def test_a_wrong_call_is_one_line(arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", *arguments]) == 2
    assert complaint in capsys.readouterr().err

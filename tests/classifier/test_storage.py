"""A model file is ours and whole, or there is one clear line about it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifier import model, storage, train
from classifier.train import TrainedModel
from staycurrent.errors import ModelError

from .conftest import made_up


@pytest.fixture
def folder(tiny: TrainedModel, tmp_path: Path) -> Path:
    train.save(tiny, tmp_path)
    return tmp_path


def test_a_saved_model_answers_like_the_one_in_memory(tiny: TrainedModel, folder: Path) -> None:
    documents = list(made_up()[1].values())
    loaded = model.load(folder)
    assert loaded.predict(documents, explain=True) == tiny.model.predict(documents, explain=True)
    assert loaded.version == tiny.model.version


def test_saving_what_was_loaded_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    storage.write(model.load(folder), tmp_path / "again")
    for name in (storage.NUMBERS, storage.WORDS):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_saving_leaves_nothing_else_behind(folder: Path) -> None:
    assert sorted(file.name for file in folder.iterdir()) == [storage.WORDS, storage.NUMBERS]


def test_metrics_can_be_added_on_saving_and_do_not_change_the_version(tiny: TrainedModel, tmp_path: Path) -> None:
    train.save(tiny, tmp_path, metrics={"cross_validation": {"macro_f1": 0.5}})
    loaded = model.load(tmp_path)
    assert loaded.version == tiny.model.version
    metrics = loaded.about["metrics"]
    assert isinstance(metrics, dict)
    assert set(metrics) == {"out_of_fold", "cross_validation"}


def _words(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        words = json.loads((folder / storage.WORDS).read_text())
        change(words)
        (folder / storage.WORDS).write_text(json.dumps(words))

    return damage


def _numbers(**arrays: Any) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        with np.load(folder / storage.NUMBERS) as stored:
            content = {name: stored[name] for name in stored.files}
        content |= {name: change(content[name]) for name, change in arrays.items()}
        np.savez(folder / storage.NUMBERS, **content)

    return damage


def _bytes(name: str, content: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(content((folder / name).read_bytes())) and None


def _with_nan(array: Any) -> Any:
    array = array.copy()
    array.flat[0] = np.nan
    return array


DAMAGES: dict[str, Callable[[Path], None]] = {
    "no folder": shutil.rmtree,
    "no numbers": lambda folder: (folder / storage.NUMBERS).unlink(),
    "no words": lambda folder: (folder / storage.WORDS).unlink(),
    "empty numbers": _bytes(storage.NUMBERS, lambda _: b""),
    "empty words": _bytes(storage.WORDS, lambda _: b""),
    "half of the numbers": _bytes(storage.NUMBERS, lambda content: content[: len(content) // 2]),
    "half of the words": _bytes(storage.WORDS, lambda content: content[: len(content) // 2]),
    "a flipped byte": _bytes(storage.NUMBERS, lambda c: c[:3000] + bytes([c[3000] ^ 255]) + c[3001:]),
    "not UTF-8": _bytes(storage.WORDS, lambda content: b"\xff\xfe" + content),
    "a web page": _bytes(storage.WORDS, lambda _: b"<html>not found</html>"),
    "deep JSON": _bytes(storage.WORDS, lambda _: b"[" * 100_000),
    "a list": _bytes(storage.WORDS, lambda _: b"[1, 2]"),
    "another program's": _words(lambda words: words.update(format="other")),
    "a later format": _words(lambda words: words.update(format_version=3)),
    "no vocabulary": _words(lambda words: words.pop("vocabulary")),
    "a word twice": _words(lambda words: words["vocabulary"].__setitem__(0, words["vocabulary"][1])),
    "one word more": _words(lambda words: words["vocabulary"].append("more")),
    "another word": _words(lambda words: words["vocabulary"].__setitem__(0, "other")),
    "another threshold": _words(lambda words: words.update(sure=0.1)),
    "an infinite threshold": _words(lambda words: words.update(sure=float("inf"))),
    "a threshold in words": _words(lambda words: words.update(sure="high")),
    "an unknown topic": _words(lambda words: words["topics"].__setitem__(0, "astrology")),
    "a level too high": _words(lambda words: words["topic_levels"].__setitem__(0, 9)),
    "one level less": _words(lambda words: words["topic_levels"].pop()),
    "NaN": _numbers(coefficients=_with_nan),
    "NaN in the frequencies": _numbers(idf=_with_nan),
    "another shape": _numbers(coefficients=lambda array: array[:, :-1]),
    "another shape of the space": _numbers(projection=lambda array: array[:, :-1]),
    "a flat space": _numbers(projection=lambda array: array[:, 0], support=lambda array: array[:, 0]),
    "one labelled paper less": _numbers(dual=lambda array: array[:-1]),
    "no number of papers": _words(lambda words: words.update(space_papers=None)),
    "a number": _numbers(idf=lambda _: np.float32(1)),
    "other numbers": _numbers(intercepts=lambda array: array + 1),
    "integers": _numbers(intercepts=lambda array: array.astype(np.int64)),
    "objects": _numbers(idf=lambda array: array.astype(object)),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_or_foreign_model_is_refused_in_one_line(folder: Path, damage: Callable[[Path], None]) -> None:
    damage(folder)
    with pytest.raises(ModelError) as refused:
        model.load(folder)
    assert str(folder) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 500


def test_files_of_two_models_are_no_model(folder: Path) -> None:
    shutil.copy(model.PACKAGED / storage.NUMBERS, folder)
    with pytest.raises(ModelError):
        model.load(folder)


def test_a_failed_write_leaves_the_old_model(tiny: TrainedModel, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(storage.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        train.save(tiny, folder)
    assert sorted(file.name for file in folder.iterdir()) == [storage.WORDS, storage.NUMBERS]
    assert model.load(folder).version == tiny.model.version

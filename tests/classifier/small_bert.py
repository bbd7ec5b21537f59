"""A small BERT that has learned nothing, in the files in which Hugging Face packages one, and what it computes by hand."""

from __future__ import annotations

import json
import math
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .conftest import made_up

MISSING = [name for name in ("onnx", "onnxruntime", "safetensors", "tokenizers") if find_spec(name) is None]

WIDTH, HEADS, LAYERS, INNER, PLACES = 8, 2, 2, 12, 40
CONFIG = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "hidden_size": WIDTH,
    "num_attention_heads": HEADS,
    "num_hidden_layers": LAYERS,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": PLACES,
}
Weights = dict[str, NDArray[np.float32]]


def words() -> list[str]:
    texts = (f"{one.title} {one.abstract}" for one in made_up()[1].values())
    return ["[PAD]", "[UNK]", *sorted({word for text in texts for word in text.split()})]


def weights(size: int) -> Weights:
    """Of a small BERT that has learned nothing."""
    chance = np.random.default_rng(3)
    shapes = {"word_embeddings": size, "position_embeddings": PLACES, "token_type_embeddings": 2}
    found: dict[str, tuple[int, ...]] = {f"embeddings.{name}.weight": (rows, WIDTH) for name, rows in shapes.items()}
    norms = ["embeddings.LayerNorm"]
    for layer in range(LAYERS):
        own = f"encoder.layer.{layer}."
        norms += [own + "attention.output.LayerNorm", own + "output.LayerNorm"]
        linear = {f"attention.self.{part}": (WIDTH, WIDTH) for part in ("query", "key", "value")}
        linear |= {
            "attention.output.dense": (WIDTH, WIDTH),
            "intermediate.dense": (INNER, WIDTH),
            "output.dense": (WIDTH, INNER),
        }
        for name, shape in linear.items():
            found |= {f"{own}{name}.weight": shape, f"{own}{name}.bias": shape[:1]}
    found |= {f"{name}.{part}": (WIDTH,) for name in norms for part in ("weight", "bias")}
    return {name: chance.standard_normal(shape).astype(np.float32) for name, shape in found.items()}


def write(path: Path) -> Path:
    """Weights and tokenizer, no graph, into the folder."""
    from safetensors.numpy import save_file
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    path.mkdir()
    known = words()
    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(known)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(path / "tokenizer.json"))
    save_file({f"bert.{name}": array for name, array in weights(len(known)).items()}, path / "model.safetensors")
    (path / "config.json").write_text(json.dumps(CONFIG))
    return path


def by_hand(ids: list[int], w: Weights) -> NDArray[Any]:
    """BERT (Devlin et al. 2019) for one text, the slow way: the mean of the last states, of length 1."""

    def norm(state: Any, name: str) -> Any:
        centred = state - state.mean(axis=-1, keepdims=True)
        return centred / np.sqrt(np.square(centred).mean(axis=-1, keepdims=True)) * w[f"{name}.weight"] + w[f"{name}.bias"]

    def linear(state: Any, name: str) -> Any:
        return state @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    def attention(state: Any, own: str) -> Any:
        query, key, value = (linear(state, f"{own}attention.self.{part}") for part in ("query", "key", "value"))
        parts = []
        for columns in np.split(np.arange(WIDTH), HEADS):
            near = np.exp(query[:, columns] @ key[:, columns].T / math.sqrt(WIDTH / HEADS))
            parts.append(near / near.sum(axis=1, keepdims=True) @ value[:, columns])
        return np.hstack(parts)

    own = "embeddings."
    summed = w[own + "word_embeddings.weight"][ids] + w[own + "position_embeddings.weight"][: len(ids)]
    state = norm(summed + w[own + "token_type_embeddings.weight"][0], own + "LayerNorm")
    for layer in range(LAYERS):
        own = f"encoder.layer.{layer}."
        state = norm(linear(attention(state, own), own + "attention.output.dense") + state, own + "attention.output.LayerNorm")
        inner = linear(state, own + "intermediate.dense")
        inner = inner * (1 + np.vectorize(math.erf)(inner / math.sqrt(2))) / 2
        state = norm(linear(inner, own + "output.dense") + state, own + "output.LayerNorm")
    mean = state.mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean))

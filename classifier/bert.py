"""A BERT on disk as Hugging Face packages it (`config.json`, `model.safetensors`), written out as an ONNX graph.

Many packages carry the weights and no graph; with this, torch is needed neither to export them nor to run them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper
from safetensors.numpy import load_file

Array = NDArray[Any]

OPSET = 20
"""The first with GELU as one operator."""
IR = 10
MASKED = 1e4
"""Taken off the attention to padding: its weight is zero in single precision."""
INPUTS = ("input_ids", "attention_mask")
OUTPUT = "last_hidden_state"


def graph(folder: Path) -> bytes:
    """The encoder in the folder as a serialised ONNX model: token ids and mask in, a state for each token out.

    Raises ValueError for another architecture, KeyError for missing weights, OSError, and safetensors' own error.
    """
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    kind = (config.get("model_type"), config.get("hidden_act"), config.get("position_embedding_type", "absolute"))
    if kind != ("bert", "gelu", "absolute"):
        raise ValueError(f"only BERT with GELU and absolute positions can be written out, not {kind}")
    weights = {name.removeprefix("bert."): array for name, array in load_file(folder / "model.safetensors").items()}
    model = _Writer(weights, config).write()
    checker.check_model(model)
    return bytes(model.SerializeToString())


class _Writer:
    """Collects nodes and weights; each method adds what it is called after and returns the name of its result."""

    def __init__(self, weights: Mapping[str, Array], config: Mapping[str, Any]) -> None:
        self.weights = weights
        self.width, self.heads = int(config["hidden_size"]), int(config["num_attention_heads"])
        self.layers, self.epsilon = int(config["num_hidden_layers"]), float(config["layer_norm_eps"])
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []

    def write(self) -> ModelProto:
        state, bias = self.embeddings(), self.mask()
        for layer in range(self.layers):
            state = self.layer(state, bias, f"encoder.layer.{layer}.")
        self.nodes.append(helper.make_node("Identity", [state], [OUTPUT]))
        tokens = [helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "tokens"]) for name in INPUTS]
        states = [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["texts", "tokens", self.width])]
        whole = helper.make_graph(self.nodes, "bert", tokens, states, self.constants)
        return helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)

    def embeddings(self) -> str:
        """Word, position, and the type of a first sentence: here no text has a second one."""
        own = "embeddings."
        types = self.weights[own + "token_type_embeddings.weight"][0]
        words = self.constant("words", self.weights[own + "word_embeddings.weight"])
        places = self.constant("places", self.weights[own + "position_embeddings.weight"] + types)
        start = self.constant("start", np.array([0], dtype=np.int64))
        length = self.node("Shape", "input_ids", start=1, end=2)
        summed = self.node("Add", self.node("Gather", words, "input_ids"), self.node("Slice", places, start, length, start))
        return self.norm(summed, own + "LayerNorm")

    def mask(self) -> str:
        """0 for a token and -MASKED for padding, to be added to (texts, heads, tokens, tokens)."""
        axes = self.constant("axes", np.array([1, 2], dtype=np.int64))
        mask = self.node("Unsqueeze", self.node("Cast", "attention_mask", to=TensorProto.FLOAT), axes)
        less = self.node("Sub", mask, self.constant("one", np.float32(1)))
        return self.node("Mul", less, self.constant("masked", np.float32(MASKED)))

    def layer(self, state: str, bias: str, name: str) -> str:
        attended = self.linear(self.attention(state, bias, f"{name}attention.self."), name + "attention.output.dense")
        state = self.norm(self.node("Add", attended, state), name + "attention.output.LayerNorm")
        inner = self.node("Gelu", self.linear(state, name + "intermediate.dense"))
        return self.norm(self.node("Add", self.linear(inner, name + "output.dense"), state), name + "output.LayerNorm")

    def attention(self, state: str, bias: str, name: str) -> str:
        query = self.split(self.linear(state, name + "query"), [0, 2, 1, 3], name)
        key = self.split(self.linear(state, name + "key"), [0, 2, 3, 1], name)
        value = self.split(self.linear(state, name + "value"), [0, 2, 1, 3], name)
        scale = self.constant(name + "scale", np.float32((self.width / self.heads) ** -0.5))
        near = self.node("Add", self.node("Mul", self.node("MatMul", query, key), scale), bias)
        mixed = self.node("MatMul", self.node("Softmax", near, axis=-1), value)
        joined = self.constant(name + "joined", np.array([0, 0, self.width], dtype=np.int64))
        return self.node("Reshape", self.node("Transpose", mixed, perm=[0, 2, 1, 3]), joined)

    def split(self, state: str, order: Sequence[int], name: str) -> str:
        shape = np.array([0, 0, self.heads, self.width // self.heads], dtype=np.int64)
        apart = self.node("Reshape", state, self.constant(f"{name}split.{len(self.nodes)}", shape))
        return self.node("Transpose", apart, perm=order)

    def linear(self, state: str, name: str) -> str:
        turned = self.constant(name + ".turned", np.ascontiguousarray(self.weights[name + ".weight"].T))
        return self.node("Add", self.node("MatMul", state, turned), self.weight(name + ".bias"))

    def norm(self, state: str, name: str) -> str:
        scale, bias = self.weight(name + ".weight"), self.weight(name + ".bias")
        return self.node("LayerNormalization", state, scale, bias, axis=-1, epsilon=self.epsilon)

    def weight(self, name: str) -> str:
        return self.constant(name, self.weights[name])

    def constant(self, name: str, value: Array | np.float32) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, kind: str, *inputs: str, **settings: Any) -> str:
        name = f"{kind}.{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **settings))
        return name

"""A sentence encoder that the user has on disk, run by onnxruntime: texts in, vectors of length 1 out.

Only for learning a space of words (`space`), never for predicting. It comes with `pip install staycurrent[encoder]`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from staycurrent.errors import UsageError
from staycurrent.types import Document

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

Floats = NDArray[np.float32]
Progress = Callable[[str], None]

EXTRA = "pip install 'staycurrent[encoder]'"
TOKENS = 256
"""Of a text that are read: three quarters of the abstracts are longer by some words, twice the time for the rest."""
TOGETHER = 16
"""Texts in one run: of about the same length, so that little is padding."""
CHUNK = 1024
GRAPHS = ("model.onnx", "onnx/model.onnx")
WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"


@dataclass(frozen=True, slots=True)
class Encoder:
    """`name` says which one it is: its folder, and the beginning of the SHA-256 of its weights."""

    name: str
    session: InferenceSession
    tokenizer: Tokenizer

    def embed(self, documents: Sequence[Document], progress: Progress = lambda _: None) -> Floats:
        """A row of length 1 for each document's title and abstract: the mean of its tokens' states."""
        parts = []
        for start in range(0, len(documents), CHUNK):
            parts.append(self._chunk([f"{one.title}. {one.abstract}" for one in documents[start : start + CHUNK]]))
            progress(f"encoding: {start + len(parts[-1]):,} of {len(documents):,} papers")
        return np.vstack(parts)

    def _chunk(self, texts: Sequence[str]) -> Floats:
        tokens = [np.array(found.ids, dtype=np.int64) for found in self.tokenizer.encode_batch(list(texts))]
        order = np.argsort([len(one) for one in tokens], kind="stable")
        parts = [
            self._run([tokens[row] for row in order[start : start + TOGETHER]]) for start in range(0, len(order), TOGETHER)
        ]
        found = np.empty_like(whole := np.vstack(parts))
        found[order] = whole
        return found

    def _run(self, tokens: Sequence[NDArray[np.int64]]) -> Floats:
        ids = np.zeros((len(tokens), max(map(len, tokens))), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, one in enumerate(tokens):
            ids[row, : len(one)], mask[row, : len(one)] = one, 1
        wanted = {one.name for one in self.session.get_inputs()}
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        states = self.session.run(None, {name: value for name, value in given.items() if name in wanted})[0]
        mean = (states * mask[:, :, None]).sum(axis=1)
        return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True), dtype=np.float32)


def load(folder: Path) -> Encoder:
    """The encoder in a folder with `tokenizer.json` and either an ONNX graph or the weights of a BERT.

    Raises UsageError where the extra is not installed, or the folder holds no encoder that can be used.
    """
    try:
        from onnxruntime import InferenceSession
        from tokenizers import Tokenizer
    except ImportError as error:
        raise UsageError(f"an encoder needs more packages ({error.name} is missing): {EXTRA}") from error
    weights = _weights(folder)
    try:
        session = InferenceSession(_graph(weights), providers=["CPUExecutionProvider"])
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    except ImportError as error:
        raise UsageError(f"an encoder without a graph needs more packages ({error.name} is missing): {EXTRA}") from error
    except Exception as error:  # the libraries beneath raise classes of their own, and bare Exception
        what = " ".join(str(error).split())[:200]
        raise UsageError(f"the encoder in {folder} cannot be used: {what}") from error
    tokenizer.enable_truncation(min(TOKENS, _longest(folder)))
    tokenizer.no_padding()
    return _tried(Encoder(f"{folder.resolve().name} {_fingerprint(weights)}", session, tokenizer), folder)


def _weights(folder: Path) -> Path:
    if not (folder / TOKENIZER).is_file():
        raise UsageError(f"no encoder in {folder}: {TOKENIZER} is missing")
    for name in (*GRAPHS, WEIGHTS):
        if (folder / name).is_file():
            return folder / name
    raise UsageError(f"no encoder in {folder}: there is none of {', '.join((*GRAPHS, WEIGHTS))}")


def _graph(weights: Path) -> str | bytes:
    if weights.suffix == ".onnx":
        return str(weights)  # by path, since large graphs keep their weights in files beside them
    from . import bert

    return bert.graph(weights.parent)


def _longest(folder: Path) -> int:
    """How many places the encoder knows; some have fewer than `TOKENS`."""
    try:
        return int(json.loads((folder / "config.json").read_text(encoding="utf-8"))["max_position_embeddings"])
    except (OSError, ValueError, KeyError, TypeError):
        return TOKENS


def _fingerprint(weights: Path) -> str:
    with weights.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()[:16]}"


def _tried(encoder: Encoder, folder: Path) -> Encoder:
    """A graph may want other inputs or give something else than a state for each token: said now, not an hour later."""
    try:
        found = encoder.embed([Document("1", "A title", "and a text"), Document("2", "Another title")])
    except Exception as error:
        what = " ".join(str(error).split())[:200]
        raise UsageError(f"the encoder in {folder} gives no sentence vectors: {what}") from error
    if found.ndim != 2 or not np.isfinite(found).all():  # noqa: PLR2004 - texts by directions
        raise UsageError(f"the encoder in {folder} gives no sentence vectors")
    return encoder

"""The model on disk: `model.npz` (numbers) and `model.json` (words, settings, metrics). Data only; nothing is executed.

The version is a hash over all that predicting depends on, and is checked on loading: it catches a damaged file, and
two files that belong to different models. The same model always gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from staycurrent import roadmap
from staycurrent.errors import ModelError
from staycurrent.types import Json

from .features import Vocabulary
from .labels import LEVELS
from .model import Meanings, Model
from .space import Space

FORMAT = "staycurrent-classifier"
FORMAT_VERSION = 2
NUMBERS = "model.npz"
WORDS = "model.json"
MOST_BYTES = 64 * 2**20
"""Unpacked; ours has 15 MB. A file that claims more is not ours, and is not unpacked."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip file can hold: the time of writing would make two trainings differ."""
DTYPES = {
    **dict.fromkeys(("coefficients", "dual", "projection", "support"), np.float16),
    "idf": np.float32,
    **dict.fromkeys(("intercepts", "topic_thresholds"), np.float64),
}
MEANING_DTYPES = dict.fromkeys(("meaning_support", "meaning_dual"), np.float16)
"""Only in a model that was joined with a sentence encoder."""
BROKEN = (
    *(OSError, EOFError, ValueError, KeyError, TypeError, OverflowError, MemoryError),
    *(RecursionError, NotImplementedError, zipfile.BadZipFile, zlib.error),
)
"""All that reading a damaged zip file, array or JSON text was seen to raise."""

Arrays = Mapping[str, NDArray[Any]]


def arrays_of(model: Model) -> dict[str, NDArray[Any]]:
    """The arrays of a model in the types in which they are stored."""
    return {
        "coefficients": model.coefficients.astype(np.float16),
        "dual": model.dual.astype(np.float16),
        "projection": model.space.projection.astype(np.float16),
        "support": model.support.astype(np.float16),
        "idf": model.space.vocabulary.idf,
        "intercepts": model.intercepts,
        "topic_thresholds": model.topic_thresholds,
        **(_meaning_arrays(model.meanings) if model.meanings else {}),
    }


def _meaning_arrays(meanings: Meanings) -> dict[str, NDArray[Any]]:
    return {"meaning_support": meanings.support.astype(np.float16), "meaning_dual": meanings.dual.astype(np.float16)}


def words_of(model: Model) -> dict[str, Json]:
    """What stands in the JSON file and decides about predictions."""
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "pull": model.pull,
        "space_papers": model.space.papers,
        "sure": model.sure,
        "topics": list(model.topics),
        "topic_levels": list(model.topic_levels),
        "vocabulary": list(model.space.vocabulary.columns),
        # Only where there is one: models from before encoders keep their fingerprint.
        **({"space_encoder": model.space.encoder} if model.space.encoder else {}),
        **({"encoder": model.meanings.encoder} if model.meanings else {}),
    }


def fingerprint(arrays: Arrays, words: Mapping[str, Json]) -> str:
    """Eight hexadecimal digits over arrays and words."""
    digest = hashlib.sha256(json.dumps(words, sort_keys=True).encode())
    for name in sorted(arrays):
        little_endian = np.ascontiguousarray(arrays[name]).astype(arrays[name].dtype.newbyteorder("<"), copy=False)
        digest.update(f"{name} {little_endian.dtype.str} {little_endian.shape}".encode())
        digest.update(little_endian.tobytes())
    return digest.hexdigest()[:8]


def write(model: Model, directory: Path, *, metrics: Mapping[str, Json] | None = None) -> None:
    """Replace the model in the directory; a reader finds the old one, the new one, or (between two renames) an error.

    `metrics` are added to those of training, for instance a cross-validation's.
    """
    directory.mkdir(parents=True, exist_ok=True)
    about = dict(model.about)
    if metrics is not None:
        known = about.get("metrics")
        about["metrics"] = {**(known if isinstance(known, dict) else {}), **metrics}
    words = {"version": model.version, **about, **words_of(model)}
    text = json.dumps(words, indent=1, ensure_ascii=True) + "\n"
    _replace(directory / NUMBERS, _packed(arrays_of(model)))
    _replace(directory / WORDS, text.encode())


def _packed(arrays: Arrays) -> bytes:
    """What `numpy.savez_compressed` writes, but for the clock."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(arrays):
            content = io.BytesIO()
            np.lib.format.write_array(content, np.ascontiguousarray(arrays[name]), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", EPOCH), content.getvalue(), zipfile.ZIP_DEFLATED, 9)
    return packed.getvalue()


def _replace(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read(directory: Path) -> Model:
    """The model in the directory, checked; ModelError in one line where there is none or it is not whole."""
    try:
        words = _read_words(directory / WORDS)
        arrays = _read_arrays(directory / NUMBERS, DTYPES | (MEANING_DTYPES if "encoder" in words else {}))
        return _assemble(words, arrays, directory)
    except FileNotFoundError as error:
        raise ModelError(f"no model in {directory}: {Path(error.filename or '').name} is missing") from error
    except BROKEN as error:
        what = " ".join(str(error).split())[:200] or type(error).__name__
        raise ModelError(f"the model in {directory} cannot be used: {what}") from error


def _read_words(path: Path) -> dict[str, Any]:
    words = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(words, dict) or words.get("format") != FORMAT:
        raise ValueError(f"{path.name} is not a model of this program")
    if words.get("format_version") != FORMAT_VERSION:
        raise ValueError(f"{path.name} has format {words.get('format_version')!r}, this program reads {FORMAT_VERSION}")
    return words


def _read_arrays(path: Path, dtypes: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    with zipfile.ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES:
            raise ValueError(f"{path.name} unpacks to more than {MOST_BYTES >> 20} MB")
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: np.asarray(stored[name]) for name in dtypes}
    for name, array in arrays.items():
        if array.dtype != dtypes[name] or not np.isfinite(array).all():
            raise ValueError(f"{name} in {path.name} holds something else than finite numbers of type {dtypes[name].__name__}")
    return arrays


def _assemble(words: Mapping[str, Any], arrays: Arrays, folder: Path) -> Model:
    terms, topics = _strings(words, "vocabulary"), _strings(words, "topics")
    model = Model(
        space=Space(
            Vocabulary({term: column for column, term in enumerate(terms)}, arrays["idf"]),
            arrays["projection"].astype(np.float32),
            int(_number(words, "space_papers")),
            str(words.get("space_encoder", "")),
        ),
        coefficients=arrays["coefficients"].astype(np.float32),
        support=arrays["support"].astype(np.float64),
        dual=arrays["dual"].astype(np.float64),
        intercepts=arrays["intercepts"],
        pull=_number(words, "pull"),
        topics=tuple(topics),
        topic_levels=tuple(_levels(words["topic_levels"])),
        topic_thresholds=arrays["topic_thresholds"],
        sure=_number(words, "sure"),
        version=str(words["version"]),
        about={name: value for name, value in words.items() if name in {"settings", "metrics", "libraries", "trained_on"}},
        meanings=_meanings(words, arrays),
        folder=folder,
    )
    _check_shapes(model, arrays)
    if not re.fullmatch(r"[\w.+-]+-" + fingerprint(arrays, words_of(model)), model.version):
        raise ValueError(f"the files do not belong together or are damaged (version {model.version[:40]})")
    return model


def _meanings(words: Mapping[str, Any], arrays: Arrays) -> Meanings | None:
    if "encoder" not in words:
        return None
    support, dual = (arrays[name].astype(np.float64) for name in MEANING_DTYPES)
    return Meanings(str(words["encoder"]), support, dual)


def _check_shapes(model: Model, arrays: Arrays) -> None:
    terms, topics = len(model.space.vocabulary.columns), len(model.topics)
    labelled, dimensions = len(arrays["support"]) if arrays["support"].ndim else 0, arrays["projection"].shape[-1:]
    expected = {
        "coefficients": (terms, LEVELS + topics),
        "dual": (labelled, LEVELS + topics),
        "projection": (terms, *dimensions),
        "support": (labelled, *dimensions),
        "idf": (terms,),
        "intercepts": (LEVELS + topics,),
        "topic_thresholds": (topics,),
    }
    if "meaning_dual" in arrays:
        expected |= {
            "meaning_dual": (labelled, LEVELS + topics),
            "meaning_support": (labelled, *arrays["meaning_support"].shape[1:2]),
        }
    for name, shape in expected.items():
        if arrays[name].shape != shape:
            raise ValueError(f"{name} has shape {arrays[name].shape}, not {shape}")
    if len(model.topic_levels) != topics:
        raise ValueError("topics and topic_levels differ in length")
    if unknown := set(model.topics) - set(roadmap.topics()):
        raise ValueError(f"unknown topic {min(unknown)}")


def _strings(words: Mapping[str, Any], name: str) -> list[str]:
    value = words[name]
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value) or len(set(value)) != len(value):
        raise ValueError(f"{name} must be a list of different texts")
    return value


def _number(words: Mapping[str, Any], name: str) -> float:
    value = words[name]
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not np.isfinite(value):
        raise ValueError(f"{name} must be a finite number")
    return float(value)


def _levels(value: Iterable[Any]) -> list[int]:
    found = [one for one in value if isinstance(one, int) and one in range(LEVELS)]
    if not isinstance(value, list) or len(found) != len(value):
        raise ValueError("topic_levels must be levels")
    return found

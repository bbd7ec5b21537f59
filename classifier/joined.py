"""A model joined with a sentence encoder, kept beside the linear one: `encoder/` in the model's folder.

The linear model stays whole by itself and is what back-fill uses; the joined one answers for new papers where its
encoder is at hand. It needs the very encoder that it was trained with, known by its fingerprint.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from staycurrent.errors import ModelError, UsageError

from . import encoder as encoders
from . import storage
from .model import Model
from .packaged import PACKAGED

log = logging.getLogger(__name__)

FOLDER = "encoder"
PLACE = "place.json"
"""Where the encoder was at training; of this machine, so not a part of the model."""


def open_model(linear: Model, directory: Path, encoder: Path | None = None) -> Model:
    """The joined model of a folder with its encoder, from the given place or where it was at training.

    Raises ModelError where there is no joined model, or not of this linear one, and where the encoder is missing or
    another one; UsageError where the extra is not installed.
    """
    if not (directory / FOLDER / storage.WORDS).is_file():
        raise ModelError("there is no model joined with an encoder; run: staycurrent train --encoder PATH")
    model = storage.read(directory / FOLDER)
    if model.meanings is None or not model.version.startswith(f"{linear.version}+"):
        raise ModelError(f"the joined model {model.version} was not made with {linear.version}; run train --encoder again")
    found = encoders.load(encoder or _place(directory / FOLDER / PLACE))
    if _print(found.name) != _print(model.meanings.encoder):
        raise ModelError(f"the joined model needs the encoder {model.meanings.encoder}, this one is {found.name}")
    return replace(model, meanings=replace(model.meanings, embed=found.embed))


def best(
    linear: Model, directory: Path | None = None, encoder: Path | None = None, *, tell: Callable[[str], None] = log.warning
) -> Model:
    """The joined model where there is one that can be used, else the linear one and a line that says why.

    The folder is that of the linear model where none is given.
    """
    folder = directory or linear.folder or PACKAGED
    if encoder is None and not (folder / FOLDER / storage.WORDS).is_file():
        return linear
    try:
        return open_model(linear, folder, encoder)
    except (ModelError, UsageError) as error:
        tell(f"the linear model answers: {error}")
        return linear


def _place(file: Path) -> Path:
    try:
        return Path(json.loads(file.read_text(encoding="utf-8"))["encoder"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError("where the encoder of the joined model is, is not known; name it with --encoder") from error


def _print(name: str) -> str:
    """The fingerprint in an encoder's name: its folder may have been renamed."""
    return name.rsplit(" ", 1)[-1]

"""What is published of the model in use: its version, and what was measured when it was trained. Reads words, no numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from staycurrent.errors import ModelError

from .packaged import PACKAGED

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Published:
    """`metrics` as `classifier.study` leaves them; None for a model that was saved without a study."""

    version: str
    labels: int | None
    metrics: Values | None

    @property
    def typical(self) -> Values:
        """Of papers that were drawn by chance, as a month's are. KeyError without metrics."""
        whole: Values = (self.metrics or {})["cross_validation"]
        return whole["random"] or whole


def published(directory: Path | None = None) -> Published:
    """The figures of the model in a directory, the packaged one by default. Raises `ModelError`."""
    try:
        words = json.loads(((directory or PACKAGED) / "model.json").read_text("utf-8"))
        metrics = words.get("metrics")
        return Published(str(words["version"]), words.get("trained_on", {}).get("labels"), _whole(metrics))
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise ModelError("the model's figures cannot be read; run: staycurrent train") from error


def _whole(metrics: Values | None) -> Values | None:
    """The metrics where all parts of a study are there."""
    return metrics if metrics and {"cross_validation", "floors", "mistakes", "agreement"} <= set(metrics) else None

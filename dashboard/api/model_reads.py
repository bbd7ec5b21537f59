"""What is published of the classifier: its figures as JSON, or what its confidence is worth as CSV."""

from __future__ import annotations

from dashboard.api import parameters
from dashboard.api.keeping import Body
from dashboard.api.parameters import csv_format
from dashboard.api.reads import Asked, Row, as_csv, as_json

FORMAT = csv_format("its confidence beside how often it was right")
MODEL = (FORMAT,)


def show_model(asked: Asked) -> Body:
    """The model in use, and what was measured of it; `metrics` is null where nothing was."""
    from classifier.published import published

    kind = parameters.one_of(asked.params(MODEL), FORMAT)
    found = published(asked.model_dir)
    if kind != "csv":
        metrics = dict(found.metrics) if found.metrics is not None else None
        return as_json({"model": found.version, "labels": found.labels, "metrics": metrics})
    bins = found.typical["calibration"] if found.metrics is not None else []
    rows: list[Row] = [("confidence", "right", "papers"), *(tuple(row) for row in bins)]
    return as_csv(rows)

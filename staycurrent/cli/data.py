"""`export`: data out."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from staycurrent.cli import output
from staycurrent.cli.context import open_app
from staycurrent.errors import UsageError
from staycurrent.store import engine as database
from staycurrent.store import items as item_store

FORMATS = ("jsonl",)


def export(
    format: Annotated[str, typer.Option("--format", help="jsonl: one item a line, with sightings and versions")] = "jsonl",  # noqa: A002
) -> None:
    """Write every item to stdout."""
    if format not in FORMATS:
        raise UsageError(f"--format {format!r} is not one of {', '.join(FORMATS)}")
    app = open_app()
    with database.reading(app.engine) as session:
        for view, sightings, versions in item_store.every(session):
            output.print_json(export_json(view, sightings, versions))


def export_json(view: Any, sightings: Any, versions: Any) -> dict[str, Any]:
    """An item as an export line."""
    return output.item_json(view) | {
        "abstract": view.abstract,
        "doi": view.doi,
        "categories": list(view.categories),
        "comment": view.comment,
        "sightings": [output.sighting_json(s) for s in sightings],
        "versions": [output.version_json(v) for v in versions],
        "repositories": [{"url": r.url, "stars": r.stars, "official": r.official} for r in view.repositories],
    }

"""`ranking`: how well readings find what an independent list picked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from staycurrent import period as periods
from staycurrent.cli import output
from staycurrent.cli.context import open_app
from staycurrent.errors import UsageError

ID = "id"


def ranking(
    picks: Annotated[Path, typer.Option(help="JSON lines, each with the arXiv id of a picked paper in `id`")],
    months: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(help="A month, 2025-02; several may be given; all that have picks by default"),
    ] = None,
    write: Annotated[Optional[Path], typer.Option(help="Write the page of docs/ranking.md to this file")] = None,  # noqa: UP045
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document")] = False,
) -> None:
    """Measure the ranking against the picks of an independent list, on the database in use."""
    from staycurrent.reading import measure, monthly, ranking_report

    ids = read_picks(picks)
    wanted = [periods.parse(name) for name in months] if months else None
    app = open_app()
    data = monthly.months_with_picks(app.engine, ids, wanted, today=app.clock().date())
    found = measure.measure(data)
    if not found:
        raise UsageError("picks: none of them stands on Hugging Face's list in these months; collect them first")
    if write:
        _write(write, ranking_report.document(found, measure.without(data)))
        output.say(f"written to {write}")
    if json:
        output.print_json({"months": [_month_json(m) for m in found]})
    else:
        typer.echo(ranking_report.months_table(found))
        typer.echo("\n" + ranking_report.pooled_table(found))


def read_picks(path: Path) -> frozenset[str]:
    """The arXiv ids of a file of picks, without version. Raises `UsageError` naming the line that is none."""
    import json as reader

    from collector import identity

    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"picks: {path} cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8'}") from error
    found = set()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            entry: Any = reader.loads(line)
        except (ValueError, RecursionError):
            entry = None
        named = entry.get(ID) if isinstance(entry, dict) else None
        arxiv_id = identity.arxiv_id(named) if isinstance(named, str) else None
        if arxiv_id is None:
            raise UsageError(f"picks: line {number} is not a JSON object with an arXiv id in `{ID}`")
        found.add(arxiv_id)
    return frozenset(found)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"write: {path}: {error.strerror}") from error


def _month_json(month: Any) -> dict[str, Any]:
    from staycurrent.reading.measure import DEPTHS
    from staycurrent.reading.ranking_report import WAYS

    shares = {way: {str(depth): round(getattr(month, way).share(depth), 4) for depth in DEPTHS} for way in WAYS}
    return {"month": month.name, "listed": month.listed, "picks": month.in_use.picks, **shares}

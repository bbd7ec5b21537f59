"""`correct` and `corrections`: what level a reader says an item has."""

from __future__ import annotations

from typing import Annotated, Optional

import typer
from rich.text import Text

from staycurrent import shapes
from staycurrent.cli import output
from staycurrent.cli.context import open_app
from staycurrent.errors import UsageError
from staycurrent.store import corrections as store
from staycurrent.store import engine as database
from staycurrent.store import items as item_store
from staycurrent.store.marks import LOCAL, profile_name

_Id = Annotated[str, typer.Argument(metavar="ID", help="Public id, arXiv id or address, DOI, or the address of a post")]


def correct(
    id: _Id,  # noqa: A002
    level: Annotated[
        Optional[int],  # noqa: UP045
        typer.Argument(metavar="LEVEL", help="1 to 8, or 0 for off the roadmap"),
    ] = None,
    why: Annotated[str, typer.Option(help="The reason, for those who read it later")] = "",
    who: Annotated[str, typer.Option(help="Who says so")] = LOCAL,
    undo: Annotated[bool, typer.Option("--undo", help="Take it back; give no level then")] = False,
) -> None:
    """Correct the level of an item; no model overwrites it."""
    from collector import identity

    if undo == (level is not None):
        raise UsageError("correct: give a level, or --undo without one")
    name, app = profile_name(who), open_app()
    with database.writing(app.engine) as session:
        row = item_store.find(session, identity.names(id))
        if level is not None:
            store.correct(session, row, level, who=name, why=why, now=app.clock())
        elif not store.take_back(session, row, name):
            raise UsageError(f"{name} has not corrected that item; see: staycurrent corrections")


def corrections(json: Annotated[bool, typer.Option("--json", help="Print one JSON document")] = False) -> None:
    """List the corrected levels, the newest first."""
    app = open_app()
    with database.reading(app.engine) as session:
        found = store.every(session)
    if json:
        output.print_json({"corrections": [_json(one) for one in found]})
        return
    table = output.table("item", "level", "model", "who", "on", "title", "why")
    for one in found:
        said, model = one.correction, "" if one.said is None else str(one.said)
        words = (Text(one.title), Text(said.why))
        table.add_row(one.id, str(said.level), model, Text(said.who), str(said.at.date()), *words)
    output.out.print(table)


def _json(one: store.Corrected) -> dict[str, object]:
    said = one.correction
    return {
        "id": one.id,
        "title": one.title,
        "level": said.level,
        "model_level": one.said,
        "who": said.who,
        "why": said.why,
        "at": shapes.moment(said.at),
    }

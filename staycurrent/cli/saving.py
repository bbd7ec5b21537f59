"""`save`, `saved` and `saved remove`: queries with a name, whose feeds have an address that stays."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.text import Text

from staycurrent.cli import output
from staycurrent.cli.context import App, open_app
from staycurrent.errors import UsageError
from staycurrent.query import Query
from staycurrent.store import engine as database
from staycurrent.store import saved_queries
from staycurrent.store.saved_queries import SavedQuery

app = typer.Typer(invoke_without_command=True)
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document")]
_Name = Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens: it is part of an address")]


def save(query: Query, name: _Name, json: _Json = False) -> None:
    """Keep a query under a name; its feeds are at /feeds/atom/saved/NAME, and rss and json likewise."""
    opened = open_app()
    with database.writing(opened.engine) as session:
        fresh = saved_queries.save(session, name, query, opened.clock())
        kept = saved_queries.find(session, name)
    if json:
        output.print_json(saved_json(opened, kept))
        return
    output.say(f"{'saved' if fresh else 'already saved'}; its feed: {address(opened, 'atom', name)}")


@app.callback()
def saved(context: typer.Context, json: _Json = False) -> None:
    """List the saved queries, or remove one."""
    if context.invoked_subcommand is not None:
        return
    opened = open_app()
    with database.reading(opened.engine) as session:
        kept = saved_queries.every(session)
    if json:
        output.print_json({"saved": [saved_json(opened, one) for one in kept]})
        return
    table = output.table("name", "query", "feed")
    for one in kept:
        table.add_row(one.name, Text(one.text), address(opened, "atom", one.name))
    output.out.print(table)


@app.command("remove")
def remove(name: _Name) -> None:
    """Forget a saved query; its feeds are gone with it."""
    opened = open_app()
    with database.writing(opened.engine) as session:
        if not saved_queries.remove(session, name):
            raise UsageError(f"{name!r} is not a saved query; see: staycurrent saved")
    output.say(f"{name} removed")


def saved_json(opened: App, kept: SavedQuery) -> dict[str, Any]:
    """A saved query as the list shows it."""
    feeds = {kind: address(opened, kind, kept.name) for kind in ("atom", "rss", "json")}
    return {"name": kept.name, "query": kept.text, "created": output.moment(kept.created_at), "feeds": feeds}


def address(opened: App, kind: str, name: str) -> str:
    """Where a saved query's feed is; absolute where `PUBLIC_URL` says what comes before."""
    return f"{opened.settings.public_url}/feeds/{kind}/saved/{name}"

"""`feeds`, `feeds add` and `feeds remove`: the lab feeds of the installation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer
from rich.text import Text

from staycurrent.cli import output
from staycurrent.cli.context import App, lab_feeds, open_app, open_collector, open_fetcher
from staycurrent.errors import UsageError
from staycurrent.store import engine as database
from staycurrent.store import feeds as feed_store
from staycurrent.store.feeds import AddedFeed

if TYPE_CHECKING:
    from collector.sources.lab_feeds import Feed

app = typer.Typer(invoke_without_command=True)
_Text = Optional[str]  # noqa: UP045 - typer reads it at run time


@app.callback()
def feeds(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document")] = False,
) -> None:
    """List the lab feeds: those of the file and those that were added."""
    if context.invoked_subcommand is not None:
        return
    opened = open_app()
    with database.reading(opened.engine) as session:
        added = {feed.source: feed for feed in feed_store.every(session)}
    known = lab_feeds(opened)
    if json:
        output.print_json({"feeds": [feed_json(feed, added) for feed in known]})
        return
    table = output.table("source", "feed", "kind", "from", "address")
    for feed in known:
        whence = "added" if feed.source in added else "file"
        table.add_row(feed.source, Text(feed.name), feed.kind, whence, Text(feed.url))
    output.out.print(table)


def feed_json(feed: Feed, added: dict[str, AddedFeed]) -> dict[str, Any]:
    """A feed as the list shows it; `added` is None for one of the file."""
    own = added.get(feed.source)
    return {
        "source": feed.source,
        "lab": feed.lab,
        "name": feed.name,
        "url": feed.url,
        "kind": feed.kind,
        "alarm_days": feed.alarm_days,
        "added": output.moment(own.added_at) if own else None,
        "allow_private": not feed.public_only,
    }


@app.command("add")
def add(
    url: Annotated[str, typer.Argument(help="Address of the feed, RSS or Atom")],
    lab: Annotated[_Text, typer.Option(help="Slug of the lab; guessed from the address if left out")] = None,
    id: Annotated[_Text, typer.Option(help="What tells it from the lab's other feeds")] = None,  # noqa: A002
    name: Annotated[_Text, typer.Option(help="Name of the feed; its own title if left out")] = None,
    community: Annotated[bool, typer.Option("--community", help="Not the lab's own: kept by somebody else about it")] = False,
    alarm_days: Annotated[int, typer.Option(min=1, max=36_500, help="Say so when it brings nothing for so long")] = 30,
    allow_private: Annotated[bool, typer.Option("--allow-private", help="It may lead to a private address")] = False,
) -> None:
    """Add a lab's feed, after a look whether it is one."""
    from collector.reader_feeds import Wish, checked

    opened = open_app(migrate=True)
    wish = Wish(url, lab, id, name, official=not community, alarm_days=alarm_days, allow_private=allow_private)
    with open_fetcher(opened, attempts=1) as fetcher:
        feed = checked(fetcher, wish, lab_feeds(opened))
    keep(opened, feed)
    register(opened)
    output.say(f"{feed.source} added: {feed.name}")


def keep(opened: App, feed: Feed) -> None:
    """Store a feed that was found fit. Raises `UsageError` where another process was first."""
    row = AddedFeed(
        source=feed.source,
        lab=feed.lab,
        name=feed.name,
        url=feed.url,
        official=feed.official,
        alarm_days=feed.alarm_days,
        allow_private=not feed.public_only,
        added_at=opened.clock(),
    )
    with database.writing(opened.engine) as session:
        if not feed_store.add(session, row):
            raise UsageError(f"{feed.source} is there already")


def register(opened: App) -> None:
    """Let `sources` and the dashboard show the feeds as they are now, not only after the next run."""
    with open_collector(opened):
        pass


@app.command("remove")
def remove(
    source: Annotated[str, typer.Argument(help="Name of its source, as `staycurrent feeds` shows it")],
) -> None:
    """Take out a feed that was added; what it brought stays."""
    opened = open_app(migrate=True)
    with database.writing(opened.engine) as session:
        removed = feed_store.remove(session, source)
    if not removed:
        known = {feed.source for feed in lab_feeds(opened)}
        if source in known:
            raise UsageError(f"{source} was not added here but stands in the file of feeds (STAYCURRENT_LAB_FEEDS)")
        raise UsageError(f"no feed {source!r} was added; `staycurrent feeds` shows those that are there")
    register(opened)
    output.say(f"{source} removed")

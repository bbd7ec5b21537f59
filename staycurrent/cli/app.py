"""The table of commands. Each command lives in the module of its trade; this file only hangs them up."""

from __future__ import annotations

from typing import Annotated

import typer

from staycurrent import __version__
from staycurrent.cli import (
    backups,
    classifying,
    collecting,
    correcting,
    data,
    digests,
    doctor,
    feeds,
    importing,
    personal,
    ranking,
    saving,
    serving,
    showing,
    subscribing,
    working,
)
from staycurrent.cli.filters import with_filters

app = typer.Typer(
    name="staycurrent",
    help="The month's AI research reading, by roadmap level.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit")] = False,
) -> None:
    if version:
        typer.echo(f"staycurrent {__version__}")
        raise typer.Exit


app.command("up")(serving.up)
app.command("web")(serving.web)
app.command("scheduler")(working.scheduler)
app.command("worker")(working.worker)
app.add_typer(working.app, name="queue")
app.command("migrate")(serving.migrate)
app.command("collect")(collecting.collect)
app.command("sources")(collecting.sources)
app.command("classify")(classifying.classify)
app.command("train")(classifying.train)
app.command("evaluate")(classifying.evaluate)
app.command("predict")(classifying.predict)
app.command("correct")(correcting.correct)
app.command("corrections")(correcting.corrections)
app.command("reading")(with_filters(showing.reading))
app.command("ranking")(ranking.ranking)
app.command("items")(with_filters(showing.items))
app.command("search")(with_filters(showing.search, without=("text",)))
app.command("show")(showing.show)
app.command("topics")(showing.topics)
app.command("labs")(showing.labs)
app.command("export")(with_filters(data.export))
app.add_typer(importing.app, name="import")
app.add_typer(feeds.app, name="feeds")
app.command("save")(with_filters(saving.save))
app.add_typer(saving.app, name="saved")
app.command("subscribe")(with_filters(subscribing.subscribe))
app.command("unsubscribe")(subscribing.unsubscribe)
app.add_typer(subscribing.app, name="subscribers")
digests.app.command("preview")(with_filters(digests.show))
app.add_typer(digests.app, name="digest")
app.command("mark")(personal.mark)
app.command("note")(personal.note)
app.command("tag")(personal.tag)
app.command("less")(personal.less)
app.command("marks")(personal.marks)
app.command("similar")(personal.similar)
app.command("recommend")(personal.recommend)
app.command("progress")(personal.progress)
app.command("backup")(backups.backup)
app.command("restore")(backups.restore)
app.command("prune")(backups.prune)
app.command("doctor")(doctor.doctor)

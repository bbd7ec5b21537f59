"""`backup`, `restore` and `prune`: what keeps an installation recoverable and of bounded size."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from staycurrent import __version__
from staycurrent.cli import output
from staycurrent.cli.context import App, load_settings, migrate_all, open_app
from staycurrent.clock import clock
from staycurrent.errors import UsageError
from staycurrent.settings import Settings
from staycurrent.store import backup as backup_store
from staycurrent.store import engine as database
from staycurrent.store import recovery, retention
from staycurrent.store.carrying import Carried
from staycurrent.store.retention import Policy

PENDING_DAYS = 30
"""After its confirming link expired a request is forgotten, with the address."""
_Json = Annotated[bool, typer.Option("--json", help="Print one JSON document")]


def backup(
    file: Annotated[Path, typer.Argument(help="Where the backup is to stand; its folder needs room for the database too")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file where it is there")] = False,
    json: _Json = False,
) -> None:
    """Back up the whole database into one file while it is in use."""
    opened = open_app()
    _refuse_database(opened, file)
    with output.progress() as bar:
        task = bar.add_task("copying", total=None)
        show = lambda done, total: bar.update(task, completed=done, total=total)  # noqa: E731
        made = backup_store.backup(opened.engine, file, version=__version__, force=force, progress=show)
    with suppress(OSError):  # not every file system knows owners
        file.chmod(0o600)
    if json:
        said = {"file": str(file), "size": file.stat().st_size, "schema": made.schema, "sha256": made.sha256}
        output.print_json(said | {"counts": dict(made.counts)})
    output.say(f"{file}: {made.counts.get('items', 0):,} items, {file.stat().st_size:,} bytes, checked")
    output.say(f"secrets are {made.secrets}; keep them elsewhere")


def _refuse_database(opened: App, file: Path) -> None:
    """With `--force` a backup in the place of its own database would be the end of both."""
    database_file = opened.engine.url.database
    if opened.engine.dialect.name != "sqlite" or not database_file:
        return
    taken = {Path(f"{database_file}{end}").resolve() for end in ("", "-wal", "-shm", "-journal")}
    if file.resolve() in taken:
        raise UsageError(f"{file} is the database itself; name another file")


def restore(
    file: Annotated[Path, typer.Argument(help="What `backup` wrote")],
    force: Annotated[bool, typer.Option("--force", help="Replace a database that has something in it")] = False,
) -> None:
    """Put a backup in the place of the database; stop all processes first."""
    settings = load_settings()
    now = clock(settings.today)()
    made = recovery.restore(settings.resolved_database_url, file, force=force, now=now, tell=_tell)
    engine = database.open_engine(settings.resolved_database_url)
    migrate_all(engine)
    engine.dispose()
    output.say(f"restored {made.counts.get('items', 0):,} items of {made.made_at:%Y-%m-%d %H:%M} UTC, schema {made.schema}")


def _tell(carried: Carried) -> None:
    if carried.ended or carried.deliveries:
        known = f"{carried.deliveries:,} deliveries and {carried.ended:,} digests that ended"
        output.say(f"carried over from the database that was replaced: {known} since the backup")
    if carried.unknown:
        output.say(
            f"what happened to {carried.unknown:,} digests since the backup is not known: periods up to now count as sent, "
            "and who left since then has to leave again"
        )


def prune(json: _Json = False) -> None:
    """Delete what the RETENTION settings no longer keep; `up` does it once a day."""
    opened = open_app()
    gone = retention.prune(opened.engine, policy(opened.settings), opened.clock())
    if json:
        output.print_json({"deleted": gone})
        return
    output.say("deleted: " + ", ".join(f"{count:,} {name}" for name, count in gone.items()))


def policy(settings: Settings) -> Policy:
    """What the settings keep."""
    from staycurrent.digest.tokens import MAX_AGE, Purpose

    return Policy(
        settings.retention_runs,
        settings.retention_counts,
        settings.retention_answers,
        mails=settings.retention_mails,
        pending=MAX_AGE[Purpose.CONFIRM].days + PENDING_DAYS,
    )

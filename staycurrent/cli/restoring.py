"""`import jsonl`: an export back into this installation, or another one's beside what is here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from staycurrent.cli import output
from staycurrent.cli.context import open_app


def jsonl(
    file: Annotated[Path, typer.Argument(help="What `export --format jsonl` wrote, gzipped or not")],
) -> None:
    """Restore an export; what is stored already is merged, and doing it twice is doing it once."""
    from collector.decide import authority
    from staycurrent.exchange.restore import Tally, numbered_lines, restore

    tally = Tally()
    with numbered_lines(file) as lines:
        opened = open_app(migrate=True)
        with output.progress() as bar:
            task = bar.add_task("items", total=None)
            try:
                show = lambda read: bar.update(task, completed=read)  # noqa: E731
                restore(opened.engine, lines, tally, authority=authority, progress=show)
            finally:
                if tally.read:
                    output.say(
                        f"{tally.read:,} items read: {tally.new:,} new, {tally.merged:,} merged, {tally.same:,} the same"
                    )

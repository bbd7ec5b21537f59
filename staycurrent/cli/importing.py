"""`import papers-with-code` and `import opml`: data in."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from staycurrent.cli import output, restoring
from staycurrent.cli.context import App, classify_new, lab_feeds, open_app, open_collector, open_fetcher
from staycurrent.errors import StaycurrentError, StoreError, UsageError

if TYPE_CHECKING:
    from collector.archive_import import Tally
    from collector.reader_feeds import Wish
    from collector.sources.base import Fetcher
    from collector.sources.lab_feeds import Feed

SOME_FAILED = 3
LARGEST_DOWNLOAD = 96 << 20
"""The dump as Parquet has 41 MB; as plain JSON it is larger than this, and is imported from a file."""

app = typer.Typer(help="Bring data in: an archive of code links, or a list of feeds.")
app.command("jsonl")(restoring.jsonl)


@app.command("papers-with-code")
def papers_with_code(
    file: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Argument(
            metavar="[FILE]", help="JSON, JSON lines, either gzipped, or Parquet; fetched by the settings if left out"
        ),
    ] = None,
    create: Annotated[bool, typer.Option("--create", help="Also make papers out of links of papers not stored")] = False,
) -> None:
    """Tie the repositories of Papers with Code's archive (links-between-paper-and-code) to the papers."""
    from collector.archive import records
    from collector.archive_import import Tally, import_links

    opened = open_app(migrate=True)
    with open_collector(opened):
        pass  # the links refer to the row of their source
    tally = Tally()
    with _dump(opened, file) as path, output.progress() as bar:
        task = bar.add_task("links", total=None)
        try:
            show = lambda read: bar.update(task, completed=read)  # noqa: E731
            import_links(opened.engine, records(path), opened.clock, tally, create=create, progress=show)
        finally:
            if tally.read:
                output.say(summary(tally))
    if tally.created:
        classify_new(opened)


@contextmanager
def _dump(opened: App, file: Path | None) -> Iterator[Path]:
    """The file that was named, or the archive in a temporary one."""
    if file is not None:
        yield file
        return
    url = opened.settings.paperswithcode_archive_url
    if not url:
        raise UsageError("name a file, or set STAYCURRENT_PAPERSWITHCODE_ARCHIVE_URL to the address of the dump")
    with tempfile.TemporaryDirectory(prefix="staycurrent-") as folder:
        path = Path(folder) / "dump"
        with open_fetcher(opened, max_bytes=LARGEST_DOWNLOAD) as fetcher:
            path.write_bytes(fetcher.get(url).body)
        yield path


def summary(tally: Tally) -> str:
    """What an import did, in a line."""
    parts = [
        f"{tally.read:,} links read",
        f"{len(tally.enriched):,} items enriched",
        f"{tally.linked:,} of stored papers",
        f"{tally.unknown:,} of unknown papers",
        f"{tally.elsewhere:,} of papers that are not on arXiv",
        f"{tally.malformed:,} malformed",
    ]
    return ", ".join(parts + ([f"{tally.created:,} papers made"] if tally.created else []))


@app.command("opml")
def opml(
    file: Annotated[Path, typer.Argument(help="OPML, as `export --format opml` and other feed readers write it")],
    no_check: Annotated[bool, typer.Option("--no-check", help="Do not look whether each is a feed")] = False,
    allow_private: Annotated[bool, typer.Option("--allow-private", help="They may lead to private addresses")] = False,
) -> int:
    """Add the lab feeds of an OPML file; those that are there already are left alone."""
    from dataclasses import replace

    from collector import opml as format_of
    from staycurrent.cli.feeds import register

    wishes = [replace(wish, allow_private=allow_private) for wish in format_of.read(_head_of(file, format_of.LARGEST + 1))]
    opened = open_app(migrate=True)
    added, failed, there = 0, 0, 0
    with open_fetcher(opened, attempts=1) as fetcher, output.progress() as bar:
        for wish in bar.track(wishes, description="feeds"):
            known = lab_feeds(opened)
            if _is_there(wish, known):
                there += 1
                continue
            try:
                _add(opened, None if no_check else fetcher, wish, known)
                added += 1
            except StoreError:
                raise
            except StaycurrentError as error:
                failed += 1
                output.say(f"not added: {wish.url}: {error}")
    register(opened)
    output.say(f"{added:,} feeds added, {there:,} there already, {failed:,} not added")
    if not failed:
        return 0
    return SOME_FAILED if added else 1


def _head_of(file: Path, size: int) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(size)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror or error}") from error


def _is_there(wish: Wish, known: tuple[Feed, ...]) -> bool:
    from collector.reader_feeds import refuse_known

    try:
        refuse_known(wish.url, known)
    except UsageError:
        return True
    return False


def _add(opened: App, fetcher: Fetcher | None, wish: Wish, known: tuple[Feed, ...]) -> None:
    from collector.reader_feeds import checked, plan
    from staycurrent.cli.feeds import keep

    keep(opened, checked(fetcher, wish, known) if fetcher else plan(wish, known))

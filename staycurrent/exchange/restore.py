"""`import jsonl`: lines back into the store, batch by batch; each batch is there whole or not at all."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from staycurrent.errors import UsageError
from staycurrent.exchange import jsonl
from staycurrent.exchange.merge import Authority, merged
from staycurrent.store import restoring, whole
from staycurrent.store.engine import Engine, Session, serialise_intake, writing
from staycurrent.store.intake import merge as merge_rows
from staycurrent.store.records import Record

BATCH = 500
LONGEST_LINE = 32 << 20
"""Bytes; an item with ten thousand sightings has four million."""
_GZIP = b"\x1f\x8b"


@dataclass(slots=True)
class Tally:
    """What an import did so far: items that were new, that gained something, and that were there already."""

    new: int = 0
    merged: int = 0
    same: int = 0

    @property
    def read(self) -> int:
        return self.new + self.merged + self.same


def restore(
    engine: Engine,
    lines: Iterable[tuple[int, bytes]],
    tally: Tally,
    *,
    authority: Authority,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Bring in numbered lines; an item that is stored is merged by its identity. Doing it twice is doing it once.

    Raises `UsageError` naming the first line that is wrong; all lines before it are stored then.
    """
    batch: list[Record] = []
    try:
        for record in _records(lines, tally):
            batch.append(record)
            if len(batch) == BATCH:
                _write(engine, batch, tally, authority)
                batch = []
                progress(tally.read)
    except UsageError:
        _write(engine, batch, tally, authority)
        raise
    _write(engine, batch, tally, authority)
    progress(tally.read)


def _records(lines: Iterable[tuple[int, bytes]], tally: Tally) -> Iterator[Record]:
    for number, text in lines:
        try:
            yield jsonl.read(text)
        except UsageError as error:
            raise UsageError(
                f"line {number:,}: {error}. The lines before it are stored; mend or remove it and import the file again: "
                "what is stored stays as it is"
            ) from None


def _write(engine: Engine, batch: list[Record], tally: Tally, authority: Authority) -> None:
    if not batch:
        return
    counts = Tally()
    with writing(engine) as session:
        serialise_intake(session)
        for part in apart(batch):
            _write_part(session, part, counts, authority)
    tally.new, tally.merged, tally.same = tally.new + counts.new, tally.merged + counts.merged, tally.same + counts.same


def apart(records: Iterable[Record]) -> Iterator[list[Record]]:
    """The records in order, in lists in which no two could be of one item: what is written in one go decides at once."""
    part: list[Record] = []
    taken: set[str] = set()
    for record in records:
        keys = restoring.identity_keys(record)
        if not taken.isdisjoint(keys):
            yield part
            part, taken = [], set()
        part.append(record)
        taken |= keys
    if part:
        yield part


def _write_part(session: Session, part: list[Record], counts: Tally, authority: Authority) -> None:
    matches = restoring.match(session, part)
    restoring.add(session, [m.record for m in matches if not m.rows])
    taken: set[int] = set()
    known, later = [], []
    for match in (m for m in matches if m.rows):
        if taken.isdisjoint(match.rows):
            known.append(match)
            taken.update(match.rows)
        else:  # another record of this part is of the same stored item, under another of its keys
            later.append(match.record)
    counts.new += sum(not m.rows for m in matches)
    _merge_in(session, known, counts, authority)
    if later:
        _write_part(session, later, counts, authority)


def _merge_in(session: Session, known: list[restoring.Match], counts: Tally, authority: Authority) -> None:
    rows = [row for m in known for row in m.rows]
    stored = dict(zip(rows, whole.records(session, rows), strict=True))
    to_write: list[tuple[int, Record]] = []
    for match in known:
        home, *others = match.rows
        record = stored[home]
        for other in others:
            record = merged(record, stored[other], authority)
            merge_rows(session, home, other)
        if record != match.record:  # as in most lines of an import that is done again
            record = merged(record, match.record, authority)
        if others or record != stored[home]:
            to_write.append((home, record))
    restoring.put(session, to_write)
    counts.merged += len(to_write)
    counts.same += len(known) - len(to_write)


@contextmanager
def numbered_lines(file: Path) -> Iterator[Iterator[tuple[int, bytes]]]:
    """The lines of a file with their numbers, packed by gzip or not. Raises `UsageError` for one that cannot be read."""
    try:
        with file.open("rb") as raw:
            packed = raw.peek(2)[:2] == _GZIP
            stream = cast("BinaryIO", gzip.GzipFile(fileobj=raw)) if packed else raw
            yield _lines(file, stream)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror or error}") from error


def _lines(file: Path, stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = 0
    while True:
        number += 1
        try:
            text = stream.readline(LONGEST_LINE + 1)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise UsageError(
                f"{file}: the packed file is damaged after line {number - 1:,}. The lines before are stored; "
                "import a whole copy: what is stored stays as it is"
            ) from error
        if not text:
            return
        if len(text) > LONGEST_LINE:
            raise UsageError(f"{file}: line {number:,} is longer than {LONGEST_LINE:,} bytes; this is no export of ours")
        if number == 1:
            text = text.removeprefix(b"\xef\xbb\xbf")
        if text.strip():
            yield number, text

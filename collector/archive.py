"""The archived dump of Papers with Code: `links-between-paper-and-code`, frozen in July 2025. Pure but for reading the file.

JSON array, JSON lines, either of them gzipped, or Parquet; told apart by their first bytes, whatever the file is called.
Records come one by one, so that memory does not grow with the file (300,161 links; sources.md, B3).
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, TypeAlias, cast

import ijson

from collector import clean
from collector.code_links import canonical_repository
from collector.identity import arxiv_id
from collector.sources import untrusted
from staycurrent.errors import Incomplete, StaycurrentError, UnexpectedContent, UsageError
from staycurrent.types import Repository

SOURCE: Final = "paperswithcode"
COLUMNS: Final = ("paper_arxiv_id", "paper_title", "paper_url_abs", "repo_url", "is_official")
_BATCH: Final = 2_000
_HEAD: Final = 4096
_BUFFER: Final = 1 << 16
_LONGEST_LINE: Final = 1 << 20
# A record is flat; ijson's memory grows with the square of the depth.
_NESTED: Final = re.compile(rb'(?:[\[{]\s*(?:"[^"]{0,100}"\s*:\s*)?){40}')
_LONGEST_TITLE: Final = 1_000
_LONGEST_ADDRESS: Final = 500
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class CodeLink:
    """One line of the dump: a paper and a repository. `arxiv_id` is None for a paper that is not on arXiv."""

    arxiv_id: str | None
    title: str
    repository: Repository


Record: TypeAlias = CodeLink | None
"""None stands for a record that cannot be read; it is counted, not fatal."""


def records(path: Path) -> Iterator[Record]:
    """The records of a dump, in its order.

    Raises `UsageError` for a file of another kind, or one without a single link; `Incomplete` where the file ends in the middle
    and `UnexpectedContent` where it is broken, both after what stands before that place.
    """
    with _opened(path, "rb") as file:
        head = file.read(_HEAD)
    if head.startswith(b"PAR1"):
        yield from _checked(_parquet_rows(path), path)
        return
    packed = head.startswith(b"\x1f\x8b")
    open_text = gzip.open if packed else open
    with _opened(path, "rb", open_text) as file:
        rows = _rows(file, path)
        yield from _checked(rows, path)


def _opened(path: Path, mode: str, how: Any = open) -> AbstractContextManager[IO[bytes]]:
    try:
        return cast("IO[bytes]", how(path, mode))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error


def _rows(file: IO[bytes], path: Path) -> Iterator[Any]:
    """The objects of a JSON array or of JSON lines."""
    with _broken_as_ours(path):
        head = file.read(_HEAD)
    start = len(_BOM) if head.startswith(_BOM) else 0
    first = head[start:].lstrip()[:1]
    if first not in (b"[", b"{"):
        raise UsageError(f"{path} is no dump of links: neither JSON, JSON lines, gzip of one of them, nor Parquet")
    file.seek(start)
    return _array(file) if first == b"[" else _lines(file)


def _array(file: IO[bytes]) -> Iterator[Any]:
    bounded = _Bounded(file)
    for row in ijson.items(bounded, "item", use_float=True):
        bounded.left = _LONGEST_LINE
        yield row


@dataclass
class _Bounded:
    """A file that ends in an error where one record takes too much: 400 kB of gzip hold a text of 400 MB."""

    file: IO[bytes]
    left: int = _LONGEST_LINE

    def read(self, size: int = -1) -> bytes:
        data = self.file.read(size)
        self.left -= len(data)
        if self.left < 0 or _NESTED.search(data):
            raise ValueError(f"a record has more than {_LONGEST_LINE >> 20} MiB, or is nested without end")
        return data


def _lines(file: IO[bytes]) -> Iterator[Any]:
    sound = False
    while line := file.readline(_LONGEST_LINE):
        while not line.endswith(b"\n") and (rest := file.readline(_LONGEST_LINE)):
            line = b"-\n" if rest.endswith(b"\n") else b"-"  # too long to be a link; its end is looked for, not kept
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            if sound and not line.endswith(b"\n"):
                raise EOFError from None
            row = None
        sound = sound or isinstance(row, dict)
        yield row


def _parquet_rows(path: Path) -> Iterator[Any]:
    """The wanted columns, a batch at a time, on one thread: memory before speed."""
    import pyarrow as pa
    from pyarrow import parquet

    pa.set_memory_pool(pa.system_memory_pool())  # the default one keeps 30 MB more
    try:
        file = parquet.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False)
    except (pa.ArrowException, OSError) as error:
        raise EOFError from error  # the table of contents stands at the end
    with file:
        if missing := {"repo_url", "paper_arxiv_id"} - set(file.schema_arrow.names):
            raise UsageError(f"{path} is no dump of links: it has no column {min(missing)!r}")
        try:
            for batch in file.iter_batches(batch_size=_BATCH, columns=list(COLUMNS), use_threads=False):
                yield from batch.to_pylist()
        except pa.ArrowException as error:
            raise ValueError(str(error)) from error


def _checked(rows: Iterator[Any], path: Path) -> Iterator[Record]:
    """The rows as records; a fault of the file names the place."""
    read = sound = 0
    while True:
        with _broken_as_ours(path, read):
            row = next(rows, _END)
        if row is _END:
            break
        read += 1
        record = _record(untrusted.fields(row))
        sound += record is not None
        yield record
    if not sound:
        raise UsageError(f"{path} holds no link between a paper and its code")


_END: Final = object()


@contextmanager
def _broken_as_ours(path: Path, read: int = 0) -> Iterator[None]:
    try:
        yield
    except StaycurrentError:
        raise
    except (EOFError, ijson.JSONError, zlib.error, ValueError, OSError) as error:
        if isinstance(error, EOFError) or "EOF" in str(error):  # ijson calls any fault of the syntax incomplete
            raise Incomplete(f"{path} ends in the middle, after {read:,} links") from error
        why = clean.capped(clean.fold(str(error)), 200)
        if not read:
            raise UsageError(f"{path} is no dump of links: {why}") from error
        raise UnexpectedContent(f"{path} is broken after {read:,} links: {why}") from error


def _record(row: Mapping[str, Any]) -> Record:
    repository = _repository(untrusted.text(row, "repo_url") or "")
    stated = untrusted.text(row, "paper_arxiv_id") or ""
    paper_id = arxiv_id(stated) or arxiv_id(untrusted.text(row, "paper_url_abs") or "")
    title = clean.capped(untrusted.text(row, "paper_title") or "", _LONGEST_TITLE)
    if repository is None or not (paper_id or title) or (stated and not paper_id):
        return None
    return CodeLink(paper_id, title, Repository(repository, official=untrusted.flag(row, "is_official")))


def _repository(address: str) -> str | None:
    if len(address) > _LONGEST_ADDRESS:
        return None
    return canonical_repository(address) or clean.http_url(address)

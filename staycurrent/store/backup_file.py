"""What a backup is: a zip of two members, the database as its own tool wrote it and a manifest that says what it is.

Every reader checks the manifest before anything else, and the fingerprint before anything is replaced.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from staycurrent.errors import StoreError, UsageError

FORMAT = 1
MANIFEST = "manifest.json"
MEMBERS = {"sqlite": "database.sqlite", "postgresql": "database.pgdump"}
SECRETS = "not included: SECRET_KEY and the other settings, and the key file in DATA_DIR"
_CHUNK = 1 << 20
_LARGEST_MANIFEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself. `counts` are rows by table, `size` is the database's in bytes."""

    kind: str
    version: str
    schema: str
    made_at: datetime
    counts: Mapping[str, int]
    sha256: str
    size: int
    secrets: str = SECRETS
    format: int = FORMAT

    def to_json(self) -> bytes:
        return (json.dumps(asdict(self) | {"made_at": self.made_at.isoformat()}, indent=1) + "\n").encode()


class Broken(StoreError):
    """Not a backup of ours, or a damaged one."""


def write(target: Path, data: Path, *, kind: str, version: str, schema: str, counts: Mapping[str, int]) -> Manifest:
    """Pack `data` into a new file `target`, flushed to the disk; the caller gives it its name once it is whole."""
    manifest = Manifest(kind, version, schema, datetime.now(UTC), dict(counts), _sha256_of(data), data.stat().st_size)
    # pg_dump has packed it already; the fastest level takes a third of SQLite's size and little time.
    method = zipfile.ZIP_STORED if kind == "postgresql" else zipfile.ZIP_DEFLATED
    with target.open("wb") as raw:
        with zipfile.ZipFile(raw, "w", method, compresslevel=1) as packed:
            packed.writestr(MANIFEST, manifest.to_json())
            packed.write(data, MEMBERS[kind])
        raw.flush()
        os.fsync(raw.fileno())
    return manifest


def read_manifest(path: Path) -> Manifest:
    """What the file says of itself. Raises `UsageError` where there is no file, `Broken` where it is no backup."""
    with _opened(path) as packed:
        return _manifest(packed, path)


def extract(path: Path, target: Path) -> Manifest:
    """Unpack the database into `target` and hold it to the manifest."""
    with _opened(path) as packed:
        manifest = _manifest(packed, path)
        with packed.open(MEMBERS[manifest.kind]) as source, target.open("wb") as unpacked:
            found = _copy(source, unpacked, manifest.size)
            unpacked.flush()
            os.fsync(unpacked.fileno())
    if found != (manifest.sha256, manifest.size):
        raise Broken(f"{path} is damaged: its database is not the one that its manifest describes")
    return manifest


def verify(path: Path) -> Manifest:
    """Read the whole file and hold it to its manifest, without unpacking it."""
    with _opened(path) as packed, packed.open(MEMBERS[_manifest(packed, path).kind]) as source:
        manifest = _manifest(packed, path)
        if _copy(source, None, manifest.size) != (manifest.sha256, manifest.size):
            raise Broken(f"{path} is damaged: its database is not the one that its manifest describes")
    return manifest


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive; whatever is wrong with it comes out as one line."""
    try:
        with zipfile.ZipFile(path) as packed:
            yield packed
    except FileNotFoundError:
        raise UsageError(f"{path} is not there") from None
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError, ValueError) as error:
        raise Broken(f"{path} is not a whole backup of staycurrent: {_one_line(error)}") from error


def _manifest(packed: zipfile.ZipFile, path: Path) -> Manifest:
    info = packed.getinfo(MANIFEST)
    if info.file_size > _LARGEST_MANIFEST:
        raise Broken(f"{path} is not a backup of staycurrent: its manifest is too large")
    said = json.loads(packed.read(info))
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise Broken(f"{path} has a format that this program does not know; restore it with the version that made it")
    manifest = _checked(said)
    if manifest is None:
        raise Broken(f"{path} is not a backup of staycurrent: its manifest lacks something")
    packed.getinfo(MEMBERS[manifest.kind])
    return manifest


def _checked(said: dict[str, Any]) -> Manifest | None:
    texts, numbers = ("kind", "version", "schema", "made_at", "sha256", "secrets"), ("size", "format")
    if set(said) != {f.name for f in fields(Manifest)} or not isinstance(said["counts"], dict):
        return None
    if not all(isinstance(said[n], str) for n in texts) or not all(isinstance(said[n], int) for n in numbers):
        return None
    made_at = datetime.fromisoformat(said["made_at"])
    return Manifest(**(said | {"made_at": made_at})) if said["kind"] in MEMBERS else None


def _copy(source: IO[bytes], target: IO[bytes] | None, most: int) -> tuple[str, int]:
    """Copy up to one piece more than `most` bytes; returns fingerprint and length."""
    digest, length = hashlib.sha256(), 0
    while length <= most and (chunk := source.read(_CHUNK)):
        digest.update(chunk)
        length += len(chunk)
        if target is not None:
            target.write(chunk)
    return digest.hexdigest(), length


def _sha256_of(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _one_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]

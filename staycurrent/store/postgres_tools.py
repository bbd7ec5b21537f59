"""PostgreSQL's own programs, `pg_dump`, `pg_restore` and `psql`: found, held to the server's version, and run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from sqlalchemy import text
from sqlalchemy.engine import make_url

from staycurrent.errors import StoreError
from staycurrent.store.engine import Engine, mapped_errors

_DEBIAN = Path("/usr/lib/postgresql")
"""Where Debian keeps each version's programs; the one on the PATH may be older than the server."""


def server_version(engine: Engine) -> int:
    """The major version of the server."""
    with mapped_errors(), engine.connect() as connection:
        return int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000


def tool(name: str, at_least: int) -> str:
    """The path of a program of that major version or a newer one. Raises `StoreError` where there is none."""
    found: list[int] = []
    folders = [*os.environ.get("PATH", "").split(os.pathsep), *sorted(map(str, _DEBIAN.glob("*/bin")), reverse=True)]
    for path in filter(None, (shutil.which(name, path=folder) for folder in folders if folder)):
        version = _version(path)
        if version and version >= at_least:
            return path
        found += [version] if version else []
    have = f"; found is version {max(found)}" if found else ""
    raise StoreError(
        f"{name} of PostgreSQL {at_least} or newer is needed on the PATH{have}; install PostgreSQL's client programs"
    )


def _version(path: str) -> int | None:
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=False).stdout  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    number = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(number[1]) if number else None


def address(engine: Engine) -> str:
    """The database's address as libpq reads it, without the password: a command line is there for everyone to see."""
    url = make_url(engine.url).set(drivername="postgresql")
    return url._replace(password=None).difference_update_query(["password"]).render_as_string()


def environment(engine: Engine) -> dict[str, str]:
    """This process's environment and the password."""
    given = engine.url.password or engine.url.query.get("password")
    return {**os.environ, "LC_ALL": "C"} | ({"PGPASSWORD": str(given)} if given else {})


def run(command: Sequence[str], engine: Engine) -> None:
    """Run a program to its end. Raises `StoreError` with its own words when it fails."""
    with TemporaryFile() as said:
        ended = subprocess.run(command, env=environment(engine), stdin=subprocess.DEVNULL, stderr=said, check=False)  # noqa: S603
        if ended.returncode:
            raise StoreError(f"{Path(command[0]).name}: {complaint(said)}")


def replay(dump: Path, engine: Engine, before: str, after: str = "") -> None:
    """Restore a dump in one transaction, between the statements `before` and `after`: all of it, or nothing.

    psql gets COMMIT only after pg_restore has come to a good end, so one that is cut off anywhere leaves nothing.
    """
    major = server_version(engine)
    reader = [tool("pg_restore", major), "--file=-", "--no-owner", "--no-privileges", "--exit-on-error", str(dump)]
    options = ("--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--output=/dev/null")
    with TemporaryFile() as said:
        command = [tool("psql", major), *options, "--dbname", address(engine)]
        psql = subprocess.Popen(command, env=environment(engine), stdin=subprocess.PIPE, stderr=said)  # noqa: S603
        assert psql.stdin
        try:
            with suppress(BrokenPipeError):  # psql has gone, and says why below
                _feed(psql.stdin, reader, before, after)
        except BaseException:
            psql.kill()
            raise
        finally:
            with suppress(BrokenPipeError):
                psql.stdin.close()
            status = psql.wait()
        if status:
            raise StoreError(f"psql: {complaint(said)}")


def _feed(to: IO[bytes], reader: Sequence[str], before: str, after: str) -> None:
    with TemporaryFile() as said:
        with subprocess.Popen(reader, stdout=subprocess.PIPE, stderr=said) as pg_restore:  # noqa: S603
            assert pg_restore.stdout
            try:
                to.write(f"BEGIN;\n{before}\n".encode())
                shutil.copyfileobj(pg_restore.stdout, to, 1 << 16)
            except BaseException:
                pg_restore.kill()
                raise
        if pg_restore.returncode:
            raise StoreError(f"pg_restore: {complaint(said)}")
    to.write(f"\n{after}\nCOMMIT;\n".encode())
    to.flush()


def complaint(said: IO[bytes]) -> str:
    """The first line in which a program says what is wrong."""
    said.seek(0)
    lines = said.read().decode(errors="replace").splitlines()
    wrong = [line for line in lines if re.search(r"\b(?:error|fatal)\b", line, re.IGNORECASE)] or lines
    return re.sub(r"^\S*(?:psql|pg_dump|pg_restore)\S*:\s*", "", wrong[0]) if wrong else "it failed without a word"

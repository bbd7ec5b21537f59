"""The web process as a subprocess, on a free port, with an example database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.dashboard import build

_PROGRAM = """
from contextlib import contextmanager
from dashboard import web

@contextmanager
def background():
    print("background began", flush=True)
    yield
    print("background ended", flush=True)

web.serve("127.0.0.1", {port}, on_ready=lambda address: print("ready", address, flush=True), background=background)
"""


@dataclass
class Serving:
    """A running dashboard: its address, its process, and what that has said so far."""

    address: str
    process: subprocess.Popen[str]
    said: str

    def end(self, number: int = signal.SIGTERM) -> str:
        """Send a signal, wait for the end, and return all that was said."""
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=10)
        self.said += rest
        return self.said


@contextmanager
def serving(database: Path, *, port: int = 0, program: str = _PROGRAM, **more: str) -> Iterator[Serving]:
    """A running dashboard, ended at the end, whatever happens; `more` are settings."""
    environment = {
        **os.environ,
        "STAYCURRENT_DATABASE_URL": f"sqlite:///{database}",
        "STAYCURRENT_TODAY": build.TODAY.isoformat(),
        "HOME": str(database.parent),
        "PYTHONPATH": str(Path(__file__).parents[2]),
        **{f"STAYCURRENT_{name}": value for name, value in more.items()},
    }
    process = subprocess.Popen(
        [sys.executable, "-c", program.replace("{port}", str(port))],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    try:
        yield _started(process)
    finally:
        process.kill()
        process.communicate()


def _started(process: subprocess.Popen[str]) -> Serving:
    assert process.stdout
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith("ready "):
            return Serving(line.split()[1], process, said)
    raise AssertionError(f"the server did not start:\n{said}")

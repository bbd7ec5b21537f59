"""The image's entry points under the image's restrictions, as processes: no capability, nothing writable but the data.

No container engine runs where the tests run; Linux gives the same restrictions to a process in namespaces of its own.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

TOOLS = ("unshare", "setpriv", "mount")
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
_RESTRICT = """
set -e
mount --make-rprivate /
mount --bind "$1" "$1"
mount -o remount,bind,ro /
shift
exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all --ambient-caps=-all "$@"
"""


def _may_restrict() -> bool:
    if not all(map(shutil.which, TOOLS)):
        return False
    return subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not _may_restrict(), reason="namespaces need Linux and root")


@contextmanager
def restricted(data: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`staycurrent` with these arguments, on a read-only system in which only `data` can be written."""
    nowhere = "http://127.0.0.1:9"
    environment = os.environ | {
        "HOME": "/nonexistent",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(data),  # the image has a /tmp in memory; this project may itself lie below /tmp
        "STAYCURRENT_DATA_DIR": str(data),
        "STAYCURRENT_DATABASE_URL": "",
        "STAYCURRENT_ARXIV_OAI_URL": nowhere,
        "STAYCURRENT_ARXIV_API_URL": nowhere,
        "STAYCURRENT_ARXIV_RSS_URL": nowhere,
        "STAYCURRENT_HUGGINGFACE_URL": nowhere,
        "STAYCURRENT_PAPERSWITHCODE_URL": nowhere,
    }
    command = ["unshare", "--mount", "sh", "-c", _RESTRICT, "sh", str(data), sys.executable, "-m", "staycurrent", *arguments]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=Path(__file__).parents[1]
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for the data, of its own mount."""
    folder = Path("/var/tmp") / f"staycurrent-{os.getpid()}-{time.monotonic_ns()}"
    folder.mkdir(mode=0o700)
    yield folder
    shutil.rmtree(folder)


def test_up_serves_from_a_read_only_system_and_stops_within_ten_seconds(data: Path) -> None:
    with restricted(data, "up", "--port", "0") as process:
        assert process.stdout
        said = ""
        for line in process.stdout:
            said += line
            if found := _ADDRESS.search(line):
                break
        else:
            pytest.fail(f"it did not start:\n{said}")
        with urllib.request.urlopen(f"{found[0]}/readyz", timeout=10) as answer:
            assert answer.status == 200
        status = Path(f"/proc/{process.pid}/status").read_text("utf-8")
        assert re.search(r"CapEff:\s+0+\n", status)
        assert re.search(r"NoNewPrivs:\s+1\n", status)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert (data / "staycurrent.db").exists()


def test_the_command_writes_nowhere_else(data: Path) -> None:
    with restricted(data, "migrate") as process:
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 0, said
    with restricted(data, "export", "--format", "jsonl", "--output", "/var/out.jsonl") as process:
        said, _ = process.communicate(timeout=60)
    assert process.returncode in (1, 2)
    assert "Traceback" not in said

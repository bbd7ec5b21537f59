"""The image's entry points under the image's restrictions, as processes: its user, no capability, nothing writable but data.

No container engine runs where the tests run; Linux gives the same restrictions to a process in namespaces of its own.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from staycurrent.store import heartbeats
from staycurrent.store.engine import Engine, open_engine, reading
from tests.drills import servers
from tests.waiting import until

TOOLS = ("unshare", "setpriv", "mount")
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
USER = 10001
"""The image's."""
_RESTRICT = """
set -e
mount --make-rprivate /
data=$1 closed=$2 way=$3
shift 3
mount --bind "$data" "$data"
if [ -n "$closed" ]; then
    mount --bind "$closed" "$data"
    mount -t tmpfs -o mode=755 none "$closed"
    mkdir -p "$closed/$way"
    mount --bind "$data/$way" "$closed/$way"
    mount -o remount,bind,ro "$closed"
    umount "$data"
fi
mount -o remount,bind,ro /
user="--reuid=USER --regid=USER --clear-groups"
exec setpriv $user --no-new-privs --bounding-set=-all --inh-caps=-all --ambient-caps=-all "$@"
""".replace("USER", str(USER))
"""An interpreter in root's home is out of another user's reach: then nothing of that home but the way to it is there."""


def _way_to_the_interpreter() -> tuple[str, str]:
    """The first folder that others may not enter, and the way on from there; both empty where there is none."""
    home = Path(sys.base_prefix).resolve()
    closed = [folder for folder in reversed(home.parents) if not folder.stat().st_mode & stat.S_IXOTH]
    return (str(closed[0]), str(home.relative_to(closed[0]))) if closed else ("", "")


def _may_restrict() -> bool:
    if not all(map(shutil.which, TOOLS)):
        return False
    return subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not _may_restrict(), reason="namespaces need Linux and root")


@contextmanager
def restricted(data: Path, *arguments: str, database: str = "") -> Iterator[subprocess.Popen[str]]:
    """`staycurrent` with these arguments, on a read-only system in which only `data` can be written."""
    nowhere = "http://127.0.0.1:9"
    environment = os.environ | {
        "HOME": "/nonexistent",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(data),  # the image has a /tmp in memory; this project may itself lie below /tmp
        "STAYCURRENT_DATA_DIR": str(data),
        "STAYCURRENT_DATABASE_URL": database,
        "STAYCURRENT_ARXIV_OAI_URL": nowhere,
        "STAYCURRENT_ARXIV_API_URL": nowhere,
        "STAYCURRENT_ARXIV_RSS_URL": nowhere,
        "STAYCURRENT_HUGGINGFACE_URL": nowhere,
        "STAYCURRENT_PAPERSWITHCODE_URL": nowhere,
    }
    restrict = ["unshare", "--mount", "sh", "-c", _RESTRICT, "sh", str(data), *_way_to_the_interpreter()]
    command = [*restrict, sys.executable, "-m", "staycurrent", *arguments]
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
    os.chown(folder, USER, USER)
    yield folder
    shutil.rmtree(folder)


def address_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    said = ""
    for line in process.stdout:
        said += line
        if found := _ADDRESS.search(line):
            return found[0]
    pytest.fail(f"it did not start:\n{said}")


def assert_ready(address: str) -> None:
    with urllib.request.urlopen(f"{address}/readyz", timeout=10) as answer:
        assert answer.status == 200


def assert_restricted(process: subprocess.Popen[str]) -> None:
    status = Path(f"/proc/{process.pid}/status").read_text("utf-8")
    assert re.search(rf"Uid:\s+{USER}\s+{USER}\s+{USER}\s", status)
    assert re.search(rf"Gid:\s+{USER}\s+{USER}\s+{USER}\s", status)
    assert re.search(r"Groups:\s*\n", status)
    assert re.search(r"CapEff:\s+0+\n", status)
    assert re.search(r"CapBnd:\s+0+\n", status)
    assert re.search(r"NoNewPrivs:\s+1\n", status)


def end(process: subprocess.Popen[str]) -> None:
    """As the engine does it: what is not gone then is killed."""
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


def test_up_serves_from_a_read_only_system_and_stops_within_ten_seconds(data: Path) -> None:
    with restricted(data, "up", "--port", "0") as process:
        assert_ready(address_of(process))
        assert_restricted(process)
        end(process)
    assert (data / "staycurrent.db").exists()


@pytest.fixture
def database() -> Iterator[str]:
    """An empty PostgreSQL that is reached over the network, as another container's."""
    with servers.serving() as server:
        server.administer("CREATE DATABASE restricted")
        yield server.url("restricted")


def test_the_roles_work_together_and_each_stops_within_ten_seconds(data: Path, database: str) -> None:
    with restricted(data, "migrate", database=database) as process:
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 0, said
    engine = open_engine(database)
    with (
        restricted(data, "web", "--port", "0", database=database) as web,
        restricted(data, "scheduler", database=database) as scheduler,
        restricted(data, "worker", database=database) as worker,
    ):
        assert_ready(address_of(web))
        assert until(lambda: living(engine) == {"scheduler", "worker"}, 60)
        for process in (web, scheduler, worker):
            assert_restricted(process)
            end(process)
    engine.dispose()
    assert not (data / "staycurrent.db").exists()


def living(engine: Engine) -> set[str]:
    with reading(engine) as session:
        return {process.role for process in heartbeats.every(session) if process.alive}


def test_the_command_writes_nowhere_else(data: Path) -> None:
    with restricted(data, "migrate") as process:
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 0, said
    with restricted(data, "export", "--format", "jsonl", "--output", "/var/out.jsonl") as process:
        said, _ = process.communicate(timeout=60)
    assert process.returncode in (1, 2)
    assert "Traceback" not in said

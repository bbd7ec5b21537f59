"""Expand first, contract one release later: the release before works on a database that this program has migrated.

Its own tests of the store say what "works" means. That it refuses to start on a newer schema is another matter: what
runs already goes on.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

RELEASE = "18af82a"
"""The release before this one; set anew with each release."""
ROOT = Path(__file__).parents[2]
CHOSEN = (
    *(f"store/test_{name}.py" for name in ("intake", "classifications", "sources", "readings", "listing", "marks", "turns")),
    "digest/test_subscribers.py",
    "digest/test_deliver.py::test_everybody_gets_one_and_a_second_run_sends_nothing",
    "digest/test_deliver.py::test_the_second_week_repeats_nothing",
    "queue/test_queue.py",
)
"""What processes do that go on while the schema changes under them."""


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the release before, with a plugin that migrates as this program does."""
    if not shutil.which("git"):
        pytest.skip("no git on this machine")
    archive = subprocess.run(["git", "archive", RELEASE], cwd=ROOT, capture_output=True, check=False)
    if archive.returncode:
        pytest.skip(f"the release before ({RELEASE}) is not in the history here: {archive.stderr.decode().strip()}")
    folder = tmp_path_factory.mktemp("before")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        tar.extractall(folder, filter="data")
    shutil.copy(Path(__file__).with_name("on_new_schema.py"), folder)
    return folder


def test_the_release_before_works_on_the_schema_of_this_one(before: Path, tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("STAYCURRENT_", "PYTEST_"))}
    environment |= {"TODAYS_ROOT": str(ROOT), "PYTHONPATH": str(before)}
    options = ["-q", "-x", "-W", "ignore", "-p", "on_new_schema", "-p", "no:cacheprovider", "-p", "no:randomly"]
    chosen = [f"tests/{name}" for name in CHOSEN]
    command = [sys.executable, "-m", "pytest", *options, f"--basetemp={tmp_path / 'its'}", *chosen]
    done = subprocess.run(command, cwd=before, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert " passed" in done.stdout

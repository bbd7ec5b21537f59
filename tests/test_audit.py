"""The look-up of known vulnerabilities: bad news fails, and what was not looked up is never called sound."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from tests import audit

SOUND = {"name": "a", "version": "1", "vulns": []}
UNKNOWN = {"name": "b", "skip_reason": "not found"}
BAD = {"name": "c", "version": "3.1", "vulns": [{"id": "CVE-2026-1", "fix_versions": ["3.2"]}, {"id": "GHSA-x"}]}


def verdict(*packages: dict[str, Any]) -> audit.Verdict:
    return audit.verdict_of(json.dumps({"dependencies": packages, "fixes": []}))


def test_a_known_vulnerability_fails_and_is_named() -> None:
    found = verdict(SOUND, UNKNOWN, BAD)
    assert found.bad
    assert "c 3.1: CVE-2026-1, GHSA-x" in found.said


def test_sound_is_said_only_of_what_was_looked_up() -> None:
    assert verdict(SOUND, SOUND) == audit.Verdict("known vulnerabilities: none in 2 packages")
    assert verdict(SOUND, UNKNOWN).said == "known vulnerabilities: none in 1 packages; 1 are not known to the service"
    assert "not checked" in verdict(UNKNOWN, UNKNOWN).said
    assert not verdict(UNKNOWN).bad


@pytest.mark.parametrize("answer", ["", "ERROR: no network", "[]", "{}", '{"dependencies": ', "null"])
def test_no_answer_is_not_checked_and_no_failure(answer: str) -> None:
    found = audit.verdict_of(answer)
    assert "not checked" in found.said
    assert not found.bad


def test_a_network_that_swallows_everything_does_not_hold_up_the_checks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as hole:
        hole.bind(("127.0.0.1", 0))
        hole.listen()
        address = f"http://127.0.0.1:{hole.getsockname()[1]}"
        for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"):
            monkeypatch.setenv(name, address)
        lock = tmp_path / "lock.txt"
        lock.write_text(f"a==1 --hash=sha256:{'0' * 64}\n")
        started = perf_counter()
        found = audit.verdict_of(audit._asked(lock, patience=3))
    assert perf_counter() - started < 6
    assert "not checked" in found.said


def test_the_list_of_parts_has_every_locked_package(tmp_path: Path) -> None:
    file = tmp_path / "sbom.json"
    script = (audit.ROOT / "run").read_text("utf-8")
    assert "cyclonedx-py" in script
    tool = Path(sys.executable).with_name("cyclonedx-py")
    options = ["--pyproject", "pyproject.toml", "--output-reproducible", "--output-format", "JSON", "--output-file", str(file)]
    command = [str(tool), "requirements", *options, "requirements/runtime.txt"]
    subprocess.run(command, cwd=audit.ROOT, check=True, capture_output=True, timeout=60)
    document = json.loads(file.read_text("utf-8"))
    parts = {f"{part['name']}=={part['version']}" for part in document["components"]}
    locked = set(re.findall(r"^([\w.-]+(?:==)[^\s;]+)", audit.LOCK.read_text("utf-8"), re.MULTILINE))
    assert locked <= parts
    assert document["metadata"]["component"]["name"] == "staycurrent"

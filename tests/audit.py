"""What is known against the locked dependencies. Run by `./run check`; the service is on the network, which may be away.

pip-audit says "no known vulnerabilities" too where the service knew none of the packages, so each answer is counted.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "requirements" / "runtime.txt"
PATIENCE = 60.0
"""Seconds for everything: a network that swallows packets must not hold up the checks."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to say, and whether it is bad news."""

    said: str
    bad: bool = False


def main() -> None:
    verdict = verdict_of(_asked(LOCK))
    sys.exit(verdict.said) if verdict.bad else print(verdict.said)  # noqa: T201


def _asked(lock: Path, patience: float = PATIENCE) -> str:
    tool = Path(sys.executable).with_name("pip-audit")
    options = ("--require-hashes", "--disable-pip", "--progress-spinner=off", "--format=json", "--timeout=5")
    command = [str(tool), *options, "--requirement", str(lock)]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=patience)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ended.stdout


def verdict_of(answer: str) -> Verdict:
    """Reads what pip-audit printed. What was not looked up counts as not checked, never as sound."""
    try:
        packages: list[Any] = json.loads(answer)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Verdict("known vulnerabilities: not checked (the service cannot be reached)")
    bad = [p for p in packages if p.get("vulns")]
    known = [p for p in packages if "skip_reason" not in p]
    if bad:
        named = (f"{p['name']} {p['version']}: {', '.join(v['id'] for v in p['vulns'])}" for p in bad)
        return Verdict("known vulnerabilities:\n" + "\n".join(named), bad=True)
    if not known:
        return Verdict(f"known vulnerabilities: not checked (the service knows none of the {len(packages)} packages)")
    lacking = f"; {len(packages) - len(known)} are not known to the service" if len(known) < len(packages) else ""
    return Verdict(f"known vulnerabilities: none in {len(known)} packages{lacking}")


if __name__ == "__main__":
    main()

"""A network namespace that stands for another machine, and the link to it, which can be cut."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

_NOBODY = "02:00:00:00:00:01"
"""What is sent to this hardware address is lost in silence, as in a switch that has lost its mind."""
REASON = "network namespaces are not allowed here: root and iproute2 are needed"


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@cache
def allowed() -> bool:
    """Whether this user may make namespaces and links."""
    if os.geteuid() or not shutil.which("ip"):
        return False
    try:
        with machine():
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


@dataclass(frozen=True)
class Machine:
    """The other end of the link. Packets are lost in silence while it is cut."""

    name: str
    here: str
    """The address of this side, reachable from both."""
    _ends: tuple[tuple[tuple[str, ...], str, str], ...]
    """For each side: how to speak there, the other's address, and the device that leads to it."""

    @property
    def inside(self) -> tuple[str, ...]:
        """What to write before a command so that it runs there."""
        return ("ip", "netns", "exec", self.name)

    def cut(self) -> None:
        for side, other, device in self._ends:
            _ip(*side, "neigh", "replace", other, "lladdr", _NOBODY, "dev", device, "nud", "permanent")

    def mend(self) -> None:
        for side, other, device in self._ends:
            _ip(*side, "neigh", "del", other, "dev", device)


@contextmanager
def machine() -> Iterator[Machine]:
    number = os.getpid() % 250
    name, ours, theirs = f"scdrill{number}", f"scdr{number}a", f"scdr{number}b"
    here, there = f"10.213.{number}.1", f"10.213.{number}.2"
    _ip("netns", "add", name)
    try:
        _ip("link", "add", ours, "type", "veth", "peer", "name", theirs)
        _ip("link", "set", theirs, "netns", name)
        _ip("addr", "add", f"{here}/30", "dev", ours)
        _ip("link", "set", ours, "up")
        inside = ("-n", name)
        _ip(*inside, "addr", "add", f"{there}/30", "dev", theirs)
        _ip(*inside, "link", "set", "lo", "up")
        _ip(*inside, "link", "set", theirs, "up")
        yield Machine(name, here, (((), there, ours), (inside, here, theirs)))
    finally:
        subprocess.run(["ip", "link", "del", ours], check=False, capture_output=True)  # with its namespace it would go later
        _ip("netns", "del", name)

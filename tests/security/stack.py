"""The product as a process, `staycurrent web`, whose every secret bears one word; and what no answer of it may hold."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from staycurrent.digest import addresses, enrolment, tokens
from staycurrent.digest.plans import Choice
from staycurrent.store import engine as database
from staycurrent.store import subscribers
from tests import databases
from tests.dashboard import build
from tests.waiting import until

ROOT = Path(__file__).parents[2]
WORD = "zqsecret"
"""Stands in every path, key, password and address of the process, and in nothing that a test sends."""
ASKED = "zqasked"
"""Stands in queries, paths and bodies that a test sends, and must stand in no log line."""
KEY = f"{WORD}-signs-tokens-0123456789"
METRICS = f"{WORD}-reads-metrics-0123456789"
READER = f"reader@{WORD}.example"
SECRETS = {
    "SECRET_KEY": KEY,
    "METRICS_TOKEN": METRICS,
    "SMTP_URL": f"smtp://{WORD}user:{WORD}pass@mail.{WORD}.example:587",
    "MAIL_FROM": f"digest@{WORD}.example",
    "PUBLIC_URL": "http://localhost:9",
    "LLM_URL": f"http://llm.{WORD}.example",
    "LLM_API_KEY": f"{WORD}-asks-models",
    "HUGGINGFACE_TOKEN": f"{WORD}-asks-hub",
    "CONTACT": f"operator@{WORD}.example",
}
_LEAKS = re.compile(
    "|".join(
        [
            WORD,
            r"Traceback \(most recent",
            r"File \"[^\"]*\.py\"",
            r"site-packages",
            r"sqlalchemy|sqlite3\.|psycopg|OperationalError|IntegrityError|ProgrammingError",
            r"SELECT \w+\.|FROM items|INSERT INTO|UPDATE \w+ SET",
            r"(?:sqlite|postgresql)(?:\+\w+)?:/",
            re.escape(str(ROOT)),
            re.escape(sys.prefix),
            r"/(?:root|home|tmp)/\w",
        ]
    ).encode(),
    re.IGNORECASE,
)


def leak(answer: bytes) -> str | None:
    """What an answer tells that it must not: a path, a statement, a secret, an address; None where it tells none."""
    found = _LEAKS.search(answer)
    return answer[max(0, found.start() - 60) : found.end() + 60].decode("utf-8", "replace") if found else None


@dataclass(frozen=True)
class Stack:
    """A running product: where it listens, what it logs, and tokens that are as good as those of its mails."""

    port: int
    log: Path
    pid: int
    tokens: tuple[str, ...]

    def said(self) -> str:
        """What it has logged so far."""
        return self.log.read_text("utf-8", "replace")

    def peak(self) -> int:
        """The most memory that it had, in MB; 0 where the system does not say."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text("ascii")
        except OSError:
            return 0
        return int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) // 1024


@contextmanager
def running(folder: Path, kind: str = "sqlite") -> Iterator[Stack]:
    """The product on an example database of that kind, ended at the end."""
    home = folder / f"{WORD}-home"
    home.mkdir()
    with _example(home, kind) as url, (home / "log").open("w+b") as log:
        signed = _subscribed(url)
        process = _start(home, url, log)
        try:
            yield Stack(_port(process, home / "log"), home / "log", process.pid, signed)
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def _example(home: Path, kind: str) -> Iterator[str]:
    if kind == "sqlite":
        url = f"sqlite:///{home / f'{WORD}.db'}"
        build.example(url).dispose()
        yield url
        return
    with databases.fresh_url(kind, home) as url:
        build.example(url).dispose()
        yield url


def _start(home: Path, url: str, log: IO[bytes]) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STAYCURRENT_")}
    given = {**SECRETS, "DATABASE_URL": url, "DATA_DIR": str(home), "TODAY": build.TODAY.isoformat()}
    environment |= {f"STAYCURRENT_{name}": value for name, value in given.items()}
    environment |= {"HOME": str(home), "PYTHONPATH": str(ROOT), "ANY_VARIABLE": f"{WORD}-of-the-environment"}
    command = [sys.executable, "-m", "staycurrent", "web", "--port", "0"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log, env=environment, cwd=home)


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    told = re.compile(r"is at http://127\.0\.0\.1:(\d+)")
    until(lambda: process.poll() is not None or told.search(log.read_text("utf-8")), 60)
    found = told.search(said := log.read_text("utf-8"))
    assert found, f"the product did not start:\n{said}"
    return int(found[1])


def _subscribed(url: str) -> tuple[str, ...]:
    """A subscriber with a running digest, and the tokens of their mails; with them, tokens that are signed and mean nothing."""
    engine = database.open_engine(url)
    keys = tokens.Keys((KEY,))
    address = addresses.mail(READER)
    enrolment.enrol(engine, keys, address, Choice(), origin="test", now=build.NOW)
    with database.reading(engine) as session:
        (digest,) = subscribers.of_address(session, address.folded)
    engine.dispose()
    payloads = [digest.uid, [digest.uid, 0], [], None, {"uid": 1}, 10**30, "x" * 80, [[[]]]]
    return tuple(keys.sign(purpose, payload, build.NOW) for purpose in tokens.Purpose for payload in payloads)

"""A real mail server in a process of its own, with the faults that real ones have. Receipts are lines of JSON in a file.

`python -m tests.digest.mailserver PORT RECEIPTS [--later SHARE] [--drop SHARE] …` or, in tests, `serving(...)`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiosmtpd.controller import UnthreadedController
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

PATIENCE = 20.0


class Handler:
    """Writes down what it accepts, and before it says so: a message that was acknowledged is in the file."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options, self._dice = options, random.Random(options.seed)
        self._file = Path(options.receipts).open("a", encoding="utf-8", buffering=1)  # noqa: SIM115 - as long as the process
        self._whole = options.whole

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        local = address.partition("@")[0]
        if local.startswith("gone"):
            return "550 5.1.1 <" + address + ">: no such user"
        if local.startswith("full"):
            return "552 5.2.2 mailbox full"
        if local.startswith("spam"):
            return "550 5.7.1 refused by policy"
        if self._dice.random() < self._options.later:
            return "451 4.3.0 try again"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self._dice.random() < self._options.drop_before:
            server.transport.abort()
            return "250 never seen"
        content = envelope.content or b""
        data = content if isinstance(content, bytes) else content.encode()
        head = data.split(b"\r\n\r\n", 1)[0].decode("ascii", "replace")
        lines = head.replace("\r\n ", " ").split("\r\n")
        said: dict[str, Any] = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "size": len(data), "at": time.time()}
        said["id"] = next((line[12:] for line in lines if line.startswith("Message-ID: ")), "")
        said["tls"] = session.ssl is not None or self._options.smtps
        if self._whole:
            said["data"] = data.decode("latin-1")
        self._file.write(json.dumps(said) + "\n")
        if self._dice.random() < self._options.drop_after:
            server.transport.abort()
        return "250 accepted"


def _authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (b"ada", b"p@ss/word"), handled=False)


def main() -> None:
    options = _options()
    context = None
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate, options.key)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    secure: dict[str, Any] = {"tls_context": context} if context and not options.smtps else {}
    if options.login:
        secure |= {"authenticator": _authenticate, "auth_require_tls": True, "auth_required": True}
    controller = UnthreadedController(
        Handler(options), options.host, options.port, loop=loop, ssl_context=context if options.smtps else None, **secure
    )
    controller.begin()
    loop.add_signal_handler(signal.SIGTERM, loop.stop)
    loop.run_forever()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("receipts")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--later", type=float, default=0.0)
    parser.add_argument("--drop-before", type=float, default=0.0)
    parser.add_argument("--drop-after", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--smtps", action="store_true")
    parser.add_argument("--login", action="store_true")
    parser.add_argument("--whole", action="store_true")
    return parser.parse_args()


@dataclass(frozen=True)
class Receipt:
    """A message that the server acknowledged, or dropped the connection instead of saying so."""

    sender: str
    to: tuple[str, ...]
    id: str
    tls: bool
    data: bytes


@dataclass
class MailServer:
    """A running server."""

    port: int
    receipts_file: Path
    skip: int = 0
    """Receipts of before, which are nobody's business here."""
    host: str = "127.0.0.1"

    @property
    def url(self) -> str:
        return f"smtp://{self.host}:{self.port}?tls=none"

    def receipts(self) -> list[Receipt]:
        if not self.receipts_file.exists():
            return []
        said = [json.loads(line) for line in self.receipts_file.read_text("utf-8").splitlines()[self.skip :]]
        return [Receipt(s["from"], tuple(s["to"]), s["id"], s["tls"], s.get("data", "").encode("latin-1")) for s in said]


@contextmanager
def serving(folder: Path, *options: str, port: int = 0, host: str = "127.0.0.1") -> Iterator[MailServer]:
    """A server while the block lasts."""
    port = port or free_port()
    receipts = folder / f"receipts-{port}.jsonl"
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "tests.digest.mailserver",
        str(port),
        str(receipts),
        "--host",
        host,
        *options,
    ]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[2])
    try:
        _await(host, port, process)
        yield MailServer(port, receipts, host=host)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _await(host: str, port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, "the mail server ended"
        with socket.socket() as probe:
            if probe.connect_ex((host, port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError("the mail server does not answer")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()

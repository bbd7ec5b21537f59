"""Ways out: verified TLS or nothing, connections that break, files, and webhooks."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
import trustme

from staycurrent.digest import replies
from staycurrent.digest.channels import Down, Letter, Result
from staycurrent.digest.channels import server as servers
from staycurrent.digest.channels.folder import Folder
from staycurrent.digest.channels.server import Server, Tls
from staycurrent.digest.channels.smtp import Smtp
from staycurrent.digest.channels.webhook import Webhook
from staycurrent.errors import SettingsError
from tests.digest.mailserver import MailServer, free_port, serving

DOTS = b"Message-ID: <abc@example.org>\r\nSubject: dots\r\n\r\n.\r\n..two\r\nlast\r\n"
LETTER = Letter("ada@example.org", "bounces@example.org", "<abc@example.org>", DOTS, "Subject", "Text")


def yes() -> bool:
    return True


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> trustme.CA:
    return trustme.CA()


def files(authority: trustme.CA, folder: Path, name: str = "localhost") -> list[str]:
    certificate = authority.issue_cert(name)
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    return ["--certificate", str(folder / "cert.pem"), "--key", str(folder / "key.pem")]


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def sent(server: MailServer, address: str, context: ssl.SSLContext | None = None) -> Result:
    channel = Smtp(servers.parse(address.format(port=server.port)), hello="here.example.org", timeout=5, context=context)
    try:
        return channel.send(LETTER, yes).result
    finally:
        channel.close()


# ---- TLS


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_letter_goes_over_verified_tls_with_a_log_in(scheme: str, authority: trustme.CA, tmp_path: Path) -> None:
    more = ["--smtps"] if scheme == "smtps" else ["--login"]
    with serving(tmp_path, *files(authority, tmp_path), "--whole", *more) as server:
        login = "ada:p%40ss%2Fword@" if scheme == "smtp" else ""
        assert sent(server, f"{scheme}://{login}localhost:{{port}}", trusting(authority)) is Result.ACCEPTED
        (receipt,) = server.receipts()
    assert receipt.tls
    assert receipt.data == DOTS


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_certificate_that_nobody_vouches_for_ends_it(scheme: str, authority: trustme.CA, tmp_path: Path) -> None:
    more = ["--smtps"] if scheme == "smtps" else ["--login"]
    with serving(tmp_path, *files(authority, tmp_path), *more) as server:
        with pytest.raises(Down, match="certificate"):
            sent(server, f"{scheme}://ada:secret-word@localhost:{{port}}")
        assert not server.receipts()


def test_a_certificate_for_another_name_ends_it(authority: trustme.CA, tmp_path: Path) -> None:
    with (
        serving(tmp_path, *files(authority, tmp_path, "elsewhere.example.org"), "--smtps") as server,
        pytest.raises(Down, match="certificate"),
    ):
        sent(server, "smtps://localhost:{port}", trusting(authority))


def test_without_starttls_nothing_is_sent_in_plain_text(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        with pytest.raises(Down, match="STARTTLS"):
            sent(server, "smtp://ada:secret-word@127.0.0.1:{port}")
        with pytest.raises(Down, match="STARTTLS"):
            sent(server, "smtp://127.0.0.1:{port}")
        assert not server.receipts()


def test_a_log_in_that_is_refused_is_told_without_the_password(authority: trustme.CA, tmp_path: Path) -> None:
    with serving(tmp_path, *files(authority, tmp_path), "--login") as server:
        with pytest.raises(Down, match="refuses us: 535") as caught:
            sent(server, "smtp://ada:secret-word@localhost:{port}", trusting(authority))
        assert "secret-word" not in str(caught.value)
        with pytest.raises(Down, match="log-in"):
            sent(server, "smtp://localhost:{port}", trusting(authority))


@pytest.mark.parametrize(
    ("address", "server"),
    [
        ("smtps://ada:p%40ss@mail.example.org", Server("mail.example.org", 465, Tls.FROM_START, "ada", "p@ss")),
        ("smtp://ada:x@mail.example.org", Server("mail.example.org", 587, Tls.STARTTLS, "ada", "x")),
        ("smtp://mail.example.org:2525", Server("mail.example.org", 2525, Tls.STARTTLS)),
        ("smtp://127.0.0.1?tls=none", Server("127.0.0.1", 25, Tls.NONE)),
    ],
)
def test_the_address_of_a_server(address: str, server: Server) -> None:
    assert servers.parse(address) == server
    assert "p@ss" not in repr(server)


@pytest.mark.parametrize(
    "address",
    ["", "mail.example.org", "http://x.org", "smtp://", "smtp://ada:secret@x.org?tls=none", "smtps://x.org?tls=none",
     "smtp://x.org?tls=off", "smtp://x.org?verify=no", "smtp://x.org:secret", "smtp://x.org/path", "smtp://x.org?tls=none&tls=none"],
)  # fmt: skip
def test_an_address_that_is_none_or_unsafe_is_refused_without_showing_it(address: str) -> None:
    with pytest.raises(SettingsError) as caught:
        servers.parse(address)
    assert "secret" not in str(caught.value)


# ---- connections


def test_a_letter_that_is_held_back_is_not_handed_over_and_the_connection_goes_on(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        channel = Smtp(servers.parse(server.url), hello="here.example.org")
        assert channel.send(LETTER, lambda: False).result is Result.HELD
        assert channel.send(LETTER, yes).result is Result.ACCEPTED
        channel.close()
        assert len(server.receipts()) == 1


def test_a_server_that_hung_up_while_idle_is_called_again_and_we_are_asked_once(tmp_path: Path) -> None:
    port, asked = free_port(), []
    with serving(tmp_path, port=port) as server:
        channel = Smtp(servers.parse(server.url), hello="here.example.org")
        assert channel.send(LETTER, yes).result is Result.ACCEPTED
    with serving(tmp_path, port=port) as server:
        assert channel.send(LETTER, lambda: asked.append(1) is None).result is Result.ACCEPTED
        channel.close()
        assert len(server.receipts()) == 2
    assert asked == [1]


def test_a_connection_that_breaks_before_the_answer_may_be_tried_again(tmp_path: Path) -> None:
    with serving(tmp_path, "--drop-after", "1") as server:
        channel = Smtp(servers.parse(server.url), hello="here.example.org")
        outcome = channel.send(LETTER, yes)
        channel.close()
    assert (outcome.result, outcome.broke) == (Result.LATER, True)


@pytest.mark.parametrize("extension", [b"250 ok\r\n", b"250-here\r\n250 PIPELINING\r\n"])
@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ({b"mail": b"421 4.3.2 closing\r\n"}, Result.LATER),
        ({b"mail": b"451 4.7.1 greylisted\r\n"}, Result.LATER),
        ({b"mail": b"550 5.7.1 who are you\r\n"}, Down),
        ({b"rcpt": b"530 5.7.0 authentication required\r\n"}, Down),
        ({b"rcpt": b"550-5.1.1 first line\r\n550 5.1.1 second line\r\n"}, Result.NO_ADDRESS),
        ({b"rcpt": b"421 4.7.0 too many\r\n"}, Result.LATER),
        ({b"data": b"554 5.6.0 no\r\n"}, Result.REFUSED),
        ({b"data": b"452 4.3.1 no space\r\n"}, Result.LATER),
        ({b".": b"554 5.7.1 spam\r\n"}, Result.REFUSED),
        ({b".": b"nonsense\r\n"}, Result.LATER),
        ({}, Result.ACCEPTED),
    ],
)
def test_every_reply_has_its_meaning(script: dict[bytes, bytes], expected: Any, extension: bytes) -> None:
    with scripted({b"ehlo": extension, **script}) as port:
        channel = Smtp(Server("127.0.0.1", port, Tls.NONE), hello="here.example.org", timeout=5)
        if expected is Down:
            with pytest.raises(Down):
                channel.send(LETTER, yes)
        else:
            assert channel.send(LETTER, yes).result is expected
        channel.close()


@contextmanager
def scripted(script: dict[bytes, bytes]) -> Iterator[int]:
    """A server that says what it is told to say, for each command, to any number of connections."""
    usual = {b"data": b"354 go on\r\n", b"quit": b"221 bye\r\n"}
    listener = socket.create_server(("127.0.0.1", 0))

    def talk(connection: socket.socket) -> None:
        with connection, connection.makefile("rwb") as stream:
            stream.write(b"220 here\r\n")
            stream.flush()
            in_data = False
            for line in stream:
                word = line.strip().lower()[:4]
                if in_data and line != b".\r\n":
                    continue
                said = script.get(b"." if in_data else word, usual.get(word, b"250 ok\r\n"))
                in_data = not in_data and word == b"data" and said.startswith(b"354")
                stream.write(said)
                stream.flush()

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_quiet, args=(talk, connection), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _quiet(talk: Any, connection: socket.socket) -> None:
    try:
        talk(connection)
    except OSError:
        return


@pytest.mark.parametrize(
    ("code", "text", "at_recipient", "expected"),
    [
        (550, "5.1.1 unknown", True, Result.NO_ADDRESS),
        (550, "unknown user", True, Result.NO_ADDRESS),
        (550, "rejected", False, Result.REFUSED),
        (550, "5.7.26 unauthenticated mail", True, Result.REFUSED),
        (550, "5.7.515 access denied", False, Result.REFUSED),
        (550, "5.1.8 bad sender", True, Result.REFUSED),
        (552, "5.2.2 over quota", True, Result.NO_ROOM),
        (552, "over quota", True, Result.NO_ROOM),
        (550, "5.2.1 disabled", True, Result.NO_ADDRESS),
        (556, "5.1.10 null MX", True, Result.NO_ADDRESS),
        (421, "4.7.0 slow down", True, Result.LATER),
        (450, "4.2.1 greylisted", True, Result.LATER),
        (554, "5.7.1 blocked", True, Result.REFUSED),
    ],
)
def test_what_a_reply_says_of_an_address(code: int, text: str, at_recipient: bool, expected: Result) -> None:
    assert replies.judge(code, text, at_recipient=at_recipient) is expected


# ---- files


def test_a_folder_has_one_file_a_letter_however_often_it_is_sent(tmp_path: Path) -> None:
    channel = Folder(tmp_path / "mail")
    assert channel.send(LETTER, lambda: False).result is Result.HELD
    for _ in range(2):
        assert channel.send(LETTER, yes).result is Result.ACCEPTED
    (file,) = (tmp_path / "mail").iterdir()
    assert file.name == "abc@example.org.eml"
    assert message_from_bytes(file.read_bytes(), policy=policy.strict)["Subject"] == "dots"


def test_a_message_id_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    Folder(tmp_path / "mail").send(Letter("a@b.org", "", "<../../x/y@example.org>", b"x"), yes)
    assert [p.parent.name for p in tmp_path.rglob("*.eml")] == ["mail"]


def test_a_folder_that_cannot_be_written_is_a_channel_that_is_down(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file")
    with pytest.raises(Down, match="cannot be written"):
        Folder(tmp_path / "mail").send(LETTER, yes)


# ---- webhooks


class Hook(BaseHTTPRequestHandler):
    """Takes JSON and answers as it is told."""

    got: ClassVar[list[dict[str, Any]]] = []
    status = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append(json.loads(body))
        self.send_response(type(self).status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing."""


@pytest.mark.parametrize(("status", "expected"), [(200, Result.ACCEPTED), (500, Result.LATER)])
def test_a_webhook_gets_the_words(status: int, expected: Result) -> None:
    hook = type("OneHook", (Hook,), {"got": [], "status": status})
    with HTTPServer(("127.0.0.1", 0), hook) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        letter = Letter(f"json://127.0.0.1:{server.server_port}/hook", "", "<x@y.org>", b"", "Week 20", "Read this.")
        channel = Webhook()
        assert channel.send(letter, lambda: False).result is Result.HELD
        assert channel.send(letter, yes).result is expected
        server.shutdown()
        thread.join()
    assert [(m["title"], m["message"]) for m in hook.got] == [("Week 20", "Read this.")]


def test_what_is_no_channel_is_told() -> None:
    assert Webhook().send(Letter("nosuch://x", "", "<x@y.org>", b"", "s", "t"), yes).result is Result.NO_ADDRESS

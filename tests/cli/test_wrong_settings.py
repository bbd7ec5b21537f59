"""A wrong setting: every command says which in one line, ends with 2, and does nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from staycurrent.cli import run

COMMANDS = (
    ["items"],
    ["collect"],
    ["digest", "send", "--dry-run"],
    ["subscribers"],
    ["migrate"],
    ["scheduler"],
    ["web"],
    ["up"],
)
SECRET = "hunter2-hunter2"
MAIL = {"MAIL_FROM": "a@example.org", "PUBLIC_URL": "https://papers.example.org"}
WRONG: list[tuple[dict[str, str], str]] = [
    ({"PORT": "many"}, "PORT"),
    ({"PORT": "-1"}, "PORT"),
    ({"HOST": "not a host"}, "HOST"),
    ({"PUBLIC_URL": "papers.example.org"}, "PUBLIC_URL"),
    ({"PUBLIC_URL": "http://[::1"}, "PUBLIC_URL"),
    ({"ARXIV_OAI_URL": "http://127.0.0.1:99999/oai"}, "ARXIV_OAI_URL"),
    ({"ARXIV_DELAY": "0"}, "ARXIV_DELAY"),
    ({"ARXIV_CATEGORIES": "physics!"}, "ARXIV_CATEGORIES"),
    ({"TODAY": "yesterday"}, "TODAY"),
    ({"CONTACT": "a\nBcc: b"}, "CONTACT"),
    ({"TRUSTED_PROXIES": "somewhere"}, "TRUSTED_PROXIES"),
    ({"LOG_FORMAT": "xml"}, "LOG_FORMAT"),
    ({"METRICS_TOKEN": "short"}, "METRICS_TOKEN"),
    ({"CONFIG": "missing.toml"}, "missing.toml"),
    ({"SECRET_KEY": "short"}, "SECRET_KEY"),
    ({"SECRET_KEY": f"{SECRET}-long-enough,short"}, "SECRET_KEY"),
    ({"SECRET_KEY_FILE": "missing"}, "SECRET_KEY_FILE"),
    ({"DATABASE_URL": f"nonsense {SECRET}"}, "DATABASE_URL"),
    ({"DATABASE_URL": f"mysql://me:{SECRET}@db/x"}, "DATABASE_URL"),
    ({"DATABASE_READ_URL": f"postgresql://me:{SECRET}@db/x"}, "DATABASE_READ_URL"),
    ({"OIDC_URL": "https://id.example.org"}, "OIDC_CLIENT_ID"),
    ({"MAIL_FROM": "nobody"}, "MAIL_FROM"),
    ({"MAIL_BOUNCES": "nobody"}, "MAIL_BOUNCES"),
    ({"MAIL_RATE": "fast"}, "MAIL_RATE"),
    ({"SMTP_URL": f"smtps://me:{SECRET}@mail.example.org"}, "MAIL_FROM"),
    ({"SMTP_URL": f"mail.example.org {SECRET}", **MAIL}, "SMTP_URL"),
    ({"SMTP_URL": f"smtp://me:{SECRET}@mail.example.org:x", **MAIL}, "SMTP_URL"),
    ({"SMTP_URL": f"smtp://me:{SECRET}@mail.example.org?tls=none", **MAIL}, "SMTP_URL"),
]


def refused(capsys: pytest.CaptureFixture[str], *command: str, status: int = 2) -> str:
    capsys.readouterr()
    assert run([*command]) == status, command
    shown = capsys.readouterr()
    assert shown.out == ""
    lines = shown.err.splitlines()
    assert len(lines) == 1, shown.err
    return lines[0]


@pytest.mark.parametrize(("given", "named"), WRONG, ids=lambda v: "-".join(v) if isinstance(v, dict) else v)
def test_a_wrong_setting_is_one_line_and_nothing_is_done(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], given: dict[str, str], named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in given.items():
        monkeypatch.setenv(f"STAYCURRENT_{name}", value)
    for command in COMMANDS:
        line = refused(capsys, *command)
        assert named in line
        assert SECRET not in line
    assert list(tmp_path.iterdir()) == [], "no database either"


@pytest.mark.parametrize(
    "text", ["STAYCURRENT_PORT=many\n", "STAYCURRENT_SMTP_URL=nonsense\n", "STAYCURRENT_SECRET_KEY_FILE=no\n"]
)
def test_a_wrong_line_of_dotenv_is_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(text)
    for command in COMMANDS:
        assert text.partition("=")[0].removeprefix("STAYCURRENT_") in refused(capsys, *command)


@pytest.mark.parametrize("command", ["up", "scheduler", "collect", "sources"])
def test_a_file_of_feeds_that_is_not_there_ends_what_would_read_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STAYCURRENT_LAB_FEEDS", "missing.toml")
    assert "missing.toml" in refused(capsys, command)


def test_an_address_of_another_machine_is_none_to_listen_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    host = "192.0.2.1"  # of documentation, so nobody's
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STAYCURRENT_HOST", host)
    assert f"cannot listen on {host}" in refused(capsys, "web")


def test_nobody_sees_a_digest_of_a_week_that_has_not_begun(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "2999-W01 has not begun" in refused(capsys, "digest", "preview", "--period", "2999-W01")


def test_a_file_that_cannot_be_written_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    line = refused(capsys, "digest", "preview", "--out", "missing/digest.txt")
    assert "missing/digest.txt: No such file or directory" in line

"""`backup`, `restore` and `prune` as an operator types them."""

from __future__ import annotations

import gc
import json
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest

from staycurrent.cli import run
from staycurrent.cli.context import migrate_all
from staycurrent.store import engine as database
from tests import build
from tests.conftest import NOW


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with two items, one run of which is old."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STAYCURRENT_TODAY", "2026-05-20")
    engine = database.open_engine(f"sqlite:///{tmp_path / 'data' / 'staycurrent.db'}")
    migrate_all(engine)
    build.store(engine, [build.arxiv("2605.00001"), build.post("gpt")], NOW)
    engine.dispose()
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    capsys.readouterr()
    assert run([*arguments]) == status
    return capsys.readouterr().err


def document(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    capsys.readouterr()
    assert run([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def items(home: Path) -> int:
    with sqlite3.connect(home / "data" / "staycurrent.db") as connection:
        count = connection.execute("SELECT count(*) FROM items").fetchone()[0]
    connection.close()
    return int(count)


def test_a_backup_goes_out_and_comes_back(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = document(capsys, "backup", "one.backup")
    assert told["counts"]["items"] == 2
    assert told["schema"] == database.head_revision()
    (home / "data" / "staycurrent.db").unlink()
    assert "restored 2 items" in said(capsys, "restore", "one.backup")
    assert items(home) == 2


def test_a_backup_and_a_new_data_folder_are_for_their_owner_alone(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said(capsys, "backup", "one.backup")
    monkeypatch.setenv("STAYCURRENT_DATA_DIR", str(home / "new" / "data"))
    said(capsys, "subscribers")
    for path, mode in ((home / "one.backup", 0o600), (home / "new" / "data", 0o700)):
        assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_backup_says_that_it_holds_no_secrets(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, "backup", "one.backup")
    assert "one.backup: 2 items" in told
    assert "secrets are not included" in told


@pytest.mark.parametrize("end", ["", "-wal", "-shm", "-journal"])
def test_a_backup_never_takes_the_place_of_its_own_database(home: Path, capsys: pytest.CaptureFixture[str], end: str) -> None:
    told = said(capsys, "backup", f"./data/../data/staycurrent.db{end}", "--force", status=2)
    assert "is the database itself" in told
    assert items(home) == 2


def test_wrong_calls_are_one_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "backup", "one.backup")
    assert "--force" in said(capsys, "backup", "one.backup", status=2)
    assert "not empty" in said(capsys, "restore", "one.backup", status=2)
    assert "not there" in said(capsys, "restore", "none.backup", status=2)
    (home / "text").write_text("hello")
    refused = said(capsys, "restore", "text", "--force", status=1)
    assert "not a whole backup" in refused
    assert len(refused.splitlines()) == 1
    assert items(home) == 2


def test_what_is_too_old_goes(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with sqlite3.connect(home / "data" / "staycurrent.db") as connection:
        for number, day in ((901, "2025-01-01"), (902, "2026-05-19")):
            values = (number, "arxiv", f"{day} 00:00:00.000000", f"{day} 00:01:00.000000", day, day)
            columns = "id, source, started_at, finished_at, since, until, outcome, fetched, new, changed, same"
            connection.execute(f"INSERT INTO runs ({columns}) VALUES (?, ?, ?, ?, ?, ?, 'ok', 0, 0, 0, 0)", values)
    connection.close()
    monkeypatch.setenv("STAYCURRENT_RETENTION_RUNS", "0")
    assert document(capsys, "prune")["deleted"]["runs"] == 0
    monkeypatch.setenv("STAYCURRENT_RETENTION_RUNS", "365")
    assert document(capsys, "prune")["deleted"]["runs"] == 1
    assert "0 runs" in said(capsys, "prune")


def test_a_restored_backup_sends_no_digest_twice_and_brings_back_nobody_who_left(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ada", "bob"):
        said(capsys, "subscribe", f"{name}@example.org", "--confirmed")
    said(capsys, "backup", "one.backup")
    assert document(capsys, "digest", "send", "--period", "2026-W20")["sent"] == 2
    said(capsys, "unsubscribe", "ada@example.org", "--erase")
    gc.collect()  # the commands above were this process: their connections are closed with them
    told = said(capsys, "restore", "one.backup", "--force")
    assert "carried over from the database that was replaced: 2 deliveries and 1 digests that ended" in told
    assert document(capsys, "digest", "send", "--period", "2026-W20")["sent"] == 0
    assert [s["state"] for s in document(capsys, "subscribers")["subscribers"]] == ["erased", "active"]


def test_restoring_without_the_database_before_says_what_is_not_known(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "subscribe", "ada@example.org", "--confirmed")
    said(capsys, "backup", "one.backup")
    (home / "data" / "staycurrent.db").unlink()
    told = said(capsys, "restore", "one.backup")
    assert "what happened to 1 digests since the backup is not known: periods up to now count as sent" in told
    assert document(capsys, "digest", "send", "--period", "2026-W20")["sent"] == 0

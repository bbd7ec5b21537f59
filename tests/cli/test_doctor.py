"""`doctor`: a line for each thing, what to do where it is not well, and 1 where something does not work."""

from __future__ import annotations

import json
import sqlite3
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest

from staycurrent.cli import checks, run
from staycurrent.cli.context import migrate_all
from staycurrent.queue.connecting import connection
from staycurrent.queue.shared import SharedQueue
from staycurrent.queue.types import Task
from staycurrent.store import engine as database
from staycurrent.store import heartbeats
from staycurrent.store import sources as source_store
from staycurrent.store.engine import writing
from staycurrent.types import Outcome, RunReport
from tests import build
from tests.queue.conftest import kind


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"STAYCURRENT_{name.upper()}", value)


def found(capsys: pytest.CaptureFixture[str], status: int = 0) -> dict[str, tuple[str, str]]:
    """The state and the words of each check."""
    capsys.readouterr()
    assert run(["doctor", "--json"]) == status
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] == (status == 0)
    for check in document["checks"]:
        assert check["todo"] or check["state"] == "ok" or check["name"].startswith(("mail", "sources")), check
        assert "\n" not in check["said"]
    return {c["name"]: (c["state"], f"{c['said']} {c['todo']}") for c in document["checks"]}


@pytest.fixture
def sound(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An installation without anything to say against it."""
    engine = database.open_engine(url)
    migrate_all(engine)
    build.register(engine)
    now = datetime.now(UTC)
    with writing(engine) as session:
        for info in build.SOURCES:
            number = source_store.start_run(session, info.name, now.date(), now.date(), now)
            source_store.finish_run(session, number, RunReport(info.name, Outcome.OK), now)
    heartbeats.beat(engine, heartbeats.SCHEDULER, "1")
    engine.dispose()
    put(monkeypatch, database_url=url, contact="ops@example.org", secret_key="k" * 32)
    return url


def test_a_sound_installation_is_ok_throughout(sound: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = found(capsys)
    assert {state for state, _ in told.values()} == {"ok"}
    assert {
        "program",
        "sqlite",
        "settings",
        "data folder",
        "database",
        "clock",
        "sources",
        "scheduler",
        "mail",
        "model",
        *({"workers"} if sound.startswith("postgresql") else ()),
    } == set(told)


def test_jobs_that_nobody_does_and_dead_ones_are_named(sound: str, capsys: pytest.CaptureFixture[str]) -> None:
    if sound.startswith("sqlite"):
        pytest.skip("its jobs wait in the memory of the process that does them")
    engine = database.open_engine(sound)
    queue = SharedQueue(engine, [kind("note", lambda _: None)])
    queue.put([Task("note", "collect:arxiv")])
    with connection(engine) as c:
        for status in ("doing", "failed"):  # as a worker does it
            c.execute("UPDATE procrastinate_jobs SET status = %s", [status])
        c.execute("INSERT INTO queue_failures SELECT id, 5, 'no luck' FROM procrastinate_jobs")
    queue.put([Task("note", "mail:0"), Task("note", "mail:1")])
    told = found(capsys)
    assert told["workers"][0] == "warn"
    assert "none is running, and 2 jobs wait" in told["workers"][1]
    assert told["jobs"][0] == "warn"
    assert "collect:arxiv: no luck" in told["jobs"][1]
    heartbeats.beat(engine, heartbeats.WORKER, "1")
    assert found(capsys)["workers"] == ("ok", "1 alive, 2 jobs wait ")
    engine.dispose()


def test_for_people_it_is_a_line_each(sound: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, contact="")
    assert run(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "warn contact: no source knows whom to write to" in lines
    assert any("→ set STAYCURRENT_CONTACT" in line for line in lines)
    assert any(line.startswith("ok   database: ") for line in lines)


def test_a_fresh_installation_works_and_says_how_to_begin(capsys: pytest.CaptureFixture[str]) -> None:
    told = found(capsys)
    assert told["database"][0] == "warn"
    assert "staycurrent up" in told["database"][1]


def test_an_older_schema_and_a_newer_one_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "data" / "staycurrent.db"
    engine = database.open_engine(f"sqlite:///{path}")
    migrate_all(engine)
    engine.dispose()
    for revision, word in (("0009", "older"), ("9999", "newer")):
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", [revision])
        connection.close()
        state, words = found(capsys, status=1)["database"]
        assert state == "fail"
        assert word in words


def test_a_newer_schema_that_serves_this_program_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "data" / "staycurrent.db"
    engine = database.open_engine(f"sqlite:///{path}")
    migrate_all(engine)
    engine.dispose()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("UPDATE schema_serves SET revision = '9999'")
    connection.close()
    state, words = found(capsys)["database"]
    assert state == "warn"
    assert "schema 9999 is newer than this program" in words


@pytest.mark.parametrize(
    "address",
    ["postgresql+psycopg://me:hunter2@127.0.0.1:9/x", "mysql://me:hunter2@db/x", "sqlite:////proc/nowhere/a.db"],
)
def test_a_database_that_is_away_fails_and_tells_no_password(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], address: str
) -> None:
    put(monkeypatch, database_url=address)
    state, words = found(capsys, status=1)["database"]
    assert state == "fail"
    assert "hunter2" not in words


def test_a_file_that_is_no_database_fails_and_names_the_way_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "staycurrent.db").write_bytes(b"PK" + bytes(5000))
    state, words = found(capsys, status=1)["database"]
    assert state == "fail"
    assert "staycurrent restore" in words


def test_wrong_settings_fail(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    put(monkeypatch, port="x")
    state, words = found(capsys, status=1)["settings"]
    assert state == "fail"
    assert "STAYCURRENT_PORT" in words


@pytest.mark.parametrize(
    ("given", "name", "state"),
    [
        ({"public_url": "http://papers.example.org"}, "public address", "warn"),
        ({"host": "0.0.0.0"}, "host", "warn"),
        ({"secret_key": "short"}, "secret key", "fail"),
        ({"public_url": "https://papers.example.org"}, "metrics", "warn"),
        ({"database_url": "postgresql://127.0.0.1:9/x"}, "secret key", "warn"),
        ({"today": "2026-05-20"}, "replay", "warn"),
    ],
)
def test_settings_that_do_not_go_together_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], given: dict[str, str], name: str, state: str
) -> None:
    assert name not in found(capsys)
    put(monkeypatch, **given)
    is_away = "database_url" in given
    assert found(capsys, status=int(state == "fail" or is_away))[name][0] == state


def test_a_server_that_others_reach_is_said_to_have_no_owner(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put(monkeypatch, host="0.0.0.0")
    assert "nobody is its owner" in found(capsys)["host"][1]
    put(monkeypatch, owner_only="true")
    assert "host" not in found(capsys)


def test_settings_that_go_together_are_not(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    put(monkeypatch, public_url="https://papers.example.org", host="0.0.0.0", metrics_token="x" * 32, secret_key="k" * 32)
    assert not {"public address", "host", "metrics", "secret key"} & set(found(capsys))


def test_a_data_folder_that_cannot_be_written_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put(monkeypatch, data_dir="/proc/nowhere", database_url="sqlite://")
    assert found(capsys, status=1)["data folder"][0] == "fail"


@pytest.mark.parametrize(("free", "state"), [(100 << 20, "fail"), (500 << 20, "warn"), (2 << 30, "ok")])
def test_little_room_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], free: int, state: str
) -> None:
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda _path: type("Usage", (), {"free": free}))
    assert found(capsys, status=int(state == "fail"))["data folder"][0] == state


def test_late_sources_and_a_silent_scheduler_are_named(
    sound: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = database.open_engine(sound)
    with writing(engine) as session:
        for name, days in (("arxiv", 3), ("huggingface", 1)):
            row = session.get_one(source_store.Source, name)
            row.last_success_at, row.error = datetime.now(UTC) - timedelta(days=days), "timeout: no answer"
        heartbeats.prune(session, datetime.now(UTC) + timedelta(days=1))
    engine.dispose()
    told = found(capsys)
    assert told["source arxiv"][0] == "warn"
    assert "timeout: no answer" in told["source arxiv"][1]
    assert "staycurrent collect arxiv" in told["source arxiv"][1]
    assert "source huggingface" not in told
    assert told["scheduler"][0] == "warn"
    put(monkeypatch, today=(datetime.now(UTC) + timedelta(days=30)).date().isoformat())
    assert found(capsys, status=1)["sources"][0] == "fail", "all of them are late by then"


def test_clocks_that_differ_fail(sound: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(checks, "system_clock", lambda: datetime.now(UTC) + timedelta(seconds=30))
    assert found(capsys, status=1)["clock"][0] == "fail"


def test_without_a_server_it_says_where_letters_are_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert found(capsys)["mail"] == (
        "ok",
        f"letters are written as .eml files in {tmp_path / 'data' / 'mail'}; to send them, set STAYCURRENT_SMTP_URL ",
    )
    put(monkeypatch, mail_dir=str(tmp_path / "letters"))
    assert str(tmp_path / "letters") in found(capsys)["mail"][1]
    put(monkeypatch, public_url="https://papers.example.org")
    assert found(capsys)["mail"][0] == "warn", "strangers subscribe there and wait"
    put(monkeypatch, mail_dir="/proc/nowhere")
    assert found(capsys, status=1)["mail"][0] == "fail"


def test_settings_that_nothing_reads_are_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    put(monkeypatch, contct="me@example.org")
    state, words = found(capsys)["unknown settings"]
    assert state == "warn"
    assert "STAYCURRENT_CONTCT" in words


@pytest.mark.parametrize("given", [{"lab_feeds": "nowhere.toml"}, {"mail_from": "nobody"}, {"smtp_url": "nonsense"}])
def test_settings_that_commands_refuse_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], given: dict[str, str]
) -> None:
    put(monkeypatch, **given)
    assert found(capsys, status=1)["settings"][0] == "fail"


def test_a_language_model_without_a_name_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    put(monkeypatch, llm_url="http://127.0.0.1:9/v1")
    assert found(capsys)["second opinion"][0] == "warn"


@pytest.fixture
def mail_checks(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """What the digest's own checks are asked."""
    asked: list[dict[str, str]] = []

    def answer(**facts: str) -> list[tuple[str, str, str]]:
        asked.append(facts)
        return [("server", "ok", "it answers"), ("spf", "fail", "there is no record")]

    module = ModuleType("mail_checks_of_a_test")
    module.checks = answer  # type: ignore[attr-defined]
    module.__spec__ = type("Spec", (), {})()
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(checks, "MAIL_CHECKS", module.__name__)
    return asked


def test_the_mails_own_checks_are_told(
    mail_checks: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put(monkeypatch, smtp_url="smtp://mail.example.org", mail_from="a@example.org")
    told = found(capsys, status=1)
    assert told["mail: server"][0] == "ok"
    assert told["mail: spf"][0] == "fail"
    assert mail_checks[0]["mail_from"] == "a@example.org"


def test_a_model_that_is_damaged_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from classifier import model

    monkeypatch.setattr(model, "PACKAGED", tmp_path)
    assert found(capsys, status=1)["model"][0] == "fail"

"""The commands of mail: subscribe, unsubscribe, subscribers and digest."""

from __future__ import annotations

import io
import json
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from staycurrent.cli import run
from staycurrent.store import engine as database
from tests.digest.mailing import papers

ADA = "ada@example.org"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STAYCURRENT_PUBLIC_URL", "https://papers.example.org")
    monkeypatch.setenv("STAYCURRENT_MAIL_FROM", "digest@example.org")
    monkeypatch.setenv("STAYCURRENT_TODAY", "2026-05-18")
    assert run(["migrate"]) == 0
    engine = database.open_engine(f"sqlite:///{tmp_path / 'data' / 'staycurrent.db'}")
    papers(engine)
    engine.dispose()
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> tuple[Any, str]:
    capsys.readouterr()
    assert run([*arguments]) == status
    shown = capsys.readouterr()
    return (json.loads(shown.out) if "--json" in arguments and shown.out else shown.out), shown.err


def mails(home: Path) -> list[Any]:
    return [message_from_bytes(p.read_bytes(), policy=policy.strict) for p in sorted((home / "data" / "mail").glob("*.eml"))]


def test_who_is_subscribed_is_asked_and_the_address_is_never_shown(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    _, said = told(
        capsys, "subscribe", ADA, "--level", "5", "--weekday", "friday", "--hour", "18:30", "--timezone", "Europe/Berlin"
    )
    assert "a…@e….org was asked to confirm" in said
    (mail,) = mails(home)
    assert mail["To"] == ADA
    assert "/confirm/" in mail.get_body(("plain",)).get_content()
    listed, said = told(capsys, "subscribers", "--json")
    (one,) = listed["subscribers"]
    assert (one["address"], one["state"], one["query"], one["hour"], one["weekday"]) == (
        "a…@e….org",
        "pending",
        "level=5",
        "18:30",
        "friday",
    )
    assert ADA not in told(capsys, "subscribers")[0] + said


def test_a_period_is_sent_once(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    told(capsys, "subscribe", ADA, "--level", "5", "--confirmed")
    told(capsys, "subscribe", "bob@example.org", "--level", "5", "--confirmed", "--monthly")
    forecast, _ = told(capsys, "digest", "send", "--period", "2026-W20", "--dry-run", "--json")
    assert (forecast["queued"], forecast["editions"]) == ({"2026-W20": 1}, 1)
    assert mails(home) == []
    first, _ = told(capsys, "digest", "send", "--period", "2026-W20", "--json")
    second, _ = told(capsys, "digest", "send", "--period", "2026-W20", "--json")
    assert (first["queued"], first["sent"], second["queued"], second["sent"]) == (1, 1, 0, 0)
    (mail,) = mails(home)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Message-ID"].endswith("@example.org>")


def test_a_period_that_is_not_over_is_not_sent(capsys: pytest.CaptureFixture[str]) -> None:
    assert "not over" in told(capsys, "digest", "send", "--period", "2026-W21", status=2)[1]


@pytest.mark.parametrize(("form", "begins"), [("text", "staycurrent"), ("html", "<!DOCTYPE html"), ("eml", "From: ")])
def test_a_preview_sends_and_notes_nothing(capsys: pytest.CaptureFixture[str], home: Path, form: str, begins: str) -> None:
    out = home / "preview"
    told(capsys, "digest", "preview", "--level", "5", "--period", "2026-W20", "--format", form, "--out", str(out))
    assert out.read_text("utf-8").lower().startswith(begins.lower())
    assert ".invalid" not in out.read_text("utf-8")
    assert mails(home) == []


def test_a_preview_for_a_subscriber_leaves_out_what_was_sent(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    told(capsys, "subscribe", ADA, "--level", "5", "--confirmed")
    out = home / "preview"
    _, before = told(capsys, "digest", "preview", ADA, "--period", "2026-W20", "--out", str(out))
    told(capsys, "digest", "send", "--period", "2026-W20")
    _, after = told(capsys, "digest", "preview", ADA, "--period", "2026-W20", "--out", str(out))
    assert "(6 new" in before
    assert "(0 new" in after
    assert "no such digest" in told(capsys, "digest", "preview", "bob@example.org", status=2)[1]
    assert "either EMAIL" in told(capsys, "digest", "preview", ADA, "--level", "5", status=2)[1]


def test_unsubscribing_and_erasing(capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "subscribe", ADA, "--confirmed")
    assert "1 digest stopped" in told(capsys, "unsubscribe", ADA)[1]
    assert "0 digests stopped" in told(capsys, "unsubscribe", ADA)[1]
    assert "is erased" in told(capsys, "unsubscribe", ADA, "--erase")[1]
    assert "suppressed (erased)" in told(capsys, "subscribe", ADA, "--confirmed", status=2)[1]
    assert "may be subscribed again" in told(capsys, "subscribers", "allow", ADA)[1]
    assert "is subscribed" in told(capsys, "subscribe", ADA, "--confirmed")[1]


def test_a_list_is_imported_once_and_wrong_lines_are_named(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    file = home / "list.csv"
    file.write_text(
        "email,level,cadence,budget,timezone,text\n"
        "ada@example.org,5;6,weekly,60,Europe/Berlin,\n"
        "not-an-address,5,,,,\n"
        "bob@example.org,9,,,,\n"
        "carl@example.org,,monthly,,,kv cache; attention\n",
        "utf-8",
    )
    _, said = told(capsys, "subscribers", "import", str(file), "--confirmed", status=1)
    assert "2 subscribed, 2 lines left out" in said
    assert "line 3: " in said
    assert "not-an-address" not in said
    assert "0 subscribed" in told(capsys, "subscribers", "import", str(file), "--confirmed", status=1)[1]
    listed = told(capsys, "subscribers", "--json")[0]["subscribers"]
    assert [(s["query"], s["cadence"], s["budget"]) for s in listed] == [
        ("level=5&level=6", "weekly", 60),
        ("text=kv+cache%3B+attention", "monthly", None),
    ]


def test_a_list_leaves_alone_who_left_and_counts_them(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    file = home / "list.csv"
    file.write_text("email\nada@example.org\nbob@example.org\n", "utf-8")
    told(capsys, "subscribers", "import", str(file), "--confirmed")
    told(capsys, "unsubscribe", ADA)
    _, said = told(capsys, "subscribers", "import", str(file), "--confirmed")
    assert "0 subscribed, 0 lines left out, 1 left alone: they unsubscribed or paused it" in said
    assert "--revive" in told(capsys, "subscribe", ADA, "--confirmed", status=2)[1]
    assert "is subscribed" in told(capsys, "subscribe", ADA, "--confirmed", "--revive")[1]
    states = [s["state"] for s in told(capsys, "subscribers", "--json")[0]["subscribers"]]
    assert states == ["active", "active"]


def test_an_import_without_consent_asks_everybody_once(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    file = home / "list.csv"
    file.write_text("email\nada@example.org\nbob@example.org\n", "utf-8")
    for asked in (2, 0):
        assert f"{asked} asked to confirm" in told(capsys, "subscribers", "import", str(file))[1]
        assert len(mails(home)) == 2


@pytest.mark.parametrize("text", ["name\nada\n", "email,nosuch\na@b.org,1\n", ""])
def test_a_file_that_is_no_list_is_refused(capsys: pytest.CaptureFixture[str], home: Path, text: str) -> None:
    (home / "list.csv").write_text(text, "utf-8")
    assert "column email" in told(capsys, "subscribers", "import", str(home / "list.csv"), status=2)[1]


def test_mail_that_would_leave_needs_a_sender_and_links(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAYCURRENT_SMTP_URL", "smtps://ada:secret-word@127.0.0.1:1")
    monkeypatch.delenv("STAYCURRENT_MAIL_FROM")
    assert "MAIL_FROM" in told(capsys, "digest", "send", status=2)[1]
    monkeypatch.setenv("STAYCURRENT_MAIL_FROM", "digest@example.org")
    told(capsys, "subscribe", ADA, "--confirmed")
    answer, said = told(capsys, "digest", "send", "--period", "2026-W20", "--json", status=1)
    assert "cannot be reached" in answer["stopped"]
    assert answer["waiting"] == 1
    assert "secret-word" not in said


def test_dead_letters_are_listed_and_tried_again(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    told(capsys, "subscribe", ADA, "--topic", "rag", "--confirmed")
    engine = database.open_engine(f"sqlite:///{home / 'data' / 'staycurrent.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE subscriptions SET query = 'topic=gone'")
    engine.dispose()
    assert told(capsys, "digest", "send", "--period", "2026-W20", "--json")[0]["dead"] == 1
    (dead,) = told(capsys, "digest", "dead", "--json")[0]["dead"]
    assert dead["address"] == "a…@e….org"
    assert "topic" in dead["why"]
    assert ADA not in told(capsys, "digest", "dead")[0]
    assert "1 will be tried again" in told(capsys, "digest", "dead", "--requeue", str(dead["id"]))[1]
    assert told(capsys, "digest", "dead", "--json")[0] == {"dead": []}


def test_a_bounce_is_taken_from_a_pipe(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Pipe:
        buffer = io.BytesIO(b"Subject: hello\r\n\r\nnothing came back\r\n")

    monkeypatch.setattr("sys.stdin", Pipe())
    assert told(capsys, "digest", "bounce", "-", "--json")[0] == {"hard": 0, "soft": 0, "complaint": 0, "other": 1}

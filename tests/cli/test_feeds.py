"""`feeds`: listing, adding with a look first, and removing, against a real server on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from staycurrent.cli import run
from tests.collector.faulty_server import FaultyServer, answer, redirect

RSS = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Ada [b]Lab[/b]</title>
<item><title>A post</title><link>https://ada.example/a</link><pubDate>Tue, 19 May 2026 10:00:00 GMT</pubDate></item>
</channel></rss>"""


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without feeds of its own, and without a proxy."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "feeds.toml").write_text("", "utf-8")
    monkeypatch.setenv("STAYCURRENT_LAB_FEEDS", str(tmp_path / "feeds.toml"))
    monkeypatch.setenv("STAYCURRENT_TODAY", "2026-05-20")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer() as running:
        running.on("/feed", answer(200, RSS, Content_Type="application/rss+xml"))
        yield running


Captured = pytest.CaptureFixture[str]


def command(capsys: Captured, *arguments: str, status: int = 0) -> tuple[str, str]:
    capsys.readouterr()
    assert run([*arguments]) == status, capsys.readouterr().err
    shown = capsys.readouterr()
    return shown.out, shown.err


def listed(capsys: Captured) -> list[dict[str, Any]]:
    feeds: list[dict[str, Any]] = json.loads(command(capsys, "feeds", "--json")[0])["feeds"]
    return feeds


def complaint(capsys: Captured, *arguments: str, status: int = 2) -> str:
    out, err = command(capsys, *arguments, status=status)
    assert out == ""
    assert len(err.splitlines()) == 1, err
    assert err.startswith("staycurrent: ")
    return err


def test_a_feed_is_added_listed_collected_and_removed(server: FaultyServer, capsys: Captured) -> None:
    url = f"{server.base}/feed"
    _, said = command(capsys, "feeds", "add", url, "--allow-private", "--lab", "ada", "--alarm-days", "7", "--community")
    assert "lab:ada added" in said
    assert listed(capsys) == [
        {
            "source": "lab:ada",
            "lab": "ada",
            "name": "Ada [b]Lab[/b]",
            "url": url,
            "kind": "community",
            "alarm_days": 7,
            "added": listed(capsys)[0]["added"],
            "allow_private": True,
        }
    ]
    assert "Ada [b]Lab[/b]" in command(capsys, "feeds")[0]
    (report,) = json.loads(command(capsys, "collect", "lab:ada", "--json")[0])["runs"]
    assert (report["outcome"], report["new"]) == ("ok", 1)
    command(capsys, "feeds", "remove", "lab:ada")
    assert listed(capsys) == []
    assert "lab:ada" not in command(capsys, "sources", "--json")[0]
    (item,) = json.loads(command(capsys, "items", "--json")[0])["items"]
    assert item["sources"] == ["lab:ada"], "what it brought stays"


def test_a_private_address_is_refused_unless_it_is_allowed(server: FaultyServer, capsys: Captured) -> None:
    for host in ("127.0.0.1", "localhost", "[::1]", "169.254.169.254"):
        assert "--allow-private" in complaint(capsys, "feeds", "add", f"http://{host}:{server.port}/feed")
    assert server.requests == []


def test_a_feed_that_becomes_private_later_is_not_fetched(
    server: FaultyServer, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Added without a look and without leave: collecting refuses it by itself."""
    Path("list.opml").write_text(
        f'<opml version="2.0"><head/><body><outline text="x" xmlUrl="{server.base}/feed"/></body></opml>', "utf-8"
    )
    command(capsys, "import", "opml", "list.opml", "--no-check")
    out, _ = command(capsys, "collect", "lab:x", "--json", status=1)
    assert json.loads(out)["runs"][0]["error"].startswith("unsafe: ")
    assert server.requests == []


def test_a_redirect_is_followed_by_the_same_rule(server: FaultyServer, capsys: Captured) -> None:
    server.on("/inside", redirect("http://10.0.0.1/feed"))
    complaint(capsys, "feeds", "add", f"{server.base}/inside", "--allow-private")
    server.on("/moved", redirect(f"{server.base}/feed"))
    command(capsys, "feeds", "add", f"{server.base}/moved", "--allow-private", "--lab", "ada")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/page", b"<!doctype html><html><body>hi</body></html>", 200),
        ("/json", b"{}", 200),
        ("/empty", b"<rss version='2.0'><channel><title>t</title></channel></rss>", 200),
        ("/cut", RSS[:-20], 200),
        ("/gone", b"", 404),
        ("/broken", b"", 500),
        ("/mine", b"", 403),
    ],
)
def test_what_is_no_feed_is_one_line_and_status_1(
    server: FaultyServer, capsys: Captured, path: str, body: bytes, status: int
) -> None:
    server.on(path, answer(status, body))
    complaint(capsys, "feeds", "add", f"{server.base}{path}", "--allow-private", status=1)
    assert len(server.asked(path)) == 1, "who waits at the terminal gets the answer at once"
    assert listed(capsys) == []


def test_duplicates_and_clashes_are_refused(server: FaultyServer, capsys: Captured) -> None:
    url = f"{server.base}/feed"
    Path("feeds.toml").write_text(
        '[[feed]]\nlab = "qwen"\nname = "Own"\nurl = "https://qwen.example/feed"\nkind = "official"\n', "utf-8"
    )
    assert "there already, as lab:qwen" in complaint(capsys, "feeds", "add", "http://www.qwen.example/feed")
    command(capsys, "feeds", "add", url, "--allow-private", "--lab", "ada")
    assert "there already, as lab:ada" in complaint(capsys, "feeds", "add", url, "--allow-private")
    server.on("/other", answer(200, RSS))
    assert "--name" in complaint(capsys, "feeds", "add", f"{server.base}/other", "--allow-private")
    second = (f"{server.base}/other", "--allow-private", "--lab", "qwen", "--name", "Other")
    command(capsys, "feeds", "add", *second)
    assert [feed["source"] for feed in listed(capsys)] == ["lab:qwen", "lab:ada", "lab:qwen-other"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add",), "url"),
        (("add", "nonsense"), "http"),
        (("add", "https://a.example/", "--alarm-days", "0"), "alarm"),
        (("remove",), "source"),
        (("remove", "lab:nosuch"), "lab:nosuch"),
        (("nosuch",), "nosuch"),
    ],
)
def test_a_wrong_call_is_one_line_and_status_2(capsys: Captured, arguments: tuple[str, ...], said: str) -> None:
    assert said in complaint(capsys, "feeds", *arguments).lower()


def test_a_feed_of_the_file_is_removed_there(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STAYCURRENT_LAB_FEEDS")
    assert "LAB_FEEDS" in complaint(capsys, "feeds", "remove", "lab:openai")

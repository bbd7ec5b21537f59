"""Hostile requests against the running product, a few hundred of them; `./run fuzz` sends ten thousand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from dashboard.messages import is_sound
from tests.security import fuzz, requests, sockets
from tests.security.requests import Ask
from tests.security.stack import METRICS, READER, WORD, Stack, leak, running


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The running product, one for all tests; its log is looked at in the end."""
    with running(tmp_path_factory.mktemp("stack")) as made:
        yield made
        fuzz.check_log(made)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("part", [fuzz.routes, fuzz.documented, fuzz.sessions], ids=["routes", "documented", "sessions"])
def test_nothing_that_is_asked_breaks_it_or_makes_it_tell(stack: Stack, part: fuzz.Part) -> None:
    assert part(stack, 20 if part is fuzz.sessions else 150).total() >= 20


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_nothing_that_is_asked_breaks_it_on_postgresql(tmp_path: Path) -> None:
    """Which refuses what SQLite takes: a NUL in a text, a number that is too large, a byte that is no letter."""
    with running(tmp_path, "postgresql") as made:
        for part, cases in ((fuzz.routes, 150), (fuzz.documented, 100), (fuzz.sessions, 5)):
            assert part(made, cases).total() >= min(cases, 50)  # the document has no more to ask
        fuzz.check_log(made)


def ask(stack: Stack, target: str, *headers: tuple[str, str], method: str = "GET", body: bytes = b"") -> requests.Told:
    return requests.send(stack, Ask(method, target.encode(), tuple((n, v.encode()) for n, v in headers), body), 1)


FORM = ("Content-Type", "application/x-www-form-urlencoded")


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("evil.example", "http://evil.example"),
        ("127.0.0.1", "http://evil.example"),
        ("127.0.0.1", ""),
        ("127.0.0.1", "null"),
        ("[::1", "http://[::1"),
        ("127.0.0.1.evil.example", "http://127.0.0.1.evil.example"),
        ("0.0.0.0", "http://0.0.0.0"),
    ],
)
def test_only_the_owner_s_own_page_marks(stack: Stack, host: str, origin: str) -> None:
    """A name that was made to lead to this machine (DNS rebinding), and a form on another site."""
    told = ask(stack, "/marks", ("Host", host), ("Origin", origin), FORM, method="POST", body=b"mark=read&item=x")
    assert told.status == 403


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Host", "X-Forwarded-Proto"])
def test_nobody_behind_a_proxy_is_the_owner(stack: Stack, name: str) -> None:
    own = (("Host", "127.0.0.1"), ("Origin", "http://127.0.0.1"), FORM)
    assert ask(stack, "/marks", *own, method="POST", body=b"mark=read&item=x").status == 404, "the owner, and no such item"
    assert ask(stack, "/marks", *own, (name, "192.0.2.1"), method="POST", body=b"mark=read&item=x").status == 403


def test_a_mark_leads_back_to_our_own_pages_only(stack: Stack) -> None:
    item = "2605.00011"
    for referer in ("http://evil.example/x", "http://127.0.0.1//evil.example", "http://[", "javascript:alert(1)"):
        own = (("Host", "127.0.0.1"), ("Origin", "http://127.0.0.1"), ("Referer", referer), FORM)
        told = ask(stack, "/marks", *own, method="POST", body=b"mark=read&landmark=1706.03762")
        assert told.status in (303, 404), item
        lines = told.headers.decode().lower().splitlines()
        assert [line for line in lines if line.startswith("location:")] in ([], ["location: ./"], ["location: /evil.example"])


@pytest.mark.parametrize(
    "target",
    [
        "/this-month?next=//evil.example",
        "/this-month?%0d%0aSet-Cookie:%20a=b",
        "//evil.example/this-month",
        "/feeds",
        "/api/v1",
    ],
)
def test_no_redirect_leads_away(stack: Stack, target: str) -> None:
    told = ask(stack, target, ("Host", "127.0.0.1"))
    found = [line for line in told.headers.decode().splitlines() if line.lower().startswith(("location:", "set-cookie:"))]
    assert all(line.lower().startswith("location: ./") for line in found)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://[", "https://127.0.0.1"])
def test_a_page_of_another_site_opens_no_session(stack: Stack, origin: str) -> None:
    assert not sockets.talk(stack, [], origin=origin).finished
    assert sockets.talk(stack, [], origin=f"http://127.0.0.1:{stack.port}").finished


@pytest.mark.parametrize("kind", ["clear_cache", "load_git_info", "set_run_on_save", "debug_shutdown_runtime"])
def test_what_no_page_of_ours_sends_is_dropped(kind: str) -> None:
    asked = BackMsg()
    setattr(asked, kind, True)
    assert not is_sound(asked.SerializeToString())
    assert is_sound(sockets.rerun("level=5"))
    assert not is_sound(None)
    assert not is_sound(b"\xff" * 20)
    assert not is_sound(sockets.rerun("x" * (1 << 20)))


def test_a_session_is_not_told_where_the_program_lies(stack: Stack) -> None:
    begun = [ForwardMsg.FromString(f) for f in sockets.talk(stack, [sockets.rerun("", "explore")]).frames]
    assert {m.new_session.main_script_path for m in begun if m.WhichOneof("type") == "new_session"} == {"app.py"}


def test_what_streamlit_offers_and_nobody_needs_is_not_there(stack: Stack) -> None:
    for path in ("/_stcore/metrics", "/_stcore/metrics/", "/_stcore/upload_file/a/b", "/_stcore/agent/mcp", "/auth/login"):
        for method in ("GET", "PUT", "POST"):
            assert ask(stack, path, method=method).status in (404, 400), path


def test_headers_keep_a_page_to_itself(stack: Stack) -> None:
    for path in ("/", "/api/v1/items", "/feeds/atom", "/no-such-page", "/unsubscribe/x", "/digest/preview", "/metrics"):
        told = ask(stack, path).headers.decode().lower()
        for wanted in ("content-security-policy:", "x-content-type-options: nosniff", "x-frame-options:", "referrer-policy:"):
            assert wanted in told, path
        assert "unsafe-eval" not in told
        assert "server:" not in told


def test_figures_are_for_who_bears_the_token(stack: Stack) -> None:
    assert ask(stack, "/metrics").status == 403
    assert ask(stack, "/metrics", ("Authorization", f"Bearer {METRICS}x")).status == 403
    assert ask(stack, "/metrics", ("Authorization", f"Bearer {METRICS}")).status == 200


def test_a_client_is_whom_a_trusted_proxy_names(stack: Stack) -> None:
    """The product runs on loopback, whose proxies are trusted: two clients have two limits."""
    for client in (1, 2):
        told = requests.send(stack, Ask("GET", b"/api/v1/levels"), 0xFFFF00 + client)
        assert b"r=119" in told.headers


def test_a_leak_is_seen() -> None:
    """The judge itself: what must not be told is found, what may be is not."""
    for told in (
        b"x %s x" % WORD.encode(),
        READER.encode(),
        b'File "/srv/x.py", line 1',
        b"sqlite:////data/x.db",
        b"near /tmp/x",
    ):
        assert leak(told)
    assert leak(b'{"detail": "level: \'x\' is not a level", "url": "https://arxiv.org/abs/2605.00001"}') is None

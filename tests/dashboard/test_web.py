"""The web process: probes, headers, sockets, and its beginning and end as a process."""

from __future__ import annotations

import base64
import hashlib
import json
import signal
import socket
import subprocess
import sys
import warnings
from importlib.metadata import packages_distributions
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from dashboard import connecting, web
from dashboard.headers import SecurityHeaders
from staycurrent.errors import UsageError
from tests.dashboard.serving import serving

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # starlette's test client warns of the httpx that is installed
    from starlette.testclient import TestClient


def client_of(url: str) -> TestClient:
    return TestClient(Starlette(routes=web.routes(url)))


def test_healthz_needs_no_database(tmp_path: Path) -> None:
    answer = client_of("sqlite:////nowhere/at/all.db").get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_readyz_wants_a_current_schema(bare: Path, tmp_path: Path) -> None:
    assert client_of(f"sqlite:///{bare}").get("/readyz").status_code == 200
    answer = client_of(f"sqlite:///{tmp_path / 'old.db'}").get("/readyz")
    assert answer.status_code == 503
    assert "staycurrent migrate" in answer.json()["reason"]


def test_readyz_tells_no_one_where_the_database_is(tmp_path: Path) -> None:
    (tmp_path / "secret-name.db").write_bytes(b"not a database at all, but long enough to look at" * 40)
    answer = client_of(f"sqlite:///{tmp_path / 'secret-name.db'}").get("/readyz")
    assert answer.status_code == 503
    assert "secret-name" not in answer.text


def test_the_front_page_answers_to_its_name(tmp_path: Path) -> None:
    answer = client_of("sqlite://").get("/this-month?level=5", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (308, "./?level=5")
    assert client_of("sqlite://").get("/favicon.png").headers["content-type"].startswith("image/svg+xml")


@pytest.fixture
def guarded() -> TestClient:
    async def page(_request: object) -> PlainTextResponse:
        return PlainTextResponse("page")

    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("hello")
        await websocket.close()

    routes = [Route("/", page), Route("/_stcore/metrics", page), WebSocketRoute("/stream", talk)]
    middleware = [Middleware(SecurityHeaders, public_url="https://news.example.org")]
    return TestClient(Starlette(routes=routes, middleware=middleware))


def test_every_answer_bears_the_headers(guarded: TestClient) -> None:
    for path in ("/", "/missing"):
        headers = guarded.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'self'" in headers["content-security-policy"]
        assert "unsafe-eval" not in headers["content-security-policy"]
        assert headers["referrer-policy"] == "strict-origin-when-cross-origin"


def test_the_policy_allows_the_one_script_that_stands_in_the_page(guarded: TestClient) -> None:
    script = connecting.TAG.removeprefix("<script>").removesuffix("</script>")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in guarded.get("/").headers["content-security-policy"]


def test_streamlits_metrics_are_hidden(guarded: TestClient) -> None:
    assert guarded.get("/_stcore/metrics").status_code == 404


@pytest.mark.parametrize("origin", [None, "http://testserver", "https://news.example.org"])
def test_web_sockets_of_our_own_pages_pass(guarded: TestClient, origin: str | None) -> None:
    with guarded.websocket_connect("/stream", headers={"origin": origin} if origin else {}) as talk:
        assert talk.receive_text() == "hello"


def test_web_sockets_of_other_sites_are_refused(guarded: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect), guarded.websocket_connect("/stream", headers={"origin": "https://evil.example"}):
        pass


def test_a_taken_port_is_a_clear_error() -> None:
    with web.bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} is taken; use --port N"):
            web.bind("127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_a_host_that_is_not_ours_is_an_os_error(host: str) -> None:
    with pytest.raises(OSError, match=host.replace(".", r"\.")):
        web.bind(host, 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serves_and_ends_cleanly_on_a_signal(example: Path, number: int) -> None:
    with serving(example) as running:
        assert httpx.get(f"{running.address}/healthz").json() == {"status": "ok"}
        assert httpx.get(f"{running.address}/readyz").status_code == 200
        shell = httpx.get(f"{running.address}/explore")
        assert "<title>" in shell.text
        assert "script-src 'self' 'sha256-" in shell.headers["content-security-policy"]
        said = running.end(number)
    assert running.process.returncode == 0
    assert said.splitlines() == ["background began", f"ready {running.address}", "background ended"]


def test_no_module_hides_one_of_another_name() -> None:
    """Streamlit puts `dashboard/` first on `sys.path` while a page runs."""
    folder = web.SCRIPT.parent
    own = {p.stem for p in folder.glob("*.py")} | {p.parent.name for p in folder.glob("*/__init__.py")}
    assert not (own - {"__init__"}) & (sys.stdlib_module_names | set(packages_distributions()))


def test_what_the_page_of_an_item_waits_for_is_loaded_in_the_background() -> None:
    """In a process of its own: here everything is loaded already."""
    program = (
        "import sys; from dashboard import warming; assert 'sklearn' not in sys.modules; "
        "warming.begin(after=0.01).join(); assert 'sklearn.feature_extraction.text' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_what_the_server_says_has_the_form_of_our_log(example: Path) -> None:
    program = (
        "from staycurrent import logs; logs.configure('json', version='1'); from dashboard import web; "
        "web.serve('127.0.0.1', 0, on_ready=lambda address: print('ready', address, flush=True))"
    )
    with serving(example, program=program) as running:
        host, port = running.address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as talk:
            talk.sendall(b"GARBAGE\r\n\r\n")
            assert b"400" in talk.recv(100)
        said = running.end()
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert [line["level"] for line in lines if "Invalid HTTP" in line["event"]] == ["warning"]
    assert said.count("Invalid HTTP") == 1

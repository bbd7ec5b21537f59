"""Scripts and styles go out packed to who takes that, and are packed once."""

from __future__ import annotations

import asyncio
import gzip
import warnings
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from dashboard import packing
from dashboard.packing import PackedFiles
from tests.dashboard.serving import serving

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # starlette's test client warns of the httpx that is installed
    from starlette.testclient import TestClient

SCRIPT = "export const words = [" + "'again'," * 2000 + "];"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "a.1f.js").write_text(SCRIPT)
    (tmp_path / "font.woff2").write_bytes(b"w" * 3000)
    return tmp_path


@pytest.fixture
def client(folder: Path) -> TestClient:
    return TestClient(Starlette(routes=[Mount("/static", StaticFiles(directory=folder))], middleware=[Middleware(PackedFiles)]))


def test_a_script_is_packed_and_reads_the_same(client: TestClient) -> None:
    for _ in range(2):
        answer = client.get("/static/js/a.1f.js", headers={"accept-encoding": "gzip"})
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["vary"] == "Accept-Encoding"
        assert int(answer.headers["content-length"]) == len(gzip.compress(SCRIPT.encode(), packing.LEVEL, mtime=0))
        assert answer.text == SCRIPT


def test_a_file_is_packed_once(client: TestClient, folder: Path) -> None:
    client.get("/static/js/a.1f.js")
    (folder / "js" / "a.1f.js").unlink()
    assert client.get("/static/js/a.1f.js").text == SCRIPT


def test_who_has_it_is_sent_nothing_again(client: TestClient) -> None:
    etag = client.get("/static/js/a.1f.js").headers["etag"]
    again = client.get("/static/js/a.1f.js", headers={"if-none-match": etag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/static/js/a.1f.js", {"accept-encoding": "identity"}),
        ("/static/js/a.1f.js", {"accept-encoding": "gzip", "range": "bytes=0-9"}),
        ("/static/font.woff2", {"accept-encoding": "gzip"}),
        ("/static//js/a.1f.js", {"accept-encoding": "gzip"}),
    ],
)
def test_all_else_goes_out_as_it_lies_there(client: TestClient, path: str, headers: dict[str, str]) -> None:
    assert "content-encoding" not in client.get(path, headers=headers).headers


def test_half_a_script_is_not_kept() -> None:
    """As where a reader goes away in the middle, or the disk fails."""
    whole, parts = [False], [b"export const", b" x = 1;"]

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "http.request"
        length = str(sum(map(len, parts))).encode()
        headers = [(b"content-type", b"text/javascript"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for n, part in enumerate(parts if whole[0] else parts[:1]):
            await send({"type": "http.response.body", "body": part, "more_body": n == 0})

    async def ask() -> bytes:
        got: list[Message] = []

        async def gone() -> Message:
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            got.append(message)

        scope = {"type": "http", "method": "GET", "path": "/static/a.js", "headers": [(b"accept-encoding", b"gzip")]}
        await packed(scope, gone, send)
        body = b"".join(message.get("body", b"") for message in got[1:])
        return gzip.decompress(body) if any(n == b"content-encoding" for n, _ in got[0]["headers"]) else body

    packed = PackedFiles(app)
    assert asyncio.run(ask()) == parts[0]
    whole[0] = True
    assert asyncio.run(ask()) == b"".join(parts)


def test_a_page_in_the_place_of_a_script_is_let_through() -> None:
    async def shell(_request: object) -> HTMLResponse:
        return HTMLResponse("<html></html>")

    app = Starlette(routes=[Route("/static/none.js", shell)], middleware=[Middleware(PackedFiles)])
    answer = TestClient(app).get("/static/none.js", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in answer.headers


def test_what_is_not_there_is_not_kept(client: TestClient, folder: Path) -> None:
    assert client.get("/static/js/b.js").status_code == 404
    (folder / "js" / "b.js").write_text(SCRIPT)
    assert client.get("/static/js/b.js").text == SCRIPT


def test_what_is_kept_is_bounded(client: TestClient, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "MOST_KEPT", 50)
    answer = client.get("/static/js/a.1f.js")
    assert "content-encoding" not in answer.headers
    assert answer.text == SCRIPT


def test_the_dashboards_own_scripts_come_packed(example: Path) -> None:
    with serving(example) as served:
        page = httpx.get(served.address).text
        script = page.split('src="./static/js/', 1)[1].split('"', 1)[0]
        answer = httpx.get(f"{served.address}/static/js/{script}", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert "content-security-policy" in answer.headers

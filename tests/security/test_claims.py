"""The threat model in the docs names a test for each claim: here the list is kept honest, and what no single test shows is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from dashboard.api.discovery import FeedDiscovery
from dashboard.headers import SecurityHeaders
from dashboard.reader import who
from dashboard.web import _config
from staycurrent import settings
from staycurrent.errors import SettingsError
from staycurrent.store.engine import open_engine
from staycurrent.store.marks import LOCAL
from tests.api.conftest import TestClient

ROOT = Path(__file__).parents[2]
PACKAGES = ("staycurrent", "collector", "classifier", "dashboard", "migrations")
DOCS = (ROOT / "docs" / "security.md").read_text("utf-8")
SURFACES = re.findall(r"^### (.+)$", DOCS, re.MULTILINE)
ROWS = [line for line in DOCS.splitlines() if line.startswith("| ") and not line.startswith(("| ---", "| Threat", "| Who"))]
COLUMNS = 3


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT), ast.parse(path.read_text("utf-8"))


def test_every_surface_of_the_model_is_there() -> None:
    wanted = ("Feeds", "Links", "Mail", "HTTP", "Dashboard", "owner", "Model", "language model", "Backups", "Imports")
    wanted += ("Exports", "Settings", "Logs", "Dependencies")
    assert [w for w in wanted if not any(w in s for s in SURFACES)] == []


def test_every_claim_names_a_test_that_exists() -> None:
    known = {
        found for path in (ROOT / "tests").rglob("*.py") for found in re.findall(r"def (test_\w+)", path.read_text("utf-8"))
    }
    threats = [row for row in ROWS if row.count("|") == COLUMNS + 1]
    assert len(threats) > 50
    for row in threats:
        shown = re.findall(r"`(test_\w+)`", row.rsplit("|", 2)[1])
        assert shown, f"no test behind: {row}"
        assert [name for name in shown if name not in known] == [], row


def test_nothing_loads_what_could_run() -> None:
    """No pickle, no `eval`, no shell, no YAML, whatever the linters are told to overlook."""
    forbidden = {"pickle", "cPickle", "dill", "shelve", "marshal", "joblib", "yaml", "xmlrpc", "telnetlib", "ftplib"}
    for path, tree in sources():
        for node in ast.walk(tree):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {n.partition(".")[0] for n in names} & forbidden, path
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in ("eval", "exec", "compile", "os.system", "os.popen"), (path, node.lineno)
                assert not any(k.arg in ("shell", "allow_pickle") and ast.unparse(k.value) == "True" for k in node.keywords), (
                    path
                )


_SECRET = re.compile(r"\b\w*(?:token|secret|password|signature|digest_of|hmac)\w*\b", re.IGNORECASE)


def test_no_secret_is_compared_in_a_time_that_tells() -> None:
    """`==` stops at the first letter that differs; `hmac.compare_digest` does not. A source's tokens are for paging."""
    for path, tree in ((p, t) for p, t in sources() if p.parts[:2] != ("collector", "sources")):
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
                sides = [node.left, *node.comparators]
                named = [s for s in sides if isinstance(s, ast.Name | ast.Attribute) and _SECRET.search(ast.unparse(s))]
                literal = any(isinstance(s, ast.Constant) for s in sides)
                assert not named or literal, f"{path}:{node.lineno}: {ast.unparse(node)}"


def test_the_checks_look_for_known_faults() -> None:
    checks = (ROOT / "run").read_text("utf-8")
    assert '"$bin/bandit"' in checks
    assert "tests.audit" in checks
    assert "cyclonedx-py" in checks
    assert "--require-hashes" in checks


@pytest.mark.parametrize("url", ["postgresql+psycopg://u:one@hunter2@127.0.0.1:1/db", "sqlite:////x/%00hunter2"])
def test_a_password_that_reads_as_a_host_is_not_shown(url: str) -> None:
    with pytest.raises(SettingsError, match="is written as %40") as caught:
        open_engine(url.replace("%00", "\0"))
    assert "hunter2" not in str(caught.value)


# ---- what the web process says and whom it believes


def page_of(public_url: str) -> TestClient:
    async def page(_request: Request) -> PlainTextResponse:
        answer = PlainTextResponse("page")
        answer.set_cookie("_streamlit_xsrf", "x", samesite="lax")
        answer.set_cookie("other", "x", secure=True)
        return answer

    middleware = [Middleware(SecurityHeaders, public_url=public_url), Middleware(FeedDiscovery)]
    return TestClient(Starlette(routes=[Route("/", page)], middleware=middleware))


def test_behind_tls_cookies_and_pages_stay_there() -> None:
    headers = page_of("https://papers.example.org").get("/").headers
    assert "max-age=31536000" in headers["strict-transport-security"]
    assert [c.lower().count("secure") for c in headers.get_list("set-cookie")] == [1, 1]


def test_without_tls_nothing_pretends_to_be_secure() -> None:
    headers = page_of("").get("/").headers
    assert "strict-transport-security" not in headers
    assert ["secure" in c.lower() for c in headers.get_list("set-cookie")] == [False, True]


def client_of(peer: str, proxies: Sequence[str], said: str) -> str:
    """Whom the server takes for the client that a peer brings."""

    async def whom(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.client.host if request.client else "")

    config = _config(Starlette(routes=[Route("/", whom)]), proxies)
    app = ProxyHeadersMiddleware(config.app, trusted_hosts=config.forwarded_allow_ips)
    return str(TestClient(app, client=(peer, 1)).get("/", headers={"X-Forwarded-For": said}).text)


@pytest.mark.parametrize(
    ("peer", "proxies", "said", "client"),
    [
        ("203.0.113.9", ("127.0.0.1",), "192.0.2.1", "203.0.113.9"),
        ("127.0.0.1", ("127.0.0.1",), "192.0.2.1", "192.0.2.1"),
        ("127.0.0.1", ("127.0.0.1",), "198.51.100.1, 192.0.2.1", "192.0.2.1"),
        ("172.18.0.5", ("172.16.0.0/12",), "192.0.2.1", "192.0.2.1"),
        ("127.0.0.1", (), "192.0.2.1", "127.0.0.1"),
    ],
)
def test_a_client_s_own_word_for_its_address_is_believed_of_named_proxies_only(
    peer: str, proxies: Sequence[str], said: str, client: str
) -> None:
    assert client_of(peer, proxies, said) == client


def test_what_is_no_network_is_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAYCURRENT_TRUSTED_PROXIES", "10.0.0.0/8, ::1")
    assert settings.load().trusted_proxies == ("10.0.0.0/8", "::1")
    for wrong in ("*", "caddy", "10.0.0.1/8"):
        monkeypatch.setenv("STAYCURRENT_TRUSTED_PROXIES", wrong)
        with pytest.raises(SettingsError, match="STAYCURRENT_TRUSTED_PROXIES"):
            settings.load()


@pytest.mark.parametrize(
    ("host", "public_url", "is_loopback"),
    [
        ("127.0.0.1", "", True),
        ("localhost", "http://localhost:8501", True),
        ("::1", "", True),
        ("0.0.0.0", "", False),
        ("127.0.0.1", "https://papers.example.org", False),
        ("127.evil.example", "", False),
    ],
)
def test_a_public_address_takes_the_owner_s_powers_from_loopback(
    monkeypatch: pytest.MonkeyPatch, host: str, public_url: str, is_loopback: bool
) -> None:
    """A proxy that sends no header of its own brings strangers in under the name of this machine."""
    monkeypatch.setenv("STAYCURRENT_HOST", host)
    monkeypatch.setenv("STAYCURRENT_PUBLIC_URL", public_url)
    assert settings.load().is_loopback is is_loopback


@pytest.mark.parametrize(("public_url", "is_owners"), [("", True), ("https://papers.example.org", False)])
def test_a_port_that_only_this_machine_reaches_is_the_owner_s_where_the_operator_says_so(
    monkeypatch: pytest.MonkeyPatch, public_url: str, is_owners: bool
) -> None:
    """As that of a container: it binds to every address inside, so that what publishes the port can reach it."""
    monkeypatch.setenv("STAYCURRENT_HOST", "0.0.0.0")
    monkeypatch.setenv("STAYCURRENT_PUBLIC_URL", public_url)
    assert not settings.load().owner_only
    monkeypatch.setenv("STAYCURRENT_OWNER_ONLY", "true")
    assert settings.load().is_loopback is is_owners
    for host, owner in (
        ("localhost:8501", LOCAL),
        ("127.0.0.1:8501", LOCAL),
        ("192.168.1.5:8501", None),
        ("papers.example", None),
    ):
        assert who(is_loopback=True, headers={"host": host}) == owner

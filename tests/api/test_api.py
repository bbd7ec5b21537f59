"""The API: the same answers as the command line's `--json`, problems that name the parameter, nothing sent twice."""

from __future__ import annotations

import base64
import csv
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from classifier import packaged
from dashboard.api.limits import Buckets
from dashboard.api.service import Service
from staycurrent import roadmap
from staycurrent.cli import run
from staycurrent.query import Query, Sort
from staycurrent.store import listing
from tests import build
from tests.api.conftest import HOST, NOW, TODAY, Installation, installation


def answered(client: TestClient, path: str) -> Any:
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


@pytest.mark.parametrize(
    ("path", "command"),
    [
        ("items", ("items", "--json")),
        ("items?level=5&limit=2", ("items", "--level", "5", "--limit", "2", "--json")),
        ("items?text=attention&sort=relevance", ("items", "--text", "attention", "--sort", "relevance", "--json")),
        ("readings/2026-05?level=5", ("reading", "2026-05", "--level", "5", "--json")),
        ("readings/2026-W20?minutes=30", ("reading", "2026-W20", "--minutes", "30", "--json")),
        ("items/2605.00002", ("show", "2605.00002", "--json")),
        ("items/hep-th/9901001", ("show", "hep-th/9901001", "--json")),
    ],
)
def test_the_command_line_and_the_api_show_the_same(
    served: Installation,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    path: str,
    command: tuple[str, ...],
) -> None:
    monkeypatch.setenv("STAYCURRENT_DATABASE_URL", served.url)
    monkeypatch.setenv("STAYCURRENT_TODAY", TODAY.isoformat())
    assert run([*command]) == 0
    assert answered(served.client, path) == json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    "name",
    [
        "hep-th/9901001",
        "hep-th%2F9901001",
        "arXiv:hep-th/9901001v2",
        "https://arxiv.org/abs/hep-th/9901001",
        "oai:arXiv.org:hep-th/9901001",
    ],
)
def test_an_item_is_found_by_any_of_its_names(client: TestClient, name: str) -> None:
    assert answered(client, f"items/{name}")["arxiv_id"] == "hep-th/9901001"


def test_an_item_shows_all_its_evidence(client: TestClient) -> None:
    shown = answered(client, "items/2605.00002")
    assert [s["source"] for s in shown["sightings"]] == ["arxiv", "huggingface"]
    assert shown["versions"]
    assert shown["repositories"] == [{"url": "https://github.com/example/code", "stars": 12, "official": True}]


def test_the_published_figures_of_the_model_are_there_as_json_and_its_confidence_as_csv(client: TestClient) -> None:
    found = client.get("/api/v1/model").json()
    assert found["model"] == packaged.version()
    assert 0 < found["metrics"]["cross_validation"]["random"]["macro_f1"] < 1
    head, *rows = client.get("/api/v1/model?format=csv").text.splitlines()
    assert head == "confidence,right,papers"
    papers = found["metrics"]["cross_validation"]["random"]["papers"]
    assert sum(int(row.rsplit(",", 1)[1]) for row in rows) == papers


def test_the_numbers_of_an_item_are_to_be_had_as_csv(client: TestClient) -> None:
    answer = client.get("/api/v1/items/2605.00002?format=csv")
    assert answer.headers["content-type"].split(";")[0] == "text/csv"
    head, *rows = csv.reader(answer.text.splitlines())
    assert head == ["day", "number", "source", "value"]
    shown = answered(client, "items/2605.00002")["metrics"]
    assert rows == sorted([m["day"], m["name"], m["source"], str(m["value"])] for m in shown)
    assert rows
    assert client.get("/api/v1/items/2605.00002?format=xml").status_code == 400


def test_pages_lead_on_by_cursor_and_by_link(client: TestClient) -> None:
    whole = [i["id"] for i in answered(client, "items?sort=votes")["items"]]
    found: list[str] = []
    address = "/api/v1/items?sort=votes&limit=3"
    while address:
        answer = client.get(address)
        found += [i["id"] for i in answer.json()["items"]]
        address = f"/api/v1/items{answer.links['next']['url']}" if "next" in answer.links else ""
        assert bool(address) == bool(answer.json()["cursor"])
    assert found == whole


def test_levels_topics_labs_and_sources_are_listed(client: TestClient) -> None:
    assert [level["level"] for level in answered(client, "levels")["levels"]] == sorted(roadmap.levels())
    assert {t["slug"] for t in answered(client, "topics")["topics"]} == set(roadmap.topics())
    assert {lab["slug"] for lab in answered(client, "labs")["labs"]} == set(roadmap.labs())
    assert answered(client, "sources")["sources"][0]["source"] == "arxiv"


def test_a_reading_is_asked_for_and_not_frozen(both: Installation) -> None:
    assert answered(both.client, "readings/2026-04")["frozen"] is False
    assert answered(both.client, "readings/2026-04")["frozen"] is False


def token(query: Query, *values: Any) -> str:
    """A cursor with values of a stranger's choice, under the right fingerprint."""
    text = json.dumps([listing._fingerprint(query), *values])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


OPERATORS = [
    '" OR 1=1 --',
    "'; DROP TABLE items; --",
    'NEAR("a" "b")',
    "a AND OR NOT",
    "title:",
    "*",
    '"',
    "{title}: x",
    "%%%",
    "a:*|b&!",
]
MISSING = ["items/9999.99999", "items/", "items/%00", "items/" + "x" * 2000, "nosuch", "", "levels/", "items//"]
PATHS = [
    "/api/v1/items",
    "/api/v1/openapi.json",
    "/api/v1/sources",
    "/feeds/atom",
    "/feeds/json?period=2026-05",
]
VOTES = Query(sort=Sort.VOTES)


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("items?level=nine", "level"),
        ("items?topic=nosuch", "topic"),
        ("items?lab=%00", "lab"),
        ("items?source=a%20b", "source"),
        ("items?kind=book", "kind"),
        ("items?kind=paper&kind=post", "kind"),
        ("items?since=2026-13-01", "since"),
        ("items?since=2026-05-02&until=2026-05-01", "since"),
        ("items?has_code=maybe", "has_code"),
        ("items?min_confidence=nan", "min_confidence"),
        ("items?sort=luck", "sort"),
        ("items?limit=501", "limit"),
        ("items?limit=-1", "limit"),
        ("items?limit=1&limit=2", "limit"),
        ("items?limit=%D9%A1", "limit"),
        ("items?cursor=nonsense", "cursor"),
        ("items?cursor=" + "A" * 500, "cursor"),
        ("items?cursor=" + base64.urlsafe_b64encode(b"[" * 200).decode().rstrip("="), "cursor"),
        ("items?level=5&cursor=" + token(Query(), None, "2026-05-12", 3), "cursor"),
        ("items?cursor=" + token(Query(), None, "2026-05-12", 10**30), "cursor"),
        ("items?cursor=" + token(Query(), None, "yesterday", 3), "cursor"),
        ("items?cursor=" + token(Query()), "cursor"),
        ("items?sort=votes&cursor=" + token(VOTES, [1], "2026-05-12", 3), "cursor"),
        ("items?sort=votes&cursor=" + token(VOTES, 10**30, "2026-05-12", 3), "cursor"),
        ("items?sort=votes&cursor=" + token(VOTES, "x", {}, 3), "cursor"),
        ("items?text=" + "x" * 60_000, "text"),
        ("items?" + "&".join(["level=5"] * 101), "level"),
        ("items?nosuch=1", "nosuch"),
        ("items?Level=5", "Level"),
        ("items/2605.00001?level=5", "level"),
        ("levels?x", "x"),
        ("readings/2026-13", "period"),
        ("readings/2026-W54", "period"),
        ("readings/0000-01", "period"),
        ("readings/%00", "period"),
        ("readings/2026-05?limit=201", "limit"),
        ("readings/2026-05?minutes=0", "minutes"),
        ("readings/2026-05?cursor=x", "cursor"),
    ],
)
def test_a_wrong_parameter_is_a_problem_that_names_it(both: Installation, path: str, parameter: str) -> None:
    answer = both.client.get(f"/api/v1/{path}")
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["parameter"], problem["status"], problem["title"]) == (parameter, 400, "Bad Request")
    assert len(problem["detail"]) < 500


@pytest.mark.parametrize("text", OPERATORS)
def test_operators_of_a_database_are_only_text(both: Installation, text: str) -> None:
    for sort in ("newest", "relevance"):
        answer = both.client.get("/api/v1/items", params={"text": text, "sort": sort, "exclude": text})
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("path", MISSING)
def test_what_is_not_there_is_a_problem_too(both: Installation, path: str) -> None:
    answer = both.client.get(f"/api/v1/{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS"])
def test_only_get_and_head_are_answered(client: TestClient, method: str) -> None:
    answer = client.request(method, "/api/v1/items")
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert answer.json()["status"] == 405


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("*/*", 200),
        ("text/html, application/*;q=0.1", 200),
        ("", 200),
        ("text/html", 406),
        ("application/json;q=0", 406),
        ("*/*, application/json; q=0", 406),
        (";;;,q=,", 406),
    ],
)
def test_a_client_says_what_it_accepts(client: TestClient, accept: str, status: int) -> None:
    assert client.get("/api/v1/levels", headers={"accept": accept}).status_code == status


def test_a_feed_is_accepted_under_the_names_that_readers_use(client: TestClient) -> None:
    for kind, accept in (("atom", "application/xml"), ("rss", "text/xml"), ("json", "application/json")):
        assert client.get(f"/feeds/{kind}", headers={"accept": accept}).status_code == 200
        assert client.get(f"/feeds/{kind}", headers={"accept": "image/png"}).status_code == 406


@pytest.mark.parametrize("path", PATHS)
def test_what_the_client_has_is_not_sent_again(both: Installation, path: str) -> None:
    first = both.client.get(path)
    for headers in (
        {"if-none-match": first.headers["etag"]},
        {"if-none-match": f'"other", {first.headers["etag"].removeprefix("W/")}'},
        {"if-none-match": "*"},
        {"if-modified-since": first.headers["last-modified"]},
    ):
        again = both.client.get(path, headers=headers)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    for headers in (
        {"if-none-match": '"other"', "if-modified-since": first.headers["last-modified"]},
        {"if-modified-since": "Mon, 01 Jan 2001 00:00:00 GMT"},
        {"if-modified-since": "yesterday"},
        {"if-modified-since": "Mon, 01 Jan 99999 00:00:00 GMT"},
    ):
        assert both.client.get(path, headers=headers).status_code == 200


def test_what_is_new_is_sent_at_once(own: Installation, now: datetime) -> None:
    first = own.client.get("/feeds/atom")
    build.store(own.engine, [build.arxiv("2605.00099", "Brand new", day="2026-05-19")], now)
    for headers in ({"if-none-match": first.headers["etag"]}, {"if-modified-since": first.headers["last-modified"]}):
        again = own.client.get("/feeds/atom", headers=headers)
        assert again.status_code == 200
        assert "Brand new" in again.text


def test_a_write_that_changes_nothing_here_keeps_the_mark(own: Installation, now: datetime) -> None:
    first = own.client.get("/feeds/atom?level=8")
    build.store(own.engine, [build.arxiv("2605.00099", "Brand new", day="2026-05-19")], now)
    again = own.client.get("/feeds/atom?level=8", headers={"if-modified-since": first.headers["last-modified"]})
    assert again.status_code == 304


def test_head_is_get_without_its_body(client: TestClient) -> None:
    for path in ("/api/v1/items", "/feeds/rss", "/api/v1/nosuch"):
        whole, head = client.get(path), client.head(path)
        assert (head.status_code, head.content) == (whole.status_code, b"")
        assert head.headers["content-length"] == whole.headers["content-length"]


def test_pages_of_other_sites_may_read(client: TestClient) -> None:
    answer = client.get("/api/v1/levels", headers={"origin": "https://elsewhere.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    wish = {"origin": "https://elsewhere.example", "access-control-request-method": "GET"}
    preflight = client.options("/api/v1/levels", headers=wish)
    assert preflight.status_code == 204
    assert "If-None-Match" in preflight.headers["access-control-allow-headers"]


def test_an_address_that_asks_too_often_is_told_when_to_come_back(served: Installation) -> None:
    making = installation(served.url, requests=2)
    few = next(making)
    answers = [few.client.get("/api/v1/levels") for _ in range(2)] + [few.client.get("/feeds/atom")]
    assert [a.status_code for a in answers] == [200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"default";q=2;w=60'
    assert answers[0].headers["ratelimit"] == '"default";r=1;t=0'
    assert 1 <= int(answers[2].headers["retry-after"]) <= 30
    assert answers[2].json()["status"] == 429
    next(making, None)


@pytest.mark.parametrize("path", ["/api/v1/items", "/api/v1/readings/2026-05", "/feeds/atom", "/feeds/rss/saved/x"])
def test_a_broken_database_is_a_503_that_tells_nothing(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret-name.db").write_bytes(b"not a database at all, but long enough to look at" * 40)
    service = Service(f"sqlite:///{tmp_path / 'secret-name.db'}")
    answer = TestClient(Starlette(routes=service.routes())).get(path)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "secret-name" not in answer.text
    assert "Traceback" not in answer.text


def test_a_bug_is_logged_and_not_told(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("at /some/secret/place")

    monkeypatch.setattr("staycurrent.shapes.page_json", broken)
    answer = client.get("/api/v1/items?limit=7")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert "ZeroDivisionError" in caplog.text


def test_the_bare_address_leads_to_the_document(client: TestClient) -> None:
    assert client.get("/api/v1").json()["servers"] == [{"url": f"{HOST}/api/v1"}]


def test_the_rate_is_told_by_default(served: Installation) -> None:
    assert Buckets().policy == '"default";q=120;w=60'
    assert NOW.date() == TODAY

"""`POST /marks`: the owner's browser on the product's own page may mark, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashboard.marking import MAX_BODY, Marking
from dashboard.reader import who
from staycurrent import roadmap
from staycurrent.reading.progress import landmark_name
from staycurrent.store import marks
from staycurrent.store.engine import open_engine, reading
from tests.dashboard import build

HOME = "http://127.0.0.1:8501"
OWN = {"origin": HOME}
ITEM = {"item": "2605.00100", "mark": "read"}


def client_of(path: Path, *, is_loopback: bool = True) -> TestClient:
    routes = Marking(f"sqlite:///{path}", is_loopback=is_loopback, clock=lambda: build.NOW).routes()
    return TestClient(Starlette(routes=routes), base_url=HOME, follow_redirects=False)


@pytest.fixture
def client(example: Path) -> Iterator[TestClient]:
    with client_of(example) as made:
        yield made


def kinds(path: Path) -> set[str]:
    with reading(open_engine(f"sqlite:///{path}")) as session:
        return {kind for left in marks.of_items(session, marks.LOCAL).values() for kind in left.kinds}


def test_a_mark_is_set_and_taken_back(client: TestClient, example: Path) -> None:
    assert client.post("/marks", data=ITEM, headers={**OWN, "accept": "application/json"}).status_code == 204
    assert kinds(example) == {"read"}
    client.post("/marks", data={**ITEM, "on": "0"}, headers=OWN)
    assert kinds(example) == set()


def test_without_the_script_the_form_leads_back_to_its_page(client: TestClient, example: Path) -> None:
    sent = {**ITEM, "mark": "saved 1"}
    answer = client.post("/marks", data=sent, headers={**OWN, "referer": f"{HOME}/item?id=2605.00100"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/item?id=2605.00100")
    assert kinds(example) == {"saved"}
    client.post("/marks", data={**ITEM, "mark": "saved 0"}, headers=OWN)
    assert kinds(example) == set()


def test_all_that_was_left_is_erased_where_the_box_is_ticked(client: TestClient, example: Path) -> None:
    client.post("/marks", data=ITEM, headers=OWN)
    for unsure in ({"other": "1"}, {"sure": ""}, {"sure": "0"}):
        assert client.post("/erase", data=unsure, headers=OWN).status_code == 400
    assert kinds(example) == {"read"}
    answer = client.post("/erase", data={"sure": "1"}, headers={**OWN, "referer": f"{HOME}/about?lang=de"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/about?lang=de")
    assert kinds(example) == set()


@pytest.mark.parametrize("referer", ["https://evil.example/", "//evil.example", f"{HOME}//evil.example/x", ""])
def test_it_leads_to_no_other_host(client: TestClient, referer: str) -> None:
    location = client.post("/marks", data=ITEM, headers={**OWN, "referer": referer}).headers["location"]
    assert location in {"./", "/evil.example/x"}


def test_a_landmark_is_marked_by_name_and_never_hidden(client: TestClient, example: Path) -> None:
    name = landmark_name(roadmap.landmarks(5)[0])
    assert client.post("/marks", data={"landmark": name, "mark": "star"}, headers=OWN).status_code == 303
    with reading(open_engine(f"sqlite:///{example}")) as session:
        assert set(marks.landmarks(session, marks.LOCAL)) == {name}
    assert client.post("/marks", data={"landmark": name, "mark": "hidden"}, headers=OWN).status_code == 400


def test_a_tag_is_taken_from_an_item_and_given_back(client: TestClient, example: Path) -> None:
    def tags() -> dict[str, int]:
        with reading(open_engine(f"sqlite:///{example}")) as session:
            return marks.tags(session, marks.LOCAL)

    tag = {"item": ITEM["item"], "mark": "tag", "tag": "to try"}
    client.post("/marks", data=tag, headers=OWN)
    assert tags() == {"to try": 1}
    client.post("/marks", data={**tag, "on": "0"}, headers=OWN)
    assert tags() == {}
    assert client.post("/marks", data={**tag, "tag": "a,b"}, headers=OWN).status_code == 400
    assert client.post("/marks", data={"landmark": "1706.03762", "mark": "tag", "tag": "x"}, headers=OWN).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": "https://evil.example"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "http://evil.example:8501", "host": "evil.example:8501"},
        {"origin": "http://127.0.0.1.evil.example", "host": "127.0.0.1.evil.example"},
        {**OWN, "x-forwarded-for": "203.0.113.7"},
        {**OWN, "forwarded": "for=203.0.113.7"},
        {"origin": "http://[::1", "host": "[::1"},
    ],
)
def test_other_sites_other_names_and_proxies_are_refused(client: TestClient, example: Path, headers: dict[str, str]) -> None:
    assert client.post("/marks", data=ITEM, headers=headers).status_code == 403
    assert client.post("/erase", data={"sure": "1"}, headers=headers).status_code == 403
    assert kinds(example) == set()


def test_a_server_that_others_reach_refuses(example: Path) -> None:
    with client_of(example, is_loopback=False) as client:
        assert client.post("/marks", data=ITEM, headers=OWN).status_code == 403
    assert kinds(example) == set()


def test_nothing_is_changed_by_get(client: TestClient, example: Path) -> None:
    assert client.get("/marks", params=ITEM, headers=OWN).status_code == 405
    assert client.get("/erase", params={"sure": "1"}, headers=OWN).status_code == 405
    assert kinds(example) == set()


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"item": "2605.00100"}, 400),
        ({"item": "2605.00100", "mark": "liked"}, 400),
        ({"mark": "read"}, 400),
        ({"item": "\x00", "mark": "read"}, 400),
        ({"item": "9999.99999", "mark": "read"}, 404),
        ({"landmark": "9999.99999", "mark": "read"}, 404),
        ({"item": "x" * MAX_BODY, "mark": "read"}, 413),
        ({f"f{n}": "1" for n in range(20)}, 400),
    ],
)
def test_a_wrong_form_is_refused(client: TestClient, data: dict[str, str], status: int) -> None:
    assert client.post("/marks", data=data, headers=OWN).status_code == status


def test_what_is_no_form_is_refused(client: TestClient) -> None:
    assert client.post("/marks", json=ITEM, headers=OWN).status_code == 415


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=300))
def test_no_body_breaks_it(client: TestClient, body: bytes) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post("/marks", content=body, headers={**OWN, **kind}).status_code in {303, 400, 404}


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1", "127.1.2.3:80", "[::1]:8501", "me.localhost"])
def test_the_owner_asks_for_this_machine_by_name(host: str) -> None:
    assert who(is_loopback=True, headers={"host": host, "origin": f"http://{host}"}) == marks.LOCAL
    assert who(is_loopback=False, headers={"host": host, "origin": f"http://{host}"}) is None


def test_the_script_is_kept_by_its_edition(client: TestClient) -> None:
    answer = client.get("/reader.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]

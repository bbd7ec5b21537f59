"""`/exports`: a reading as a file that other programs read, with the same items in each."""

from __future__ import annotations

import csv
import io

import bibtexparser
import icalendar
import pytest
import rispy
from starlette.testclient import TestClient

from dashboard.api.exports import FORMATS


def get(client: TestClient, kind: str, query: str = "?period=2026-05") -> str:
    answer = client.get(f"/exports/{kind}{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].split(";")[0] == FORMATS[kind].media_type
    return answer.text


def test_every_file_holds_the_reading_in_its_order(client: TestClient) -> None:
    items = client.get("/api/v1/readings/2026-05").json()["items"]
    urls = [item["url"] for item in items]
    assert urls
    calendar = icalendar.Calendar.from_ical(get(client, "ical"))
    assert [str(event["url"]) for event in calendar.walk("VEVENT")] == urls
    assert [entry["urls"][0] for entry in rispy.loads(get(client, "ris"))] == urls
    assert [row["url"] for row in csv.DictReader(io.StringIO(get(client, "csv")))] == urls
    library = bibtexparser.parse_string(get(client, "bibtex"))
    assert not library.failed_blocks
    assert [entry["url"] for entry in library.entries] == urls


def test_filters_and_minutes_are_those_of_the_page(client: TestClient) -> None:
    wanted = client.get("/api/v1/readings/2026-05?level=5&minutes=45").json()["items"]
    rows = list(csv.DictReader(io.StringIO(get(client, "csv", "?period=2026-05&level=5&minutes=45"))))
    assert [row["id"] for row in rows] == [item["id"] for item in wanted]


def test_the_days_of_a_calendar_lie_in_the_period(client: TestClient) -> None:
    calendar = icalendar.Calendar.from_ical(get(client, "ical"))
    assert {event["dtstart"].dt.isoformat()[:7] for event in calendar.walk("VEVENT")} == {"2026-05"}


@pytest.mark.parametrize("kind", FORMATS)
def test_an_empty_reading_is_a_file(client: TestClient, kind: str) -> None:
    get(client, kind, "?period=2019-01")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/exports/pdf?period=2026-05", 404),
        ("/exports/csv", 400),
        ("/exports/csv?period=may", 400),
        ("/exports/csv?period=2026-05&level=99", 400),
        ("/exports/csv?period=2026-05&minutes=-1", 400),
        ("/exports/csv?period=2026-05&colour=red", 400),
    ],
)
def test_a_wrong_address_is_refused_in_words(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")

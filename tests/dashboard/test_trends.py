"""The page Trends and its data: findings in words, numbers below each chart, every state in the address."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard import charts
from dashboard.api.limits import Buckets
from dashboard.api.service import Service
from dashboard.charts import Point
from staycurrent.clock import replay_clock
from staycurrent.store import items
from staycurrent.store.engine import open_engine, reading
from staycurrent.store.trends import Step
from tests import build as papers
from tests.api.conftest import UNLIMITED, TestClient
from tests.dashboard import build, moving
from tests.dashboard.browsing import CHROMIUM, WIDTHS, chromium, is_error, settle
from tests.dashboard.conftest import Open, page_text, use
from tests.dashboard.serving import serving
from tests.dashboard.test_style import COLOURS, _contrast

CLIPPED = """[...document.querySelectorAll('.sc-wide caption')]
    .filter(c => c.getBoundingClientRect().right > c.closest('.sc-wide').getBoundingClientRect().right + 1)
    .map(c => c.textContent)"""
"""Captions that do not end where their region does."""


@pytest.fixture(scope="module")
def moving_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("moving") / "moving.db"
    moving.library(path)
    return path


@pytest.fixture
def library(moving_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "copy.db"
    shutil.copyfile(moving_file, path)
    use(path, monkeypatch)
    return path


def test_every_chart_says_its_finding_and_has_its_numbers_and_a_file(library: Path, open_page: Open) -> None:
    text = page_text(open_page("trends"))
    for words in (
        "Open LLMs is the largest topic",
        "rises</h2>",
        "Level 5, Language models, is the largest",
        "Qwen has the most items",
        "The newest period is not over yet.",
        "18 May, so far",
        "99% interval",
    ):
        assert words in text
    for table in ("topics", "levels", "rising", "labs"):
        assert f"./api/v1/trends?table={table}&amp;format=csv" in text
    assert text.count("<summary>The numbers</summary>") == 2


def test_the_topic_that_grows_rises_and_leads_to_its_papers(library: Path, open_page: Open) -> None:
    text = page_text(open_page("trends"))
    rising = text[text.index("rises</h2>") - 80 : text.index("The rule:")]
    assert "Retrieval" in rising
    assert "topic=rag&amp;since=2026-04-20&amp;until=2026-05-17" in rising


def test_the_address_chooses_step_topics_labs_levels_and_range(library: Path, open_page: Open) -> None:
    test = open_page("trends", by="month", topic=["rag"], lab=["qwen"], level=["5"], since="2026-04-01")
    text = page_text(test)
    assert "since 1 Apr 2026" in text
    assert "April 2026" in text
    assert "is the largest of these topics" in text
    assert "DeepSeek" not in text
    assert "table=topics&amp;format=csv" in text
    assert "by=month&amp;level=5&amp;topic=rag&amp;lab=qwen&amp;since=2026-04-01&amp;table=topics" in text


def test_a_widget_changes_the_address(library: Path, open_page: Open) -> None:
    test = open_page("trends", level=["5"], lang="en")
    test.selectbox(key="t_step").set_value(Step.MONTH).run()
    assert {name: test.query_params[name] for name in test.query_params} == {"by": "month", "level": "5", "lang": "en"}
    test.multiselect(key="t_topics").select("rag").run()
    assert test.query_params["topic"] == "rag"
    assert not test.exception


@pytest.mark.parametrize(
    "wrong", [{"by": "year"}, {"weeks": "5"}, {"level": "9"}, {"since": "2026-05-02", "until": "2026-05-01"}]
)
def test_a_wrong_address_is_a_plain_answer(library: Path, open_page: Open, wrong: dict[str, str]) -> None:
    text = page_text(open_page("trends", **wrong))
    assert "This address cannot be shown" in text
    assert next(iter(wrong)) in text


def test_an_empty_library_and_a_filter_that_nothing_fits_say_so(bare: Path, open_page: Open) -> None:
    assert "Nothing has been collected yet" in page_text(open_page("trends"))
    assert "Nothing fits" in page_text(open_page("trends", lab=["qwen"]))


def test_a_small_library_is_shown_in_counts_and_names_no_rising_topic(example: Path, open_page: Open) -> None:
    test = open_page("trends")
    assert "too few for shares" in page_text(test)
    assert "Rising topics cannot be told yet" in page_text(test)


def test_the_lab_table_of_a_small_library_promises_neither_shares_nor_colours(example: Path, open_page: Open) -> None:
    text = page_text(open_page("trends"))
    assert "tied to it: too few for shares." in text
    assert "<caption>Items by lab and topic</caption>" in text
    assert "stronger its colour" not in text
    assert "--sc-heat" not in text


def test_the_finding_on_levels_is_about_the_levels_of_the_chart(library: Path, open_page: Open) -> None:
    one = page_text(open_page("trends", level=["1"]))
    assert "Level 1, Foundations: " in one
    assert "is the largest</h2>" not in one[one.index("Level 1, Foundations: ") :]
    assert "is the largest of these levels" in page_text(open_page("trends", level=["1", "2"]))


def test_the_page_says_how_it_takes_topics_and_parts_of_weeks(library: Path, open_page: Open) -> None:
    text = page_text(open_page("trends", topic=["rag"], since="2026-05-13", until="2026-05-14"))
    assert "from 11 May 2026 to 17 May 2026. Weeks are counted whole. The topics choose the lines and columns" in text
    assert "counted whole" not in page_text(open_page("trends", since="2026-05-11", until="2026-05-17"))
    assert "Months are counted whole" in page_text(open_page("trends", by="month", since="2026-05-11"))


def test_weeks_before_the_first_collection_do_not_keep_from_shares(library: Path, open_page: Open) -> None:
    engine = open_engine(f"sqlite:///{library}")
    papers.store(engine, [papers.arxiv("2512.00001", "An old one", day="2025-10-20")], build.NOW)
    with reading(engine) as session:
        row = items.find(session, ("2512.00001",))
    papers.classify(engine, [papers.answer(row, 5, topics=("rag",))], build.NOW)
    text = page_text(open_page("trends", since="2025-10-20"))
    assert "The lines show the share of each topic" in text
    assert "too few for shares" not in text


def test_names_from_outside_are_shown_as_text(library: Path, open_page: Open) -> None:
    text = page_text(open_page("trends"))
    assert "onerror" not in text.replace("&lt;img src=x onerror", "")
    assert "<img" not in text


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_lines_and_bars_stand_out_from_the_page_and_words_from_the_darkest_field(theme: int) -> None:
    for name in [f"series-{n}" for n in range(1, charts.MOST_LINES + 1)] + [f"level-{n}" for n in range(9)]:
        assert _contrast(COLOURS[name][theme], COLOURS["page"][theme]) >= 3, "WCAG 1.4.11"
        assert charts.colour(name, dark=bool(theme)) == COLOURS[name][theme]
    for ink in ("text", "quiet"):
        ground = "heat-full" if ink == "text" else "page"
        assert _contrast(COLOURS[ink][theme], COLOURS[ground][theme]) >= 4.5


def test_a_running_period_is_dashed_and_a_gap_is_left_out() -> None:
    points = [Point("a", 0.1, "10%"), Point("b", None, "3 items"), Point("c", 0.2, "20%", running=True)]
    spec = charts.lines({"rag": points}, "Topics", dark=False)
    whole, open_end, dots = (layer["data"]["values"] for layer in spec["layer"])
    assert [row["period"] for row in whole] == ["a"]
    assert [row["period"] for row in open_end] == ["a", "c"]
    assert [row["period"] for row in dots] == ["a", "c"]
    assert spec["layer"][1]["mark"]["strokeDash"]
    assert spec["layer"][0]["encoding"]["x"]["scale"]["domain"] == ["a", "b", "c"]


@pytest.fixture
def client(library: Path) -> Iterator[TestClient]:
    service = Service(f"sqlite:///{library}", clock=replay_clock(build.TODAY), buckets=Buckets(UNLIMITED))
    from starlette.applications import Starlette

    yield TestClient(Starlette(routes=service.routes()))
    service.close()


def rows(client: TestClient, query: str) -> list[dict[str, str]]:
    answer = client.get(f"/api/v1/trends?format=csv&{query}")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_the_csv_has_what_the_json_has(client: TestClient) -> None:
    whole = client.get("/api/v1/trends").json()
    topics = {t["slug"]: t["items"] for t in whole["topics"]}
    table = rows(client, "table=topics")
    assert [int(r["items"]) for r in table if r["topic"] == "rag"] == topics["rag"]
    assert [int(r["of_all"]) for r in table if r["topic"] == "rag"] == [p["items"] for p in whole["periods"]]
    assert sum(topics["rag"]) == 23 + 60 + 1
    assert [r["slug"] for r in whole["rising"]] == [r["topic"] for r in rows(client, "table=rising") if r["rises"] == "1"]
    assert {int(r["level"]) for r in rows(client, "table=levels")} == {level["level"] for level in whole["levels"]}
    of_qwen = {r["topic"]: int(r["items"]) for r in rows(client, "table=labs") if r["lab"] == "qwen"}
    assert of_qwen == next(lab["topics"] for lab in whole["labs"] if lab["lab"] == "qwen")
    assert [p["over"] for p in whole["periods"]] == [True] * 10 + [False]


def test_the_data_refuses_what_it_does_not_take(client: TestClient) -> None:
    for query in ("table=other", "format=xml", "by=day", "weeks=3", "text=x", "by=week&by=month"):
        answer = client.get(f"/api/v1/trends?{query}")
        assert answer.status_code == 400
        assert answer.json()["parameter"] == query.split("=", maxsplit=1)[0]
    assert client.get("/api/v1/trends", headers={"accept": "text/csv"}).status_code == 406
    assert client.get("/api/v1/trends?format=csv", headers={"accept": "text/csv"}).status_code == 200


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium")
@pytest.mark.parametrize("width", WIDTHS)
def test_the_charts_are_drawn_under_our_policy_in_either_theme(library: Path, width: str) -> None:
    """No console error, nothing but our own address, no sideways scrolling; and the tables scroll with the keyboard."""
    wide, high = WIDTHS[width]
    trouble: list[str] = []
    with serving(library) as running, chromium() as browser:
        for theme in ("light", "dark"):
            page = browser.new_page(viewport={"width": wide, "height": high}, color_scheme=theme)
            own = (running.address, running.address.replace("http:", "ws:"), "data:", "blob:")
            page.on("request", lambda r, own=own: None if r.url.startswith(own) else trouble.append(r.url))
            page.on("console", lambda said: trouble.append(said.text) if is_error(said) else None)
            page.on("pageerror", lambda error: trouble.append(str(error)))
            for path in ("/trends", "/trends?by=month&level=5", "/labs", "/labs?lab=qwen", "/labs?lab=evil", "/about"):
                page.goto(running.address + path)
                settle(page)
                if path.startswith("/trends"):
                    page.locator("[data-testid=stVegaLiteChart] svg.marks").nth(1).wait_for()
                    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
                    assert page.evaluate(CLIPPED) == []
                assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, f"{path} scrolls sideways"
            page.close()
    assert trouble == []


def test_the_charts_begin_where_there_is_something_and_the_numbers_have_all(library: Path, open_page: Open) -> None:
    engine = open_engine(f"sqlite:///{library}")
    papers.store(engine, [papers.arxiv("2512.00001", "An old one", day="2025-12-03")], build.NOW)
    with reading(engine) as session:
        row = items.find(session, ("2512.00001",))
    papers.classify(engine, [papers.answer(row, 5, topics=("rag",))], build.NOW)
    page = open_page("trends")
    topics, levels = (json.loads(chart.proto.spec) for chart in page.get("vega_lite_chart"))
    drawn = topics["layer"][0]["encoding"]["x"]["scale"]["domain"]
    assert len(drawn) == moving.WEEKS + 1
    assert levels["layer"][0]["encoding"]["x"]["scale"]["domain"] == drawn
    text = page_text(page)
    assert f"Before {drawn[0]} there are next to no items" in text
    assert '<th scope="row">1 Dec 2025</th>' in text

"""The fields of filters: what is typed there and sent with Enter is one value."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.proto.SelectWidgetFilterMode_pb2 import SelectWidgetFilterMode

from tests.dashboard.browsing import CHROMIUM, chromium, settle
from tests.dashboard.conftest import Open
from tests.dashboard.serving import serving


@pytest.mark.parametrize("path", ["", "explore", "trends", "digest"])
def test_no_field_offers_to_take_every_match_at_once(example: Path, open_page: Open, path: str) -> None:
    fields = [field.proto for field in open_page(path).multiselect]
    assert fields
    for field in fields:
        assert field.select_all == 0, field.label
        assert field.filter_mode == SelectWidgetFilterMode.FILTER_MODE_CONTAINS, field.label


@pytest.mark.parametrize(("language", "form"), [("en", "YYYY-MM-DD"), ("de", "DD.MM.YYYY")])
def test_every_field_takes_a_day_in_the_form_of_the_pages_language(
    example: Path, open_page: Open, language: str, form: str
) -> None:
    for path, params in (("roadmap", {"view": "plan"}), ("explore", {}), ("trends", {})):
        fields = open_page(path, lang=language, **params).date_input
        assert fields
        assert {field.proto.format for field in fields} == {form}, path


def test_since_and_until_stand_beside_each_other(example: Path, open_page: Open) -> None:
    columns = [column for column in open_page("explore").columns if len(column)]
    places = [n for n, column in enumerate(columns) if column.date_input]
    assert places[1] - places[0] == 1


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium")
def test_enter_takes_the_one_topic_that_was_typed(example: Path) -> None:
    with serving(example) as running, chromium() as browser:
        page = browser.new_page()
        page.goto(running.address + "/digest")
        settle(page)
        page.get_by_text("Topics, labs and words to leave out").click()
        field = page.get_by_role("combobox", name="Topics")
        field.click()
        page.keyboard.type("retrieval")
        page.keyboard.press("Enter")
        page.wait_for_url("**/digest?topic=*")
        assert page.url.count("topic=") == 1
        page.close()

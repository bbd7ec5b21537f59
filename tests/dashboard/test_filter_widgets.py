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

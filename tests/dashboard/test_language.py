"""German pages: chosen by the address or by the browser, carried by every link, and with nothing left in English."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import address, app, data, language, trend_data
from dashboard.api import discovery
from dashboard.views import item
from staycurrent import i18n
from staycurrent.period import parse
from staycurrent.query import Query
from tests import messages
from tests.dashboard import build
from tests.dashboard.browsing import CHROMIUM, chromium, settle
from tests.dashboard.conftest import Open, page_text
from tests.dashboard.serving import serving
from tests.messages import forms

PAGES = [place.path for place in app.PLACES if place.view is not item.show]
SPOKEN = ("aria-label", "title", "placeholder", "alt", "data-label", "data-failed", "data-words")
LETTERS = 4
"""A text with fewer letters beside its values says nothing that could be told from data: "{n} {name}"."""


class Said(HTMLParser):
    """What a reader of a page sees or hears: its texts, and the attributes that are spoken; without what is quoted in code."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.links: list[str] = []
        self._foreign: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if self._foreign or given.get("lang") == "en":
            self._foreign.append(tag)
        self.texts += [value for name in SPOKEN if (value := given.get(name))]
        self.links += [value for name, value in attrs if name == "href" and value]

    def handle_endtag(self, tag: str) -> None:
        if self._foreign and self._foreign[-1] == tag:
            self._foreign.pop()

    def handle_data(self, data: str) -> None:
        if not self._foreign and data.strip():
            self.texts.append(data.strip())


def _said(page: AppTest) -> list[str]:
    """The texts of the HTML, and those of the widgets."""
    widgets = [e.proto for kind in ("selectbox", "multiselect", "text_input", "button", "date_input") for e in page.get(kind)]
    shown = [getattr(proto, name, "") for proto in widgets for name in ("label", "placeholder")]
    options = [option for proto in widgets for option in getattr(proto, "options", [])]
    return [*Said(page_text(page)).texts, *(text for text in [*shown, *options] if isinstance(text, str) and text)]


def _looks(texts: Iterable[str]) -> list[re.Pattern[str]]:
    """What each of our texts looks like with any values in it."""
    split = [re.split(r"\{\w*\}", text) for text in texts]
    telling = [parts for parts in split if len(re.sub(r"[^A-Za-z]", "", "".join(parts))) >= LETTERS]
    return [re.compile(".+".join(map(re.escape, parts)), re.DOTALL) for parts in telling]


PAIRS = [
    pair
    for message in messages.catalogue()
    if message.id
    for pair in zip(forms(message.id), forms(message.string), strict=True)
]
ENGLISH = _looks(english for english, german in PAIRS if english != german)
GERMAN = _looks(german for _, german in PAIRS)
GERMAN_ALONE = {german for _, german in PAIRS}
"""What is German too, as "Code" and "Details" are."""
DATA_LINKS = ("./feeds/", "./exports/", "./api/")
"""Addresses of what is not read on a page."""
DATA = {source.title for source in build.SOURCES}
"""The names that the operator gave to sources."""


def _left_over(texts: list[str]) -> list[str]:
    """The texts that are ours and English; a German text may quote an English title."""
    own = {t for t in texts if t not in GERMAN_ALONE | DATA and any(p.fullmatch(t) for p in ENGLISH)}
    return sorted(t for t in own if not any(p.fullmatch(t) for p in GERMAN))


def test_the_hunt_for_english_finds_it(example: Path, open_page: Open) -> None:
    left = _left_over(_said(open_page("explore", lang="en")))
    assert {"Every paper and post that was collected.", "Filters", "Listed since"} & set(left)
    assert len(left) > 15


@pytest.mark.parametrize("path", PAGES)
def test_a_german_page_says_nothing_of_ours_in_english(example: Path, open_page: Open, path: str) -> None:
    page = open_page("" if path == PAGES[0] else path, lang="de")
    assert _left_over(_said(page)) == []


@pytest.mark.parametrize("path", PAGES)
def test_a_german_page_of_an_empty_database_does_not_either(bare: Path, open_page: Open, path: str) -> None:
    assert _left_over(_said(open_page("" if path == PAGES[0] else path, lang="de"))) == []


def test_a_german_item_says_nothing_of_ours_in_english(bare: Path, open_page: Open) -> None:
    engine = build.open_engine(f"sqlite:///{bare}")
    paper = build.paper(7, "Hidden States", comment="12 pages", versions=build.paper(7).versions)
    build.collect(engine, [paper, build.seen_elsewhere(paper, "huggingface", votes=3, comments=2)])
    lab = build.LabEvidence("google-deepmind", "author-team", "Gemini Team", 0.8)
    build.classify(engine, {paper.title: build.Label(5, 0.44, unsure=True, topics=("rag",), labs=(lab,))})
    page = open_page("item", id="2605.00007", lang="de")
    assert _left_over(_said(page)) == []
    assert '<bdi lang="en">Hidden States</bdi>' in page_text(page)


@pytest.mark.parametrize(
    ("params", "german"),
    [
        ({"level": ["99"]}, "ist keine Ebene"),
        ({"since": "yesterday"}, "ist kein Tag"),
        ({"cursor": "nonsense"}, "gehört nicht zu dieser Liste"),
        ({"sort": "best"}, "ist keins von"),
    ],
)
def test_a_wrong_address_is_explained_in_german(
    example: Path, open_page: Open, params: dict[str, str | list[str]], german: str
) -> None:
    text = page_text(open_page("explore", lang="de", **params))
    assert "Diese Adresse lässt sich nicht anzeigen" in text
    assert german in text


@pytest.mark.parametrize("path", PAGES)
def test_every_link_of_a_german_page_carries_the_language(example: Path, open_page: Open, path: str) -> None:
    page = open_page("" if path == PAGES[0] else path, lang="de")
    own = [link for link in Said(page_text(page)).links if link.startswith("./") and not link.startswith(DATA_LINKS)]
    switched = [link for link in own if "lang=en" in link]
    assert len(switched) == 1
    assert [link for link in own if parse_qs(urlsplit(link).query).get("lang") not in (["de"], ["en"])] == []
    places = page.get("page_link")
    assert len(places) == len([place for place in app.PLACES if place.is_linked])
    assert {place.proto.query_string for place in places} == {"lang=de"}


def test_a_page_without_a_language_in_its_address_makes_links_without_one(example: Path, open_page: Open) -> None:
    page = open_page("explore")
    own = [link for link in Said(page_text(page)).links if link.startswith("./")]
    assert [link for link in own if "lang=" in link] == ["./explore?lang=de"]
    assert {place.proto.query_string for place in page.get("page_link")} == {""}


@pytest.mark.parametrize("unknown", ["fr", "", "de-AT"])
def test_an_unknown_language_is_english_and_stays_so(example: Path, open_page: Open, unknown: str) -> None:
    text = page_text(open_page("explore", lang=unknown))
    assert "Every paper and post" in text
    assert "lang=en" in text


def test_every_page_is_served_in_its_language() -> None:
    assert {f"/{place.path}" for place in app.PLACES[1:]} | {"/"} == discovery.PAGES


def test_the_switch_leads_to_the_same_page_as_it_is(example: Path, open_page: Open) -> None:
    page = open_page("explore", text='<b>"x', level=["5", "6"], lang="de")
    (link,) = re.findall(r'<a lang="en" hreflang="en" href="([^"]+)">English</a>', page_text(page))
    wanted = urlsplit(unescape(link))
    assert wanted.path == "./explore"
    assert parse_qs(wanted.query) == {"text": ['<b>"x'], "level": ["5", "6"], "lang": ["en"]}


def test_a_changed_widget_keeps_the_language(example: Path, open_page: Open) -> None:
    page = open_page(lang="de")
    with i18n.speaking("de"):  # the test's own thread formats the options once more
        page.button_group[0].set_value([7]).run()
    assert page.query_params["lang"] in ("de", ["de"])
    assert "Warum hier" in page_text(page)


def test_a_search_keeps_the_language(example: Path, open_page: Open) -> None:
    page = open_page("explore", lang="de")
    page.text_input[0].set_value("agents")
    with i18n.speaking("de"):
        page.button[0].click().run()
    assert {name: str(v if isinstance(v, str) else v[0]) for name, v in page.query_params.items()} == {
        "text": "agents",
        "lang": "de",
    }
    assert "Einträge" in page_text(page)


def test_reasons_and_names_are_german_too(example: Path, open_page: Open) -> None:
    text = page_text(open_page(lang="de"))
    assert "Stimmen in der Liste von Hugging Face" in text
    assert "Mai 2026" in text
    assert re.search(r"\d{1,2}\. Mai 2026", text)
    assert "Feed von OpenAI" in text


def test_one_reader_after_the_other_gets_their_own_language(example: Path, open_page: Open) -> None:
    """The answers of the store are cached for all; what is said of them is not."""
    for lang, heading in [("de", "Quellen"), ("en", "Sources"), ("de", "Quellen")]:
        assert f"<h1>{heading}</h1>" in page_text(open_page("sources", lang=lang))


@pytest.mark.parametrize("module", [data, trend_data])
def test_what_is_kept_for_all_readers_holds_no_text_for_one(module: ModuleType) -> None:
    assert not set(vars(module)) & {"i18n", "words", "_", "gettext", "ngettext", "number", "day"}


def test_addresses_carry_the_language_until_they_are_told_not_to() -> None:
    month = parse("2026-05")
    address.carry("de")
    try:
        made = [
            address.this_month(month),
            address.explore(Query(levels=(5,)), "c"),
            address.roadmap(5),
            address.sources(),
            address.item("2605.1"),
            address.page(""),
        ]
    finally:
        address.carry(None)
    assert made == [
        "./?month=2026-05&lang=de",
        "./explore?level=5&cursor=c&lang=de",
        "./roadmap?level=5&lang=de",
        "./sources?lang=de",
        "./item?id=2605.1&lang=de",
        "./?lang=de",
    ]
    assert address.sources() == "./sources"


@pytest.mark.parametrize(
    ("query_string", "accepted", "spoken"),
    [
        ("", "de-DE,de;q=0.9", "de"),
        ("lang=en", "de-DE,de;q=0.9", "en"),
        ("level=5&lang=de", "en", "de"),
        ("lang=en&lang=de", "en", "de"),
        ("lang=fr", "de", "en"),
        ("lang=", "de", "en"),
        ("", "", "en"),
        ("lang=%00%ff", "de", "en"),
    ],
)
def test_the_address_counts_before_the_browser(query_string: str, accepted: str, spoken: str) -> None:
    assert language.of_page(query_string, accepted) == spoken


def test_a_part_of_a_page_that_runs_alone_speaks_the_readers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "begin", lambda: i18n.speak("de"))
    with i18n.speaking("en"):
        assert language.spoken(i18n.gettext)("Explore") == "Entdecken"


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium")
def test_a_german_browser_is_answered_in_german_until_its_reader_chooses_english(example: Path) -> None:
    with serving(example) as running, chromium() as browser:
        page = browser.new_context(locale="de-DE").new_page()
        page.goto(f"{running.address}/sources")
        settle(page)
        assert page.locator("html").get_attribute("lang") == "de"
        assert page.locator("h1").inner_text() == "Quellen"
        assert page.url.endswith("/sources"), "the address is not rewritten"
        page.get_by_role("link", name="English").click()
        page.wait_for_url("**/sources?lang=en")
        settle(page)
        assert page.locator("html").get_attribute("lang") == "en"
        page.get_by_role("link", name="Explore", exact=True).click()
        page.wait_for_url("**/explore?lang=en")
        page.get_by_role("heading", name="Explore").wait_for()

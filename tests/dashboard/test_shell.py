"""What a server answers before any page is drawn: the dressed shell of a page, and one designed page where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from lxml import html

from dashboard.titles import PATHS
from tests.dashboard.serving import serving


@pytest.fixture(scope="module")
def address(example_file: Path) -> Iterator[str]:
    with serving(example_file) as running:
        yield running.address


@pytest.mark.parametrize("path", sorted(PATHS))
def test_the_shell_of_a_page_has_its_title_and_something_to_look_at(address: str, path: str) -> None:
    page = html.fromstring(httpx.get(f"{address}{path}").content)
    assert page.findtext(".//title") == f"{PATHS[path]} · staycurrent"
    (waiting,) = page.xpath('//*[@id="root"]/following-sibling::*[@id="sc-loading"]')
    assert waiting.findtext('p[@role="status"]') == "Loading …"
    assert [part.get("aria-hidden") for part in waiting.findall("div")] == ["true"]


def test_the_shell_speaks_the_readers_language(address: str) -> None:
    page = html.fromstring(httpx.get(f"{address}/explore", headers={"accept-language": "de"}).content)
    assert (page.get("lang"), page.findtext(".//title")) == ("de", "Entdecken · staycurrent")


def test_without_a_script_the_page_says_where_the_same_things_are(address: str) -> None:
    shell = httpx.get(f"{address}/explore?level=5&lang=de").text
    assert "You need to enable JavaScript" not in shell
    said = html.fromstring(shell[shell.rindex("<noscript>") : shell.rindex("</noscript>")])
    assert "Ohne JavaScript" in said.text_content()
    links = [link.get("href") for link in said.iter("a")]
    assert links[0] == "./feeds/atom?level=5"
    assert [httpx.get(f"{address}/{link}").status_code for link in links] == [200] * len(links)


@pytest.mark.parametrize("path", ["/nopage", "/explore/more", "/index.html", "/static/none.js", "/a/b/c?level=5", "/%C3%A4"])
def test_an_unknown_path_is_one_page_that_leads_on(address: str, path: str) -> None:
    answer = httpx.get(f"{address}{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert httpx.head(f"{address}{path}").status_code == 404
    assert httpx.get(f"{address}{path}", headers={"range": "bytes=0-9"}).status_code == 404
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    page = html.fromstring(answer.content)
    assert page.findtext(".//h1") == "Page not found"
    links = [link.get("href") for link in page.iter("a")]
    assert all(httpx.URL(answer.url).join(link).path in PATHS for link in links)
    assert len(links) > 5


def test_an_unknown_path_is_answered_in_the_readers_language(address: str) -> None:
    named = html.fromstring(httpx.get(f"{address}/nopage?lang=de", headers={"accept-language": "en"}).content)
    asked = html.fromstring(httpx.get(f"{address}/nopage", headers={"accept-language": "de"}).content)
    for page in (named, asked):
        assert (page.get("lang"), page.findtext(".//h1")) == ("de", "Seite nicht gefunden")
    assert all(link.get("href").endswith("?lang=de") for link in named.find(".//nav").iter("a"))
    assert not any("lang" in link.get("href") for link in asked.iter("a"))


def test_what_is_no_page_and_is_there_goes_on_as_before(address: str) -> None:
    shell = html.fromstring(httpx.get(address).content)
    files = [script.get("src") for script in shell.iter("script") if script.get("src")]
    assert all("javascript" in httpx.get(f"{address}/{name}").headers["content-type"] for name in files)
    assert httpx.get(f"{address}/_stcore/health").text == "ok"
    assert httpx.get(f"{address}/api/v1/none").headers["content-type"] == "application/problem+json"
    assert httpx.get(f"{address}/explore/").headers["location"].endswith("/explore")
